"""How a stage cuts: by a logit, or by a part of the largest probability; and how the row goes on with what is left."""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport edited, group_count
from thermonucleus.kernel.row.summary cimport summarize
from thermonucleus.kernel.row.types cimport SHORT, Row, Source
from thermonucleus.kernel.search.candidates cimport narrow_to
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.stages.rounding cimport ROUNDING, ROUNDING_BITS
from thermonucleus.kernel.weights.double cimport precise_log2
from thermonucleus.kernel.weights.float_order cimport midpoint_by_rank, next_up
from thermonucleus.kernel.weights.single cimport scale_for


cdef inline void cut_below(Row* row, float cutoff) noexcept nogil:
    """Keep what lies at or above the cutoff, of what is kept so far."""
    if cutoff > row.kept.low:
        row.kept.low = cutoff
        row.settled = False


cdef inline void cut_above(Row* row, float largest) noexcept nogil:
    """Keep what lies at or below the logit, of what is kept so far. It is a token's that is kept."""
    if largest < row.maximum:
        row.kept.high = next_up(largest)
        row.settled = False
        row.maximum = largest
        row.scale = scale_for(row.maximum, row.heat)


cdef inline float cutoff_at(const Row* row, double bits) noexcept nogil:
    """The lowest float that is 2**bits times as probable as the most probable token, but for rounding; no higher than that one."""
    return float_from(row.maximum + min(bits - ROUNDING_BITS, 0.0) / row.scale.slope)


cdef inline float ratio_cutoff(const Row* row, double ratio) noexcept nogil:
    """The lowest float that is at least maximum + T log(ratio), but for rounding."""
    return float_from(row.maximum + precise_log2(ratio * (1.0 - ROUNDING)) / row.scale.slope)


cdef inline float float_from(double bound) noexcept nogil:
    """The lowest float that is not below the bound."""
    cdef float cutoff = <float> bound
    return next_up(cutoff) if cutoff < bound else cutoff


cdef inline bint settle(Row* row, bint needed, Scratch* scratch) noexcept nogil:
    """Have the row's tokens be copies of those that are kept, and of these alone, if they are few. Whether they are.

    The copies of a short row are made only where they are `needed`: not for top-k and top-p, which search it as it is. Where the
    tokens are not copies, what lies at or above `kept.high` becomes absent.
    """
    if not copy_kept(row, needed, scratch) and row.kept.high < INFINITY:
        hide(row)
    return row.ids != NULL


cdef inline bint copy_kept(Row* row, bint needed, Scratch* scratch) noexcept nogil:
    """The same, but for what lies at or above `kept.high`: a draw looks at that itself."""
    cdef float low = max(row.kept.low, <float> -FLT_MAX)
    needed &= row.size <= SHORT
    if row.settled and not (needed and (row.ids == NULL or row.kept.low < low)):
        return row.ids != NULL
    row.settled = True
    needed |= row.kept.high < INFINITY and row.size <= SHORT
    if row.ids != NULL or needed or few_kept(row):
        narrow_to(row, low if needed else row.kept.low, row.kept.high, scratch)
    if row.ids != NULL and needed:
        row.kept.low = low
    return row.ids != NULL


cdef inline bint few_kept(const Row* row) noexcept nogil:
    """Whether copies are worth it: not where most groups have a token that is kept."""
    return 2 * count_above(row.groups, group_count(row.size), row.kept.low) <= group_count(row.size)


cdef inline void hide(Row* row) noexcept nogil:
    """Make what lies at or above `kept.high` absent in a row that is not copied."""
    cdef float highest
    row.source.present.low = max(row.source.present.low, <float> -FLT_MAX)
    row.source.present.high = min(row.source.present.high, first_reaching(&row.source, row.kept.high))
    row.source.edited = True
    row.kept.high = INFINITY
    # The row was sound; if it no longer is, another thread has written to it, and what is read of it means nothing.
    summarize(row, &highest)


cdef inline float first_reaching(const Source* source, float limit) noexcept nogil:
    """The lowest logit of the row, before any bending, that comes to the limit or more after it."""
    cdef float low = source.present.low, high = min(source.top, source.present.high), middle
    if not source.bent:
        return limit
    while next_up(low) < high:
        middle = midpoint_by_rank(low, high)
        if edited(source, middle) >= limit:
            high = middle
        else:
            low = middle
    return high
