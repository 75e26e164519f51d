/* What a logit x weighs: 2**(slope * x - exponent), crudely, to float32's precision, or to float64's. */
#pragma once
#include <cmath>
#include <cstring>

#ifdef __AVX512F__
#include "lanes_avx512.h"
#else
#include "lanes_avx2.h"
#endif

namespace lanes {

#ifdef __AVX512F__
inline void Crude::fill(float* table) {
    for (int i = 0; i < PARTS; ++i) {
        // 2**f / (1 + f) falls until f = 1 / ln 2 - 1 and rises then: its extremes over a part are at the ends, or there.
        double least = 2.0, most = 0.0;
        for (double f : {double(i) / PARTS, double(i + 1) / PARTS, 1.0 / std::log(2.0) - 1.0}) {
            if (f < double(i) / PARTS || f > double(i + 1) / PARTS) continue;
            least = std::fmin(least, std::exp2(f) / (1.0 + f));
            most = std::fmax(most, std::exp2(f) / (1.0 + f));
        }
        table[i] = static_cast<float>(2.0 * least * most / (least + most));
    }
}
#else
inline void Crude::fill(float* table) {
    for (int i = 0; i < PARTS; ++i) {
        const double from = double(i) / PARTS, to = double(i + 1) / PARTS, middle = (from + to) / 2.0;
        const double slope = (std::exp2(to) - std::exp2(from)) * PARTS;
        // A chord lies above the curve by nothing at its ends and by most in the middle, nearly: half of that is taken off.
        const double over = (std::exp2(from) + slope * (middle - from)) / std::exp2(middle);
        const double centred = 2.0 / (1.0 + over);
        table[i] = static_cast<float>(centred * slope);
        table[PARTS + i] = static_cast<float>(centred * (std::exp2(from) - slope * (1.0 + from)));
    }
}
#endif

}  // namespace lanes

namespace one_read {

using namespace lanes;

/* The bits of a float in [1024, 2048) have 13 behind the point, so that 127 + 10 in front of them, shifted to where a float has its
   exponent, stand for 2**10: crude weights from 2**-120 to 2**100 fit into a float, and so do sums of sixty-four. */
constexpr double CRUDE_UNIT = 0x1p10;
constexpr float MAGIC = 1024.0f + 127.0f + 10.0f;
constexpr double DEEPEST = -120.0;   // what is further below weighs as much: together less than 2**-90 of a row
constexpr double HIGHEST = 100.0;
constexpr double FAR = 512.0;        // the exponent's limit, for crude weights to keep their promise

/* How far the sums of chunks may be off, relatively, by 32 additions in float32 one after the other, each within 2**-24. Crude
   weights are added up of terms that may be three times as large. What each weight is off by is said below. */
constexpr double CHUNK_ERROR = 2e-6, ADDING_ERROR = 6e-6;

/* Minimax polynomials of 2**r on [-0.501, 0.501], relative errors 2.7e-6 and 1.6e-8. */
constexpr float FAIR[5] = {0.9999992f, 0.6931216f, 0.24024762f, 0.055919506f, 0.009569909f};
constexpr float FINE[7] = {1.0f, 0.6931472f, 0.24022646f, 0.055503283f, 0.009618492f, 0.0013400195f, 0.00015345581f};

/* 2**r for float64: a remainder of 2e-10, five thousand times less than what counts. */
struct Taylor {
    static constexpr int DEGREE = 8;
    double coefficient[DEGREE + 1];
    Taylor() {
        coefficient[0] = 1.0;
        for (int i = 1; i <= DEGREE; ++i) coefficient[i] = coefficient[i - 1] * std::log(2.0) / i;
    }
    double operator[](int i) const { return coefficient[i]; }
};

struct Scale {
    double slope, exponent, origin;
    float high, low, magic, floor;

    /* Where logits are so large that their product with the slope loses what tells them apart, they are seen from an origin first:
       float64 alone heeds it. */
    Scale(double slope, double exponent, double origin = 0.0)
        : slope(slope),
          exponent(exponent),
          origin(origin),
          high(static_cast<float>(slope)),
          low(static_cast<float>(slope - high)),
          magic(static_cast<float>(MAGIC - exponent)),
          floor(static_cast<float>((exponent + DEEPEST) / slope)) {}

    bool holds() const { return std::fabs(exponent) < FAR; }

    uint32_t key_of(float x) const {
        const float z = std::fma(x > floor ? x : floor, high, magic);
        uint32_t key;
        std::memcpy(&key, &z, sizeof key);
        return key;
    }

    /* A logit at or below all of this key. */
    float least_of(uint32_t key) const {
        float z;
        std::memcpy(&z, &key, sizeof z);
        return static_cast<float>((double(z) - 0x1p-12 - magic) / slope);
    }

    /* The weight of a key, nearly. */
    double weight_of(uint32_t key) const {
        float z;
        std::memcpy(&z, &key, sizeof z);
        return std::exp2(double(z) - MAGIC);
    }

    /* The logit of a weight, as a multiple of 2**-exponent. */
    float logit_of(double weight) const { return static_cast<float>((std::log2(weight) + exponent) / slope); }

    /* Keys at or above this one have overflown, or will when they are added up; NaN and +inf are among them. */
    static uint32_t too_high() {
        const float z = MAGIC + static_cast<float>(HIGHEST);
        uint32_t key;
        std::memcpy(&key, &z, sizeof key);
        return key;
    }
};

/* Weights for the little that is left below a head. */
struct Fair {
    Floats slope, exponent, floor;
    double error;

    /* The product with the slope is rounded, relatively by 2**-24 twice; the polynomial is within 3e-6, and 1e-6 is for its steps.
       What is further down than 128 does not count. */
    explicit Fair(const Scale& scale)
        : slope(spread(scale.high)),
          exponent(spread(static_cast<float>(scale.exponent))),
          floor(spread(scale.floor)),
          error(4e-6 + 0x1p-23 * (std::fabs(scale.exponent) + 128.0)) {}

    Floats operator()(Floats x) const {
        const Floats z = fused_subtract(larger(floor, x), slope, exponent), n = nearest(z), r = subtract(z, n);
        Floats p = spread(FAIR[4]);
        for (int i = 3; i >= 0; --i) p = fused(p, r, spread(FAIR[i]));
        return times_power(p, n);
    }
};

/* Weights as good as float32 has them. */
struct Fine {
    Floats high, low, exponent, floor;
    double error = 2.5e-7;   // 1.6e-8 for the polynomial, 2e-7 for its steps, 3e-8 for its argument

    explicit Fine(const Scale& scale)
        : high(spread(scale.high)),
          low(spread(scale.low)),
          exponent(spread(static_cast<float>(scale.exponent))),
          floor(spread(scale.floor)) {}

    Floats operator()(Floats x) const {
        x = larger(floor, x);
        const Floats n = nearest(multiply(x, high));
        const Floats r = fused(x, low, fused_subtract(x, high, n));
        Floats p = spread(FINE[6]);
        for (int i = 5; i >= 0; --i) p = fused(p, r, spread(FINE[i]));
        return times_power(p, subtract(n, exponent));
    }
};

}  // namespace one_read
