/* The one read of a row: a key for each block, from which is seen what it can hold, and the crude sum of all weights. */
#pragma once
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "selecting.h"

namespace one_read {

constexpr int BLOCK = 64, CHUNK = 1024, BLOCKS = CHUNK / BLOCK;

/* Chosen: tokens of a block that are faster to copy one by one, as most blocks have but one. */
constexpr int FEW = 6;

struct CrudeTable {
    float entries[32];
    Crude crude;
    CrudeTable() : crude((Crude::fill(entries), entries)) {}
};

class Reading {
    std::vector<uint32_t> keys, listed;
    std::vector<float> tail;
    CrudeTable table;
    const float* row = nullptr;
    long size = 0;

public:
    double crude = 0.0;   // the sum of all weights, off by Crude::ERROR and ADDING_ERROR

    void reserve(long most) {
        const long chunks = (most + CHUNK - 1) / CHUNK;
        keys.resize(chunks * BLOCKS);
        listed.resize(chunks * BLOCKS + LANES);
        tail.resize(CHUNK);
    }

    /* What is behind the last whole chunk is read from a copy that -inf fills up. */
    void begin(const float* given, long length) {
        row = given;
        size = length;
        const long whole = size - size % CHUNK;
        if (whole < size) std::fill(std::copy(row + whole, row + size, tail.begin()), tail.end(), -INF);
    }

    long chunks() const { return (size + CHUNK - 1) / CHUNK; }
    const float* chunk(long c) const { return (c + 1) * CHUNK <= size ? row + c * CHUNK : tail.data(); }

    /* The largest of the first few, to guess the exponent from: a guess that is too low by a hundred does no harm. */
    float first_guess() const {
        Floats most = spread(-INF);
        for (int i = 0; i < 256; i += LANES) most = larger(most, load(chunk(0) + i));
        return largest(most);
    }

    /* The largest of all, or an error. */
    float maximum() const {
        float most = -INF;
        for (long i = 0; i < size; ++i) {
            if (std::isnan(row[i]) || row[i] == INF) throw std::invalid_argument("a logit is NaN or +inf");
            most = std::max(most, row[i]);
        }
        if (most == -INF) throw std::invalid_argument("all logits are -inf");
        return most;
    }

    /* Read all. The highest key tells whether the scale was one that fits. Nothing is prefetched, for the hardware does it better:
       on Zen 4, asking for what is 4 KiB ahead takes a tenth more where rows come from memory. */
    template <bool weighs>
    uint32_t read(const Scale& scale) {
        const Floats floor = spread(scale.floor), slope = spread(scale.high), magic = spread(scale.magic);
        const Crude worth = table.crude;
        Doubles total = zeros();
        for (long c = 0; c < chunks(); ++c) {
            const float* x = chunk(c);
            Floats sums[SUMS];
            for (Floats& one : sums) one = spread(0.0f);
            const auto block = [&](const float* from) {
                Keys most = key(load(from), floor, slope, magic);
                if (weighs) sums[0] = worth.add_to(sums[0], most);
                for (int j = 1; j < BLOCK / LANES; ++j) {
                    const Keys k = key(load(from + j * LANES), floor, slope, magic);
                    most = higher(most, k);
                    if (weighs) sums[j % SUMS] = worth.add_to(sums[j % SUMS], k);
                }
                return most;
            };
            for (int b = 0; b < BLOCKS; b += 4, x += 4 * BLOCK) {
                const Keys first = block(x), second = block(x + BLOCK), third = block(x + 2 * BLOCK), fourth = block(x + 3 * BLOCK);
                store_highest(keys.data() + c * BLOCKS + b, first, second, third, fourth);
            }
            if (weighs)
                for (const Floats& one : sums) total = add(total, widen(one));
        }
        crude = sum(total) / CRUDE_UNIT;
        return highest(keys.data(), static_cast<int>(chunks() * BLOCKS));
    }

    /* The crude sum of some, as `crude` has them. */
    double crude_of(const Tokens& tokens, const Scale& scale) const {
        const Floats floor = spread(scale.floor), slope = spread(scale.high), magic = spread(scale.magic);
        Doubles total = zeros();
        for (long i = 0; i < tokens.count; i += LANES) {
            const Keys k = key(load(tokens.values.data() + i), floor, slope, magic);
            total = add(total, choose(real(tokens.count - i), widen(table.crude.add_to(spread(0.0f), k))));
        }
        return sum(total) / CRUDE_UNIT;
    }

    long blocks_from(uint32_t lowest) {
        long count = 0;
        for (long c = 0; c < chunks(); ++c) {
            const Mask mask = keys_at_least(keys.data() + c * BLOCKS, lowest);
            keep_indices(listed.data() + count, mask, static_cast<uint32_t>(c * BLOCKS));
            count += __builtin_popcount(bits(mask));
        }
        return count;
    }

    /* Copy out what is at or above `low`, which has the key `lowest`. */
    void gather(Tokens& tokens, float low, uint32_t lowest) {
        const long blocks = blocks_from(lowest);
        Writer writer(tokens);
        const Floats from = spread(low);
        for (long b = 0; b < blocks; ++b) {
            const uint32_t block = listed[b];
            const float* x = chunk(block / BLOCKS) + block % BLOCKS * BLOCK;
            uint64_t found = 0;
            for (int j = 0; j < BLOCK; j += LANES) found |= uint64_t(bits(at_least(load(x + j), from))) << j;
            if (__builtin_popcountll(found) <= FEW) {
                writer.add_few(x, found, block * BLOCK);
            } else {
                for (int j = 0; j < BLOCK; j += LANES) {
                    const Floats v = load(x + j);
                    writer.add(v, at_least(v, from), block * BLOCK + j);
                }
            }
        }
        writer.drop_from(size);
    }

    /* A key that no fewer than `count` blocks reach, and not many more if the keys allow: 0 if there are not so many blocks. */
    uint32_t key_reached_by(long count, uint32_t lowest, uint32_t most) {
        if (blocks_from(lowest) < count) return 0;
        uint32_t reached = lowest, missed = most + 1;
        while (missed - reached > 1) {
            const uint32_t middle = reached + (missed - reached) / 2;
            const long blocks = blocks_from(middle);
            (blocks >= count ? reached : missed) = middle;
            if (blocks >= count && blocks <= count + count / 4) break;
        }
        return reached;
    }

    /* The sum of weights below `low`, off by what a weight is and by CHUNK_ERROR. */
    template <class Weights>
    double sum_below(const Weights& weight, float low) const {
        const Floats from = spread(low);
        Doubles total = zeros();
        for (long c = 0; c < chunks(); ++c) {
            const float* x = chunk(c);
            Floats sums[SUMS];
            for (Floats& one : sums) one = spread(0.0f);
            for (int i = 0; i < CHUNK; i += SUMS * LANES) {
                for (int j = 0; j < SUMS; ++j) {
                    const Floats v = load(x + i + j * LANES);
                    sums[j] = add(sums[j], choose(below(v, from), weight(v)));
                }
            }
            for (const Floats& one : sums) total = add(total, widen(one));
        }
        return sum(total);
    }

    long length() const { return size; }
};

}  // namespace one_read
