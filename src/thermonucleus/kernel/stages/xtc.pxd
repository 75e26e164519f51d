"""XTC, exclude top choices: of the tokens of at least some probability, all but the least probable go."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport count_inside, finite_kept, least_from
from thermonucleus.kernel.row.types cimport BRIEF, Row
from thermonucleus.kernel.stages.cut cimport cut_above, float_from, settle
from thermonucleus.kernel.stages.moments cimport MASS, Moments, log2_mass, moments_of, quick_moments
from thermonucleus.kernel.stages.rounding cimport ROUNDING_BITS
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline void xtc(Row* row, double probability, double threshold, bint excluding, Scratch* scratch) noexcept nogil:
    """x <= the least logit with w / Z >= threshold. The coin has been thrown: `excluding` is how it fell."""
    cdef Moments moments
    cdef double bits, doubt = 0.0
    cdef float low
    if probability <= 0.0 or threshold > 0.5 or (probability < 1.0 and not excluding):
        return
    if not settle(row, False, scratch) and row.size > BRIEF:
        moments = quick_moments(row, MASS)
        doubt = 2.0 * moments.error
        bits = xtc_bits(&moments, threshold)
        if count_inside(row, above_ratio(row, bits - doubt), above_ratio(row, bits + doubt)) > 0:
            doubt = 0.0
    if doubt == 0.0:
        moments = moments_of(row, MASS)
        bits = xtc_bits(&moments, threshold)
    low = max(above_ratio(row, bits), finite_kept(row).low)
    if low <= row.maximum:
        cut_above(row, least_from(row, low))


cdef inline double xtc_bits(const Moments* moments, double threshold) noexcept nogil:
    return precise_log2(threshold) + log2_mass(moments) - ROUNDING_BITS if threshold > 0.0 else -INFINITY


cdef inline float above_ratio(const Row* row, double bits) noexcept nogil:
    """The lowest float that is 2**bits times as probable as the most probable token, which may be above all of them."""
    return float_from(row.maximum + bits / row.scale.slope)
