/* Uniform random numbers: xoshiro256++ (Blackman and Vigna 2021, "Scrambled Linear Pseudorandom Number Generators"). */
#pragma once
#include <cstdint>

namespace one_read {

class Random {
    uint64_t state[4];

    static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

public:
    /* The state comes from splitmix64, as its authors advise. */
    explicit Random(uint64_t seed) {
        for (uint64_t& word : state) {
            uint64_t z = seed += 0x9E3779B97F4A7C15u;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
            z = (z ^ z >> 27) * 0x94D049BB133111EBu;
            word = z ^ z >> 31;
        }
    }

    /* In [0, 1), with 53 bits. */
    double operator()() {
        const uint64_t drawn = rotate(state[0] + state[3], 23) + state[0], shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = rotate(state[3], 45);
        return static_cast<double>(drawn >> 11) * 0x1p-53;
    }
};

}  // namespace one_read
