"""XTC, exclude top choices: of the tokens of at least some probability, all but the least probable go."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport finite_kept, least_from
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_above, float_from, settle
from thermonucleus.kernel.stages.moments cimport Moments, log2_mass, moments_of
from thermonucleus.kernel.stages.rounding cimport ROUNDING_BITS
from thermonucleus.kernel.weights.double cimport precise_log2
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void xtc(Row* row, double probability, double threshold, bint excluding, Scratch* scratch) noexcept nogil:
    """x <= the least logit with w / Z >= threshold. The coin has been thrown: `excluding` is how it fell."""
    cdef Moments moments
    cdef double bits
    cdef float least
    if probability <= 0.0 or threshold > 0.5 or (probability < 1.0 and not excluding):
        return
    settle(row, False, scratch)
    moments = moments_of(row)
    bits = precise_log2(threshold) + log2_mass(&moments) - ROUNDING_BITS if threshold > 0.0 else -INFINITY
    least = least_from(row, max(float_from(row.maximum + bits / row.scale.slope), finite_kept(row).low))
    cut_above(row, next_up(least))
