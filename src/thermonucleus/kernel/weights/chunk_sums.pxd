"""What the tokens of a chunk weigh together, between two logits or on either side of them, in float32.

Every function here takes a whole chunk of CHUNK logits; NaN among them counts nowhere.
"""

from libc.stdint cimport uint64_t

from thermonucleus.kernel.row.types cimport LANES, MANY, Interval, Scale
from thermonucleus.kernel.weights.double cimport sum_lanes
from thermonucleus.kernel.weights.single cimport weight_or_doubt

# How well a chunk's sum holds. A lane adds four floats, one of each quarter of the chunk, by pairs, and `halve` adds two lanes:
# each float goes through three additions, each within 2**-24 of its result, and all are positive. So the sum is within 3 * 2**-24 <
# 1.8e-7 of what was added; what follows is added in float64.

cdef struct Sides:
    double below
    double above


cdef inline double kept_mass(const float* x, const Scale* scale, const Interval* kept, float* weights) noexcept nogil:
    """The sum of the weights that are kept; unless it is NULL, each of them in `weights`, and 0 for the others."""
    cdef float lanes[MANY]
    if weigh_between(x, scale, kept.low, kept.high, False, lanes, weights) >> 63:
        weigh_between(x, scale, kept.low, kept.high, True, lanes, weights)
    return fold(lanes)


cdef inline uint64_t weigh_between(
    const float* x, const Scale* scale, float low, float high, bint careful, float* lanes, float* weights
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef uint64_t doubt = 0
    cdef Py_ssize_t j
    cdef float a, b, c, d
    for j in range(MANY):
        # Four at once, so that no sum waits in memory for the next.
        a = weight_between(x[j], &local, low, high, careful, &doubt)
        b = weight_between(x[j + 128], &local, low, high, careful, &doubt)
        c = weight_between(x[j + 256], &local, low, high, careful, &doubt)
        d = weight_between(x[j + 384], &local, low, high, careful, &doubt)
        lanes[j] = (a + b) + (c + d)
        if weights != NULL:
            weights[j] = a
            weights[j + 128] = b
            weights[j + 256] = c
            weights[j + 384] = d
    return doubt


cdef inline float weight_between(
    float x, const Scale* scale, float low, float high, bint careful, uint64_t* doubt
) noexcept nogil:
    return weight_if_inside(weight_or_doubt(x, scale, careful, doubt), x, low, high)


cdef inline double mass_outside(
    const float* x, const Scale* scale, float set_low, float low, float high, double* below
) noexcept nogil:
    """The weights with x >= high; those with set_low <= x < low are added to the 2 LANES lanes of `below`."""
    cdef float lanes[MANY]
    cdef float above[MANY]
    cdef double few[2 * LANES]
    cdef Py_ssize_t j
    if weigh_outside(x, scale, set_low, low, high, False, lanes, above) >> 63:
        weigh_outside(x, scale, set_low, low, high, True, lanes, above)
    halve(lanes, few)
    for j in range(2 * LANES):
        below[j] += few[j]
    return fold(above)


cdef inline double mass_beside(const float* x, const Scale* scale, float pivot, double* below) noexcept nogil:
    """The weights with x >= pivot; all others are added to the 2 LANES lanes of `below`. What follows an incomplete chunk counts
    there as the lightest tokens do."""
    cdef float lanes[MANY]
    cdef float above[MANY]
    cdef double few[2 * LANES]
    cdef Py_ssize_t j
    if weigh_beside(x, scale, pivot, False, lanes, above) >> 63:
        weigh_beside(x, scale, pivot, True, lanes, above)
    halve(lanes, few)
    for j in range(2 * LANES):
        below[j] += few[j]
    return fold(above)


cdef inline uint64_t weigh_beside(
    const float* x, const Scale* scale, float pivot, bint careful, float* below, float* above
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef uint64_t doubt = 0
    cdef Py_ssize_t j
    cdef float a, b, c, d
    for j in range(MANY):
        a = weight_or_doubt(x[j], &local, careful, &doubt)
        b = weight_or_doubt(x[j + 128], &local, careful, &doubt)
        c = weight_or_doubt(x[j + 256], &local, careful, &doubt)
        d = weight_or_doubt(x[j + 384], &local, careful, &doubt)
        above[j] = (from_up(a, x[j], pivot) + from_up(b, x[j + 128], pivot)) + (
            from_up(c, x[j + 256], pivot) + from_up(d, x[j + 384], pivot)
        )
        below[j] = (up_to(a, x[j], pivot) + up_to(b, x[j + 128], pivot)) + (
            up_to(c, x[j + 256], pivot) + up_to(d, x[j + 384], pivot)
        )
    return doubt


cdef inline uint64_t weigh_outside(
    const float* x, const Scale* scale, float set_low, float low, float high, bint careful, float* below, float* above
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef uint64_t doubt = 0
    cdef Py_ssize_t j
    cdef float a, b, c, d
    for j in range(MANY):
        a = weight_or_doubt(x[j], &local, careful, &doubt)
        b = weight_or_doubt(x[j + 128], &local, careful, &doubt)
        c = weight_or_doubt(x[j + 256], &local, careful, &doubt)
        d = weight_or_doubt(x[j + 384], &local, careful, &doubt)
        above[j] = (from_up(a, x[j], high) + from_up(b, x[j + 128], high)) + (
            from_up(c, x[j + 256], high) + from_up(d, x[j + 384], high)
        )
        below[j] = (weight_if_inside(a, x[j], set_low, low) + weight_if_inside(b, x[j + 128], set_low, low)) + (
            weight_if_inside(c, x[j + 256], set_low, low) + weight_if_inside(d, x[j + 384], set_low, low)
        )
    return doubt


cdef inline void add_moments(
    const float* x, const Scale* scale, float maximum, const Interval* kept, double* mass, double* products, double* squares
) noexcept nogil:
    """Add the weights that are kept, those times x - maximum, and unless it is NULL the squares of those over 2**64.

    A sum of weights is within 3.0e-7 of itself, as above. A product has two roundings more, of the difference and of itself, and a
    square twice the error of a weight and one rounding more: both sums are within 5 * 2**-24 + 2.4e-7 < 5.4e-7 of themselves. A
    weight below 2**4 has its square raised to 2**-120, 2**-119 at most of the largest weight's.
    """
    cdef float weights[MANY]
    cdef float falls[MANY]
    cdef float powers[MANY]
    cdef float* wanted = powers if squares != NULL else NULL
    if weigh_moments(x, scale, maximum, kept, False, weights, falls, wanted) >> 63:
        weigh_moments(x, scale, maximum, kept, True, weights, falls, wanted)
    mass[0] += fold(weights)
    products[0] += fold(falls)
    if squares != NULL:
        squares[0] += fold(powers)


cdef inline uint64_t weigh_moments(
    const float* x, const Scale* scale, float maximum, const Interval* kept, bint careful,
    float* weights, float* falls, float* powers
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef float low = kept.low, high = kept.high
    cdef float top = maximum - scale.base
    cdef uint64_t doubt = 0
    cdef Py_ssize_t j
    cdef float a, b, c, d
    for j in range(MANY):
        a = weight_between(x[j], &local, low, high, careful, &doubt)
        b = weight_between(x[j + 128], &local, low, high, careful, &doubt)
        c = weight_between(x[j + 256], &local, low, high, careful, &doubt)
        d = weight_between(x[j + 384], &local, low, high, careful, &doubt)
        weights[j] = (a + b) + (c + d)
        falls[j] = (a * fall(x[j], &local, top) + b * fall(x[j + 128], &local, top)) + (
            c * fall(x[j + 256], &local, top) + d * fall(x[j + 384], &local, top)
        )
        if powers != NULL:
            powers[j] = (power(a) + power(b)) + (power(c) + power(d))
    return doubt


cdef inline float fall(float x, const Scale* scale, float top) noexcept nogil:
    """How far x, or what weighs as much, lies from the maximum: 0 or less."""
    cdef float y = x - scale.base
    return (y if y > scale.lowest else scale.lowest) - top


cdef inline float power(float w) noexcept nogil:
    """The square of w over 2**64, and no smaller than a float that is not subnormal."""
    w *= <float> 2.0**-64
    w = w if w > <float> 2.0**-60 else <float> 2.0**-60
    return w * w


cdef inline float weight_if_inside(float w, float x, float low, float high) noexcept nogil:
    return w if (x >= low) & (x < high) else <float> 0.0


cdef inline float from_up(float w, float x, float high) noexcept nogil:
    return w if x >= high else <float> 0.0


cdef inline float up_to(float w, float x, float high) noexcept nogil:
    return <float> 0.0 if x >= high else w


cdef inline double fold(const float* lanes) noexcept nogil:
    cdef double few[2 * LANES]
    halve(lanes, few)
    return sum_lanes(few)


cdef inline void halve(const float* lanes, double* few) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(2 * LANES):
        few[j] = <double> (lanes[j] + lanes[j + 64]) + <double> (lanes[j + 32] + lanes[j + 96])
