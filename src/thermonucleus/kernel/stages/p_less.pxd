"""P-less and p-less-norm: the tokens of at least the probability that two draws agree (Tan, Wu and Howard 2025)."""

from libc.math cimport INFINITY

from thermonucleus.kernel.stages.moments cimport Moments, log2_mass, mass_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline double p_less_bits(const Moments* moments, double _, Py_ssize_t size, double* gain) noexcept nogil:
    """w / Z >= S / Z**2, with S the sum of w**2."""
    gain[0] = 2.0
    return precise_log2(moments.squares) - log2_mass(moments)


cdef inline double p_less_norm_bits(const Moments* moments, double _, Py_ssize_t size, double* gain) noexcept nogil:
    """w / Z >= (V S / Z**2 - 1) / (V - 1), V being the length of the row, absent tokens included."""
    cdef double mass = mass_of(moments)
    cdef double excess = size * (moments.squares / mass / mass) - 1.0
    if size == 1 or excess <= 0.0:
        gain[0] = 0.0 if size == 1 else INFINITY
        return -INFINITY
    gain[0] = 1.0 + 3.0 * (excess + 1.0) / excess
    return precise_log2(excess / (size - 1)) + log2_mass(moments)
