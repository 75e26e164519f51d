"""The oracle's stages against numbers worked out apart from it, second definitions, and what holds for every row."""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from cases import cases
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from thermonucleus import reference
from thermonucleus.reference import ROUNDING, SMALLEST, Step, apply_steps, distribution, draw_token, softmax, stages, state
from thermonucleus.reference.stages import STAGES
from thermonucleus.reference.weights import entropy
from thermonucleus.settings import ORDERS

Row = NDArray[np.float64]
Numbers = tuple[float, ...]
Case = tuple[Row, Step, list[int], list[float]]

INF = math.inf
FALLING = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
HALVES = np.log([0.5, 0.25, 0.125, 0.0625, 0.0625])
MIXED = np.log([0.3, 0.1, 0.25, 0.2, 0.15])
EVEN = np.log([0.25] * 4)
SEVEN = np.log([0.3, 0.25, 0.16, 0.11, 0.08, 0.06, 0.04])
PEAKED = np.log([0.97, 0.01, 0.01, 0.01])


def logits(*values: float) -> Row:
    return np.array(values, np.float64)


def kept(x: Row) -> list[int]:
    return np.flatnonzero(x > -np.inf).tolist()


def permuted(x: Row, order: Sequence[int]) -> Row:
    return x[list(order)]


def in_order(of: str, *steps: Step) -> list[Step]:
    return sorted(steps, key=lambda step: ORDERS[of].index(step[0]))


# ---- numbers

VECTORS: list[Case] = [
    (FALLING, ("temperature", 0.5), [0, 1, 2, 3, 4], [0.561404, 0.315789, 0.078947, 0.035088, 0.008772]),
    (FALLING, ("temperature", 2), [0, 1, 2, 3, 4], [0.300124, 0.259915, 0.183788, 0.150062, 0.106110]),
    (np.log([0.2, 0.4, 0.4]), ("temperature", 0), [1], [1]),
    (FALLING, ("dynamic_temperature", 0.5, 1.5, 1), [0, 1, 2, 3, 4], [0.347503, 0.281472, 0.169401, 0.125870, 0.075753]),
    (FALLING, ("dynamic_temperature", 0.5, 1.5, 2), [0, 1, 2, 3, 4], [0.361211, 0.286868, 0.164645, 0.118985, 0.068290]),
    (PEAKED, ("dynamic_temperature", 0, 2, 1), [0, 1, 2, 3], [1, 0, 0, 0]),
    (EVEN, ("dynamic_temperature", 0.5, 1.5, 1), [0, 1, 2, 3], [0.25, 0.25, 0.25, 0.25]),
    (logits(2, 1, 0, -1), ("smoothing", 0.5, 1), [0, 1, 2, 3], [0.570459, 0.346001, 0.077203, 0.006337]),
    (logits(2, 1, 0, -1), ("smoothing", 0.5, 2), [0, 1, 2, 3], [0.603704, 0.366165, 0.030057, 0.000075]),
    (logits(2, 1, 0, -1), ("smoothing", 0.25, 3), [0, 1, 2, 3], [0.522110, 0.406619, 0.070660, 0.000611]),
    (logits(2, 1, 0, -INF), ("smoothing", 1, 1.5), [0, 1, 2], [0.727475, 0.267623, 0.004902]),
    (FALLING, ("top_k", 2), [0, 1], [0.571429, 0.428571]),
    # A tie at the fourth.
    (HALVES, ("top_k", 4), [0, 1, 2, 3, 4], [0.5, 0.25, 0.125, 0.0625, 0.0625]),
    (logits(3, 1, -INF, 2), ("top_k", 3), [0, 1, 3], [0.665241, 0.090031, 0.244728]),
    (FALLING, ("top_k", 0), [0, 1, 2, 3, 4], [0.4, 0.3, 0.15, 0.1, 0.05]),
    # Reached exactly.
    (HALVES, ("top_p", 0.75), [0, 1], [0.666667, 0.333333]),
    # A tie at the last.
    (HALVES, ("top_p", 0.9), [0, 1, 2, 3, 4], [0.5, 0.25, 0.125, 0.0625, 0.0625]),
    (MIXED, ("top_p", 0.6), [0, 2, 3], [0.4, 0.333333, 0.266667]),
    (FALLING, ("top_p", 0), [0], [1]),
    (HALVES, ("min_p", 0.5), [0, 1], [0.666667, 0.333333]),
    (MIXED, ("min_p", 0.6), [0, 2, 3], [0.4, 0.333333, 0.266667]),
    (np.log([0.4, 0.4, 0.2]), ("min_p", 1), [0, 1], [0.5, 0.5]),
    (HALVES, ("epsilon_cutoff", 0.125), [0, 1, 2], [0.571429, 0.285714, 0.142857]),
    (MIXED, ("epsilon_cutoff", 0.18), [0, 2, 3], [0.4, 0.333333, 0.266667]),
    # All lie below it: the most probable stay.
    (np.log([0.4, 0.4, 0.2]), ("epsilon_cutoff", 0.9), [0, 1], [0.5, 0.5]),
    # Entropy 1.299651, eta 0.149324; 1.392321, 0.074549; eta 0.01, which three tokens have exactly.
    (HALVES, ("eta_cutoff", 0.3), [0, 1], [0.666667, 0.333333]),
    (FALLING, ("eta_cutoff", 0.09), [0, 1, 2, 3], [0.421053, 0.315789, 0.157895, 0.105263]),
    (PEAKED, ("eta_cutoff", 0.01), [0, 1, 2, 3], [0.97, 0.01, 0.01, 0.01]),
    # The thresholds are 0.125, 0.135 and 0.032.
    (HALVES, ("top_a", 0.5), [0, 1, 2], [0.571429, 0.285714, 0.142857]),
    (MIXED, ("top_a", 1.5), [0, 2, 3, 4], [0.333333, 0.277778, 0.222222, 0.166667]),
    (FALLING, ("top_a", 0.2), [0, 1, 2, 3, 4], [0.4, 0.3, 0.15, 0.1, 0.05]),
    # The cutoffs are 1.593171, 2.585786 and 1.878680; the last row has no deviation.
    (logits(3, 1, 2, -1, 2.5, 0), ("top_n_sigma", 1), [0, 2, 4], [0.506480, 0.186324, 0.307196]),
    (logits(4, 2, 2, 0, -INF), ("top_n_sigma", 1), [0], [1]),
    (logits(4, 2, 2, 0, -INF), ("top_n_sigma", 1.5), [0, 1, 2], [0.786986, 0.106507, 0.106507]),
    (logits(1, 1, 1), ("top_n_sigma", 1), [0, 1, 2], [0.333333, 0.333333, 0.333333]),
    # The thresholds are 0.335938, 0.169922, 0.225, 0.031250, and 0.25, which all tokens have exactly.
    (HALVES, ("p_less",), [0], [1]),
    (HALVES, ("p_less_norm",), [0, 1], [0.666667, 0.333333]),
    (MIXED, ("p_less",), [0, 2], [0.545455, 0.454545]),
    (MIXED, ("p_less_norm",), [0, 1, 2, 3, 4], [0.3, 0.1, 0.25, 0.2, 0.15]),
    (EVEN, ("p_less",), [0, 1, 2, 3], [0.25, 0.25, 0.25, 0.25]),
    (FALLING, ("top_h", 0.4), [0], [1]),
    # A bound on the entropy of what is kept, renormalised, would keep two.
    (FALLING, ("top_h", 0.5), [0], [1]),
    (FALLING, ("top_h", 0.8), [0, 1, 2], [0.470588, 0.352941, 0.176471]),
    (MIXED, ("top_h", 0.7), [0, 2, 3], [0.4, 0.333333, 0.266667]),
    (np.log([0.9, 0.05, 0.03, 0.02]), ("top_h", 0.4), [0], [1]),
    # A tie throughout.
    (np.log([0.125] * 8), ("top_h", 0.5), list(range(8)), [0.125] * 8),
    (SEVEN, ("tfs", 0.5), [0, 1], [0.545455, 0.454545]),
    (SEVEN, ("tfs", 0.8), [0, 1, 2], [0.422535, 0.352113, 0.225352]),
    (SEVEN, ("tfs", 0.95), [0, 1, 2, 3], [0.365854, 0.304878, 0.195122, 0.134146]),
    (HALVES, ("tfs", 0.6), [0, 1], [0.666667, 0.333333]),
    (logits(5, 4.8, 4.7, 1, 0.5), ("min_k", 3), [0, 1, 2], [0.390694, 0.319873, 0.289433]),
    (logits(10, 6, 5.9, 5.8), ("min_k", 3), [0], [1]),
    # The range is 0.5, so that 6 tokens would stay, and then 2.
    (logits(1, 0.9, 0.8, 0.5), ("min_k", 3), [0, 1, 2, 3], [0.300291, 0.271715, 0.245858, 0.182136]),
    (logits(1, 0.9, 0.7, 0.5), ("min_k", 1), [0, 1], [0.524979, 0.475021]),
    (logits(5, 4, 4, 3, -INF), ("min_k", 0), [0], [1]),
    (np.log([0.6, 0.3, 0.1]), ("typical_p", 0.2), [1], [1]),
    (FALLING, ("typical_p", 0.5), [0, 1], [0.571429, 0.428571]),
    # Reached exactly.
    (HALVES, ("typical_p", 0.75), [0, 1], [0.666667, 0.333333]),
    (EVEN, ("typical_p", 0.5), [0, 1, 2, 3], [0.25, 0.25, 0.25, 0.25]),
    (logits(0, 1.38629, 1.38629, -INF), ("typical_p", 0.5), [1, 2], [0.5, 0.5]),
    # The threshold is met exactly.
    (FALLING, ("xtc", 1, 0.1), [3, 4], [0.666667, 0.333333]),
    # Ties at the least one above, then both of the two above, then but one above.
    (np.log([0.4, 0.25, 0.25, 0.1]), ("xtc", 1, 0.2), [1, 2, 3], [0.416667, 0.416667, 0.166667]),
    (np.log([0.5, 0.5]), ("xtc", 1, 0.3), [0, 1], [0.5, 0.5]),
    (FALLING, ("xtc", 1, 0.35), [0, 1, 2, 3, 4], [0.4, 0.3, 0.15, 0.1, 0.05]),
    (FALLING, ("xtc", 0, 0.1), [0, 1, 2, 3, 4], [0.4, 0.3, 0.15, 0.1, 0.05]),
    (HALVES, ("mirostat_2", 3), [0, 1, 2], [0.571429, 0.285714, 0.142857]),
    (HALVES, ("mirostat_2", 2), [0, 1], [0.666667, 0.333333]),
    (HALVES, ("mirostat_2", 1), [0], [1]),
    (HALVES, ("mirostat_2", 0.5), [0], [1]),
    (HALVES, ("mirostat_1", 2, 100), [0, 1], [0.666667, 0.333333]),
    (FALLING, ("mirostat_1", 3, 100), [0, 1, 2, 3, 4], [0.4, 0.3, 0.15, 0.1, 0.05]),
    (FALLING, ("adaptive_p", 0.3), [0, 1, 2, 3, 4], [0.253321, 0.582886, 0.110093, 0.040501, 0.013199]),
    (FALLING, ("adaptive_p", 0.1), [0, 1, 2, 3, 4], [0.002540, 0.026196, 0.297129, 0.377006, 0.297129]),
    (HALVES, ("adaptive_p", 0.5), [0, 1, 2, 3, 4], [0.976603, 0.022114, 0.000941, 0.000171, 0.000171]),
]


@pytest.mark.parametrize(("row", "step", "indices", "expected"), VECTORS, ids=lambda value: str(value).replace("\n", ""))
def test_a_stage_leaves_what_was_worked_out(row: Row, step: Step, indices: list[int], expected: list[float]) -> None:
    p = distribution(row, [step])
    assert np.flatnonzero(p).tolist() == indices
    np.testing.assert_allclose(p[indices], expected, atol=6e-7, rtol=0)


def test_every_stage_has_such_numbers() -> None:
    assert {step[0] for _, step, _, _ in VECTORS} == set(STAGES)


@pytest.mark.parametrize(
    ("row", "low", "high", "exponent", "expected"),
    [
        (FALLING, 0.5, 1.5, 1, 1.365098),
        (FALLING, 0.5, 1.5, 2, 1.248394),
        (PEAKED, 0, 2, 1, 0.241941),
        (EVEN, 0.5, 1.5, 1, 1.5),
        # Absent tokens are not counted; tokens whose probability is 0 in float64 are.
        (logits(2, 1, 0, -INF, -INF, -INF), 0.5, 1.5, 1, 1.257679),
        (logits(0, 0, -1000), 0, 1, 1, math.log(2) / math.log(3)),
    ],
)
def test_a_dynamic_temperature_is_that_worked_out(row: Row, low: float, high: float, exponent: float, expected: float) -> None:
    assert stages.entropy_temperature(row, low, high, exponent) == pytest.approx(expected, abs=6e-7)


def test_the_entropy_of_a_peaked_row_has_all_its_digits() -> None:
    # One token at q = exp(-50) of the largest: ln(1 + q) + 50 q / (1 + q), and q^2 is nothing beside q.
    assert entropy(logits(0, -50)) == pytest.approx(51 * math.exp(-50), rel=1e-12, abs=0)
    assert entropy(logits(3, -INF, 3, 3)) == pytest.approx(math.log(3), rel=1e-15)


ZIPF = -1.3 * np.log(np.arange(1, 51))


@pytest.mark.parametrize(
    ("row", "mu", "exponent", "count", "stay"),
    [
        (HALVES, 2, 1.236037, 2.423875, 2),
        (FALLING, 3, 0.967019, 5.107347, 5),
        (ZIPF, 4, 1.3, 4.442534, 4),
        (ZIPF, 6, 1.3, 12.904877, 12),
    ],
)
def test_mirostat_1_counts_as_worked_out(row: Row, mu: float, exponent: float, count: float, stay: int) -> None:
    assert state.zipf_exponent(row) == pytest.approx(exponent, abs=6e-7)
    assert state.zipf_count(state.zipf_exponent(row), mu, len(row)) == pytest.approx(count, abs=6e-7)
    assert kept(stages.mirostat_1(row, mu)) == list(range(stay))


@pytest.mark.parametrize(
    ("among_the_kept", "draws"),
    [
        (True, [(0.9, 1, 1.584963, 1.707519), (0.1, 0, 0.0, 2.207519), (0.8, 1, 1.584963, 1.915037)]),
        (False, [(0.9, 1, 2.0, 1.5), (0.1, 0, 1.0, 1.5), (0.8, 0, 1.0, 1.5)]),
    ],
    ids=["llama.cpp", "the paper"],
)
def test_mirostat_goes_the_way_worked_out(among_the_kept: bool, draws: list[tuple[float, int, float, float]]) -> None:
    mu, tau, eta = 2.0, 1.0, 0.5
    for u, token, bits, following in draws:
        steps: list[Step] = [("mirostat_2", mu)]
        assert draw_token(HALVES, steps, u) == token
        surprise = state.surprise(apply_steps(HALVES, steps) if among_the_kept else HALVES, token)
        assert surprise == pytest.approx(bits, abs=6e-7)
        mu = state.mirostat_update(mu, surprise, tau, eta)
        assert mu == pytest.approx(following, abs=6e-7)


def test_adaptive_p_goes_the_way_worked_out() -> None:
    target, decay = 0.3, 0.9
    sums = target / (1 - decay), 1 / (1 - decay)
    for adapted, u, token, weighted_sum, total_weight in [
        (0.3, 0.1, 0, 3.1, 10.0),
        (0.29, 0.1, 0, 3.19, 10.0),
        (0.281, 0.9, 2, 3.021, 10.0),
    ]:
        aim = state.adapted_target(target, *sums)
        assert aim == pytest.approx(adapted, abs=6e-7)
        assert draw_token(FALLING, [("adaptive_p", aim)], u) == token
        sums = state.adaptive_sums(*sums, float(softmax(FALLING)[token]), decay)
        assert sums == pytest.approx((weighted_sum, total_weight), abs=6e-7)


@pytest.mark.parametrize(
    ("target", "weighted_sum", "total_weight", "expected"),
    [(0.3, 0.0, 0.0, 0.3), (0.3, 7.0, 10.0, 0.0), (0.9, 7.0, 10.0, 1.0), (0.5, 4.0, 10.0, 0.6)],
)
def test_an_adapted_target_stays_within_0_and_1(target: float, weighted_sum: float, total_weight: float, expected: float) -> None:
    assert state.adapted_target(target, weighted_sum, total_weight) == pytest.approx(expected)


HEAT: Step = ("temperature", 2)


@pytest.mark.parametrize(
    ("steps", "indices", "expected"),
    [
        ([HEAT, ("top_p", 0.75)], [0, 1, 2, 3], [0.335751, 0.290769, 0.205605, 0.167875]),
        ([("top_p", 0.75), HEAT], [0, 1, 2], [0.403486, 0.349430, 0.247084]),
        ([HEAT, ("min_p", 0.35)], [0, 1, 2, 3, 4], [0.300124, 0.259915, 0.183788, 0.150062, 0.106110]),
        ([("min_p", 0.35), HEAT], [0, 1, 2], [0.403486, 0.349430, 0.247084]),
        ([("top_k", 3), ("top_p", 0.8)], [0, 1], [0.571429, 0.428571]),
        ([("top_p", 0.8), ("top_k", 3)], [0, 1, 2], [0.470588, 0.352941, 0.176471]),
        (in_order("vllm", ("min_p", 0.3), ("top_p", 0.8)), [0, 1], [0.571429, 0.428571]),
        (in_order("transformers", ("min_p", 0.3), ("top_p", 0.8)), [0, 1, 2], [0.470588, 0.352941, 0.176471]),
        (in_order("mlx-lm", ("top_k", 2), ("xtc", 1, 0.1)), [3, 4], [0.666667, 0.333333]),
        (in_order("llama.cpp", ("top_k", 2), ("xtc", 1, 0.1)), [1], [1]),
        (in_order("llama.cpp", ("top_p", 0.3), ("typical_p", 0.2)), [1], [1]),
        (in_order("transformers", ("top_p", 0.3), ("typical_p", 0.2)), [0], [1]),
        ([("top_n_sigma", 0.4), ("top_k", 2)], [0, 1], [0.571429, 0.428571]),
        ([("top_k", 2), ("top_n_sigma", 0.4)], [0], [1]),
    ],
    ids=str,
)
def test_a_chain_leaves_what_was_worked_out_for_its_order(steps: list[Step], indices: list[int], expected: list[float]) -> None:
    p = distribution(FALLING, steps)
    assert np.flatnonzero(p).tolist() == indices
    np.testing.assert_allclose(p[indices], expected, atol=6e-7, rtol=0)


def test_an_entropy_does_without_the_tokens_cut_before() -> None:
    row = logits(5, 4.5, 4.2, 4, 1, 0, -1, -2)
    assert kept(apply_steps(row, in_order("llama.cpp", ("typical_p", 0.5), ("top_n_sigma", 0.8)))) == [0, 1, 2]


def test_a_temperature_of_0_takes_the_largest_of_what_is_left() -> None:
    assert kept(apply_steps(HALVES, [("xtc", 1, 0.1), ("temperature", 0)])) == [2]


# ---- what a chain does beside its stages


def test_a_draw_with_xtc_has_the_law_of_both_ways() -> None:
    steps: list[Step] = [("xtc", 0.5, 0.1)]
    law = distribution(FALLING, steps)
    np.testing.assert_allclose(law, [0.2, 0.15, 0.075, 0.383333, 0.191667], atol=6e-7)
    # A token owns one interval of u on either side of the coin, so an even grid misses its share by two steps at most.
    tokens = [draw_token(FALLING, steps, (i + 0.5) / 2000) for i in range(2000)]
    np.testing.assert_allclose(np.bincount(tokens, minlength=5) / 2000, law, atol=1e-3)


@pytest.mark.parametrize("probability", [0.0, 0.25, 0.7, 1.0])
def test_one_uniform_number_is_the_coin_and_then_draws(probability: float) -> None:
    steps: list[Step] = [("top_k", 4), ("xtc", probability, 0.1), HEAT]
    for place in (0.0, 0.3, 0.6, 0.999):
        for applied, u in ((1, probability * place), (0, probability + (1 - probability) * place)):
            if (u < probability) != applied or u == 1:
                continue
            token = draw_token(FALLING, [("top_k", 4), ("xtc", applied, 0.1), HEAT], place)
            assert draw_token(FALLING, steps, u) == token


def test_a_coin_that_has_not_fallen_is_no_stage() -> None:
    with pytest.raises(ValueError, match=r"^a chain has to throw the coin of xtc before: .* got 0\.5$"):
        apply_steps(FALLING, [("xtc", 0.5, 0.1)])


def test_protected_tokens_stay_and_do_not_count() -> None:
    assert kept(stages.xtc(FALLING, 1, 0.1, 0)) == [0, 3, 4]
    # Without the least probable above the threshold, the next one is it.
    assert kept(stages.xtc(FALLING, 1, 0.1, 3)) == [2, 3, 4]
    # Two above the threshold, one of them protected: there is but one to count.
    assert kept(stages.xtc(FALLING, 1, 0.25, 1)) == [0, 1, 2, 3, 4]
    assert kept(apply_steps(FALLING, [("xtc", 1, 0.1, 0, 1, 4)])) == [0, 1, 3, 4]
    applied = np.array([0.4, 0.3, 0, 0.1, 0.05]) / 0.85
    np.testing.assert_allclose(distribution(FALLING, [("xtc", 0.5, 0.1, 0, 1, 4)]), (applied + np.exp(FALLING)) / 2, rtol=1e-12)


@pytest.mark.parametrize("heat", [("temperature", 0.5), ("dynamic_temperature", 0.25, 0.5)], ids=str)
def test_min_k_measures_the_range_before_temperatures(heat: Step) -> None:
    # The range is 0.75, which is twice within 1.5, and but once after the temperature.
    row = logits(1, 0.5, 0.375, 0.25)
    assert kept(stages.min_k(row, 1.5)) == [0, 1]
    assert kept(stages.min_k(STAGES[heat[0]](row, *heat[1:]), 1.5)) == [0]
    assert kept(apply_steps(row, [heat, ("min_k", 1.5)])) == [0, 1]


@pytest.mark.parametrize("row", [logits(0, np.nan), logits(0, INF), logits(-INF, -INF)], ids=str)
@pytest.mark.parametrize("steps", [[], [("top_k", 1)], [("temperature", 0)]], ids=str)
def test_a_chain_refuses_a_row_that_is_no_distribution(row: Row, steps: list[Step]) -> None:
    with pytest.raises(ValueError, match=r"^logits must be finite or -inf, and not -inf throughout$"):
        distribution(row, steps)


def test_a_probability_that_float32_has_not_counts_as_0_after_the_last_stage_alone() -> None:
    # Half of float32's smallest number is 2^-150.
    row = logits(0, -150 * math.log(2) - 1e-9, -150 * math.log(2) + 1e-9)
    assert np.flatnonzero(distribution(row, [])).tolist() == [0, 2]
    assert np.flatnonzero(distribution(row, [("temperature", 2), ("temperature", 0.5)])).tolist() == [0, 2]
    assert (distribution(row, [("temperature", 2)]) > 0).all()


@pytest.mark.parametrize("curve", [0.999, 3.001, 0, -1, np.nan])
def test_a_curve_that_changes_the_order_is_refused(curve: float) -> None:
    for factor in (0, 0.5):
        with pytest.raises(ValueError, match=rf"^smoothing_curve must be a number from 1 to 3, got {curve}$"):
            stages.smoothing(FALLING, factor, curve)


@pytest.mark.parametrize(
    "step",
    [
        ("temperature", 1),
        ("dynamic_temperature", 1, 1),
        ("smoothing", 0),
        ("top_k", 0),
        ("top_k", -1),
        ("top_k", 5),
        ("top_p", 1),
        ("min_p", 0),
        ("epsilon_cutoff", 0),
        ("eta_cutoff", 0),
        ("top_a", 0),
        ("top_n_sigma", 0),
        ("top_n_sigma", -1),
        ("top_h", 1),
        ("tfs", 1),
        ("typical_p", 1),
        ("xtc", 0, 0.1),
        ("xtc", 1, 0.5000001),
        ("adaptive_p", -1),
    ],
    ids=str,
)
def test_a_stage_that_is_off_leaves_a_row_as_it_is(step: Step) -> None:
    # Two tokens that the tolerance would take for a half; a tail that it would take for nothing.
    for row in (logits(1e-8, 0, -INF, -INF, -INF), logits(0, -1, -20, -700, -800), FALLING):
        np.testing.assert_array_equal(apply_steps(row, [step]), row)


@pytest.mark.parametrize(
    ("step", "below"),
    [
        (("epsilon_cutoff", 0.1), 1),
        (("min_p", 0.25), 1),
        (("top_a", 0.625), 1),
        (("eta_cutoff", (0.1 * math.exp(entropy(FALLING))) ** 2), 1),
        (("mirostat_2", math.log2(10)), 1),
        (("xtc", 1, 0.1), 0),
    ],
    ids=str,
)
def test_a_probability_short_of_a_threshold_by_a_millionth_of_it_has_met_it(step: Step, below: int) -> None:
    # The fourth token is to have 0.1 (of a largest of 0.4), and has a little less; what it lacks goes to the last.
    for short, met in ((0.9e-6, True), (1.1e-6, False)):
        last = 0.1 * (1 - short)
        stay = apply_steps(np.log([0.4, 0.3, 0.15, last, 0.15 - last]), [step])
        assert kept(stay) == (([0, 1, 2, 3] if met else [0, 1, 2]) if below else ([3, 4] if met else [2, 3, 4]))


@pytest.mark.parametrize(
    ("step", "row", "met", "missed"),
    [
        (("top_p", 0.7), (0.4, 0.3), [0, 1], [0, 1, 2]),
        # The mean logit is nearest to the second token, then to the first.
        (("typical_p", 0.7), (0.4, 0.3), [0, 1], [0, 1, 2]),
    ],
    ids=str,
)
def test_a_sum_short_of_its_bound_by_a_millionth_has_reached_it(
    step: Step, row: tuple[float, float], met: list[int], missed: list[int]
) -> None:
    for short, indices in ((0.9e-6, met), (1.1e-6, missed)):
        assert kept(apply_steps(np.log([row[0], row[1] - short, 0.15, 0.1, 0.05 + short]), [step])) == indices


def test_sums_that_may_not_exceed_their_bound_exceed_it_by_a_millionth_at_least() -> None:
    terms = -softmax(FALLING) * FALLING
    bends = np.abs(np.diff(softmax(SEVEN), 2))
    for over, indices in ((0.9e-6, [0, 1, 2]), (1.1e-6, [0, 1])):
        assert kept(stages.top_h(FALLING, terms[:3].sum() / terms.sum() - over)) == indices
        assert kept(stages.tfs(SEVEN, bends[:2].sum() / bends.sum() - over)) == indices
    # By a millionth of the whole, however little that is.
    assert kept(stages.top_h(logits(0, -50, -51), 0.4)) == [0]


def test_logits_are_compared_without_a_tolerance() -> None:
    # The mean is 2 and the deviation 2, so that two deviations are all of the range.
    assert kept(stages.top_n_sigma(logits(4, 0), 2)) == [0, 1]
    assert kept(stages.top_n_sigma(logits(4, 0), math.nextafter(2, 0))) == [0]


def test_logits_are_compared_to_the_same_deviation_in_any_order() -> None:
    # Summed in another order than sorted, the deviation differs in its last bit, and the last logit is that near to the cutoff.
    row = logits(0.9, 0.4, -0.5, 0.6)
    n = (0.9 + 0.5) / np.sort(row)[::-1].std()
    assert len({np.array(order).std() for order in itertools.permutations(row)}) > 1
    assert len({len(kept(stages.top_n_sigma(np.array(order), n))) for order in itertools.permutations(row)}) == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_both_sides_of_the_mean_stay_where_rounding_alone_tells_them_apart(dtype: type) -> None:
    row = np.log(np.array([0.5, *[0.01] * 50])).astype(dtype).astype(np.float64)
    for p in (0.01, 0.4, 0.6):
        assert len(kept(stages.typical_p(row, p))) == 51
    # A hundredth of a logit is told apart.
    row[0] += 0.01
    assert kept(stages.typical_p(row, 0.4)) in ([0], list(range(1, 51)))


@pytest.mark.parametrize("row", [np.log([0.4, 0.3, 0.2, 0.1]), np.log([0.1, 0.3, 0.2, 0.4])], ids=str)
@pytest.mark.parametrize("z", [0.1, 0.5, 0.9])
def test_a_straight_line_has_no_tail(row: Row, z: float) -> None:
    assert kept(stages.tfs(row, z)) == np.flatnonzero(row > row.min()).tolist()
    assert kept(stages.tfs(np.zeros(5), z)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("row", "mu", "stay"),
    [
        # No law can be fitted to equal tokens, or to one.
        (logits(0, 0, 0, 0), -5, 4),
        (logits(-INF, 0, -INF), 3, 1),
        # At an exponent of 1 the count is 2^mu / ln V: 4 / ln 50 = 1.02, 32 / ln 50 = 8.18.
        (ZIPF / 1.3, 2, 1),
        (ZIPF / 1.3, 5, 8),
        (ZIPF, -50, 1),
        (ZIPF, 5000, 50),
        (ZIPF * 1e-9, 10, 50),
    ],
    ids=str,
)
def test_mirostat_1_keeps_at_least_one_and_at_most_all(row: Row, mu: float, stay: int) -> None:
    assert len(kept(stages.mirostat_1(row, mu))) == stay


def test_mirostat_1_counts_the_absent_as_part_of_the_vocabulary() -> None:
    # The 5 tokens alone keep 2; among 100 the count is ((1.236037 - 1) 4 / (1 - 100^(1 - 1.236037)))^(1 / 1.236037) = 1.33.
    assert kept(stages.mirostat_1(np.append(HALVES, np.full(95, -np.inf)), 2)) == [0]


def test_mirostat_2_has_no_bounds_for_mu() -> None:
    assert kept(stages.mirostat_2(HALVES, -2000)) == [0]
    assert kept(stages.mirostat_2(HALVES, 2000)) == [0, 1, 2, 3, 4]


def test_mirostat_1_fits_its_law_to_the_head_alone() -> None:
    # The first five fall as 1 / i^2, the rest as 1 / i.
    i = np.arange(1, 41)
    row = -np.where(i <= 5, 2 * np.log(i), np.log(5) + np.log(i))
    assert state.zipf_exponent(row, 5) == pytest.approx(2)
    assert state.zipf_exponent(row) < 1.9
    # At an exponent of 2 the count is sqrt(2^mu / (1 - 1/V)): sqrt(16 / 0.975) = 4.05.
    assert len(kept(stages.mirostat_1(row, 4, 5))) == 4


# ---- what the settings of today have always meant


def by_masks(x: Row, temperature: float, top_k: int, top_p: float, min_p: float, temperature_last: bool) -> Row:
    """Apply top-k, top-p and min-p to probabilities, without turning back into logits in between."""

    def warmed(t: float) -> Row:
        return np.eye(len(x))[x.argmax()] if t == 0 else softmax((x - x.max()) / t)

    p = warmed(1.0 if temperature_last else temperature)
    mask = x > -np.inf
    if 0 < top_k < len(x):
        mask &= x >= np.sort(x)[-top_k]
    if top_p < 1:
        values, share = np.unique(x[mask], return_inverse=True)
        mass = np.bincount(share, p[mask] / p[mask].sum())
        above = mass[::-1].cumsum()[::-1] - mass
        mask &= x >= values[above < max(top_p - ROUNDING, 1e-300)][0]
    if min_p > 0:
        mask &= p >= min_p * (1 - ROUNDING) * p.max()
    if temperature_last:
        p = warmed(temperature)
    p = np.where(mask, p, 0.0) / p[mask].sum()
    return np.where(p <= SMALLEST, 0.0, p)


def test_temperature_top_k_top_p_and_min_p_are_what_they_are_without_stages() -> None:
    for case in cases(23, 600, 1, 400):
        row = case.row.astype(np.float64)
        with np.errstate(over="ignore"):
            expected = by_masks(row, **case.settings)
        p = reference.probabilities(row, **case.settings)
        np.testing.assert_array_equal(p > 0, expected > 0, err_msg=str(case))
        np.testing.assert_allclose(p, expected, rtol=1e-14, err_msg=str(case))


# ---- second definitions, which sort nothing


def weights_of(x: Row) -> tuple[Row, float]:
    """Return e, with 1 for the largest, and its sum."""
    e = np.exp(x - x.max())
    return e, float(e.sum())


def entropy_of(x: Row) -> float:
    e, z = weights_of(x)
    present = x > -np.inf
    return math.log(z) - float((e[present] * (x - x.max())[present]).sum()) / z


RATIOS: dict[str, Callable[..., float]] = {
    "min_p": lambda x, ratio: ratio,
    "epsilon_cutoff": lambda x, epsilon: epsilon * weights_of(x)[1],
    "eta_cutoff": lambda x, epsilon: min(epsilon, math.sqrt(epsilon) * math.exp(-entropy_of(x))) * weights_of(x)[1],
    "top_a": lambda x, a: a / weights_of(x)[1],
    "p_less": lambda x: (weights_of(x)[0] ** 2).sum() / weights_of(x)[1],
    "p_less_norm": lambda x: max(
        (len(x) * (weights_of(x)[0] ** 2).sum() / weights_of(x)[1] ** 2 - 1) * weights_of(x)[1] / (len(x) - 1), 0.0
    ),
    "mirostat_2": lambda x, mu: 2.0**-mu * weights_of(x)[1],
    "top_n_sigma": lambda x, n: math.exp(-n * x[x > -np.inf].std()) / (1 - ROUNDING),
}
"""What part of the weight of the largest a token needs to stay; top-n-sigma takes no tolerance, so that it is taken off here."""


def random_rows(seed: int, count: int) -> list[Row]:
    """Make rows of 2 to 40 tokens, a third with ties, a quarter with absent tokens."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        size = int(rng.integers(2, 41))
        row = rng.normal(0, rng.choice([0.3, 2, 6]), size)
        if number % 3 == 0:
            row = np.round(row * 2) / 2
        if number % 4 == 0:
            row[rng.random(size) < 0.3] = -np.inf
            row[0] = rng.normal()
        rows.append(row)
    return rows


SETTINGS: dict[str, list[Numbers]] = {
    "top_k": [(1,), (4,), (13,)],
    "top_p": [(0.2,), (0.75,), (0.95,)],
    "min_p": [(0.02,), (0.2,), (0.7,)],
    "epsilon_cutoff": [(0.004,), (0.03,), (0.3,)],
    "eta_cutoff": [(0.004,), (0.06,), (0.5,)],
    "top_a": [(0.1,), (0.6,), (2.5,)],
    "top_n_sigma": [(0.3,), (1.1,), (2.3,)],
    "p_less": [()],
    "p_less_norm": [()],
    "top_h": [(0.2,), (0.4,), (0.83,)],
    "tfs": [(0.3,), (0.77,), (0.95,)],
    "min_k": [(0.0,), (3.0,), (9.0,)],
    "typical_p": [(0.2,), (0.52,), (0.9,)],
    "xtc": [(1, 0.01), (1, 0.1), (1, 0.21)],
    "mirostat_1": [(1.7, 100), (3.3, 8), (6.1, 100)],
    "mirostat_2": [(0.4,), (2.3,), (5.7,)],
}
"""Every truncation, with three settings, the strictest first or last."""

CUTOFFS = [name for name in SETTINGS if name not in ("typical_p", "xtc")]


@pytest.mark.parametrize("name", RATIOS)
def test_a_closed_form_is_min_p_with_another_ratio(name: str) -> None:
    for row in random_rows(1, 400):
        for numbers in SETTINGS[name]:
            ratio = min(RATIOS[name](row, *numbers) * (1 - ROUNDING), 1.0)
            np.testing.assert_array_equal(STAGES[name](row, *numbers), np.where(weights_of(row)[0] >= ratio, row, -np.inf))


@pytest.mark.parametrize("name", [name for name in RATIOS if name != "top_n_sigma"])
def test_what_stays_turns_where_the_ratio_says(name: str) -> None:
    for numbers in SETTINGS[name]:
        low, high = -40.0, 0.0
        while (v := (low + high) / 2) not in (low, high):
            row = logits(0, v, -2, -2.5, -3, -3.5)
            low, high = (low, v) if STAGES[name](row, *numbers)[1] > -np.inf else (v, high)
        row = logits(0, high, -2, -2.5, -3, -3.5)
        assert weights_of(row)[0][1] == pytest.approx(min(RATIOS[name](row, *numbers) * (1 - ROUNDING), 1.0), rel=1e-9)


def stays(name: str, x: Row, v: float, number: float) -> bool:
    """Say by the tokens above v whether v is kept, and by one copy of v where the method looks at it as well."""
    p = softmax(x)
    if name == "top_k":
        return bool(np.count_nonzero(x > v) < number)
    if name == "top_p":
        return bool(p[x > v].sum() < number - ROUNDING)
    terms = [-q * math.log(q) for q in [*p[x > v], p[x == v][0]]]
    return bool(v == x.max() or sum(terms) <= (number + ROUNDING) * entropy_of(x))


@pytest.mark.parametrize("name", ["top_k", "top_p", "top_h"])
def test_a_searched_cutoff_is_a_question_about_the_tokens_above(name: str) -> None:
    for row in random_rows(2, 150):
        for (number,) in SETTINGS[name]:
            expected = [v > -np.inf and stays(name, row, v, number) for v in row]
            np.testing.assert_array_equal(STAGES[name](row, number) > -np.inf, expected)


def test_locally_typical_is_the_least_radius_around_the_mean_logit_with_the_mass() -> None:
    for row in random_rows(3, 150):
        for (number,) in SETTINGS["typical_p"]:
            p = softmax(row)
            finite = row > -np.inf
            mean = float((p[finite] * row[finite]).sum())
            # The surprise of a token is as far from the entropy as its logit from the mean.
            np.testing.assert_allclose(np.abs(row - mean)[p > 0], np.abs(-np.log(p[p > 0]) - entropy_of(row)), atol=1e-9)
            distance = np.abs(row - mean)
            radius = min(d for d in distance if p[distance <= d + 1e-9].sum() >= number - ROUNDING)
            np.testing.assert_array_equal(stages.typical_p(row, number) > -np.inf, distance <= radius + ROUNDING)


def head_of_koboldcpp(x: Row, z: float) -> int:
    """Count the tokens that KoboldCpp's alignment of tail-free sampling keeps of a row without ties."""
    p = np.sort(softmax(x[x > -np.inf]))[::-1].tolist()
    bends = [abs(a - 2 * b + c) for a, b, c in zip(p, p[1:], p[2:], strict=False)]
    running = 0.0
    for i, bend in enumerate(bends, 1):
        running += bend / sum(bends)
        if i >= 2 and running > z:
            return i - 1
    return len(p)


@pytest.mark.parametrize(("row", "z", "count"), [(SEVEN, 0.5, 1), (SEVEN, 0.8, 2), (SEVEN, 0.95, 3), (HALVES, 0.6, 1)], ids=str)
def test_koboldcpp_keeps_one_tail_free_token_less(row: Row, z: float, count: int) -> None:
    assert head_of_koboldcpp(row, z) == count
    assert len(kept(stages.tfs(row, z))) == count + 1


@pytest.mark.parametrize("z", [0.3, 0.77, 0.95])
def test_tail_free_is_that_alignment_and_one_more_token(z: float) -> None:
    checked = 0
    for row in random_rows(4, 300):
        if len(np.unique(row)) < len(row) or len(row) < 4:
            continue
        theirs = head_of_koboldcpp(row, z)
        ours = len(kept(stages.tfs(row, z)))
        # Theirs looks at the second bend first, and ours at the first.
        assert ours == theirs + 1 or (theirs == 1 and ours == 1)
        assert kept(stages.tfs(row, z)) == kept(stages.top_k(row, ours))
        checked += 1
    assert checked > 100


def test_min_k_is_the_steepest_fall_of_a_loop() -> None:
    for row in random_rows(5, 300):
        for (tau,) in SETTINGS["min_k"]:
            falling = sorted((v for v in row if v > -np.inf), reverse=True)
            n, spread = len(falling), falling[0] - falling[-1]
            if spread == 0:
                assert kept(stages.min_k(row, tau)) == kept(row)
                continue
            best = max(range(1, n), key=lambda i: ((falling[i - 1] - falling[i]) / (spread * i), -i), default=1)
            k = min(max(best, math.floor(tau / spread)), n)
            assert kept(stages.min_k(row, tau)) == [i for i, v in enumerate(row) if v >= falling[k - 1]]


def test_xtc_removes_all_but_the_last_of_a_list_of_those_above() -> None:
    for row in random_rows(6, 300):
        for _, threshold in SETTINGS["xtc"]:
            p = softmax(row)
            above = sorted((x, i) for i, x in enumerate(row) if p[i] >= threshold * (1 - ROUNDING))
            removed = [i for x, i in above if x > above[0][0]]
            assert kept(stages.xtc(row, 1, threshold)) == [i for i in kept(row) if i not in removed]


# ---- what holds for every row

NUMBERS: dict[str, st.SearchStrategy[Numbers]] = {
    "temperature": st.tuples(st.floats(0.05, 20)),
    "dynamic_temperature": st.floats(0.05, 3).flatmap(lambda low: st.tuples(st.just(low), st.floats(low, 6), st.floats(0, 3))),
    "smoothing": st.tuples(st.floats(0, 2), st.floats(1, 3)),
    "top_k": st.tuples(st.integers(1, 14)),
    "top_p": st.tuples(st.floats(0, 1)),
    "min_p": st.tuples(st.floats(0, 1)),
    "epsilon_cutoff": st.tuples(st.floats(0, 0.999)),
    "eta_cutoff": st.tuples(st.floats(0, 0.999)),
    "top_a": st.tuples(st.floats(0, 4)),
    "top_n_sigma": st.tuples(st.floats(0.01, 4)),
    "p_less": st.just(()),
    "p_less_norm": st.just(()),
    "top_h": st.tuples(st.floats(0.001, 1)),
    "tfs": st.tuples(st.floats(0.001, 1)),
    "min_k": st.tuples(st.floats(0, 20)),
    "typical_p": st.tuples(st.floats(0.001, 1)),
    "xtc": st.tuples(st.just(1), st.floats(0, 0.6)),
    "mirostat_1": st.tuples(st.floats(-3, 10), st.integers(2, 20)),
    "mirostat_2": st.tuples(st.floats(-3, 20)),
    "adaptive_p": st.tuples(st.floats(0, 1)),
}

STRICTER_WHEN_LARGER = ["min_p", "epsilon_cutoff", "eta_cutoff", "top_a"]

STAGE = pytest.mark.parametrize("name", list(NUMBERS))


def row_of(values: list[float]) -> Row:
    """Make a row of which one token at least is present."""
    return np.array(values if max(values) > -INF else [0.0, *values[1:]])


ROWS = st.one_of(
    *(
        st.lists(st.one_of(value, value, value, st.just(-INF)), min_size=1, max_size=12).map(row_of)
        for value in (st.integers(-8, 8).map(lambda i: i / 4), st.floats(-30, 30), st.floats(-1000, 1000))
    )
)
"""Rows with ties and without, some of whose tokens are absent."""


def test_every_stage_is_drawn() -> None:
    assert set(NUMBERS) == set(STAGES)
    assert set(SETTINGS) == set(STAGES) - {"temperature", "dynamic_temperature", "smoothing", "adaptive_p"}


@STAGE
@given(row=ROWS, data=st.data())
def test_a_stage_leaves_something_and_brings_nothing_back(name: str, row: Row, data: st.DataObject) -> None:
    after = STAGES[name](row, *data.draw(NUMBERS[name]))
    assert after.max() > -np.inf
    assert (after < np.inf).all()
    assert set(kept(after)) <= set(kept(row))
    if name in SETTINGS:
        np.testing.assert_array_equal(after[kept(after)], row[kept(after)])


@STAGE
@given(row=ROWS, data=st.data())
def test_equal_logits_share_one_fate(name: str, row: Row, data: st.DataObject) -> None:
    pairs = st.lists(st.integers(0, len(row) - 1), min_size=1, max_size=6)
    row = np.concatenate([row, row[data.draw(pairs)]])
    after = STAGES[name](row, *data.draw(NUMBERS[name]))
    for value in np.unique(row):
        assert len(np.unique(after[row == value])) == 1


@STAGE
@given(row=ROWS, data=st.data())
def test_what_a_token_gets_does_not_depend_on_where_it_stands(name: str, row: Row, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(row))))
    numbers = data.draw(NUMBERS[name])
    after, moved = STAGES[name](row, *numbers), STAGES[name](permuted(row, order), *numbers)
    np.testing.assert_array_equal(moved > -np.inf, permuted(after, order) > -np.inf)
    np.testing.assert_allclose(softmax(moved), permuted(softmax(after), order), rtol=1e-9, atol=1e-300)


@STAGE
@given(data=st.data(), size=st.integers(1, 4), value=st.floats(-100, 100))
def test_a_row_of_one_token_stays_as_it_is(name: str, data: st.DataObject, size: int, value: float) -> None:
    row = np.full(size, -np.inf)
    row[data.draw(st.integers(0, size - 1))] = value
    np.testing.assert_array_equal(distribution(row, [(name, *data.draw(NUMBERS[name]))]), np.isfinite(row))


@STAGE
@given(row=ROWS, data=st.data())
def test_nothing_comes_after_a_temperature_of_0(name: str, row: Row, data: st.DataObject) -> None:
    p = distribution(row, [("temperature", 0), (name, *data.draw(NUMBERS[name]))])
    np.testing.assert_array_equal(p, np.arange(len(row)) == row.argmax())


@pytest.mark.parametrize("name", ["temperature", "dynamic_temperature"])
@given(row=ROWS, data=st.data())
def test_a_transform_keeps_the_order_and_what_differs_differs(name: str, row: Row, data: st.DataObject) -> None:
    order = np.argsort(row)
    after = STAGES[name](row, *data.draw(NUMBERS[name]))[order]
    np.testing.assert_array_equal(after[1:] > after[:-1], row[order][1:] > row[order][:-1])
    assert len(kept(after)) == len(kept(row))


@given(row=ROWS, data=st.data())
def test_smoothing_keeps_the_order_but_for_what_becomes_the_same_float(row: Row, data: st.DataObject) -> None:
    order = np.argsort(row)
    after = STAGES["smoothing"](row, *data.draw(NUMBERS["smoothing"]))[order]
    assert (after[1:] >= after[:-1]).all()
    assert (after[1:] == after[:-1])[row[order][1:] == row[order][:-1]].all()


@pytest.mark.parametrize("step", [("temperature", 3), ("dynamic_temperature", 2, 3)], ids=str)
def test_rounding_makes_no_ties(step: Step) -> None:
    row = logits(1e-30, 3e-30, 1, 2e-30, 0, 1e-30)
    assert kept(apply_steps(row, [step, ("top_k", 3)])) == [1, 2, 3]
    assert kept(apply_steps(row, [step, ("top_k", 4)])) == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("name", CUTOFFS)
@given(row=ROWS, data=st.data())
def test_a_cutoff_keeps_the_largest_and_nothing_smaller_than_what_it_cuts(name: str, row: Row, data: st.DataObject) -> None:
    stay = STAGES[name](row, *data.draw(NUMBERS[name])) > -np.inf
    assert stay[row == row.max()].all()
    assert row[~stay].max(initial=-np.inf) < row[stay].min()


@given(row=ROWS, p=st.floats(0.001, 0.999), threshold=st.floats(0, 0.5))
def test_a_band_has_no_holes(row: Row, p: float, threshold: float) -> None:
    for after in (stages.typical_p(row, p), stages.xtc(row, 1, threshold)):
        values = np.unique(row[row > -np.inf])
        stay = np.flatnonzero(np.isin(values, after))
        np.testing.assert_array_equal(stay, np.arange(stay[0], stay[-1] + 1))


@pytest.mark.parametrize("name", [name for name in SETTINGS if not name.startswith("p_less")])
@given(row=ROWS, data=st.data())
def test_a_looser_setting_keeps_all_that_a_stricter_one_keeps(name: str, row: Row, data: st.DataObject) -> None:
    one, other = data.draw(NUMBERS[name]), data.draw(NUMBERS[name])
    if name == "mirostat_1":
        other = other[0], one[1]
    strict, loose = sorted([one, other], reverse=name in STRICTER_WHEN_LARGER)
    assert set(kept(STAGES[name](row, *strict))) <= set(kept(STAGES[name](row, *loose)))


@given(row=ROWS)
def test_p_less_norm_keeps_all_that_p_less_keeps(row: Row) -> None:
    assert set(kept(stages.p_less(row))) <= set(kept(stages.p_less_norm(row)))


@pytest.mark.parametrize("name", ["top_k", "min_p", "epsilon_cutoff"])
@given(row=ROWS, data=st.data())
def test_applying_it_twice_changes_nothing(name: str, row: Row, data: st.DataObject) -> None:
    numbers = data.draw(NUMBERS[name])
    once = STAGES[name](row, *numbers)
    np.testing.assert_array_equal(STAGES[name](once, *numbers), once)


@pytest.mark.parametrize(
    ("step", "p", "once", "twice"),
    [
        (("top_p", 0.5), [0.4, 0.35, 0.25], [0, 1], [0]),
        (("typical_p", 0.5), [0.5, 0.3, 0.2], [0, 1], [0]),
        (("eta_cutoff", 0.3), [0.6, 0.25, 0.15], [0, 1], [0]),
        (("tfs", 0.5), [0.3, 0.25, 0.25, 0.2], [0, 1, 2], [0]),
        (("top_a", 1), [0.5, 0.3, 0.2], [0, 1], [0]),
        (("top_n_sigma", 1), [0.4, 0.35, 0.25], [0, 1], [0]),
        (("xtc", 1, 0.2), [0.6, 0.25, 0.15], [1, 2], [2]),
        (("top_h", 0.7), [0.4, 0.35, 0.25], [0, 1], [0]),
        (("p_less",), [0.4, 0.35, 0.25], [0, 1], [0]),
        (("p_less_norm",), [0.6, 0.25, 0.15], [0, 1], [0]),
        (("min_k", 0), [0.4, 0.35, 0.25], [0, 1], [0]),
    ],
    ids=str,
)
def test_applying_others_twice_may_change_something(step: Step, p: list[float], once: list[int], twice: list[int]) -> None:
    assert kept(apply_steps(np.log(p), [step])) == once
    assert kept(apply_steps(np.log(p), [step, step])) == twice


@pytest.mark.parametrize("name", ["top_k", "top_n_sigma"])
@given(row=ROWS, data=st.data(), t=st.floats(0.1, 10))
def test_an_earlier_temperature_changes_nothing(name: str, row: Row, data: st.DataObject, t: float) -> None:
    numbers = data.draw(NUMBERS[name])
    finite = row[row > -np.inf]
    # The division rounds, and logits are compared without a tolerance.
    assume(name == "top_k" or np.abs(finite - (row.max() - numbers[0] * finite.std())).min() > 1e-9)
    assert kept(apply_steps(row, [("temperature", t), (name, *numbers)])) == kept(STAGES[name](row, *numbers))


@pytest.mark.parametrize(
    ("step", "p", "t", "before", "after"),
    [
        (("top_p", 0.5), [0.65, 0.2, 0.15], 2, [0], [0, 1]),
        (("min_p", 0.25), [0.45, 0.35, 0.2], 0.5, [0, 1, 2], [0, 1]),
        (("typical_p", 0.3), [0.5, 0.3, 0.2], 0.5, [1], [0]),
        (("epsilon_cutoff", 0.2), [0.45, 0.35, 0.2], 0.5, [0, 1, 2], [0, 1]),
        (("eta_cutoff", 0.2), [0.5, 0.3, 0.2], 0.5, [0, 1, 2], [0, 1]),
        (("tfs", 0.5), [0.35, 0.25, 0.2, 0.2], 0.5, [0, 1], [0]),
        (("top_a", 1), [0.5, 0.3, 0.2], 0.5, [0, 1], [0]),
        (("xtc", 1, 0.2), [0.45, 0.35, 0.2], 0.5, [2], [1, 2]),
        (("top_h", 0.7), [0.4, 0.35, 0.25], 0.5, [0, 1], [0]),
        (("p_less",), [0.45, 0.35, 0.2], 2, [0], [0, 1]),
        (("p_less_norm",), [0.45, 0.4, 0.15], 0.5, [0, 1, 2], [0, 1]),
    ],
    ids=str,
)
def test_an_earlier_temperature_may_change_what_others_keep(
    step: Step, p: list[float], t: float, before: list[int], after: list[int]
) -> None:
    assert kept(apply_steps(np.log(p), [step])) == before
    assert kept(apply_steps(np.log(p), [("temperature", t), step])) == after


@pytest.mark.parametrize(("step", "stay"), [(("typical_p", 0.3), [1]), (("xtc", 1, 0.1), [2])], ids=str)
def test_a_band_may_do_without_the_largest(step: Step, stay: list[int]) -> None:
    assert kept(apply_steps(np.log([0.5, 0.3, 0.2]), [step])) == stay
