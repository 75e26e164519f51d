"""Top-a: the tokens of at least a multiple of the square of the largest probability."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_by_ratio, settle
from thermonucleus.kernel.stages.moments cimport Moments, log2_mass, moments_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline void top_a(Row* row, double a, Scratch* scratch) noexcept nogil:
    """w / Z >= a / Z**2."""
    settle(row, False, scratch)
    cdef Moments moments = moments_of(row)
    cut_by_ratio(row, precise_log2(a) - log2_mass(&moments))
