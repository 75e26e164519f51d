"""The quantile of a long row: sampling-based selection (Floyd and Rivest 1975, "Expected Time Bounds for Selection", CACM 18(3)).

Let F(x) be the number (top-k) or the weight (top-p) of the tokens with logit >= x, among those at or above `set_low`. F falls as x
grows. Wanted is the largest logit x with F(x) >= q F(-inf), q being `fraction`.

Invariant   low <= x < high, where F(low) >= q F(-inf) > F(high). `over_low` is F(low), -1 where it is not known yet; `over_high` is
            F(high). Every step moves one end towards the other, so the loop of `select` ends.

1. Top      In a surveyed row, copy the heaviest tokens, weigh them in float64, and take what all others weigh from the survey,
            which has it to 3% (`select_top`). Done if no error of that can change the answer; else try lighter tokens too, once.
2. Head     Else a subsample says whether few tokens can matter (`head_cutoff`): copy them all, weigh them in float64, and take what
            lies below from the survey; in a row without one, from a sweep that is as precise as is likely to do. Done as above.
3. Pivot    Else, and where tokens are counted, take a pivot between low and high from a subsample (`choose_pivot`). Every third
            pivot halves the bracket in the order of floats, where 32 halvings leave one float: the search ends on any row.
4. Sweep    Sum what lies below the pivot and from it up in one read of the row, and move one end of the bracket to it (`split`).
5. Copy     Estimate how far the answer is from the pivot; if few tokens lie between, copy them (`copy_candidates`).
6. Resolve  Find the answer among the copied tokens, which are weighed in float64 (`resolve`): 1 and 2 end with this too. Where the
            error bound of the sums outside leaves a doubt, a sweep takes these at a higher precision (see bracket.pxd).

Units       Weights are 2**(x s - N + 64) (see weights/single.pxd). A subsample's are divided by 2**64, so that no sum of floats
            overflows; a token of it stands for `weight_each` tokens of the row.

A wrong guess costs time and never changes the answer: the numbers below steer guesses alone. What answers rest on are the bounds in
bracket.pxd.
"""

from libc.math cimport INFINITY, fabs, sqrt

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport SAMPLE, SHORT, Row, Sample
from thermonucleus.kernel.search.bracket cimport DOUBLE, SINGLE, Search, error_of, excess, start
from thermonucleus.kernel.search.head cimport select_head
from thermonucleus.kernel.search.resolve cimport copy_head, resolve
from thermonucleus.kernel.search.short cimport Quantile
from thermonucleus.kernel.search.subsample cimport (
    sample_above,
    sample_bracket,
    sample_count,
    sample_maxima,
    sample_quantile,
    sample_runs,
    slack,
    weigh_sample,
)
from thermonucleus.kernel.search.sweep cimport sweep
from thermonucleus.kernel.weights.float_order cimport midpoint_by_rank, next_up
from thermonucleus.kernel.weights.single cimport weight


cdef inline float select(Search* search) noexcept nogil:
    """Largest logit at which the fraction of all is reached, if that is above `least`; else any logit up to `least`."""
    cdef Quantile found
    cdef Py_ssize_t trip = 0
    found.value = search.low
    found.mass_from = found.mass_above = 0.0
    if search.scale != NULL and select_head(search, &found):
        return found.value
    while search.high > search.least and next_up(search.low) < search.high:
        split(search, choose_pivot(search, trip))
        trip += 1
        if search.high > search.least and next_up(search.low) < search.high:
            if estimate_distance(search) <= SHORT and copy_candidates(search) and resolve(search, &found):
                return found.value
    return search.low       # ties: there is no other float left in the bracket


cdef inline float kth_largest_of_row(const Row* row, Py_ssize_t k, float maximum, Scratch* scratch) noexcept nogil:
    """The k-th largest logit of a long row."""
    cdef Search search
    # Halfway to the count before: no rounding can reach it or miss it.
    start(&search, row, NULL, (k - 0.5) / row.size, -INFINITY, next_up(maximum), scratch)
    return select(&search)


cdef inline float choose_pivot(Search* search, Py_ssize_t trip) noexcept nogil:
    """A logit strictly inside the bracket, near the answer by a sample."""
    cdef Sample* sample = &search.scratch.sample
    cdef double wanted, all
    cdef float pivot
    # Whatever a sample may miss, halving the bracket by rank ends the search. (Every third time: chosen.)
    if trip % 3 == 2:
        return midpoint_by_rank(search.low, search.high)
    if trip == 0:
        wanted = search.fraction
        sample.size = sample.certain = 0
        if search.scale != NULL:
            sample_maxima(sample, search.row, search.set_low)
        sample_runs(sample, search.row, search.set_low, INFINITY, min(SAMPLE, search.row.size // 8))
    else:
        wanted = (search.fraction * (search.outside.above + search.outside.below) - search.over_high)
        wanted /= search.over_low - search.over_high
        search.hint.density = 0.0
        sample_bracket(sample, search.row, search.low, search.high)
    weigh_sample(sample, search.scale)
    all = sample_above(sample, -INFINITY)
    pivot = sample_quantile(sample, wanted * all, slack(wanted) * all, &search.hint, search.low, search.high)
    pivot = max(pivot, search.least)
    return pivot if search.low < pivot < search.high else next_up(search.low)


cdef inline void split(Search* search, float pivot) noexcept nogil:
    """Move one end of the bracket to the pivot, which is inside of it: so each call leaves fewer floats in the bracket."""
    CHECK(search.low < pivot < search.high)
    search.pivot = pivot
    search.precision = SINGLE
    search.outside = sweep(search, pivot, pivot)
    search.error = error_of(search, &search.outside)
    if fabs(excess(search, &search.outside)) < search.error:
        search.precision = DOUBLE
        search.outside = sweep(search, pivot, pivot)
        search.error = 0.0
    if search.over_low < 0.0:
        search.over_low = search.outside.above + search.outside.below
    if excess(search, &search.outside) >= 0.0:
        search.low = pivot
        search.over_low = search.outside.above
    else:
        search.high = pivot
        search.over_high = search.outside.above


cdef inline double estimate_distance(Search* search) noexcept nogil:
    """Guess how far from the pivot the answer can be; returns how many tokens are between, by the sample."""
    cdef const Sample* sample = &search.scratch.sample
    cdef double unit = 1.0 if search.scale == NULL else 2.0**-64
    cdef double off = fabs(excess(search, &search.outside)) * unit
    cdef double one = sample.weight_each * (unit * weight(search.pivot, search.scale) if search.scale != NULL else 1.0)
    cdef double over = sample_above(sample, search.pivot)
    cdef float far
    # The sample's tokens between are a random number of them, of which the standard deviation is the root. (3.0: chosen, standard
    # deviations.)
    off += 3.0 * sqrt(off * one + one * one)
    search.hint.logit = search.pivot
    if search.hint.density > 0.0:
        search.hint.logit += (-off if search.high == search.pivot else off) / search.hint.density
    if search.high == search.pivot:
        search.taken_high = search.pivot
        search.taken_low = sample_quantile(sample, over + off, 0.1 * off, &search.hint, search.low, search.high)
    else:
        search.taken_low = search.pivot
        search.taken_high = search.high
        if over > off:
            far = sample_quantile(sample, over - off, 0.1 * off, &search.hint, search.low, search.high)
            search.taken_high = min(next_up(far), search.high)
    return sample_count(sample, search.taken_low, search.taken_high)


cdef inline bint copy_candidates(Search* search) noexcept nogil:
    """Copy out and weigh the tokens between the pivot and where the answer is thought to be; False if they are too many."""
    if not copy_head(search):
        return False
    if search.taken_high == search.pivot:
        search.outside.below -= search.inside
    else:
        search.outside.above -= search.inside
    return True
