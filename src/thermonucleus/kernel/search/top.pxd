"""The top of a surveyed row: copies of its heaviest tokens, weighed in float64, and what the survey says of the rest."""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport group_count
from thermonucleus.kernel.row.types cimport NOTHING, Row
from thermonucleus.kernel.search.bracket cimport CRUDE, ERROR
from thermonucleus.kernel.search.candidates cimport copy_interval, keep_interval
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.weights.approximate cimport crude_mass
from thermonucleus.kernel.weights.double cimport precise_weight, precise_weights, sum_precise
from thermonucleus.kernel.weights.survey cimport mass_of_survey, surveyed_without

cdef enum:
    # Chosen: one group in so many is few. It is fewer than those that `settle` copies.
    ONE_IN_FEW = 8


cdef struct Top:
    float low           # all tokens at or above it are copied
    Py_ssize_t taken    # so many
    double mass         # what they weigh
    double rest         # what all others weigh
    double error        # by how much that may be off
    float cutoff        # what is kept of them, by whoever asks for it


cdef inline bint is_surveyed(const Row* row) noexcept nogil:
    """Whether what all tokens weigh together at the scale of the row is known roughly, and all of them are kept."""
    return (
        row.survey.mass > 0.0 and row.survey.heat == row.heat and row.ids == NULL and not row.source.edited
        and row.kept.low == -INFINITY and row.kept.high == INFINITY
    )


cdef inline bint in_few_groups(const Row* row, float low) noexcept nogil:
    """Whether so few groups have a token at or above a logit that a draw always copies these tokens, and sums the copies up.

    So sums do not depend on how it was found what is kept, and a search may begin with what differs between levels in a last bit.
    """
    return count_above(row.groups, group_count(row.size), low) <= few_groups(row)


cdef inline Py_ssize_t few_groups(const Row* row) noexcept nogil:
    return group_count(row.size) // ONE_IN_FEW


cdef inline bint are_few(const Row* row, float low) noexcept nogil:
    """The same of a surveyed row: one of the tokens need not be many times lighter than all."""
    # Rounded down, by more than the survey can be too small.
    return 0.99 * few_groups(row) * precise_weight(low, &row.scale) > mass_of_survey(row, &row.scale) or in_few_groups(row, low)


cdef inline bint copy_top(const Row* row, Top* top, Scratch* scratch) noexcept nogil:
    """Copy and weigh the tokens from `low` up, if they are few."""
    if not are_few(row, top.low):
        return False
    top.taken = copy_interval(row, top.low, INFINITY, scratch)
    if top.taken < 0:
        return False
    precise_weights(scratch.values, top.taken, &row.scale, scratch.weights)
    top.mass = sum_precise(scratch.weights, top.taken)
    top.rest = rest_of_survey(row, scratch.values, top.taken, &top.error)
    return True


cdef inline double rest_of_survey(const Row* row, const float* taken, Py_ssize_t count, double* error) noexcept nogil:
    """What all tokens but those weigh, by the survey, and how far that may be off."""
    cdef double adding, rest = crude_mass(surveyed_without(row, taken, count, &row.scale, &adding))
    error[0] = ERROR[CRUDE] * rest + adding
    return rest


cdef inline void keep_top(Row* row, const Top* top, Scratch* scratch) noexcept nogil:
    """From here on the row's tokens are those at or above the cutoff."""
    CHECK(top.low <= top.cutoff)
    keep_interval(row, top.taken, top.cutoff, INFINITY, NOTHING, scratch)
    row.settled = True
