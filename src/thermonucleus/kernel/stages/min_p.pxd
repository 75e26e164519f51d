"""Min-p: the tokens at least so many times as probable as the most probable one (Nguyen et al. 2024)."""

from thermonucleus.kernel.row.types cimport Scale
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport precise_log2
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline float min_p_cutoff(float maximum, const Scale* scale, double min_p) noexcept nogil:
    """The lowest float that is at least maximum + T log(min_p)."""
    cdef double bound = maximum + precise_log2(min_p * (1.0 - ROUNDING)) / scale.slope
    cdef float cutoff = <float> bound
    return next_up(cutoff) if cutoff < bound else cutoff
