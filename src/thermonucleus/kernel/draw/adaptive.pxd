"""Adaptive-p: a token weighs the more, the nearer its probability is to a target.

The weight is exp(-10 a**2 / (1 + a)) for a distance of 0.3 a between probability and target. It is not monotone in the logit, so it comes
last, over what all stages have kept, and in float64.
"""

from libc.math cimport fabs

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.draw.running_sums cimport first_above
from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, whole_chunk
from thermonucleus.kernel.row.types cimport CHUNK, Interval, Reading, Row, Scale
from thermonucleus.kernel.weights.double cimport precise_exp2, precise_weights, sum_precise


cdef inline void adaptive_weights(const Reading* reading, const float* x, double* out) noexcept nogil:
    """The weights of CHUNK tokens, 0 for those that are not kept."""
    cdef Scale scale = reading.scale
    cdef Interval kept = reading.kept
    cdef Py_ssize_t i
    cdef double a
    precise_weights(x, CHUNK, &scale, out)
    for i in range(512):
        a = fabs(out[i] / reading.mass - reading.target) * (1.0 / 0.3)
        out[i] = precise_exp2(-10.0 * 1.4426950408889634 * a * a / (1.0 + a))
    for i in range(512):
        out[i] = out[i] if (x[i] >= kept.low) & (x[i] < kept.high) else 0.0


cdef inline void sum_adaptive(const Row* row, Reading* reading, double* running) noexcept nogil:
    """Running sums of the weights over the chunks, in place of those of the probabilities; the last of them is the total."""
    cdef float spare[CHUNK]
    cdef double w[CHUNK]
    cdef double total = 0.0
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(row.source.size)):
        if row.maxima[chunk] >= reading.kept.low:
            adaptive_weights(reading, whole_chunk(&row.source, chunk, spare), w)
            total += sum_precise(w, CHUNK)
        running[chunk] = total
    reading.total = total


cdef inline Py_ssize_t draw_adaptively(const Reading* reading, const double* running, double u) noexcept nogil:
    """As `draw` in draw/token.pxd, by these weights."""
    cdef double w[CHUNK]
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunks = chunk_count(reading.source.size), chunk, i, token = -1
    cdef double target = u * reading.total, above
    chunk = first_above(running, chunks, target)
    above = running[chunk - 1] if chunk > 0 else 0.0
    while token < 0 and chunk < chunks:
        adaptive_weights(reading, whole_chunk(&reading.source, chunk, spare), w)
        for i in range(CHUNK):
            if w[i] > 0.0:
                token = chunk * CHUNK + i
                above += w[i]
                if above > target:
                    break
        chunk += 1
    CHECK(0 <= token < reading.source.size)
    return token


cdef inline void fill_adaptively(const Reading* reading, float* out) noexcept nogil:
    cdef double w[CHUNK]
    cdef float spare[CHUNK]
    cdef Py_ssize_t size = reading.source.size, chunk, i
    for chunk in range(chunk_count(size)):
        adaptive_weights(reading, whole_chunk(&reading.source, chunk, spare), w)
        for i in range(chunk_length(size, chunk)):
            out[chunk * CHUNK + i] = <float> (w[i] / reading.total)
