"""How a truncation cuts: by a logit, or by a part of the largest probability; and what is left, copied out once it is few."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport group_count
from thermonucleus.kernel.row.types cimport NOTHING, Row
from thermonucleus.kernel.search.candidates cimport keep_interval, narrow_to
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport precise_log2
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void cut_below(Row* row, float cutoff) noexcept nogil:
    """Keep what lies at or above the cutoff, of what is kept so far."""
    if cutoff > row.kept.low:
        row.kept.low = cutoff
        row.settled = False


cdef inline float ratio_cutoff(const Row* row, double ratio) noexcept nogil:
    """The lowest float that is at least maximum + T log(ratio), but for rounding."""
    cdef double bound = row.maximum + precise_log2(ratio * (1.0 - ROUNDING)) / row.scale.slope
    cdef float cutoff = <float> bound
    return next_up(cutoff) if cutoff < bound else cutoff


cdef inline bint settle(Row* row, Scratch* scratch) noexcept nogil:
    """Have the row's tokens be copies of those that are kept, if they are few. Whether they are."""
    if not row.settled:
        row.settled = True
        if row.ids != NULL:
            keep_interval(row, row.size, row.kept.low, row.kept.high, NOTHING, scratch)
        elif few_kept(row):
            narrow_to(row, row.kept.low, scratch)
    return row.ids != NULL


cdef inline bint few_kept(const Row* row) noexcept nogil:
    """Whether copies are worth it: not where most groups have a token that is kept."""
    return 2 * count_above(row.groups, group_count(row.size), row.kept.low) <= group_count(row.size)
