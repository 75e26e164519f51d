"""One number for two: whether the coin of XTC falls so that it excludes, and what is left of u for the draw."""

from thermonucleus.kernel.row.types cimport XTC, Plan


cdef inline double coin_of(const Plan* plan) noexcept nogil:
    """The probability of an exclusion that is left to a coin; 0 if there is none."""
    cdef Py_ssize_t i
    for i in range(plan.count):
        if plan.steps[i].stage == XTC and 0.0 < plan.steps[i].numbers[0] < 1.0:
            return plan.steps[i].numbers[0]
    return 0.0


cdef inline bint excludes(double probability, double* u) noexcept nogil:
    """Whether u, uniform in [0, 1), is below the probability. Its place in the part of [0, 1) that it fell into is uniform again."""
    if u[0] < probability:
        u[0] /= probability
        return True
    # Below 1 but for rounding.
    u[0] = min((u[0] - probability) / (1.0 - probability), 1.0 - 2.0**-53)
    return False


cdef inline void mix(double probability, float* out, const float* other, Py_ssize_t size) noexcept nogil:
    """The distribution over both ways in which the coin may fall: `out` with this probability, else `other`."""
    cdef Py_ssize_t i
    for i in range(size):
        out[i] = <float> (probability * out[i] + (1.0 - probability) * other[i])
