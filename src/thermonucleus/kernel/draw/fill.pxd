"""The probabilities of all tokens of a row."""

from libc.stdint cimport uint64_t

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, logit_at, part_of
from thermonucleus.kernel.row.types cimport CHUNK, UNDECIDED, Reading, Scale
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.weights.single cimport weight_or_doubt


cdef inline void fill(const Reading* reading, float* out) noexcept nogil:
    """The probabilities that `draw` draws from."""
    cdef Py_ssize_t size = reading.source.size, chunk, i, start, n
    cdef const float* x
    cdef float inverse_mass = reading.inverse_mass
    if reading.weighed:
        # A weight that was kept and lies below `kept.low` by now (see row_kernel.pyx), times `inverse_mass`, rounds to 0.
        for i in range(size):
            CHECK(logit_at(&reading.source, i) >= reading.kept.low or out[i] * inverse_mass == 0.0)
            out[i] *= inverse_mass
        return
    for chunk in range(chunk_count(size)):
        start = chunk * CHUNK
        n = chunk_length(size, chunk)
        x = part_of(&reading.source, start)
        if reading.greedy != UNDECIDED:
            for i in range(start, start + n):
                out[i] = i == reading.greedy
        elif count_above(x, n, reading.kept.low) == 0:
            for i in range(start, start + n):
                out[i] = 0.0
        elif fill_chunk(x, n, reading, False, out + start) >> 63:
            fill_chunk(x, n, reading, True, out + start)


cdef inline uint64_t fill_chunk(
    const float* x, Py_ssize_t n, const Reading* reading, bint careful, float* out
) noexcept nogil:
    cdef Scale local = reading.scale
    cdef float w, low = reading.kept.low, high = reading.kept.high, inverse_mass = reading.inverse_mass
    cdef uint64_t doubt = 0
    cdef Py_ssize_t i
    for i in range(n):
        w = weight_or_doubt(x[i], &local, careful, &doubt)
        out[i] = (w if (x[i] >= low) & (x[i] < high) else <float> 0.0) * inverse_mass
    return doubt
