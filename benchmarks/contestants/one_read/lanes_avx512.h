/* Sixteen logits at a time, with AVX-512.

   lanes_avx2.h has the same functions; sampler.h is written in terms of them alone. */
#pragma once
#include <immintrin.h>

#include <cstdint>

namespace lanes {

using Floats = __m512;
using Keys = __m512i;
using Mask = __mmask16;

struct Doubles {
    __m512d low, high;
};

inline Floats load(const float* x) { return _mm512_loadu_ps(x); }
inline void store(float* to, Floats x) { _mm512_storeu_ps(to, x); }
inline Floats spread(float x) { return _mm512_set1_ps(x); }
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
inline Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
inline Floats choose(Mask mask, Floats x) { return _mm512_maskz_mov_ps(mask, x); }
inline float largest(Floats x) { return _mm512_reduce_max_ps(x); }
inline float smallest(Floats x) { return _mm512_reduce_min_ps(x); }

inline Mask at_least(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
inline Mask below(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline Mask both(Mask a, Mask b) { return a & b; }
inline uint32_t bits(Mask mask) { return mask; }
inline Mask first_of(int count) { return static_cast<Mask>((1u << count) - 1u); }

/* Move the lanes that the mask names to the front, and write all sixteen. Zen 4 takes a hundred cycles for a compression that
   writes to memory itself, and two for one in registers. */
inline void keep(float* to, Mask mask, Floats x) { _mm512_storeu_ps(to, _mm512_maskz_compress_ps(mask, x)); }

inline void keep_indices(uint32_t* to, Mask mask, uint32_t first) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i index = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int>(first)));
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(mask, index));
}

inline Doubles zeros() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
inline Doubles spread(double x) { return {_mm512_set1_pd(x), _mm512_set1_pd(x)}; }
inline Doubles load(const double* x) { return {_mm512_loadu_pd(x), _mm512_loadu_pd(x + 8)}; }
inline void store(double* to, Doubles x) {
    _mm512_storeu_pd(to, x.low);
    _mm512_storeu_pd(to + 8, x.high);
}
inline Doubles add(Doubles a, Doubles b) { return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
inline Doubles multiply(Doubles a, Doubles b) { return {_mm512_mul_pd(a.low, b.low), _mm512_mul_pd(a.high, b.high)}; }
inline Doubles choose(Mask mask, Doubles x) {
    return {_mm512_maskz_mov_pd(static_cast<__mmask8>(mask), x.low), _mm512_maskz_mov_pd(static_cast<__mmask8>(mask >> 8), x.high)};
}
inline double sum(Doubles x) { return _mm512_reduce_add_pd(_mm512_add_pd(x.low, x.high)); }
inline Doubles widen(Floats x) {
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(x)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
}
inline void keep(double* to, Mask mask, Doubles x) {
    _mm512_storeu_pd(to, _mm512_maskz_compress_pd(static_cast<__mmask8>(mask), x.low));
    const int before = __builtin_popcount(mask & 0xFFu);
    _mm512_storeu_pd(to + before, _mm512_maskz_compress_pd(static_cast<__mmask8>(mask >> 8), x.high));
}

inline Keys higher(Keys a, Keys b) { return _mm512_max_epu32(a, b); }

inline __m128i highest_of_each_fourth(Keys k) {
    const __m256i half = _mm256_max_epu32(_mm512_castsi512_si256(k), _mm512_extracti64x4_epi64(k, 1));
    return _mm_max_epu32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

/* Write the highest of the sixteen of each of four. */
inline void store_highest(uint32_t* to, Keys a, Keys b, Keys c, Keys d) {
    const __m128i first = highest_of_each_fourth(a), second = highest_of_each_fourth(b);
    const __m128i third = highest_of_each_fourth(c), fourth = highest_of_each_fourth(d);
    const __m128i left = _mm_max_epu32(_mm_unpacklo_epi32(first, second), _mm_unpackhi_epi32(first, second));
    const __m128i right = _mm_max_epu32(_mm_unpacklo_epi32(third, fourth), _mm_unpackhi_epi32(third, fourth));
    const __m128i all = _mm_max_epu32(_mm_unpacklo_epi64(left, right), _mm_unpackhi_epi64(left, right));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), all);
}

inline Mask keys_at_least(const uint32_t* keys, uint32_t key) {
    return _mm512_cmpge_epu32_mask(_mm512_loadu_si512(keys), _mm512_set1_epi32(static_cast<int>(key)));
}

inline uint32_t highest(const uint32_t* keys, int count) {
    Keys most = _mm512_setzero_si512();
    for (int i = 0; i < count; i += 16) most = _mm512_max_epu32(most, _mm512_loadu_si512(keys + i));
    return _mm512_reduce_max_epu32(most);
}

inline Keys key(Floats x, Floats floor, Floats scale, Floats magic) {
    // The second operand comes out where one of them is NaN, so that the key tells of it.
    return _mm512_castps_si512(_mm512_fmadd_ps(_mm512_max_ps(floor, x), scale, magic));
}

/* Sums at once, so that none waits for the one before. */
constexpr int SUMS = 4;

/* What a key is worth: 1 + f in place of 2**f, times the mean of 2**f / (1 + f) over the thirty-second of [0, 1) that f is in. */
struct Crude {
    static constexpr int PARTS = 32;
    static constexpr double ERROR = 0.0048;  // 0.46%, and 0.01% for a key's rounding
    __m512 low, high;

    explicit Crude(const float* table) : low(_mm512_loadu_ps(table)), high(_mm512_loadu_ps(table + 16)) {}
    static void fill(float* table);

    Floats add_to(Floats total, Keys k) const {
        const __m512 weight = _mm512_castsi512_ps(_mm512_slli_epi32(k, 10));
        return _mm512_fmadd_ps(weight, _mm512_permutex2var_ps(low, _mm512_srli_epi32(k, 8), high), total);
    }
};

/* p * 2**n, n being whole. */
inline Floats times_power(Floats p, Floats n) { return _mm512_scalef_ps(p, n); }
inline Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
inline Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
inline Floats fused(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
inline Floats fused_subtract(Floats a, Floats b, Floats c) { return _mm512_fmsub_ps(a, b, c); }
inline Floats nearest(Floats x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

/* 2**z for each half, by a polynomial for the part behind the point. */
template <class Polynomial>
inline __m512d power(__m512d z, const Polynomial& polynomial) {
    const __m512d n = _mm512_roundscale_pd(z, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512d r = _mm512_sub_pd(z, n);
    __m512d p = _mm512_set1_pd(polynomial[Polynomial::DEGREE]);
    for (int i = Polynomial::DEGREE - 1; i >= 0; --i) p = _mm512_fmadd_pd(p, r, _mm512_set1_pd(polynomial[i]));
    return _mm512_scalef_pd(p, n);
}

/* 2**((x - origin) * slope - exponent) in float64; what is less than 2**-900 comes out as that. */
template <class Polynomial>
inline Doubles precise(Floats x, double origin, double slope, double exponent, const Polynomial& polynomial) {
    const Doubles wide = widen(x);
    const __m512d o = _mm512_set1_pd(origin), s = _mm512_set1_pd(slope), e = _mm512_set1_pd(exponent);
    const __m512d least = _mm512_set1_pd(-900.0);
    return {power(_mm512_max_pd(_mm512_fmsub_pd(_mm512_sub_pd(wide.low, o), s, e), least), polynomial),
            power(_mm512_max_pd(_mm512_fmsub_pd(_mm512_sub_pd(wide.high, o), s, e), least), polynomial)};
}

}  // namespace lanes
