"""The last step of a search: the answer among tokens that have been copied and weighed in float64.

What lies outside of them is known within a bound. Where that leaves a doubt it is weighed again, at a higher precision.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.search.bracket cimport DOUBLE, ERROR, Search, error_of
from thermonucleus.kernel.search.candidates cimport copy_interval
from thermonucleus.kernel.search.short cimport Quantile, quantile
from thermonucleus.kernel.search.sweep cimport sweep
from thermonucleus.kernel.weights.double cimport precise_weights, sum_precise


cdef inline bint copy_head(Search* search) noexcept nogil:
    # Nothing lies at or above the ceiling: no bound is quicker.
    cdef float high = search.taken_high if search.taken_high < search.ceiling else <float> INFINITY
    search.taken = copy_interval(search.row, search.taken_low, high, search.scratch)
    search.inside = search.taken
    if search.taken > 0 and search.scale != NULL:
        precise_weights(search.scratch.values, search.taken, search.scale, search.scratch.weights)
        search.inside = sum_precise(search.scratch.weights, search.taken)
    return search.taken >= 0


cdef inline bint resolve(Search* search, Quantile* found) noexcept nogil:
    """Find the answer among what was taken; else False, and the bracket is moved to where the answer is."""
    cdef const double* weights = NULL if search.scale == NULL else search.scratch.weights
    cdef double target, over, gap
    while True:
        target = search.fraction * (search.outside.above + search.inside + search.outside.below)
        over = search.outside.above + search.inside
        if over < target - search.error:
            search.high = search.taken_low
            search.over_high = over
            return False
        if search.outside.above >= target + search.error:
            search.low = search.taken_high
            search.over_low = search.outside.above
            return False
        gap = 0.0
        if over >= target + search.error and search.outside.above < target - search.error:
            found[0] = quantile(
                search.scratch.values, weights, search.taken, target, search.outside.above, search.taken_low, search.taken_high
            )
            gap = min(found.mass_from - target, target - found.mass_above)
            CHECK(gap >= 0.0 and search.taken_low <= found.value < search.taken_high)
        if search.scale == NULL or search.precision == DOUBLE or gap > search.error:
            return True
        raise_precision(search, gap)


cdef inline void raise_precision(Search* search, double gap) noexcept nogil:
    """Weigh what lies outside anew, with an error below the gap."""
    CHECK(search.precision < DOUBLE)
    cdef double error = search.error / ERROR[search.precision]
    search.precision += 1
    # Where it is in doubt that the answer is among what was taken, the gap is not known.
    while gap > 0.0 and search.precision < DOUBLE and error * ERROR[search.precision] > gap:
        search.precision += 1
    search.outside = sweep(search, search.taken_low, search.taken_high)
    search.error = error_of(search, &search.outside)
