"""Eta: the tokens of at least some probability, or of less where the entropy is high (Hewitt, Manning and Liang 2022)."""

from thermonucleus.kernel.stages.moments cimport Moments, entropy_of, log2_mass, mass_of
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline double eta_bits(const Moments* moments, double epsilon, Py_ssize_t size, double* gain) noexcept nogil:
    """w / Z >= min(epsilon, sqrt(epsilon) exp(-H))."""
    cdef double bits = precise_log2(epsilon)
    gain[0] = 2.0 - 2.0 * moments.bits / mass_of(moments)
    return min(bits, 0.5 * bits - entropy_of(moments)) + log2_mass(moments)
