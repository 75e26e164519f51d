"""Top-n-sigma: the logits within n standard deviations of the largest (Tang et al. 2024)."""

from libc.math cimport sqrt

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport CHUNK, Interval, Row
from thermonucleus.kernel.stages.cut cimport cut_below, float_from, settle
from thermonucleus.kernel.weights.double cimport sum_precise


cdef inline void top_n_sigma(Row* row, double n, Scratch* scratch) noexcept nogil:
    """x >= M - n sd, over the logits that are left. Logits are compared as they are, without a tolerance."""
    cdef double mean, variance
    settle(row, False, scratch)
    mean = mean_power(row, row.maximum, 1)
    variance = mean_power(row, row.maximum + mean, 2)
    cut_below(row, float_from(row.maximum - n * sqrt(variance)))


cdef inline double mean_power(const Row* row, double centre, int power) noexcept nogil:
    """The mean of x - centre, or of its square, over what is kept."""
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef double d[CHUNK]
    cdef const float* x
    cdef double sum = 0.0
    cdef Py_ssize_t chunk, i, count = 0
    cdef int found
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, kept.low):
            continue
        x = piece_of(row, chunk, spare)
        found = 0
        for i in range(512):
            found += (x[i] >= kept.low) & (x[i] < kept.high)
        for i in range(512):
            d[i] = <double> x[i] - centre if (x[i] >= kept.low) & (x[i] < kept.high) else 0.0
        if power == 2:
            for i in range(512):
                d[i] *= d[i]
        sum += sum_precise(d, CHUNK)
        count += found
    return sum / count
