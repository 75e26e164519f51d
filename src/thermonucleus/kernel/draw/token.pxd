"""The draw: the token at which the running sum of the kept weights, in index order, exceeds u times their total."""

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.draw.adaptive cimport draw_adaptively
from thermonucleus.kernel.draw.rough cimport draw_roughly, sum_exactly
from thermonucleus.kernel.draw.running_sums cimport first_above
from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of
from thermonucleus.kernel.row.types cimport ABSENT, CHUNK, UNDECIDED, Reading
from thermonucleus.kernel.weights.single cimport chunk_weights


cdef inline Py_ssize_t draw(Reading* reading, double u) noexcept nogil:
    """The first token, in index order, at which the running sum of the kept weights exceeds u times their total (inversion: Devroye
    1986, II.2). It is kept and has a probability above 0.

    -1 if there is none: only where another thread has written to the row since it was read.
    """
    cdef float w[CHUNK]
    cdef float spare[CHUNK]
    cdef const float* x
    cdef Py_ssize_t size = reading.source.size, chunks = chunk_count(size), chunk, start, i, n, token = -1
    cdef double target, above
    cdef const double* running = reading.running
    if reading.greedy != UNDECIDED:
        return reading.greedy
    if reading.target != ABSENT:
        return draw_adaptively(reading, running, u)
    if reading.rough > 0.0:
        token = draw_roughly(reading, u)
        if token >= 0:
            return token
        sum_exactly(reading)
    target = u * running[chunks - 1]
    chunk = first_above(running, chunks, target)
    above = running[chunk - 1] if chunk > 0 else 0.0
    # The chunk's sum was rounded in another order than this walk's: should the walk end below the target, its last token is
    # the one. The loop goes on only past a chunk whose tokens all have probability 0, where u = 0 may point.
    while token < 0 and chunk < chunks:
        start = chunk * CHUNK
        n = chunk_length(size, chunk)
        x = part_of(&reading.source, start, n, spare)
        chunk_weights(x, n, &reading.scale, w)
        for i in range(n):
            if reading.kept.low <= x[i] < reading.kept.high and w[i] * reading.inverse_mass > 0.0:
                token = start + i
                above += w[i]
                if above > target:
                    break
        chunk += 1
    CHECK(0 <= token < size)
    return token
