"""Top-k: the k most probable tokens, and those equal to the last of them (Fan, Lewis, Dauphin 2018)."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count, group_count
from thermonucleus.kernel.row.types cimport SHORT, Row
from thermonucleus.kernel.search.bracket cimport Search, start
from thermonucleus.kernel.search.candidates cimport narrow_to
from thermonucleus.kernel.search.long cimport select
from thermonucleus.kernel.search.short cimport quantile
from thermonucleus.kernel.stages.cut cimport cut_below, settle
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void top_k(Row* row, double k, Scratch* scratch) noexcept nogil:
    settle(row, scratch)
    if k < row.size:
        cut_below(row, top_k_cutoff(row, row.maximum, <Py_ssize_t> k, scratch))
        if k <= SHORT:
            narrow_to(row, row.kept.low, scratch)
        row.settled = True


cdef inline float top_k_cutoff(Row* row, float maximum, Py_ssize_t k, Scratch* scratch) noexcept nogil:
    """The k-th largest logit."""
    cdef Search search
    # k chunks, or k groups, hold a logit that reaches the k-th largest of their maxima: the k-th largest logit is no lower.
    if k <= chunk_count(row.size):
        narrow_to(row, kth_largest(row.maxima, chunk_count(row.size), k, maximum), scratch)
    elif k <= group_count(row.size) // 4:
        narrow_to(row, kth_largest(row.groups, group_count(row.size), k, maximum), scratch)
    if row.size <= SHORT:
        return kth_largest(row.values, row.size, k, maximum)
    # Halfway to the count before: no rounding can reach it or miss it.
    start(&search, row, NULL, (k - 0.5) / row.size, -INFINITY, next_up(maximum), scratch)
    return select(&search)


cdef inline float kth_largest(const float* values, Py_ssize_t count, Py_ssize_t k, float maximum) noexcept nogil:
    return quantile(values, NULL, count, k, 0.0, -INFINITY, next_up(maximum)).value
