"""Top-k: the k most probable tokens, and those equal to the last of them (Fan, Lewis, Dauphin 2018)."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count, group_count
from thermonucleus.kernel.row.types cimport SHORT, Row
from thermonucleus.kernel.search.candidates cimport narrow_to
from thermonucleus.kernel.search.long cimport kth_largest_of_row
from thermonucleus.kernel.search.short cimport kth_largest
from thermonucleus.kernel.stages.cut cimport cut_below, settle


cdef inline void top_k(Row* row, double k, Scratch* scratch) noexcept nogil:
    settle(row, False, scratch)
    if k < row.size:
        cut_below(row, top_k_cutoff(row, row.maximum, <Py_ssize_t> k, scratch))
        if k <= SHORT:
            narrow_to(row, row.kept.low, row.kept.high, scratch)
        row.settled = True


cdef inline float top_k_cutoff(Row* row, float maximum, Py_ssize_t k, Scratch* scratch) noexcept nogil:
    """The k-th largest logit."""
    # k chunks, or k groups, hold a logit that reaches the k-th largest of their maxima: the k-th largest logit is no lower.
    if row.ids == NULL and k <= chunk_count(row.size):
        narrow_to(row, kth_largest(row.maxima, chunk_count(row.size), k, maximum), INFINITY, scratch)
    elif row.ids == NULL and k <= group_count(row.size) // 4:
        narrow_to(row, kth_largest(row.groups, group_count(row.size), k, maximum), INFINITY, scratch)
    if row.size <= SHORT:
        return kth_largest(row.values, row.size, k, maximum)
    return kth_largest_of_row(row, k, maximum, scratch)
