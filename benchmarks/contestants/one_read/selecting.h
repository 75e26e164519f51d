/* Among weighed tokens, the one at which the sum of the largest reaches a goal; and a draw from them. No sort. */
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "weights.h"

namespace one_read {

constexpr float INF = std::numeric_limits<float>::infinity();
constexpr int LANES = 16;

/* Lanes that hold something, of the last sixteen or less. */
inline Mask real(long left) { return first_of(static_cast<int>(std::min<long>(left, LANES))); }

/* Tokens that were copied out of a row, in the order of their index. There is room for what fills the last chunk up, and for whole
   vectors to be written; behind the last there are always sixteen of -inf that weigh nothing. */
struct Tokens {
    std::vector<float> values;
    std::vector<double> weights;
    std::vector<uint32_t> ids;
    long count = 0;

    void reserve(long most) {
        values.resize(most + 2 * LANES);
        weights.resize(most + 2 * LANES);
        ids.resize(most + 2 * LANES);
    }

    void end() {
        store(values.data() + count, spread(-INF));
        store(weights.data() + count, zeros());
    }

    /* Weigh all in float64; returns the sum. */
    double weigh(const Scale& scale, const Taylor& taylor) {
        Doubles total = zeros();
        end();
        for (long i = 0; i < count; i += LANES) {
            const Doubles whole = precise(load(values.data() + i), scale.origin, scale.slope, scale.exponent, taylor);
            const Doubles weight = choose(real(count - i), whole);
            store(weights.data() + i, weight);
            total = lanes::add(total, weight);
        }
        end();
        return sum(total);
    }

    /* Leave those at or above a value, with the weights they have. */
    void narrow(float low) {
        long kept = 0;
        for (long i = 0; i < count; i += LANES) {
            const Floats x = load(values.data() + i);
            const Mask mask = both(at_least(x, spread(low)), real(count - i));
            const Doubles weight = load(weights.data() + i);
            uint32_t old[LANES];
            std::memcpy(old, ids.data() + i, sizeof old);
            keep(values.data() + kept, mask, x);
            keep(weights.data() + kept, mask, weight);
            for (uint32_t left = bits(mask); left; left &= left - 1) ids[kept++] = old[__builtin_ctz(left)];
        }
        count = kept;
        end();
    }

    float highest() const {
        Floats most = spread(-INF);
        for (long i = 0; i < count; i += LANES) most = larger(most, load(values.data() + i));
        return largest(most);
    }
};

/* Writes tokens, from the first on; what it points to is kept in registers, as members of what is written to are not. */
class Writer {
    Tokens& tokens;
    float* const values;
    uint32_t* const ids;
    long count = 0;

public:
    explicit Writer(Tokens& tokens) : tokens(tokens), values(tokens.values.data()), ids(tokens.ids.data()) {}
    ~Writer() {
        tokens.count = count;
        tokens.end();
    }

    long written() const { return count; }

    void add(Floats x, Mask mask, uint32_t first) {
        keep(values + count, mask, x);
        keep_indices(ids + count, mask, first);
        count += __builtin_popcount(bits(mask));
    }

    /* The same for a few, which the bits name. */
    void add_few(const float* x, uint64_t found, uint32_t first) {
        for (; found; found &= found - 1) {
            const int place = __builtin_ctzll(found);
            values[count] = x[place];
            ids[count++] = first + place;
        }
    }

    /* What fills the last chunk up is not of the row. */
    void drop_from(long size) {
        while (count && ids[count - 1] >= size) --count;
    }
};

inline double sum_from(const float* values, const double* weights, long count, float low) {
    Doubles first = zeros(), second = zeros();
    const Floats from = spread(low);
    long i = 0;
    for (; i + LANES < count; i += 2 * LANES) {
        first = add(first, choose(at_least(load(values + i), from), load(weights + i)));
        second = add(second, choose(at_least(load(values + i + LANES), from), load(weights + i + LANES)));
    }
    if (i < count) first = add(first, choose(at_least(load(values + i), from), load(weights + i)));
    return sum(add(first, second));
}

struct Cut {
    float value;
    double from, above;   // the weight of what is at or above it, and of what is above it
};

/* The largest value from which on the goal is held, by the tokens, which are all in [low, high), and by others above them, which
   hold `above`. Together they must hold the goal. The bracket is halved; what is outside of it is left behind each time, in
   `spare`. */
inline Cut select(const Tokens& tokens, Tokens& spare, float low, float high, double above, double goal) {
    const float* values = tokens.values.data();
    const double* weights = tokens.weights.data();
    long count = tokens.count;
    float step = 4.0f;
    while (count > LANES) {
        float middle = 0.5f * low + 0.5f * high;
        if (low == -INF) {
            // Chosen: steps from the top that grow, since the tokens that matter are there.
            middle = std::max(std::min(high - step, std::nextafter(high, -INF)), -std::numeric_limits<float>::max());
            step *= 4.0f;
        }
        // Half of a bracket of two floats next to each other is not inside of it.
        if (!(middle > low)) middle = std::nextafter(low, INF);
        if (middle >= high) break;
        const double held = above + sum_from(values, weights, count, middle);
        const bool upper = held >= goal;
        const Floats pivot = spread(middle);
        long kept = 0;
        for (long i = 0; i < count; i += LANES) {
            const Floats x = load(values + i);
            const Mask side = upper ? at_least(x, pivot) : both(below(x, pivot), at_least(x, spread(low)));
            const Mask mask = both(side, real(count - i));
            const Doubles weight = load(weights + i);
            keep(spare.values.data() + kept, mask, x);
            keep(spare.weights.data() + kept, mask, weight);
            kept += __builtin_popcount(bits(mask));
        }
        spare.count = count = kept;
        spare.end();
        values = spare.values.data();
        weights = spare.weights.data();
        if (upper) {
            low = middle;
        } else {
            high = middle;
            above = held;
        }
    }
    if (count > LANES) return {low, above + sum_from(values, weights, count, low), above};   // all equal
    // Each lane adds up what is at or above its own value.
    const Floats x = load(values);
    Doubles reach = spread(above);
    for (long j = 0; j < count; ++j) reach = add(reach, choose(at_least(spread(values[j]), x), spread(weights[j])));
    double held[LANES];
    store(held, reach);
    Cut cut{INF, 0.0, above};
    float last = INF;
    for (long j = 0; j < count; ++j) last = std::min(last, values[j]);
    cut.value = last;   // if rounding has it that not even all hold the goal
    for (long j = 0; j < count; ++j)
        if (held[j] >= goal && values[j] > cut.value) cut.value = values[j];
    for (long j = 0; j < count; ++j) {
        if (values[j] == cut.value) cut.from = held[j];
        if (values[j] > cut.value) cut.above = std::max(cut.above, held[j]);
    }
    return cut;
}

/* The first place at which the running sum exceeds the target; the last if rounding has it that none does. */
inline long place_of(const double* weights, long count, double target) {
    long i = 0;
    double running = 0.0;
    for (; i + 4 * LANES < count; i += 4 * LANES) {
        Doubles part = load(weights + i);
        for (int j = 1; j < 4; ++j) part = add(part, load(weights + i + j * LANES));
        const double after = running + sum(part);
        if (after > target) break;
        running = after;
    }
    for (; i < count - 1; ++i) {
        running += weights[i];
        if (running > target) break;
    }
    return i;
}

}  // namespace one_read
