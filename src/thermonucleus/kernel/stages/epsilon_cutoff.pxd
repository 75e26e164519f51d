"""Epsilon: the tokens of at least some probability (Hewitt, Manning and Liang 2022)."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_by_ratio, settle
from thermonucleus.kernel.stages.moments cimport Moments, log2_mass, moments_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline void epsilon_cutoff(Row* row, double epsilon, Scratch* scratch) noexcept nogil:
    """w / Z >= epsilon."""
    settle(row, False, scratch)
    cdef Moments moments = moments_of(row)
    cut_by_ratio(row, precise_log2(epsilon) + log2_mass(&moments))
