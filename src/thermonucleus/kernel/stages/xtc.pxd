"""XTC, exclude top choices: of the tokens of at least some probability, all but the least probable go."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport finite_kept, least_from
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_above
from thermonucleus.kernel.stages.epsilon_cutoff cimport epsilon_bits
from thermonucleus.kernel.stages.moments cimport MASS, cutoff_of


cdef inline void xtc(Row* row, double probability, double threshold, bint excluding, Scratch* scratch) noexcept nogil:
    """x <= the least logit with w / Z >= threshold. The coin has been thrown: `excluding` is how it fell.

    Where none is as probable, the largest logit stands for it, and nothing is cut.
    """
    cdef float low
    if is_excluding(probability, threshold, excluding):
        low = cutoff_of(row, epsilon_bits, MASS, threshold, scratch)
        cut_above(row, least_from(row, max(low, finite_kept(row).low)))


cdef inline bint is_excluding(double probability, double threshold, bint excluding) noexcept nogil:
    return probability > 0.0 and threshold <= 0.5 and (probability >= 1.0 or excluding)
