"""Weights to within some per cent, for what lies so far below the cutoff that it hardly counts.

A row's chunks are added up in the same MANY lanes.
"""

from libc.math cimport fabs

from thermonucleus.kernel.exp2 cimport Single
from thermonucleus.kernel.masses cimport MANY, fold
from thermonucleus.kernel.row cimport Scale


cdef inline bint crude_will_do(const Scale* scale, Py_ssize_t size) noexcept nogil:
    """Whether the functions below keep their promises: they round logits that are large over the temperature, and long sums."""
    return scale.base == 0.0 and fabs(scale.reference) < 512.0 and size <= 1 << 20


cdef inline void add_crude_below(const float* x, const Scale* scale, float pivot, float* lanes) noexcept nogil:
    """Add what lies below the pivot in a chunk, up to 6.15% too much of it."""
    # Schraudolph (1999): a number of which 2**23 times z are the bits, taken for a float, is near 2**(z - 127), and equals it where
    # z is whole. Adding it to 1024 moves z to where 13 bits of it stand behind the point: `magic` holds that and both offsets.
    cdef Scale local = scale[0]
    cdef Py_ssize_t i, j
    cdef float y, magic = <float> (1024.0 + 127.0 + 64.0 - scale.reference)
    cdef Single z
    for i in range(0, 512, 128):
        for j in range(MANY):
            y = x[i + j] if x[i + j] > local.floor else local.floor
            z.value = y * local.high + magic
            z.bits <<= 10
            lanes[j] += z.value if x[i + j] < pivot else <float> 0.0


cdef inline void add_rough_below(const float* x, const Scale* scale, float pivot, float* lanes) noexcept nogil:
    """Add twice what lies below the pivot in a chunk, and 3.03% to 4.59% more: two such numbers, half a unit of z apart."""
    cdef Scale local = scale[0]
    cdef Py_ssize_t i, j
    cdef float y, w, magic = <float> (1024.0 + 127.0 + 64.0 - scale.reference)
    cdef Single z, later
    for i in range(0, 512, 128):
        for j in range(MANY):
            y = x[i + j] if x[i + j] > local.floor else local.floor
            z.value = y * local.high + magic
            z.bits <<= 10
            later.bits = z.bits + 0x400000
            w = z.value + <float> 0.70710678 * later.value
            lanes[j] += w if x[i + j] < pivot else <float> 0.0


cdef inline double crude_mass(const float* lanes) noexcept nogil:
    """The sum within 3.0%: as much above as below."""
    return 0.9701788 * fold(lanes)


cdef inline double rough_mass(const float* lanes) noexcept nogil:
    """The sum within 0.76%."""
    return 0.48164446 * fold(lanes)
