/* Sixteen logits at a time, with AVX2, FMA and BMI2: two halves of eight. See lanes_avx512.h. */
#pragma once
#include <immintrin.h>

#include <cstdint>

namespace lanes {

struct Floats {
    __m256 low, high;
};
struct Keys {
    __m256i low, high;
};
struct Mask {
    __m256 low, high;
};
struct Doubles {
    __m256d of[4];
};

inline Floats load(const float* x) { return {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)}; }
inline void store(float* to, Floats x) {
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}
inline Floats spread(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Floats add(Floats a, Floats b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline Floats larger(Floats a, Floats b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
inline Floats smaller(Floats a, Floats b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
inline Floats choose(Mask mask, Floats x) { return {_mm256_and_ps(mask.low, x.low), _mm256_and_ps(mask.high, x.high)}; }

inline float largest(Floats x) {
    const __m256 half = _mm256_max_ps(x.low, x.high);
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}
inline float smallest(Floats x) {
    const __m256 half = _mm256_min_ps(x.low, x.high);
    __m128 least = _mm_min_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    least = _mm_min_ps(least, _mm_movehl_ps(least, least));
    return _mm_cvtss_f32(_mm_min_ss(least, _mm_movehdup_ps(least)));
}

inline Mask at_least(Floats a, Floats b) {
    return {_mm256_cmp_ps(a.low, b.low, _CMP_GE_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_GE_OQ)};
}
inline Mask below(Floats a, Floats b) {
    return {_mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ)};
}
inline Mask both(Mask a, Mask b) { return {_mm256_and_ps(a.low, b.low), _mm256_and_ps(a.high, b.high)}; }
inline uint32_t bits(Mask mask) {
    return static_cast<uint32_t>(_mm256_movemask_ps(mask.low)) | static_cast<uint32_t>(_mm256_movemask_ps(mask.high)) << 8;
}
inline Mask first_of(int count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), number = _mm256_set1_epi32(count);
    return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(number, lane)),
            _mm256_castsi256_ps(_mm256_cmpgt_epi32(number, _mm256_add_epi32(lane, _mm256_set1_epi32(8))))};
}

/* The order in which the lanes named by eight bits come first. */
inline __m256i order(uint32_t eight) {
    const uint64_t bytes = _pdep_u64(eight, 0x0101010101010101u) * 0xFFu;
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(_pext_u64(0x0706050403020100u, bytes))));
}

inline void keep(float* to, Mask mask, Floats x) {
    const auto first = static_cast<uint32_t>(_mm256_movemask_ps(mask.low));
    const auto last = static_cast<uint32_t>(_mm256_movemask_ps(mask.high));
    _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(x.low, order(first)));
    _mm256_storeu_ps(to + __builtin_popcount(first), _mm256_permutevar8x32_ps(x.high, order(last)));
}

inline void keep_indices(uint32_t* to, Mask mask, uint32_t first) {
    const uint32_t set = bits(mask);
    const __m256i start = _mm256_set1_epi32(static_cast<int>(first));
    // The order of the lanes is what their indices are.
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_add_epi32(order(set & 0xFFu), start));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + __builtin_popcount(set & 0xFFu)),
                        _mm256_add_epi32(order(set >> 8), _mm256_add_epi32(start, _mm256_set1_epi32(8))));
}

inline Doubles zeros() { return {{_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()}}; }
inline Doubles spread(double x) {
    const __m256d one = _mm256_set1_pd(x);
    return {{one, one, one, one}};
}
inline Doubles load(const double* x) {
    return {{_mm256_loadu_pd(x), _mm256_loadu_pd(x + 4), _mm256_loadu_pd(x + 8), _mm256_loadu_pd(x + 12)}};
}
inline void store(double* to, Doubles x) {
    for (int i = 0; i < 4; ++i) _mm256_storeu_pd(to + 4 * i, x.of[i]);
}
inline Doubles add(Doubles a, Doubles b) {
    for (int i = 0; i < 4; ++i) a.of[i] = _mm256_add_pd(a.of[i], b.of[i]);
    return a;
}
inline Doubles multiply(Doubles a, Doubles b) {
    for (int i = 0; i < 4; ++i) a.of[i] = _mm256_mul_pd(a.of[i], b.of[i]);
    return a;
}
inline __m128i quarter(Mask mask, int i) {
    const __m256i half = _mm256_castps_si256(i < 2 ? mask.low : mask.high);
    return i % 2 ? _mm256_extracti128_si256(half, 1) : _mm256_castsi256_si128(half);
}
inline Doubles choose(Mask mask, Doubles x) {
    for (int i = 0; i < 4; ++i) x.of[i] = _mm256_and_pd(_mm256_castsi256_pd(_mm256_cvtepi32_epi64(quarter(mask, i))), x.of[i]);
    return x;
}
inline double sum(Doubles x) {
    const __m256d four = _mm256_add_pd(_mm256_add_pd(x.of[0], x.of[1]), _mm256_add_pd(x.of[2], x.of[3]));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
inline Doubles widen(Floats x) {
    return {{_mm256_cvtps_pd(_mm256_castps256_ps128(x.low)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.low, 1)),
             _mm256_cvtps_pd(_mm256_castps256_ps128(x.high)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.high, 1))}};
}
inline void keep(double* to, Mask mask, Doubles x) {
    uint32_t set = bits(mask);
    for (int i = 0; i < 4; ++i, set >>= 4) {
        const __m256i pairs = order(_pdep_u32(set & 0xFu, 0x55u) * 3u);
        _mm256_storeu_pd(to, _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(x.of[i]), pairs)));
        to += __builtin_popcount(set & 0xFu);
    }
}

inline Keys higher(Keys a, Keys b) { return {_mm256_max_epu32(a.low, b.low), _mm256_max_epu32(a.high, b.high)}; }

inline __m128i highest_of_each_fourth(Keys k) {
    const __m256i half = _mm256_max_epu32(k.low, k.high);
    return _mm_max_epu32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

inline void store_highest(uint32_t* to, Keys a, Keys b, Keys c, Keys d) {
    const __m128i first = highest_of_each_fourth(a), second = highest_of_each_fourth(b);
    const __m128i third = highest_of_each_fourth(c), fourth = highest_of_each_fourth(d);
    const __m128i left = _mm_max_epu32(_mm_unpacklo_epi32(first, second), _mm_unpackhi_epi32(first, second));
    const __m128i right = _mm_max_epu32(_mm_unpacklo_epi32(third, fourth), _mm_unpackhi_epi32(third, fourth));
    const __m128i all = _mm_max_epu32(_mm_unpacklo_epi64(left, right), _mm_unpackhi_epi64(left, right));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), all);
}

inline __m256i load_keys(const uint32_t* keys) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(keys)); }

inline __m256 half_at_least(__m256i keys, __m256i key) {
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(keys, key), keys));
}

inline Mask keys_at_least(const uint32_t* keys, uint32_t key) {
    const __m256i wanted = _mm256_set1_epi32(static_cast<int>(key));
    return {half_at_least(load_keys(keys), wanted), half_at_least(load_keys(keys + 8), wanted)};
}

inline uint32_t highest(const uint32_t* keys, int count) {
    __m256i most = _mm256_setzero_si256();
    for (int i = 0; i < count; i += 8) most = _mm256_max_epu32(most, load_keys(keys + i));
    __m128i four = _mm_max_epu32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0xB1));
    return static_cast<uint32_t>(_mm_cvtsi128_si32(four));
}

inline __m256i key(__m256 x, __m256 floor, __m256 scale, __m256 magic) {
    return _mm256_castps_si256(_mm256_fmadd_ps(_mm256_max_ps(floor, x), scale, magic));
}
inline Keys key(Floats x, Floats floor, Floats scale, Floats magic) {
    return {key(x.low, floor.low, scale.low, magic.low), key(x.high, floor.high, scale.high, magic.high)};
}

/* Sums at once: sixteen registers hold no more. */
constexpr int SUMS = 2;

/* What a key is worth: with 1 + f in place of 2**f, but for the chord of 2**f over the eighth of [0, 1) that f is in. */
struct Crude {
    static constexpr int PARTS = 8;
    static constexpr double ERROR = 0.0006;  // 0.047%, and 0.01% for a key's rounding
    __m256 slope, offset;

    explicit Crude(const float* table) : slope(_mm256_loadu_ps(table)), offset(_mm256_loadu_ps(table + 8)) {}
    static void fill(float* table);

    __m256 add_to(__m256 total, __m256i k) const {
        const __m256i part = _mm256_srli_epi32(k, 10);
        const __m256 weight = _mm256_castsi256_ps(_mm256_slli_epi32(k, 10));
        const __m256 whole = _mm256_and_ps(weight, _mm256_castsi256_ps(_mm256_set1_epi32(0x7F800000)));
        total = _mm256_fmadd_ps(whole, _mm256_permutevar8x32_ps(offset, part), total);
        return _mm256_fmadd_ps(weight, _mm256_permutevar8x32_ps(slope, part), total);
    }
    Floats add_to(Floats total, Keys k) const { return {add_to(total.low, k.low), add_to(total.high, k.high)}; }
};

inline Floats multiply(Floats a, Floats b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
inline Floats subtract(Floats a, Floats b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
inline Floats fused(Floats a, Floats b, Floats c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline Floats fused_subtract(Floats a, Floats b, Floats c) {
    return {_mm256_fmsub_ps(a.low, b.low, c.low), _mm256_fmsub_ps(a.high, b.high, c.high)};
}
inline Floats nearest(Floats x) {
    return {_mm256_round_ps(x.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
            _mm256_round_ps(x.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline __m256 times_power(__m256 p, __m256 n) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
inline Floats times_power(Floats p, Floats n) { return {times_power(p.low, n.low), times_power(p.high, n.high)}; }

template <class Polynomial>
inline __m256d power(__m256d z, const Polynomial& polynomial) {
    const __m256d n = _mm256_round_pd(z, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256d r = _mm256_sub_pd(z, n);
    __m256d p = _mm256_set1_pd(polynomial[Polynomial::DEGREE]);
    for (int i = Polynomial::DEGREE - 1; i >= 0; --i) p = _mm256_fmadd_pd(p, r, _mm256_set1_pd(polynomial[i]));
    const __m256i whole = _mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(n));
    return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(p), _mm256_slli_epi64(whole, 52)));
}

template <class Polynomial>
inline Doubles precise(Floats x, double origin, double slope, double exponent, const Polynomial& polynomial) {
    const __m256d o = _mm256_set1_pd(origin), s = _mm256_set1_pd(slope), e = _mm256_set1_pd(exponent);
    const __m256d least = _mm256_set1_pd(-900.0);
    Doubles wide = widen(x);
    for (int i = 0; i < 4; ++i) {
        const __m256d z = _mm256_fmsub_pd(_mm256_sub_pd(wide.of[i], o), s, e);
        wide.of[i] = power(_mm256_max_pd(z, least), polynomial);
    }
    return wide;
}

}  // namespace lanes
