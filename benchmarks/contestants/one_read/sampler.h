/* A token from a row: temperature, top-k, top-p and the draw.

   The one read gives the maximum of each block and a crude sum of all weights. What lies above a likely bound is then copied out of
   the blocks that reach it, and weighed in float64; the sum of what lies below is the crude one less theirs, up to a known error.
   If the same cutoff is right at both ends of that error, it is found; else the rest is weighed again, by a better exponential. A
   row whose nucleus reaches further is searched in one more read, between two logits that a sample gives.

   By the definition, a sum within SLACK of top_p counts as having reached it or not. So a cutoff that is right for some sum in
   between is right, and what float32 is off by, less than half of SLACK where a row is searched widely, never changes an answer. */
#pragma once

#include "random.h"
#include "wide.h"

namespace one_read {

constexpr double SLACK = 1e-6, MARGIN = 0.1 * SLACK;   // the margin is for float64: its weights are off by 2e-10

/* Chosen: shares of the whole that the last token of a nucleus is likely to have, the first for four rows in five or more. */
constexpr double LIKELY[] = {0x1p-14, 0x1p-17};

/* Chosen: the largest share of the first token of a row that is called flat. */
constexpr double FLAT = 0x1p-7;

class Sampler {
    const double slope, top_p;
    const long top_k;
    const Taylor taylor;
    Random random;
    Reading reading;
    Tokens tokens, spare;
    Wide wide;
    bool is_wide = false;
    float lowest = -INF, tokens_low = -INF;

public:
    long rows = 0, read_twice = 0, searched_widely = 0, searched_wholly = 0;

    Sampler(double temperature, long top_k, double top_p, uint64_t seed)
        : slope(1.0 / std::log(2.0) / temperature), top_p(top_p), top_k(top_k), random(seed) {}

    void reserve(long size) {
        reading.reserve(size);
        tokens.reserve(size + CHUNK);
        spare.reserve(size + CHUNK);
        wide.reserve(size);
    }

    uint32_t draw(const float* row, long size) {
        find(row, size);
        const double u = random();
        return is_wide ? wide.draw(reading, tokens, spare, lowest, u, taylor) : draw_from_tokens(u);
    }

    /* The lowest logit that is kept. */
    float cutoff(const float* row, long size) {
        find(row, size);
        return lowest;
    }

private:
    void find(const float* row, long size) {
        ++rows;
        is_wide = false;
        reading.begin(row, size);
        const bool limited = 0 < top_k && top_k < size;
        float guess = reading.first_guess();
        // A grammar may allow nothing of the first few.
        if (guess == -INF) guess = reading.maximum();
        for (int attempt = 0; attempt < 2; ++attempt) {
            const Scale scale(slope, std::nearbyint(guess * slope));
            if (!scale.holds()) break;
            const uint32_t most = limited ? reading.read<false>(scale) : reading.read<true>(scale);
            if (most < Scale::too_high() && most > scale.key_of(-INF))
                return limited ? find_limited(scale, most) : find_in_all(scale, most);
            guess = reading.maximum();
        }
        search_wholly(Scale(slope, 0.0, reading.maximum()));
    }

    /* No top-k. */
    void find_in_all(const Scale& scale, uint32_t most) {
        Head head;
        const bool small = reading.length() <= 4 * CHUNK;
        // Where not even the most probable token has so much, a nucleus is of hundreds, and mostly of very many.
        if (!small && scale.weight_of(most) < FLAT * reading.crude) return search_widely(scale, head);
        for (const double share : LIKELY) {
            head.low = scale.logit_of(share * reading.crude);
            reading.gather(tokens, head.low, scale.key_of(head.low));
            const double crude = reading.crude_of(tokens, scale), rest = std::max(0.0, reading.crude - crude);
            const double adding = ADDING_ERROR * reading.crude;
            head.share = crude / reading.crude;
            if (head.share > top_p - 2.0 * Crude::ERROR) {
                const double held = tokens.weigh(scale, taylor);
                const double least = std::max(0.0, rest * (1.0 - Crude::ERROR) - adding);
                if (settle(head.low, held, least, rest * (1.0 + Crude::ERROR) + adding)) return;
                if (held >= (top_p - SLACK) * (held + least)) {
                    ++read_twice;
                    if (settle_with(Fair(scale), head.low, held) || settle_with(Fine(scale), head.low, held)) return;
                }
            }
            // Chosen: a nucleus that is further than this from its end will not reach it with a few tokens more.
            if (head.share < 0.5 * top_p || tokens.count > reading.length() / 32) break;
        }
        if (small)
            search_wholly(scale);
        else
            search_widely(scale, head);
    }

    /* Find the cutoff among the tokens, all others weighing between `least` and `most`; false if it may be another, or is not
       there. */
    bool settle(float low, double held, double least, double most) {
        const double goal = (top_p - SLACK + MARGIN) * (held + most);
        if (held < goal) return false;
        const Cut cut = select(tokens, spare, low, std::nextafter(tokens.highest(), INF), 0.0, goal);
        lowest = cut.value;
        return cut.above < (top_p - MARGIN) * (held + least);
    }

    /* The same, with the others weighed in another read of them. */
    template <class Weights>
    bool settle_with(const Weights& weight, float low, double held) {
        const double rest = reading.sum_below(weight, low), error = weight.error + CHUNK_ERROR;
        return settle(low, held, rest * (1.0 - error), rest * (1.0 + error));
    }

    void find_limited(const Scale& scale, uint32_t most) {
        const uint32_t reached = reading.key_reached_by(top_k, scale.key_of(-INF) + 1, most);
        const float low = reached ? scale.least_of(reached) : -INF;
        reading.gather(tokens, low, reached ? scale.key_of(low) : 0);
        keep_most_probable(low);
        const double held = tokens.weigh(scale, taylor);
        settle(tokens_low, held, 0.0, 0.0);
    }

    /* Leave the k largest, and those that equal the last of them. */
    void keep_most_probable(float low) {
        std::fill_n(tokens.weights.begin(), tokens.count, 1.0);
        tokens.end();
        // Halfway to the count before: no rounding can reach it or miss it.
        const Cut cut = select(tokens, spare, low, std::nextafter(tokens.highest(), INF), 0.0, double(top_k) - 0.5);
        tokens.narrow(cut.value);
        tokens_low = cut.value;
    }

    /* Weigh all there is in float64: for rows that nothing else fits. */
    void search_wholly(const Scale& scale) {
        ++searched_wholly;
        reading.gather(tokens, -INF, 0);
        tokens_low = -INF;
        if (0 < top_k && top_k < reading.length()) keep_most_probable(-INF);
        const double held = tokens.weigh(scale, taylor);
        settle(tokens_low, held, 0.0, 0.0);
    }

    void search_widely(const Scale& scale, const Head& head) {
        ++searched_widely;
        for (const double deviations : {2.5, 10.0}) {
            if (wide.search(reading, scale, taylor, tokens, spare, head, top_p, top_p - 0.5 * SLACK, deviations)) {
                lowest = wide.lowest;
                is_wide = true;
                return;
            }
        }
        search_wholly(scale);
    }

    uint32_t draw_from_tokens(double u) {
        long kept = 0;
        Doubles total = zeros();
        for (long i = 0; i < tokens.count; i += LANES) {
            const Floats x = load(tokens.values.data() + i);
            const Mask mask = both(at_least(x, spread(lowest)), real(tokens.count - i));
            const Doubles weight = load(tokens.weights.data() + i);
            total = add(total, choose(mask, weight));
            keep(spare.weights.data() + kept, mask, weight);
            // Places among the tokens, not in the row.
            keep_indices(spare.ids.data() + kept, mask, static_cast<uint32_t>(i));
            kept += __builtin_popcount(bits(mask));
        }
        return tokens.ids[spare.ids[place_of(spare.weights.data(), kept, u * sum(total))]];
    }
};

}  // namespace one_read
