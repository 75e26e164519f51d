"""The cutoff: the lowest logit that top-k, top-p (Holtzman et al. 2019, equation 2) and min-p leave.

Every truncation keeps the tokens at or above some logit, ties with it included. Each is applied to what the one before left.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.exp2 cimport widened_weights
from thermonucleus.kernel.floats cimport next_up
from thermonucleus.kernel.precise cimport logit_of, precise_log2, precise_weights, sum_precise
from thermonucleus.kernel.quantile cimport Quantile, count_above, quantile
from thermonucleus.kernel.row cimport ALL, BRIEF, NOTHING, OTHERS, SHORT, Scale, Scratch, Settings, View, chunk_count, group_count
from thermonucleus.kernel.search cimport Search, start
from thermonucleus.kernel.select cimport select
from thermonucleus.kernel.survivors cimport settle, shrink

cdef extern from *:
    """
    /* A sum that falls short of top_p, or a probability that falls short of min_p * max, by less than this has reached it. */
    #define THERMONUCLEUS_ROUNDING 1e-6
    """
    const double ROUNDING "THERMONUCLEUS_ROUNDING"


cdef inline float find_cutoff(
    View* row, float maximum, const Scale* scale, const Settings* settings, Scratch* scratch
) noexcept nogil:
    """Lowest logit kept. The row is shrunk to its survivors on the way, as soon as they are few."""
    cdef float cutoff = -INFINITY, least = -INFINITY
    if settings.min_p > 0.0:
        # Last in the order, but it does not depend on what the others leave.
        least = min_p_cutoff(maximum, scale, settings.min_p)
    if 0.0 < settings.top_k < row.size:
        cutoff = top_k_cutoff(row, maximum, <Py_ssize_t> settings.top_k, scratch)
        if settings.top_k <= SHORT:
            shrink(row, cutoff, scratch)
    if settings.top_p <= ROUNDING:
        cutoff = maximum        # nothing at all has reached it already; one token and its ties are kept
    elif settings.top_p >= 1.0:
        cutoff = max(cutoff, least)
    elif row.size <= BRIEF or row.ids != NULL:
        cutoff = max(short_top_p_cutoff(row, maximum, scale, settings.top_p, cutoff, scratch), least)
    else:
        cutoff = long_top_p_cutoff(row, maximum, scale, settings, cutoff, least, scratch)
    if row.summed == NOTHING and few_kept(row, cutoff):
        shrink(row, cutoff, scratch)
    return cutoff


cdef inline bint few_kept(const View* row, float cutoff) noexcept nogil:
    """Whether survivors are worth their copies: not where most groups have one."""
    return row.ids != NULL or 2 * count_above(row.groups, group_count(row.size), cutoff) <= group_count(row.size)


cdef inline float top_k_cutoff(View* row, float maximum, Py_ssize_t k, Scratch* scratch) noexcept nogil:
    """The k-th largest logit."""
    cdef Search search
    # k chunks, or k groups, hold a logit that reaches the k-th largest of their maxima: the k-th largest logit is no lower.
    if k <= chunk_count(row.size):
        shrink(row, kth_largest(row.maxima, chunk_count(row.size), k, maximum), scratch)
    elif k <= group_count(row.size) // 4:
        shrink(row, kth_largest(row.groups, group_count(row.size), k, maximum), scratch)
    if row.size <= SHORT:
        return kth_largest(row.values, row.size, k, maximum)
    # Halfway to the count before: no rounding can reach it or miss it.
    start(&search, row, NULL, (k - 0.5) / row.size, -INFINITY, next_up(maximum), scratch)
    return select(&search)


cdef inline float kth_largest(const float* values, Py_ssize_t count, Py_ssize_t k, float maximum) noexcept nogil:
    return quantile(values, NULL, count, k, 0.0, -INFINITY, next_up(maximum)).value


cdef inline float short_top_p_cutoff(
    View* row, float maximum, const Scale* scale, double top_p, float floor, Scratch* scratch
) noexcept nogil:
    """The nucleus of a row so short that all of it can be searched. Tokens below `floor` are gone from it already."""
    cdef double target, error
    cdef Quantile found
    widened_weights(row.values, row.size, scale, scratch.weights)
    found = short_quantile(row, maximum, scale, top_p, floor, scratch.weights, &target)
    # Let f = top_p - ROUNDING and T the weight of all. By how much `above` exceeds f T is (1 - f) above - f below, which is off by
    # up to 1.2e-7 ((1 - f) above + f below), the error of weights in float32 (see `weight`). Where above = f T + d that is 1.2e-7
    # (2 (1 - f) f T + (1 - 2 f) d). So d > 0 and d < 0 are told apart where |d| > 1.2e-7 * 2 (1 - f) f T / (1 - 1.2e-7); f T is
    # `target`, itself within 1.2e-7. Rounded up.
    error = 1.3e-7 * 2.0 * (1.0 - top_p + ROUNDING) * target
    if found.above - target <= error or target - found.before <= error:
        precise_weights(row.values, row.size, scale, scratch.weights)
        found = short_quantile(row, maximum, scale, top_p, floor, scratch.weights, &target)
    return found.value


cdef inline Quantile short_quantile(
    const View* row, float maximum, const Scale* scale, double top_p, float floor, const double* weights, double* target
) noexcept nogil:
    cdef double total = sum_precise(weights, row.size)
    # All tokens with a share below (1 - p)/V have less than 1 - p together: none of them can be in the nucleus.
    cdef float bound = <float> logit_of(0.99 * (1.0 - top_p) * total / row.size, scale)
    target[0] = (top_p - ROUNDING) * total
    return quantile(row.values, weights, row.size, target[0], 0.0, max(floor, bound), next_up(maximum))


cdef inline float long_top_p_cutoff(
    View* row, float maximum, const Scale* scale, const Settings* settings, float floor, float least, Scratch* scratch
) noexcept nogil:
    """The nucleus of the tokens at or above `floor`, or the tokens of it at or above `least`."""
    cdef Search search
    cdef float cutoff
    start(&search, row, scale, settings.top_p - ROUNDING, floor, next_up(maximum), scratch)
    search.least = least
    cutoff = max(select(&search), least)
    if not settings.temperature_last:
        hand_over(row, &search, cutoff)     # else what it has found out is at another temperature than the draw's
    return cutoff


cdef inline void hand_over(View* row, const Search* search, float cutoff) noexcept nogil:
    """Leave to the draw what the search has found out of what is kept, if together that is all."""
    if search.summed == cutoff:
        settle(row, 0, cutoff, cutoff, OTHERS, search.scratch)
    elif search.taken >= 0 and search.taken_low <= cutoff <= search.taken_high:
        if search.summed == search.taken_high:
            settle(row, search.taken, cutoff, search.taken_high, OTHERS, search.scratch)
        elif search.summed == search.taken_low:
            settle(row, search.taken, search.taken_low, cutoff, ALL, search.scratch)


cdef inline float min_p_cutoff(float maximum, const Scale* scale, double min_p) noexcept nogil:
    """The lowest float that is at least maximum + T log(min_p)."""
    cdef double bound = maximum + precise_log2(min_p * (1.0 - ROUNDING)) / scale.slope
    cdef float cutoff = <float> bound
    return next_up(cutoff) if cutoff < bound else cutoff
