"""What the tokens of a chunk weigh together, between two logits or on either side of them, in float32.

Every function here takes a whole chunk of CHUNK logits; NaN among them counts nowhere.
"""

from libc.stdint cimport uint64_t

from thermonucleus.kernel.exp2 cimport weight_or_doubt
from thermonucleus.kernel.precise cimport sum_lanes
from thermonucleus.kernel.row cimport LANES, Scale

cdef enum:
    # Each lane adds up four floats, and two of them are added: a sum is within 2.4e-7 of what was added.
    MANY = 128

cdef struct Sides:
    double below
    double above


cdef inline double mass_between(const float* x, const Scale* scale, float low, float high) noexcept nogil:
    """The weights with low <= x < high."""
    cdef float lanes[MANY]
    if weigh_between(x, scale, low, high, False, lanes) >> 63:
        weigh_between(x, scale, low, high, True, lanes)
    return fold(lanes)


cdef inline uint64_t weigh_between(
    const float* x, const Scale* scale, float low, float high, bint careful, float* lanes
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef uint64_t doubt = 0
    cdef Py_ssize_t i, j
    cdef float w
    for j in range(MANY):
        lanes[j] = 0.0
    for i in range(0, 512, 128):
        for j in range(MANY):
            w = weight_or_doubt(x[i + j], &local, careful, &doubt)
            lanes[j] += w if (x[i + j] >= low) & (x[i + j] < high) else <float> 0.0
    return doubt


cdef inline Sides mass_outside(const float* x, const Scale* scale, float floor, float low, float high) noexcept nogil:
    """The weights with floor <= x < low, and with x >= high."""
    cdef Sides sides
    cdef float below[MANY]
    cdef float above[MANY]
    if weigh_outside(x, scale, floor, low, high, False, below, above) >> 63:
        weigh_outside(x, scale, floor, low, high, True, below, above)
    sides.below = fold(below)
    sides.above = fold(above)
    return sides


cdef inline uint64_t weigh_outside(
    const float* x, const Scale* scale, float floor, float low, float high, bint careful, float* below, float* above
) noexcept nogil:
    cdef Scale local = scale[0]
    cdef uint64_t doubt = 0
    cdef Py_ssize_t i, j
    cdef float w
    for j in range(MANY):
        below[j] = 0.0
        above[j] = 0.0
    for i in range(0, 512, 128):
        for j in range(MANY):
            w = weight_or_doubt(x[i + j], &local, careful, &doubt)
            below[j] += w if (x[i + j] >= floor) & (x[i + j] < low) else <float> 0.0
            above[j] += w if x[i + j] >= high else <float> 0.0
    return doubt


cdef inline double fold(const float* lanes) noexcept nogil:
    cdef double few[2 * LANES]
    cdef Py_ssize_t j
    for j in range(2 * LANES):
        few[j] = <double> (lanes[j] + lanes[j + 64]) + <double> (lanes[j + 32] + lanes[j + 96])
    return sum_lanes(few)
