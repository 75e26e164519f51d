"""The head of a row: the few tokens that can matter, if they are few."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.source cimport chunk_count, group_count
from thermonucleus.kernel.row.types cimport Row, Sample
from thermonucleus.kernel.search.bracket cimport CRUDE, ERROR, SINGLE, Search, error_of
from thermonucleus.kernel.search.resolve cimport copy_head, resolve
from thermonucleus.kernel.search.short cimport Quantile, count_above, quantile
from thermonucleus.kernel.search.subsample cimport (
    sample_above,
    sample_density,
    sample_maxima,
    sample_quantile,
    sample_runs,
    sampling_error,
    slack,
    weigh_sample,
)
from thermonucleus.kernel.search.sweep cimport sweep
from thermonucleus.kernel.search.top cimport Top, copy_top, is_surveyed, rest_of_survey
from thermonucleus.kernel.weights.approximate cimport approximations_hold
from thermonucleus.kernel.weights.double cimport logit_of, precise_weight
from thermonucleus.kernel.weights.survey cimport mass_of_survey, surveyed_without

cdef enum:
    # Chosen: logits in the subsample that decides whether a row has a head.
    FEW = 1024
    # Chosen: a row has a head if at most one group in so many has a token at or above the bound on the head, which is safe; at or
    # above the sample's quantile; at or above where the head ends then. To copy the tokens of a group costs more than to sweep it.
    ONE_IN_BOUND = 64
    ONE_IN_QUANTILE = 8
    ONE_IN_HEAD = 4


cdef inline bint select_head(Search* search, Quantile* found) noexcept nogil:
    """Find the answer among the few tokens of the head; False if there is none, or the answer lies below it."""
    cdef bint weighed = is_surveyed(search.row)
    cdef double rest, error
    if weighed and select_top(search, found):
        return True
    search.taken_high = search.ceiling
    search.taken_low = head_cutoff(search)
    if search.taken_low > search.low and copy_head(search):
        if weighed:
            rest = rest_of_survey(search.row, search.scratch.values, search.taken, &error)
            leave_rest(search, rest, error)
        else:
            search.outside = sweep(search, search.taken_low, search.taken_high)
            search.error = error_of(search, &search.outside)
        return resolve(search, found)
    return False


cdef inline bint select_top(Search* search, Quantile* found) noexcept nogil:
    """Find the answer among the heaviest tokens of a surveyed row; False, and the search as it was, if it lies below these."""
    cdef Top top
    cdef double part = first_top(search)
    cdef Py_ssize_t _i
    search.taken_high = search.ceiling
    for _i in range(2):
        top.low = top_from(search, part)
        if not (top.low > search.low and copy_top(search.row, &top, search.scratch)):
            break
        search.taken_low = top.low
        search.taken = top.taken
        search.inside = top.mass
        leave_rest(search, top.rest, top.error)
        search.on_top = resolve(search, found)
        if not search.on_top and top.low <= search.least:
            # The answer lies below, where it does not matter.
            search.on_top = True
            found.value = search.least
        if search.on_top:
            return True
        part *= next_top(search)
    search.high = search.ceiling
    search.over_high = 0.0
    search.taken = -1
    return False


cdef inline double first_top(const Search* search) noexcept nogil:
    """Of what part of the mass a token is heavy: from there up tokens are likely to reach the wanted mass, and not many more."""
    cdef const Row* row = search.row
    cdef double adding, largest = precise_weight(row.maximum, search.scale)
    # All other tokens weigh what they do in the survey, or less.
    cdef double all = largest + 1.001 * surveyed_without(row, &row.maximum, 1, search.scale, &adding)
    if largest > search.fraction * (all + adding):
        return 1.0
    # Tuned, on rows of a language model, at temperatures 0.8 and 1: nine rows in ten, or two in three, need no lighter ones.
    if largest > 0.3 * all:
        return 2.0**-9 if largest > 0.8 * all else 2.0**-12
    return 2.0**-14 if largest > 0.12 * all else 2.0**-16


cdef inline double next_top(const Search* search) noexcept nogil:
    """How much lighter those are that reach it together with what has been taken, which does not. (Tuned as the others.)"""
    cdef double all = search.inside + search.outside.below
    return 2.0**-2 if search.fraction * all - search.inside < 0.4 * search.outside.below else 2.0**-4


cdef inline float top_from(const Search* search, double part) noexcept nogil:
    """The logit of a token that weighs such a part of all, or the largest."""
    cdef float low = logit_of(part * mass_of_survey(search.row, search.scale), search.scale)
    return max(max(min(low, search.row.maximum), search.low), search.least)


cdef inline void leave_rest(Search* search, double rest, double error) noexcept nogil:
    """Let the survey tell what lies below the tokens taken."""
    cdef Py_ssize_t chunk
    search.precision = CRUDE
    search.outside.above = 0.0
    search.outside.below = rest
    search.error = search.fraction * error
    search.sums_from = search.ceiling
    for chunk in range(chunk_count(search.row.size)):
        search.scratch.sums[chunk] = 0.0


cdef inline float head_cutoff(Search* search) noexcept nogil:
    """The lowest logit that need be looked at, if few tokens are above it; else `low`."""
    cdef Sample* sample = &search.scratch.sample
    cdef double all, reached, rest
    cdef float end, middle, deep
    cdef Py_ssize_t chunks = chunk_count(search.row.size)
    search.precision = CRUDE if approximations_hold(search.scale, search.row.size) and search.set_low == -INFINITY else SINGLE
    sample_maxima(sample, search.row, search.set_low)
    sample.weight_each = 1.0
    weigh_sample(sample, search.scale)
    all = sample_above(sample, search.low)
    if all > 0.0:
        # Tokens with less than (1 - q) / V of some part of the mass each have less than 1 - q together. (0.99: chosen, for
        # rounding.)
        end = logit_of(0.99 * 2.0**64 * (1.0 - search.fraction) * all / search.row.size, search.scale)
        end = max(max(end, search.low), search.least)
        if few_above(search, end, ONE_IN_BOUND):
            return end
    # Half of the chunks have a token from here up. What a run has of these is left out: it would count many times over, and most
    # of them are maxima, which are in the sample.
    deep = quantile(search.row.maxima, NULL, chunks, 0.5 * chunks, 0.0, search.low, search.high).value
    sample_runs(sample, search.row, search.set_low, deep, min(FEW, search.row.size // 8))
    weigh_sample(sample, search.scale)
    all = sample_above(sample, search.low)
    middle = sample_quantile(sample, search.fraction * all, slack(search.fraction) * all, &search.hint, search.low, search.high)
    search.hint.logit = middle
    # Chosen: a quarter of a binary order of weights on either side.
    search.hint.density = sample_density(sample, middle, 0.25 / search.scale.slope)
    if not few_above(search, middle, ONE_IN_QUANTILE):
        return search.low
    # Chosen: a normal number is below its mean by 2.5 standard errors or more once in 160 times.
    reached = search.fraction * all + 2.5 * sampling_error(sample, search.fraction, middle)
    # The more tokens are above, the less there is below to be weighed without care. (0.1: chosen, how near to the wanted mass the
    # search in the sample need come, as a part of the distance.)
    end = deep
    if deep > middle or sample_above(sample, deep) < reached:
        end = sample_quantile(sample, reached, 0.1 * (reached - search.fraction * all), &search.hint, search.low, min(middle, deep))
    end = max(end, search.least)
    if not few_above(search, end, ONE_IN_HEAD):
        return search.low
    # The chance that the answer turns on how the rest is weighed should be small: it is twice the error over the weight of a token.
    # (3.0: chosen; a second sweep is then needed at most two times in three.)
    rest = search.fraction * (all - sample_above(sample, end)) * 2.0**64
    while search.precision < SINGLE and 3.0 * ERROR[search.precision] * rest > precise_weight(middle, search.scale):
        search.precision += 1
    return end


cdef inline bint few_above(const Search* search, float low, Py_ssize_t part) noexcept nogil:
    """Whether a small part of the groups at most have a token at or above `low`."""
    cdef Py_ssize_t groups = group_count(search.row.size)
    return low > search.low and count_above(search.row.groups, groups, low) * part <= groups
