/* A nucleus of a large part of the row: its cutoff lies between two logits that a sample gives. One read sums up what is above them
   and what is below, and copies out what is between. Weights are within 2.5e-7, two additions in float32 within 1.2e-7 of theirs,
   all else is float64: a share of the whole is within 4e-7. */
#pragma once
#include "reading.h"

namespace one_read {

/* What is known of a row: the share of the whole that is at or above a logit, nearly. */
struct Head {
    float low = INF;
    double share = 0.0;
};

class Wide {
    std::vector<double> above;   // for each chunk, the fine weight of what is at or above `high`
    std::vector<long> first;     // and the place of the first of its tokens that were copied out
    float low = -INF, high = INF;
    Scale scale{1.0, 0.0};

public:
    float lowest = -INF;

    void reserve(long size) {
        above.resize((size + CHUNK - 1) / CHUNK);
        first.resize((size + CHUNK - 1) / CHUNK + 1);
    }

    /* Find where the wanted share, top_p or a bit less, is reached; false if that is not where the sample has it. */
    bool search(const Reading& reading, const Scale& given, const Taylor& taylor, Tokens& tokens, Tokens& spare, const Head& head,
                double top_p, double wanted, double deviations) {
        scale = given;
        bracket(reading, taylor, tokens, spare, head, top_p, deviations);
        double over = 0.0, under = 0.0;
        sweep(reading, tokens, &over, &under);
        const double held = tokens.weigh(scale, taylor), all = over + held + under, goal = wanted * all;
        if (over >= goal || over + held < goal || tokens.count == 0) return false;
        const Cut cut = select(tokens, spare, low, std::min(high, std::nextafter(tokens.highest(), INF)), over, goal);
        lowest = cut.value;
        return true;
    }

    /* A token of the kept ones: the chunk first, by what is kept of each. */
    uint32_t draw(const Reading& reading, Tokens& tokens, Tokens& spare, float cutoff, double u, const Taylor& taylor) const {
        double kept = 0.0;
        for (long c = 0; c < reading.chunks(); ++c) kept += above[c];
        kept += sum_from(tokens.values.data(), tokens.weights.data(), tokens.count, cutoff);
        const double target = u * kept;
        double running = 0.0, before_last = 0.0;
        long last = 0;   // of those that hold something, in case rounding has it that the target is never exceeded
        for (long c = 0; c < reading.chunks() && running <= target; ++c) {
            const double here = above[c] + between(tokens, first[c], first[c + 1], cutoff);
            if (here > 0.0) {
                last = c;
                before_last = running;
            }
            running += here;
        }
        const float* x = reading.chunk(last);
        {
            Writer writer(spare);
            for (int i = 0; i < CHUNK; i += LANES) {
                const Floats v = load(x + i);
                writer.add(v, at_least(v, spread(cutoff)), static_cast<uint32_t>(last * CHUNK + i));
            }
        }
        spare.weigh(scale, taylor);
        return spare.ids[place_of(spare.weights.data(), spare.count, target - before_last)];
    }

private:
    /* The weight of the copied tokens from one place to another that are kept. */
    static double between(const Tokens& tokens, long from, long to, float cutoff) {
        Doubles total = zeros();
        for (long i = from; i < to; i += LANES) {
            const Mask kept = both(real(to - i), at_least(load(tokens.values.data() + i), spread(cutoff)));
            total = add(total, choose(kept, load(tokens.weights.data() + i)));
        }
        return sum(total);
    }

    /* Two logits between which the cutoff lies, unless the sample misleads by so many standard deviations. The head is left out of
       the sample: a few heavy tokens would decide by being in it or not. */
    void bracket(const Reading& reading, const Taylor& taylor, Tokens& tokens, Tokens& spare, const Head& head, double top_p,
                 double deviations) {
        // Chosen: 1,024 or 2,048 logits, in runs of sixteen. None is of the last part of a row, which may not fill a run.
        const long whole = reading.length() / LANES, runs = std::min<long>(whole, reading.length() < 64 * CHUNK ? 64 : 128);
        {
            Writer writer(tokens);
            for (long i = 0; i < runs; ++i) {
                const long at = whole * i / runs * LANES;
                const Floats x = load(reading.chunk(at / CHUNK) + at % CHUNK);
                writer.add(x, below(x, spread(head.low)), 0);
            }
        }
        low = -INF;
        high = INF;
        if (tokens.count == 0) return;
        const double all = tokens.weigh(scale, taylor);
        const double part = head.share < top_p ? (top_p - head.share) / (1.0 - head.share) : 0.0;
        const float middle = select(tokens, spare, -INF, std::nextafter(tokens.highest(), INF), 0.0, part * all).value;
        // The variance of the sum above the middle, and how dense the sum is there: within half a binary order of weights of it.
        const float near = static_cast<float>(0.5 / scale.slope);
        Doubles above_squared = zeros(), below_squared = zeros(), close = zeros();
        for (long i = 0; i < tokens.count; i += LANES) {
            const Floats x = load(tokens.values.data() + i);
            const Doubles weight = load(tokens.weights.data() + i), squared = multiply(weight, weight);
            above_squared = add(above_squared, choose(at_least(x, spread(middle)), squared));
            below_squared = add(below_squared, choose(below(x, spread(middle)), squared));
            close = add(close, choose(both(at_least(x, spread(middle - near)), below(x, spread(middle + near))), weight));
        }
        const double variance = (1.0 - part) * (1.0 - part) * sum(above_squared) + part * part * sum(below_squared);
        // Chosen, the last: what the share of the head may be off by.
        const double off = deviations * (std::sqrt(variance) + 0.005 * (head.share > 0.0) * all);
        const double distance = off / sum(close) * 2.0 * near;
        if (part * all > off) high = static_cast<float>(middle + distance);
        if (part * all + off < all) low = static_cast<float>(middle - distance);
        if (!(low < high)) low = -INF;
    }

    void sweep(const Reading& reading, Tokens& tokens, double* over, double* under) {
        const Fine fine(scale);
        const Floats from = spread(low), to = spread(high);
        Doubles beneath = zeros();
        Writer writer(tokens);
        for (long c = 0; c < reading.chunks(); ++c) {
            const float* x = reading.chunk(c);
            Doubles on_top = zeros();
            first[c] = writer.written();
            for (int i = 0; i < CHUNK; i += 4 * LANES) {
                Floats up[4], down[4];
                for (int j = 0; j < 4; ++j) {
                    const Floats v = load(x + i + j * LANES);
                    const Floats weight = fine(v);
                    up[j] = choose(at_least(v, to), weight);
                    down[j] = choose(below(v, from), weight);
                    writer.add(v, both(at_least(v, from), below(v, to)), static_cast<uint32_t>(c * CHUNK + i + j * LANES));
                }
                on_top = add(on_top, widen(add(add(up[0], up[1]), add(up[2], up[3]))));
                beneath = add(beneath, widen(add(add(down[0], down[1]), add(down[2], down[3]))));
            }
            above[c] = sum(on_top);
            *over += above[c];
        }
        writer.drop_from(reading.length());
        first[reading.chunks()] = writer.written();
        *under = sum(beneath);
    }
};

}  // namespace one_read
