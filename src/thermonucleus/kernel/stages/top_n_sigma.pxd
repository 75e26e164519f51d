"""Top-n-sigma: the logits within n standard deviations of the largest (Tang et al. 2024)."""

from libc.math cimport fabs, sqrt

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport count_inside, finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport CHUNK, Interval, Row
from thermonucleus.kernel.stages.cut cimport cut_below, float_from, settle
from thermonucleus.kernel.weights.double cimport sum_precise


cdef struct Powers:
    Py_ssize_t count
    double first        # the sum of x - centre
    double second       # of its square


cdef inline void top_n_sigma(Row* row, double n, Scratch* scratch) noexcept nogil:
    """x >= M - n sd, over the logits that are left. Logits are compared as they are, without a tolerance.

    The mean of squares less the square of the mean is off by up to V 2**-57 of the mean of squares: V 2**-58 for a sum in 2 LANES
    lanes. Where a token lies so near to the cutoff that this may decide, the squares are taken around the mean.
    """
    cdef Powers powers
    cdef double mean, variance, deviation, error
    settle(row, False, scratch)
    powers = powers_around(row, row.maximum)
    if powers.second == 0.0:
        return      # all are equal
    mean = powers.first / powers.count
    error = (row.size * 2.0**-57 + 1e-14) * powers.second / powers.count
    variance = max(powers.second / powers.count - mean * mean, error)
    deviation = sqrt(variance)
    error = n * error / deviation + 1e-15 * fabs(row.maximum)
    if count_inside(row, sigma_cutoff(row, n * deviation + error), sigma_cutoff(row, n * deviation - error)) > 0:
        powers = powers_around(row, row.maximum + mean)
        deviation = sqrt(powers.second / powers.count)
    cut_below(row, sigma_cutoff(row, n * deviation))


cdef inline float sigma_cutoff(const Row* row, double distance) noexcept nogil:
    return float_from(row.maximum - max(distance, 0.0))


cdef inline Powers powers_around(const Row* row, double centre) noexcept nogil:
    cdef Powers powers = Powers(0, 0.0, 0.0)
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef double d[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunk, i
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
        powers.count += found
        powers.first += sum_precise(d, CHUNK)
        for i in range(512):
            d[i] *= d[i]
        powers.second += sum_precise(d, CHUNK)
    return powers
