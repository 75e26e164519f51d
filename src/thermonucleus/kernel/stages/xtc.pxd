"""XTC, exclude top choices: of the tokens of at least some probability, all but the least probable go."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport finite_kept, least_from
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport cut_above
from thermonucleus.kernel.stages.epsilon_cutoff cimport epsilon_bits
from thermonucleus.kernel.stages.moments cimport MASS, cutoff_by_moments


cdef inline void xtc(Row* row, double probability, double threshold, bint excluding, Scratch* scratch) noexcept nogil:
    """x <= the least logit with w / Z >= threshold. The coin has been thrown: `excluding` is how it fell.

    Where none is as probable, the largest logit stands for it, and nothing is cut.
    """
    cdef float low
    if probability > 0.0 and threshold <= 0.5 and (probability >= 1.0 or excluding):
        low = cutoff_by_moments(row, epsilon_bits, MASS, threshold, scratch)
        cut_above(row, least_from(row, max(low, finite_kept(row).low)))
