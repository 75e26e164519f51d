"""The order of floats: the next one up, and the one halfway between two."""

from libc.stdint cimport int32_t, int64_t, uint32_t

cdef union Word:
    float value
    int32_t bits
    uint32_t pattern    # the same bits, where arithmetic may wrap around


cdef inline float next_up(float x) noexcept nogil:
    """The next larger float; of +inf and NaN, some float or NaN."""
    cdef Word word
    word.value = x if x != 0.0 else <float> 0.0
    word.pattern += <uint32_t> 1 if word.bits >= 0 else ~<uint32_t> 0
    return word.value


cdef inline float midpoint_by_rank(float low, float high) noexcept nogil:
    """The float halfway from low to high, counted in floats: halving 32 times reaches any float there is."""
    cdef Word word
    word.bits = flipped(<int32_t> ((<int64_t> rank(low) + rank(high)) >> 1))
    return word.value


cdef inline int32_t rank(float x) noexcept nogil:
    cdef Word word
    word.value = x
    return flipped(word.bits)


cdef inline int32_t flipped(int32_t bits) noexcept nogil:
    """Negative floats count downwards: turn their bits round, which turns them back when done again."""
    return bits ^ ((bits >> 31) & 0x7fffffff)
