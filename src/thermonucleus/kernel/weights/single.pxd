"""Weights: a logit's probability before normalisation, in float32 for speed and in float64 to decide close calls.

With s = log2(e) / T the probability of logit x is proportional to 2**(x s). The weight used here is 2**(x s - N + 64), N being
the largest x s of the row, rounded to an integer. Subtracting an integer of the exponent is exact, where subtracting the maximum
from x would round; so a weight is as accurate far below the maximum as at it. The + 64 keeps weights down to 2**-190 of the
largest one away from float32's subnormals, which some processors handle a hundred times slower.
"""

from libc.float cimport FLT_MAX
from libc.math cimport fabs, fmaf, rint
from libc.stdint cimport uint32_t, uint64_t

from thermonucleus.kernel.row.types cimport CHUNK, Scale
from thermonucleus.kernel.weights.double cimport Double

cdef extern from *:
    """
    #if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
    #error "the kernel relies on NaN and infinity: build it without -ffast-math and -ffinite-math-only"
    #endif
    #if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
    #error "the kernel computes the same bits everywhere: build it without -funsafe-math-optimizations and what that stands for"
    #endif
    #if defined(__FMA__) || defined(__aarch64__)
    #define THERMONUCLEUS_HAS_FMA 1
    #else
    #define THERMONUCLEUS_HAS_FMA 0
    #endif
    """
    const bint HAS_FMA "THERMONUCLEUS_HAS_FMA"

cdef union Single:
    float value
    uint32_t bits


cdef inline Scale scale_for(float maximum, double temperature) noexcept nogil:
    cdef Scale scale
    cdef double lowest
    # The limits keep every step below finite: float32 logits have no use for a temperature beyond them.
    cdef double slope = 1.4426950408889634 / min(max(temperature, 1e-37), 1e33)
    # Beyond 2**16 the product x s has too few bits behind the point. Subtracting the maximum first is exact there for
    # every logit within 190 binades of it: they lie within a factor of two of each other (Sterbenz).
    if fabs(maximum * slope) < 65536.0:
        scale.base = 0.0
        scale.exponent = rint(maximum * slope)
    else:
        scale.base = maximum
        scale.exponent = 0.0
    scale.slope = slope
    scale.high = <float> slope
    scale.low = <float> (slope - scale.high)
    # Adding 1.5 * 2**23 rounds a float to an integer and leaves that integer in the low bits; 64 - N rides along.
    scale.magic = <float> (12582912.0 + 64.0 - scale.exponent)
    lowest = (scale.exponent - 189.0) / slope
    scale.lowest = <float> max(lowest, -FLT_MAX)
    return scale


cdef inline float fused(float a, float b, float c, bint careful, uint64_t* doubt) noexcept nogil:
    """a * b + c rounded once. Without the instruction, and not careful, bit 63 of `doubt` is set where that is not certain."""
    cdef Double total
    if HAS_FMA or careful:
        return fmaf(a, b, c)
    # The product of two floats is exact in double. Rounding the sum to double and then to float differs from rounding it once
    # only if the double lies halfway between two floats: bit 28 set and the 28 below it clear.
    total.value = <double> a * b + c
    doubt[0] |= ((total.bits & 0x1fffffff) ^ 0x10000000) - 1
    return <float> total.value


cdef inline float weight_or_doubt(float x, const Scale* scale, bint careful, uint64_t* doubt) noexcept nogil:
    cdef Single shifted, power
    cdef float y, whole, r
    y = x - scale.base
    y = y if y > scale.lowest else scale.lowest
    shifted.value = fused(y, scale.high, scale.magic, careful, doubt)
    whole = shifted.value - scale.magic
    r = fused(y, scale.high, -whole, careful, doubt)
    r = fused(y, scale.low, r, careful, doubt)
    # Minimax polynomial of 2**r on [-0.505, 0.505], relative error 2.0e-9 before rounding.
    power.value = fused(<float> 1.5344644e-4, r, <float> 1.3401258e-3, careful, doubt)
    power.value = fused(power.value, r, <float> 9.6185035e-3, careful, doubt)
    power.value = fused(power.value, r, <float> 5.5503255e-2, careful, doubt)
    power.value = fused(power.value, r, <float> 2.4022647e-1, careful, doubt)
    power.value = fused(power.value, r, <float> 6.9314721e-1, careful, doubt)
    power.value = fused(power.value, r, <float> 1.0, careful, doubt)
    power.bits += shifted.bits << 23
    return power.value


cdef inline float weight(float x, const Scale* scale) noexcept nogil:
    """2**(x s - N + 64), within 1.2e-7 of it relatively, from 2**-125 up; logits further down, and -inf, get some 2**-125."""
    cdef uint64_t doubt = 0
    return weight_or_doubt(x, scale, True, &doubt)


cdef inline void chunk_weights(const float* x, Py_ssize_t n, const Scale* scale, float* out) noexcept nogil:
    """Weights of up to CHUNK logits. A loop of its own that only stores: that is the shape compilers vectorise."""
    cdef Py_ssize_t i
    cdef uint64_t doubt = 0
    cdef Scale local = scale[0]
    for i in range(n):
        out[i] = weight_or_doubt(x[i], &local, False, &doubt)
    if doubt >> 63:
        for i in range(n):
            out[i] = weight(x[i], &local)


cdef inline void widened_weights(const float* x, Py_ssize_t n, const Scale* scale, double* out) noexcept nogil:
    """The same weights of any number of logits, in float64."""
    cdef float w[CHUNK]
    cdef Py_ssize_t start, length, i
    for start in range(0, n, 512):
        length = min(n - start, CHUNK)
        chunk_weights(x + start, length, scale, w)
        for i in range(length):
            out[start + i] = w[i]
