"""Eta: the tokens of at least some probability, or of less where the entropy is high (Hewitt, Manning and Liang 2022)."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_by_ratio, settle
from thermonucleus.kernel.stages.moments cimport Moments, entropy_of, log2_mass, moments_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline void eta_cutoff(Row* row, double epsilon, Scratch* scratch) noexcept nogil:
    """w / Z >= min(epsilon, sqrt(epsilon) exp(-H))."""
    settle(row, False, scratch)
    cdef Moments moments = moments_of(row)
    cdef double bits = precise_log2(epsilon)
    cut_by_ratio(row, min(bits, 0.5 * bits - entropy_of(&moments)) + log2_mass(&moments))
