"""Selection in a long row: pivots from a sample, a sweep that moves the bracket to them, and the rest among what is left in it."""

from thermonucleus.kernel.exp2 cimport roughly
from thermonucleus.kernel.floats cimport next_up
from thermonucleus.kernel.pivots cimport Pivots, estimate, further
from thermonucleus.kernel.precise cimport precise_weight, precise_weights, sum_precise
from thermonucleus.kernel.quantile cimport Quantile, count_above, quantile
from thermonucleus.kernel.row cimport SHORT, group_count
from thermonucleus.kernel.search cimport DOUBLE, ERROR, ROUGH, SINGLE, Search, error_of, lead
from thermonucleus.kernel.survivors cimport take
from thermonucleus.kernel.sweep cimport Parts, sweep_counts, sweep_precisely, sweep_weights

cdef enum:
    SAMPLE = 1024


cdef inline float select(Search* search) noexcept nogil:
    """Largest logit at which the fraction of all is reached."""
    cdef Quantile found
    cdef Pivots pivots
    cdef Py_ssize_t trip = 0
    begin(search)
    while next_up(search.low) < search.high:
        if search.taken < 0:
            pivots = further(search, trip)
            trip += 1
            search.level = max(search.level, <int> SINGLE)
            narrow(search, &pivots)
            continue
        if settled(search, &found):
            return found.value
        sharpen(search)
    return search.low       # ties: there is no other float left in the bracket


cdef inline void begin(Search* search) noexcept nogil:
    """The first trip. Where few tokens come into question, all of these are taken, and the others need only be weighed roughly."""
    cdef Pivots pivots
    search.level = SINGLE
    if search.scale != NULL:
        pivots = estimate(search, SAMPLE)
        if count_above(search.row.groups, group_count(search.row.size), pivots.lower) * 4 <= group_count(search.row.size):
            pivots.upper = search.ceiling
            pivots.expected = 0.0
            search.level = rough_enough(search, pivots.lower)
            narrow(search, &pivots)
            return
    pivots = estimate(search, SHORT)
    narrow(search, &pivots)


cdef inline int rough_enough(const Search* search, float lower) noexcept nogil:
    """ROUGH if its error would be small against the weight of the tokens that come last into question."""
    # The largest weight is about 2**64, and some part of the total.
    if roughly(search.scale) and 8.0 * ERROR[ROUGH] * (1.0 - search.fraction) * 2.0**64 < precise_weight(lower, search.scale):
        return ROUGH
    return SINGLE


cdef inline void narrow(Search* search, const Pivots* pivots) noexcept nogil:
    """Move the ends of the bracket to the pivots, and take what is left in it if that is not too much."""
    cdef float lower = max(pivots.lower, search.low), upper = min(pivots.upper, search.high)
    while not place(search, lower, upper):
        search.level += 1
    search.taken = -1
    if pivots.expected <= SHORT:
        search.taken = take(search.row, search.low, search.high, search.scratch)


cdef inline bint place(Search* search, float lower, float upper) noexcept nogil:
    """False if what lies above a pivot is too near the target to say on which side of it the answer is."""
    cdef Parts parts = sweep(search, lower, upper)
    cdef double ahead_lower = lead(search, parts.above + parts.between, parts.below)
    cdef double ahead_upper = lead(search, parts.above, parts.between + parts.below)
    cdef double error = error_of(search, parts.above + parts.between, parts.below)
    if lower > search.low and -error < ahead_lower < error:
        return False
    error = error_of(search, parts.above, parts.between + parts.below)
    if upper < search.high and -error < ahead_upper < error:
        return False
    search.total = parts.above + parts.between + parts.below
    if upper < search.high and ahead_upper >= 0.0:
        search.low = upper
        search.below = parts.between + parts.below
    elif lower > search.low and ahead_lower < 0.0:
        search.high = lower
        search.above = parts.above + parts.between
    else:
        search.low = lower
        search.below = parts.below
        search.high = upper
        search.above = parts.above
    return True


cdef inline Parts sweep(Search* search, float lower, float upper) noexcept nogil:
    if search.scale == NULL:
        return sweep_counts(search.row, lower, upper)
    if search.level == DOUBLE:
        return sweep_precisely(search.row, search.scale, search.floor, lower, upper)
    search.summed = upper
    return sweep_weights(
        search.row, search.scale, search.level, search.floor, lower, upper, search.scratch.sums
    )


cdef inline bint settled(Search* search, Quantile* found) noexcept nogil:
    """Find the answer among what was taken; False if rounding might have led elsewhere."""
    cdef double* weights = NULL
    cdef double inside = search.taken, target, error
    if search.scale != NULL:
        weights = search.scratch.weights
        precise_weights(search.scratch.values, search.taken, search.scale, weights)
        inside = sum_precise(weights, search.taken)
    target = search.fraction * (search.above + inside + search.below)
    error = error_of(search, search.above, search.below)
    found[0] = quantile(search.scratch.values, weights, search.taken, target, search.above, search.low, search.high)
    return search.level == DOUBLE or (found.above >= target + error and found.before <= target - error)


cdef inline void sharpen(Search* search) noexcept nogil:
    """Weigh what lies outside the bracket anew, with a smaller error. The bracket stands: no error could have mattered to it."""
    cdef Parts parts
    search.level += 1
    parts = sweep(search, search.low, search.high)
    search.above = parts.above
    search.below = parts.below
    search.total = parts.above + parts.between + parts.below
