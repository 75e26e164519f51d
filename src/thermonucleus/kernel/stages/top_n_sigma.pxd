"""Top-n-sigma: the logits within n standard deviations of the largest (Tang et al. 2024)."""

from libc.math cimport fabs, sqrt

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport count_inside, finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport BRIEF, CHUNK, MANY, Interval, Row
from thermonucleus.kernel.stages.cut cimport cut_below, float_from, settle
from thermonucleus.kernel.weights.chunk_sums cimport fold
from thermonucleus.kernel.weights.double cimport sum_precise


cdef struct Powers:
    Py_ssize_t count
    double first        # the sum of x - centre
    double second       # of its square


cdef inline void top_n_sigma(Row* row, double n, Scratch* scratch) noexcept nogil:
    """x >= M - n sd, over the logits that are left. Logits are compared as they are, without a tolerance.

    The mean of squares less the square of the mean is off by some part of the mean of squares: with sums in float32, see
    `quick_powers`, by twice 3.6e-7; with sums in float64 by up to V 2**-57, V 2**-58 for a sum in 2 LANES lanes. Where a token lies
    so near to the cutoff that this may decide, the squares are summed in float64, and then around the mean.
    """
    cdef Powers powers
    cdef double mean, deviation
    if not settle(row, False, scratch) and row.size > BRIEF:
        powers = quick_powers(row)
        if decides(row, &powers, n, 8e-7, &deviation):
            cut_below(row, sigma_cutoff(row, n * deviation))
            return
    powers = powers_around(row, row.maximum)
    if powers.second == 0.0:
        return      # all are equal
    if not decides(row, &powers, n, row.size * 2.0**-57 + 1e-14, &deviation):
        mean = powers.first / powers.count
        powers = powers_around(row, row.maximum + mean)
        deviation = sqrt(powers.second / powers.count)
    cut_below(row, sigma_cutoff(row, n * deviation))


cdef inline bint decides(const Row* row, const Powers* powers, double n, double part, double* deviation) noexcept nogil:
    """Whether no token lies where the cutoff may be, if the variance is off by such a part of the mean of squares."""
    cdef double squares = powers.second / powers.count, mean = powers.first / powers.count
    cdef double error = part * squares
    deviation[0] = sqrt(max(squares - mean * mean, error))
    error = n * error / deviation[0] + 1e-15 * fabs(row.maximum)
    return error > 0.0 and count_inside(
        row, sigma_cutoff(row, n * deviation[0] + error), sigma_cutoff(row, n * deviation[0] - error)
    ) == 0


cdef inline Powers quick_powers(const Row* row) noexcept nogil:
    """The powers around the largest logit, in float32.

    A difference is within 2**-24 of itself, its square within 3 * 2**-24; a lane adds the four floats of a chunk, and `halve` two
    lanes: 3 * 2**-24 more. All are of one sign, so that the sums are within 6 * 2**-24 < 3.6e-7 of themselves.
    """
    cdef Powers powers = Powers(0, 0.0, 0.0)
    cdef Interval kept = finite_kept(row)
    cdef float first[MANY]
    cdef float second[MANY]
    cdef float spare[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunk, i, j
    cdef float a, b, c, d, top = row.maximum
    cdef int found
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, kept.low):
            continue
        x = piece_of(row, chunk, spare)
        found = 0
        for i in range(512):
            found += (x[i] >= kept.low) & (x[i] < kept.high)
        for j in range(MANY):
            a = fall_if_kept(x[j], top, &kept)
            b = fall_if_kept(x[j + 128], top, &kept)
            c = fall_if_kept(x[j + 256], top, &kept)
            d = fall_if_kept(x[j + 384], top, &kept)
            first[j] = (a + b) + (c + d)
            second[j] = (a * a + b * b) + (c * c + d * d)
        powers.count += found
        powers.first += fold(first)
        powers.second += fold(second)
    return powers


cdef inline float fall_if_kept(float x, float top, const Interval* kept) noexcept nogil:
    return x - top if (x >= kept.low) & (x < kept.high) else <float> 0.0


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
