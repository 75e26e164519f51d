"""Min-p: the tokens at least so many times as probable as the most probable one (Nguyen et al. 2024)."""

from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_below, ratio_cutoff


cdef inline void min_p(Row* row, double ratio) noexcept nogil:
    cut_below(row, ratio_cutoff(row, ratio))
