"""P-less and p-less-norm: the tokens of at least the probability that two draws agree (Tan, Wu and Howard 2025)."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_by_ratio, settle
from thermonucleus.kernel.stages.moments cimport Moments, log2_mass, mass_of, moments_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline void p_less(Row* row, Scratch* scratch) noexcept nogil:
    """w / Z >= S / Z**2, with S the sum of w**2."""
    settle(row, False, scratch)
    cdef Moments moments = moments_of(row)
    cut_by_ratio(row, precise_log2(moments.squares) - log2_mass(&moments))


cdef inline void p_less_norm(Row* row, Scratch* scratch) noexcept nogil:
    """w / Z >= (V S / Z**2 - 1) / (V - 1), V being the length of the row, absent tokens included."""
    settle(row, False, scratch)
    cdef Moments moments = moments_of(row)
    cdef double mass = mass_of(&moments)
    cdef double excess = row.source.size * (moments.squares / mass / mass) - 1.0
    if row.source.size > 1 and excess > 0.0:
        cut_by_ratio(row, precise_log2(excess / (row.source.size - 1)) + log2_mass(&moments))
