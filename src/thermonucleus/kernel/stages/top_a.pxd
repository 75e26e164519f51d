"""Top-a: the tokens of at least a multiple of the square of the largest probability."""

from thermonucleus.kernel.stages.moments cimport Moments, log2_mass
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline double top_a_bits(const Moments* moments, double a, Py_ssize_t size, double* gain) noexcept nogil:
    """w / Z >= a / Z**2."""
    gain[0] = 1.0
    return precise_log2(a) - log2_mass(moments)
