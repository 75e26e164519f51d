"""Min-k: the tokens above the steepest fall of the sorted logits, which counts for less the later it is (Ding et al. 2026)."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport finite_kept, least_from
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.ordered cimport BLOCK, FIRST_BLOCK, Descent, descend_from, next_block
from thermonucleus.kernel.stages.cut cimport settle
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.stages.top_k cimport top_k


cdef inline void min_k(Row* row, double tau, Scratch* scratch) noexcept nogil:
    """The k most probable, k being where (x_k - x_(k+1)) / k is largest, or floor(tau / R) if that is more.

    R is the range of the logits before any temperature. No fall from rank m on counts for more than (x_m - least) / m, so that the
    walk down the sorted logits can end where that is no more than the largest so far.
    """
    cdef Descent descent
    cdef float least, before
    cdef double fall, first = -1.0, largest = -1.0, count
    cdef Py_ssize_t i, rank = 0, at = 1
    settle(row, True, scratch)
    least = least_from(row, finite_kept(row).low)
    if not least < row.maximum:
        return
    descent = descend_from(row, scratch)
    before = row.maximum
    while next_block(&descent, FIRST_BLOCK if rank == 0 else BLOCK):
        for i in range(descent.count):
            if rank > 0:
                fall = (<double> before - descent.values[i]) / rank
                # A fall that is larger by rounding is not: the first of equal ones counts.
                if fall * (1.0 - ROUNDING) > first:
                    first = fall
                    at = rank
                largest = max(largest, fall)
            before = descent.values[i]
            rank += 1
        rank += descent.repeats
        if (<double> before - least) / rank <= largest:
            break
    count = tau / ((<double> row.maximum - least) / row.source.cooling)
    top_k(row, min(max(<double> at, <double> <Py_ssize_t> min(count, 1e15)), <double> row.source.size), scratch)
