"""Epsilon: the tokens of at least some probability (Hewitt, Manning and Liang 2022)."""

from libc.math cimport INFINITY

from thermonucleus.kernel.stages.moments cimport Moments, log2_mass
from thermonucleus.kernel.weights.double cimport precise_log2


cdef inline double epsilon_bits(const Moments* moments, double epsilon, Py_ssize_t size, double* gain) noexcept nogil:
    """w / Z >= epsilon."""
    gain[0] = 1.0
    return precise_log2(epsilon) + log2_mass(moments) if epsilon > 0.0 else -INFINITY
