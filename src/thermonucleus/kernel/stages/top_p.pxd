"""Top-p: the fewest most probable tokens that reach a mass (Holtzman et al. 2019, equation 2), and those equal to the last."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport ALL, BRIEF, NOTHING, OTHERS, Row, Scale
from thermonucleus.kernel.search.bracket cimport Search, start
from thermonucleus.kernel.search.candidates cimport keep_interval
from thermonucleus.kernel.search.long cimport select
from thermonucleus.kernel.search.short cimport Quantile, quantile
from thermonucleus.kernel.search.top cimport in_few_groups, is_surveyed
from thermonucleus.kernel.stages.cut cimport cut_below, settle
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport logit_of, precise_weights, sum_precise
from thermonucleus.kernel.weights.float_order cimport next_up
from thermonucleus.kernel.weights.single cimport widened_weights


cdef inline void top_p(Row* row, double mass, float least, bint last, Scratch* scratch) noexcept nogil:
    """Keep the nucleus. What lies below `least` is cut next, and `last` says whether nothing else is."""
    settle(row, row.kept.low > -INFINITY, scratch)
    if mass <= ROUNDING:
        cut_below(row, row.maximum)     # nothing at all has reached it already; one token and its ties are kept
    elif row.size <= BRIEF or row.ids != NULL:
        cut_below(row, short_top_p_cutoff(row, row.maximum, &row.scale, mass, row.kept.low, scratch))
    else:
        long_top_p(row, mass, least, last, scratch)


cdef inline float short_top_p_cutoff(
    Row* row, float maximum, const Scale* scale, double top_p, float set_low, Scratch* scratch
) noexcept nogil:
    """The nucleus of a row so short that all of it can be searched. Tokens below `set_low` are gone from it already."""
    cdef double target, error
    cdef Quantile found
    widened_weights(row.values, row.size, scale, scratch.weights)
    found = short_quantile(row, maximum, scale, top_p, set_low, scratch.weights, &target)
    # Let f = top_p - ROUNDING and T the weight of all. By how much `above` exceeds f T is (1 - f) above - f below, which is off by
    # up to 1.2e-7 ((1 - f) above + f below), the error of weights in float32 (see `weight`). Where above = f T + d that is 1.2e-7
    # (2 (1 - f) f T + (1 - 2 f) d). So d > 0 and d < 0 are told apart where |d| > 1.2e-7 * 2 (1 - f) f T / (1 - 1.2e-7); f T is
    # `target`, itself within 1.2e-7. Rounded up.
    error = 1.3e-7 * 2.0 * (1.0 - top_p + ROUNDING) * target
    if found.mass_from - target <= error or target - found.mass_above <= error:
        precise_weights(row.values, row.size, scale, scratch.weights)
        found = short_quantile(row, maximum, scale, top_p, set_low, scratch.weights, &target)
    return found.value


cdef inline Quantile short_quantile(
    const Row* row, float maximum, const Scale* scale, double top_p, float set_low, const double* weights, double* target
) noexcept nogil:
    cdef double total = sum_precise(weights, row.size)
    # All tokens with less than (1 - p) / V of the mass each have less than 1 - p together: none of them can be in the nucleus.
    # (0.99: chosen, below 1 for rounding.)
    cdef float bound = <float> logit_of(0.99 * (1.0 - top_p) * total / row.size, scale)
    target[0] = (top_p - ROUNDING) * total
    return quantile(row.values, weights, row.size, target[0], 0.0, max(set_low, bound), next_up(maximum))


cdef inline void long_top_p(Row* row, double mass, float least, bint last, Scratch* scratch) noexcept nogil:
    """The nucleus, or the tokens of it at or above `least`."""
    cdef Search search
    cdef bint surveyed = is_surveyed(row)
    start(&search, row, &row.scale, mass - ROUNDING, row.kept.low, next_up(row.maximum), scratch)
    search.least = least
    cut_below(row, max(select(&search), least))
    row.sweeps += search.sweeps
    hand_over(row, &search, row.kept.low, surveyed, last)


cdef inline void hand_over(Row* row, const Search* search, float cutoff, bint surveyed, bint last) noexcept nogil:
    """Leave to the steps that follow, or to the draw where this is the last, what the search has found out of what is kept."""
    if search.on_top or (surveyed and in_few_groups(row, cutoff)):
        if search.taken >= 0 and search.taken_low <= cutoff and search.taken_high == search.ceiling:
            keep_interval(row, search.taken, cutoff, search.ceiling, NOTHING, search.scratch)
    elif not last:
        return
    elif search.sums_from == cutoff:
        keep_interval(row, 0, cutoff, cutoff, OTHERS, search.scratch)
    elif search.taken >= 0 and search.taken_low <= cutoff <= search.taken_high:
        if search.sums_from == search.taken_high:
            keep_interval(row, search.taken, cutoff, search.taken_high, OTHERS, search.scratch)
        elif search.sums_from == search.taken_low:
            keep_interval(row, search.taken, search.taken_low, cutoff, ALL, search.scratch)
