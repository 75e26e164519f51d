"""The truncations in their order: top-k, top-p, min-p, each applied to what the one before left.

Each of them keeps the tokens at or above some logit, ties with it included: it raises the lower end of the interval that is kept.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport group_count
from thermonucleus.kernel.row.types cimport BRIEF, NOTHING, SHORT, Interval, Scale, Settings, View
from thermonucleus.kernel.search.candidates cimport narrow_to
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.stages.min_p cimport min_p_cutoff
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.stages.top_k cimport top_k_cutoff
from thermonucleus.kernel.stages.top_p cimport long_top_p_cutoff, short_top_p_cutoff


cdef inline Interval truncate(
    View* row, float maximum, const Scale* scale, const Settings* settings, Scratch* scratch
) noexcept nogil:
    """What is kept. The row is narrowed to it on the way, as soon as it is few tokens."""
    cdef float cutoff = -INFINITY, least = -INFINITY
    if settings.min_p > 0.0:
        # Last in the order, but it does not depend on what the others leave.
        least = min_p_cutoff(maximum, scale, settings.min_p)
    if 0.0 < settings.top_k < row.size:
        cutoff = top_k_cutoff(row, maximum, <Py_ssize_t> settings.top_k, scratch)
        if settings.top_k <= SHORT:
            narrow_to(row, cutoff, scratch)
    if settings.top_p <= ROUNDING:
        cutoff = maximum        # nothing at all has reached it already; one token and its ties are kept
    elif settings.top_p >= 1.0:
        cutoff = max(cutoff, least)
    elif row.size <= BRIEF or row.ids != NULL:
        cutoff = max(short_top_p_cutoff(row, maximum, scale, settings.top_p, cutoff, scratch), least)
    else:
        cutoff = long_top_p_cutoff(row, maximum, scale, settings, cutoff, least, scratch)
    if row.sums_cover == NOTHING and few_kept(row, cutoff):
        narrow_to(row, cutoff, scratch)
    return Interval(cutoff, INFINITY)


cdef inline bint few_kept(const View* row, float cutoff) noexcept nogil:
    """Whether survivors are worth their copies: not where most groups have one."""
    return row.ids != NULL or 2 * count_above(row.groups, group_count(row.size), cutoff) <= group_count(row.size)
