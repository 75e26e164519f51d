"""Weights in float64, to decide what float32 cannot, and the logarithm that takes a weight back to its logit."""

from libc.math cimport frexp
from libc.stdint cimport uint64_t

from thermonucleus.kernel.row.types cimport LANES, Scale

cdef union Double:
    double value
    uint64_t bits


cdef inline double precise_power(double x, const Scale* scale) noexcept nogil:
    cdef Double shifted, power
    cdef double t, r, p
    t = (x - scale.base) * scale.slope - scale.exponent
    t = t if t > -1000.0 else -1000.0
    shifted.value = t + (6755399441055744.0 + 64.0)
    r = t - (shifted.value - (6755399441055744.0 + 64.0))
    # Minimax polynomial of 2**r on [-0.5, 0.5], relative error 3e-18 before rounding; no fused steps, to be quick at every level.
    p = 4.4352768491468893e-10
    p = p * r + 7.0741132787181805e-09
    p = p * r + 1.0178198122835228e-07
    p = p * r + 1.3215433046806964e-06
    p = p * r + 1.525273348958434e-05
    p = p * r + 0.00015403530462597184
    p = p * r + 0.0013333558146790528
    p = p * r + 0.009618129107588271
    p = p * r + 0.05550410866481992
    p = p * r + 0.24022650695910155
    p = p * r + 0.6931471805599453
    p = p * r + 1.0
    power.value = p
    power.bits += shifted.bits << 52
    return power.value


cdef inline double precise_exp2(double t) noexcept nogil:
    """2**t within 1e-15 of it, from 2**-1000 to 2**1000; what lies beyond counts as these."""
    cdef Scale one
    one.base = 0.0
    one.exponent = 64.0
    one.slope = 1.0
    return precise_power(min(t, 1000.0), &one)


cdef inline double precise_weight(float x, const Scale* scale) noexcept nogil:
    """2**(x s - N + 64) within 1e-11 relatively, from 2**-936 up; logits further down, and -inf, get 2**-936."""
    return precise_power(x, scale)


cdef inline void precise_weights(const float* x, Py_ssize_t n, const Scale* scale, double* out) noexcept nogil:
    cdef Py_ssize_t i
    cdef Scale local = scale[0]
    for i in range(n):
        out[i] = precise_weight(x[i], &local)


cdef inline double sum_precise(const double* w, Py_ssize_t n) noexcept nogil:
    cdef double lanes[2 * LANES]
    cdef Py_ssize_t i, j, whole = n - n % (2 * LANES)
    for j in range(2 * LANES):
        lanes[j] = 0.0
    for i in range(0, whole, 32):
        for j in range(2 * LANES):
            lanes[j] += w[i + j]
    for i in range(whole, n):
        lanes[i - whole] += w[i]
    return sum_lanes(lanes)


cdef inline double sum_lanes(const double* lanes) noexcept nogil:
    """The sum of 2 LANES lanes, in a fixed order."""
    cdef double eight[8]
    cdef Py_ssize_t j
    for j in range(8):
        eight[j] = (lanes[j] + lanes[j + 8]) + (lanes[j + 16] + lanes[j + 24])
    return ((eight[0] + eight[4]) + (eight[1] + eight[5])) + ((eight[2] + eight[6]) + (eight[3] + eight[7]))


cdef inline double precise_log2(double value) noexcept nogil:
    """log2 of a positive double within 1e-15: libm's may differ from machine to machine, sums and products do not."""
    cdef int exponent
    cdef double z, z2, series
    cdef int odd
    z = frexp(value, &exponent)
    if z < 0.7071067811865476:
        z *= 2.0
        exponent -= 1
    # log(m) = 2 artanh((m - 1) / (m + 1)); |z| <= 0.1716, so the first term left out is below 1e-17.
    z = (z - 1.0) / (z + 1.0)
    z2 = z * z
    series = 1.0 / 21.0
    for odd in range(19, 0, -2):
        series = series * z2 + 1.0 / odd
    return exponent + 2.0 * 1.4426950408889634 * z * series


cdef inline double logit_of(double w, const Scale* scale) noexcept nogil:
    """The logit whose weight is w."""
    return (precise_log2(w) - 64.0 + scale.exponent) / scale.slope + scale.base
