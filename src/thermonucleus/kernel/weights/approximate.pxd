"""Approximate weights, to 3% (crude) or to 0.007% (fine), for what lies so far below the cutoff that it hardly counts.

A row's chunks are added up in the same MANY lanes. The errors, for a scale with |N| < 512 (`approximations_hold`): a logit x that
is not raised to the floor has N - 189 <= x s <= N + 0.5, so |x s| < 701.

z = x s     `high` is within 2**-24 of s relatively, and the product is rounded by up to 2**-15 (512 <= |z| < 1024), or not at all
            where a fused step is used: z is off by up to 701 * 2**-24 + 2**-15 = 7.3e-5, a weight by 7.3e-5 ln 2 < 5.1e-5 of
            itself.
crude       `magic` is exact, and adding it rounds to 13 bits behind the point: 2**-14 more, 9.3e-5 of a weight in all. 1 + r in
            place of 2**r is too much by up to 6.1476%, at r = 1/ln 2 - 1 = 0.4427, and never too little (Schraudolph 1999, "A Fast,
            Compact Approximation of the Exponential Function").
fine        the polynomial is within 2.8e-6; its eight roundings, each of a number below 1.42, are below 9e-7. So a weight is within
            3.7e-6 of itself, and what z is off by: 5.5e-5 in all.
adding      a float goes through two additions in its chunk, one for each chunk and one in `halve`, each within 2**-24 of its
            result, all of them positive. In a sweep with crude weights these are at most 2**20 / CHUNK = 2048 chunks:
            2051 * 2**-24 < 1.23e-4 of the sum. With fine ones they are BLOCK_CHUNKS: 7 * 2**-24 < 4.2e-7.
"""

from libc.math cimport fabs, fmaf

from thermonucleus.kernel.row.types cimport MANY, Interval, Scale
from thermonucleus.kernel.weights.chunk_sums cimport fold, weight_if_inside
from thermonucleus.kernel.weights.single cimport HAS_FMA, Single


# What a key, and so a crude weight, is made of.
cdef struct Crude:
    float high
    float magic
    float lowest


cdef inline bint approximations_hold(const Scale* scale, Py_ssize_t size) noexcept nogil:
    """Whether the functions below keep their promises: they round logits that are large over the temperature, and long sums."""
    return scale.base == 0.0 and fabs(scale.exponent) < 512.0 and size <= 1 << 20


cdef inline void add_crude_below(const float* x, const Scale* scale, float pivot, float* lanes) noexcept nogil:
    """Add what lies below the pivot in a chunk: from 0.03% too little of it to 6.18% too much."""
    cdef Crude crude = crude_of(scale)
    cdef Py_ssize_t j
    for j in range(MANY):
        lanes[j] += (crude_below(x[j], &crude, pivot) + crude_below(x[j + 128], &crude, pivot)) + (
            crude_below(x[j + 256], &crude, pivot) + crude_below(x[j + 384], &crude, pivot)
        )


cdef inline void add_fine_below(const float* x, const Scale* scale, float pivot, float* lanes) noexcept nogil:
    """Add what lies below the pivot in a chunk, within 0.006%."""
    cdef Scale local = scale[0]
    cdef Py_ssize_t j
    for j in range(MANY):
        lanes[j] += (fine_below(x[j], &local, pivot) + fine_below(x[j + 128], &local, pivot)) + (
            fine_below(x[j + 256], &local, pivot) + fine_below(x[j + 384], &local, pivot)
        )


cdef inline Crude crude_of(const Scale* scale) noexcept nogil:
    # Added to 1024, a number has 13 bits behind the point; before them are those that `crude_weight` shifts to the exponent. All is
    # divided by 512, which changes no bit but those of the key's exponent.
    return Crude(
        <float> (scale.high / 512.0), <float> ((1024.0 + 127.0 + 64.0 - scale.exponent) / 512.0), scale.lowest
    )


cdef inline float crude_below(float x, const Crude* crude, float pivot) noexcept nogil:
    return crude_weight(crude_key(raised(x, crude), crude)) if x < pivot else <float> 0.0


cdef inline float raised(float x, const Crude* crude) noexcept nogil:
    """The logit, or the lowest one that has a key, if it is below that."""
    return x if x > crude.lowest else crude.lowest


cdef inline Single crude_key(float x, const Crude* crude) noexcept nogil:
    """2 + (x s - N + 191) / 512: from 2 to 4, unless a logit lies further below N than 191 binades, or 832 above."""
    cdef Single key
    key.value = multiply_add(x, crude.high, crude.magic)
    return key


cdef inline float crude_weight(Single key) noexcept nogil:
    """Schraudolph (1999): a float whose bits are 2**23 (z + 127) is 2**z where z is whole, and up to 6.1476% more elsewhere."""
    key.bits <<= 10
    return key.value


cdef inline float multiply_add(float a, float b, float c) noexcept nogil:
    """a b + c, rounded once where there is an instruction for that, else twice: for what is known to be approximate."""
    return fmaf(a, b, c) if HAS_FMA else a * b + c


cdef inline float fine_below(float x, const Scale* scale, float pivot) noexcept nogil:
    return fine_weight(x, scale) if x < pivot else <float> 0.0


cdef inline float fine_weight(float x, const Scale* scale) noexcept nogil:
    """As `weight_or_doubt` in single.pxd, less the low part of the slope, half of the polynomial, and the care for a last bit."""
    cdef Single shifted, power
    cdef float y = scale.lowest if scale.lowest > x else x
    cdef float r
    shifted.value = multiply_add(y, scale.high, scale.magic)
    r = multiply_add(y, scale.high, -(shifted.value - scale.magic))
    # Minimax polynomial of 2**r on [-0.505, 0.505], relative error 2.76e-6.
    power.value = multiply_add(<float> 9.5691355e-3, r, <float> 5.5926118e-2)
    power.value = multiply_add(power.value, r, <float> 2.4024829e-1)
    power.value = multiply_add(power.value, r, <float> 6.9312078e-1)
    power.value = multiply_add(power.value, r, <float> 9.9999923e-1)
    power.bits += shifted.bits << 23
    return power.value


cdef inline double fine_mass(const float* x, const Scale* scale, const Interval* kept) noexcept nogil:
    """What is kept of a chunk, in fine weights."""
    cdef Scale local = scale[0]
    cdef float lanes[MANY]
    cdef float low = kept.low, high = kept.high
    cdef Py_ssize_t j
    for j in range(MANY):
        lanes[j] = (fine_between(x[j], &local, low, high) + fine_between(x[j + 128], &local, low, high)) + (
            fine_between(x[j + 256], &local, low, high) + fine_between(x[j + 384], &local, low, high)
        )
    return fold(lanes)


cdef inline float fine_between(float x, const Scale* scale, float low, float high) noexcept nogil:
    return weight_if_inside(fine_weight(x, scale), x, low, high)


cdef inline double roughness(const Scale* scale) noexcept nogil:
    """By how much a sum of fine weights of a chunk, or of many, may be off that of `weight`, as a part of it.

    What matters lies within 40 binades of the largest: where |z| <= |N| + 41, z is off by |z| 2**-23. The others come to 2**-20 of
    the sum at most, and are within 5.5e-5 of that. 3.7e-6 for the polynomial, 6 * 2**-24 for adding, and 3.0e-7 for what `weight`
    and its sums are off (see single.pxd and chunk_sums.pxd) make 4.4e-6.
    """
    return 4.5e-6 + 8.4e-8 * (fabs(scale.exponent) + 41.0)


cdef inline double crude_mass(double sum) noexcept nogil:
    """The middle of what a sum of crude weights may stand for: it may be as much above it as below it, by ERROR[CRUDE] of it."""
    # Exact: the mean of 1 and 1 / 1.061476, the bounds of what a crude weight stands for, as parts of it.
    return 0.9710423 * sum
