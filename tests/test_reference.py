"""The oracle against numbers worked out by hand; the kernel has to come to the same ones."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.settings import steps_of

Array = NDArray[Any]

ROW = np.log([0.1, 0.2, 0.3, 0.4])


def wrong(value: object) -> Any:
    """Return what the annotations rule out."""
    return value


BOTH = pytest.mark.parametrize("module", [reference, tn], ids=["reference", "kernel"])


@BOTH
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({}, [0.1, 0.2, 0.3, 0.4]),
        # Squares and square roots of the probabilities.
        ({"temperature": 0.5}, [1 / 30, 4 / 30, 9 / 30, 16 / 30]),
        ({"temperature": 2}, [0.16270, 0.23009, 0.28181, 0.32540]),
        ({"temperature": 0}, [0, 0, 0, 1]),
        ({"top_k": 1}, [0, 0, 0, 1]),
        ({"top_k": 2}, [0, 0, 3 / 7, 4 / 7]),
        ({"top_k": 3}, [0, 2 / 9, 3 / 9, 4 / 9]),
        ({"top_k": 4}, [0.1, 0.2, 0.3, 0.4]),
        ({"top_k": 9}, [0.1, 0.2, 0.3, 0.4]),
        ({"top_p": 0}, [0, 0, 0, 1]),
        ({"top_p": 0.4}, [0, 0, 0, 1]),
        ({"top_p": 0.41}, [0, 0, 3 / 7, 4 / 7]),
        ({"top_p": 0.7}, [0, 0, 3 / 7, 4 / 7]),
        ({"top_p": 0.9}, [0, 2 / 9, 3 / 9, 4 / 9]),
        ({"top_p": 0.91}, [0.1, 0.2, 0.3, 0.4]),
        ({"min_p": 0.25}, [0.1, 0.2, 0.3, 0.4]),
        ({"min_p": 0.26}, [0, 2 / 9, 3 / 9, 4 / 9]),
        ({"min_p": 0.5}, [0, 2 / 9, 3 / 9, 4 / 9]),
        ({"min_p": 0.75}, [0, 0, 3 / 7, 4 / 7]),
        ({"min_p": 1}, [0, 0, 0, 1]),
        # 4/9 + 3/9 = 0.778 of what top_k leaves: enough for 0.75, where 0.4 + 0.3 of the whole is not.
        ({"top_k": 3, "top_p": 0.75}, [0, 0, 3 / 7, 4 / 7]),
        ({"top_p": 0.75}, [0, 2 / 9, 3 / 9, 4 / 9]),
        # 4/7 = 0.571 of what top_k leaves.
        ({"top_k": 2, "top_p": 0.57}, [0, 0, 0, 1]),
        ({"top_k": 3, "top_p": 0.9, "min_p": 0.6}, [0, 0, 3 / 7, 4 / 7]),
        # Squares again: 16/30 = 0.533, with 9/30 0.833.
        ({"temperature": 0.5, "top_p": 0.53}, [0, 0, 0, 1]),
        ({"temperature": 0.5, "top_p": 0.8}, [0, 0, 9 / 25, 16 / 25]),
        ({"temperature": 0.5, "min_p": 0.25}, [0, 4 / 29, 9 / 29, 16 / 29]),
    ],
    ids=str,
)
def test_probabilities_are_those_worked_out_by_hand(module: Any, setting: dict[str, Any], expected: list[float]) -> None:
    result = module.probabilities(ROW, **setting)
    np.testing.assert_allclose(result, expected, atol=5e-6)
    np.testing.assert_array_equal(result > 0, np.array(expected) > 0)
    # What comes out does not depend on what stands where.
    for order in itertools.permutations(range(4)):
        np.testing.assert_allclose(module.probabilities(ROW[list(order)], **setting), np.array(expected)[list(order)], atol=5e-6)


@BOTH
@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([0, np.log(3)], [0.25, 0.75]),
        ([1000, 1000 + np.log(3)], [0.25, 0.75]),
        ([-1000, -1000 + np.log(3)], [0.25, 0.75]),
        ([-np.inf, 5.0], [0, 1]),
        ([0.0, -np.inf, 0.0], [0.5, 0, 0.5]),
        ([0.0, 0.0, 0.0, 0.0], [0.25] * 4),
        ([0.0, -200.0], [1, 0]),
        ([0.0, -80.0], [1, 1.8049e-35]),
        ([5.0], [1]),
    ],
    ids=str,
)
def test_the_softmax_is_that_worked_out_by_hand(module: Any, logits: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(module.probabilities(logits), expected, rtol=1e-4)


@BOTH
@pytest.mark.parametrize(
    ("u", "setting", "token"),
    [
        (0.0, {}, 0),
        (0.0999, {}, 0),
        (0.1001, {}, 1),
        (0.2999, {}, 1),
        (0.3001, {}, 2),
        (0.5999, {}, 2),
        (0.6001, {}, 3),
        (1 - 2.0**-53, {}, 3),
        # Token 2 holds 3/7 = 0.42857 of what is kept, token 3 the rest.
        (0.0, {"top_p": 0.7}, 2),
        (0.4285, {"top_p": 0.7}, 2),
        (0.4286, {"top_p": 0.7}, 3),
        (0.9999, {"top_k": 1}, 3),
        (0.0, {"temperature": 0}, 3),
        # 1/30, 5/30, 14/30.
        (0.0333, {"temperature": 0.5}, 0),
        (0.0334, {"temperature": 0.5}, 1),
        (0.1667, {"temperature": 0.5}, 2),
        (0.4666, {"temperature": 0.5}, 2),
        (0.4667, {"temperature": 0.5}, 3),
    ],
)
def test_the_token_is_that_worked_out_by_hand(module: Any, u: float, setting: dict[str, Any], token: int) -> None:
    assert module.sample(ROW, u=u, **setting) == token
    assert type(module.sample(ROW, u=u, **setting)) is int
    assert module.sample([ROW, ROW], u=[u, u], **setting).tolist() == [token, token]
    assert module.sample(ROW, u=[u, 0.9999], num_samples=2, **setting).tolist() == [token, 3]


@BOTH
def test_an_index_exactly_at_u_is_past_it(module: Any) -> None:
    # The running sums 0.25, 0.5, 0.75 and 1 are exact: at u = 0.5 the sum must exceed it, so it is the third token's.
    assert [module.sample(np.zeros(4), u=u) for u in (0.0, 0.25, 0.5, 0.75)] == [0, 1, 2, 3]


@BOTH
def test_tokens_of_probability_0_are_stepped_over(module: Any) -> None:
    logits = [-np.inf, 0.0, -np.inf, 0.0, -np.inf]
    assert [module.sample(logits, u=u) for u in (0.0, 0.4999, 0.5, 1 - 2.0**-53)] == [1, 1, 3, 3]


@BOTH
def test_ties_at_the_cutoff_are_all_kept(module: Any) -> None:
    logits = np.log([0.1, 0.2, 0.3, 0.2, 0.2])
    for setting in ({"top_k": 2}, {"top_p": 0.5}, {"min_p": 2 / 3}):
        np.testing.assert_allclose(module.probabilities(logits, **setting), [0, 2 / 9, 3 / 9, 2 / 9, 2 / 9], atol=1e-6)


@BOTH
def test_settings_and_draws_have_a_row_each(module: Any) -> None:
    batch = [ROW, ROW, ROW]
    p = module.probabilities(batch, temperature=[1, 0.5, 1], top_k=[0, 0, 2], top_p=[1, 0.53, 1], min_p=[0.26, 0, 0])
    expected: Any = [[0, 2 / 9, 3 / 9, 4 / 9], [0, 0, 0, 1], [0, 0, 3 / 7, 4 / 7]]
    np.testing.assert_allclose(p, expected, atol=1e-6)
    assert module.sample(batch, u=[0.05, 0.15, 0.65]).tolist() == [0, 1, 3]
    assert module.sample(batch[:2], u=[[0.05, 0.15, 0.35], [0.65, 0.35, 0.05]], num_samples=3).tolist() == [[0, 1, 2], [3, 2, 0]]
    assert module.sample(np.zeros((0, 4))).shape == (0,)
    assert module.probabilities(np.zeros((0, 4))).shape == (0, 4)


@BOTH
@pytest.mark.parametrize(
    ("probs", "p", "expected"),
    [
        ([0.5, 0.3, 0.1, 0.1], 0.8, [0.625, 0.375, 0, 0]),
        ([0.1, 0.3, 0.1, 0.5], 0.8, [0, 0.375, 0, 0.625]),
        ([0.5, 0.3, 0.1, 0.1], 0.85, [0.5, 0.3, 0.1, 0.1]),
        ([0.5, 0.3, 0.1, 0.1], 0, [1, 0, 0, 0]),
        ([0.5, 0.3, 0.1, 0.1], 1, [0.5, 0.3, 0.1, 0.1]),
        ([4, 4, 2], 0.3, [0.5, 0.5, 0]),
    ],
    ids=str,
)
def test_cut_probabilities_are_those_worked_out_by_hand(module: Any, probs: list[float], p: float, expected: list[float]) -> None:
    np.testing.assert_allclose(module.apply_top_p(probs, p), expected, rtol=1e-14)


@BOTH
def test_the_decks_functions_are_those_settings(module: Any) -> None:
    np.testing.assert_allclose(module.apply_temperature(ROW, 0.5), [1 / 30, 4 / 30, 9 / 30, 16 / 30], rtol=1e-6)
    np.testing.assert_allclose(module.get_token_probs(ROW), [0.1, 0.2, 0.3, 0.4], rtol=1e-6)
    np.testing.assert_allclose(module.get_token_probs(ROW, 0.5, 0.8), [0, 0, 9 / 25, 16 / 25], rtol=1e-6)
    np.testing.assert_allclose(module.token_probabilities(ROW, 0.5, 0.8), [0, 0, 9 / 25, 16 / 25], rtol=1e-6)
    # default_rng(0) begins 0.6370, 0.2698, 0.0410, 0.0165.
    four = np.tile(ROW, (4, 1))
    assert module.sample_with_temperature(four, rng=0).tolist() == [3, 1, 0, 0]
    assert module.sample_with_temperature(four, 0.5, rng=0).tolist() == [3, 2, 1, 0]
    assert module.top_p_sampling(four, 0.7, rng=0).tolist() == [3, 2, 2, 2]
    assert module.top_p_sampling(four, rng=0).tolist() == [3, 2, 1, 1]
    assert module.combined_sampling(four, 0.5, 0.8, rng=0).tolist() == [3, 2, 2, 2]
    assert module.combined_sampling(four, 0.5, 1, rng=0).tolist() == [3, 2, 1, 0]
    # One letter, all of it distinct: top_p is 0.8 times its base, which leaves 0.72 of 0.9, and 0.4 of 0.5.
    assert module.adaptive_sampling(four, 1, 0.5, "", rng=0).tolist() == [3, 2, 2, 2]
    assert module.adaptive_sampling(four, 1 / 1.01, 0.5, "a", rng=0).tolist() == [3, 3, 3, 3]
    assert module.adaptive_sampling(four, 1 / 1.04, 1.125, "abcd", rng=0).tolist() == [3, 2, 1, 1]


EVERY: list[dict[str, Any]] = [
    {"typical_p": 0.5},
    {"epsilon_cutoff": 0.15},
    {"eta_cutoff": 0.3},
    {"tfs": 0.5},
    {"top_a": 1.0},
    {"top_n_sigma": 1.0},
    {"top_h": 0.6},
    {"p_less": True},
    {"p_less": "norm", "temperature": 0.5},
    {"min_k": 0.1},
    {"xtc_probability": 0.5, "xtc_threshold": 0.2},
    {"dynatemp_range": 0.5},
    {"dynatemp_low": 0.5, "dynatemp_high": 2.0, "dynatemp_exponent": 0.5},
    {"smoothing_factor": 0.5, "smoothing_curve": 2.0},
    {"temperature": 2.0, "min_p": 0.3, "order": ("min_p", "temperature")},
    {"temperature": 2.0, "min_p": 0.3, "temperature_last": True},
]


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_the_oracle_takes_every_setting_and_so_does_the_kernel(settings: dict[str, Any]) -> None:
    p = reference.probabilities(ROW, **settings)
    np.testing.assert_array_equal(p, reference.distribution(ROW, steps_of(**settings)))
    assert not np.allclose(p, [0.1, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(reference.probabilities([ROW, ROW], tn.Settings(**settings)), [p, p])
    np.testing.assert_array_equal(reference.probabilities([ROW, ROW], [tn.Settings(), tn.Settings(**settings)])[1], p)
    u = (np.arange(1000) + 0.5) / 1000
    tokens = np.asarray(reference.sample(ROW, u=u, num_samples=1000, **settings))
    np.testing.assert_allclose(np.bincount(tokens, minlength=4) / 1000, p, atol=2.1e-3)
    assert tokens[::100].tolist() == [reference.draw_token(ROW, steps_of(**settings), float(at)) for at in u[::100]]
    batch = reference.sample([ROW, ROW], u=[u[:50], u[50:100]], num_samples=50, **settings)
    np.testing.assert_array_equal(batch, tokens[:100].reshape(2, 50))
    row = ROW.astype(np.float32)  # whose probabilities lie on no straight line, as those of ROW do
    np.testing.assert_allclose(tn.probabilities(row, **settings), reference.probabilities(row, **settings), atol=1e-6)
    drawn = tn.sample(row, u=u, num_samples=1000, **settings)
    np.testing.assert_array_equal(drawn, reference.sample(row, u=u, num_samples=1000, **settings))


def test_the_oracle_computes_in_float64() -> None:
    assert reference.probabilities(np.zeros(3, np.float32)).dtype == np.float64
    np.testing.assert_allclose(reference.probabilities(ROW), [0.1, 0.2, 0.3, 0.4], rtol=1e-15)
    np.testing.assert_allclose(reference.probabilities(ROW, top_k=2), [0, 0, 3 / 7, 4 / 7], rtol=1e-15)


def test_the_oracle_draws_a_uniform_for_each_draw() -> None:
    generator, twin = np.random.default_rng(3), np.random.default_rng(3)
    reference.sample([ROW, ROW], rng=generator, num_samples=4)
    twin.random(8)
    assert generator.bit_generator.state == twin.bit_generator.state


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reference.probabilities([0.0, np.nan]), ValueError, "logits must be finite or -inf"),
        (lambda: reference.probabilities([0.0, np.inf]), ValueError, "logits must be finite or -inf"),
        (lambda: reference.probabilities([-np.inf, -np.inf]), ValueError, "logits must be .* not -inf throughout"),
        (lambda: reference.sample([ROW, ROW * np.nan]), ValueError, "logits must be finite or -inf"),
        (lambda: reference.sample([0.0, np.nan], temperature=0), ValueError, "logits must be finite or -inf"),
        (lambda: reference.sample(ROW, temperature=-1), ValueError, "temperature must be .*, got -1"),
        (lambda: reference.sample(ROW, top_k=1.5), TypeError, r"top_k must be .*, got 1\.5"),
        (lambda: reference.sample(ROW, top_p=2), ValueError, "top_p must be .*, got 2"),
        (lambda: reference.sample(ROW, min_p=-1), ValueError, "min_p must be .*, got -1"),
        (lambda: reference.sample(ROW, temperature=[1, 1]), ValueError, "temperature must be a single number"),
        (lambda: reference.sample(ROW, rng=wrong("1")), TypeError, "rng must be .*, got '1'"),
        (lambda: reference.sample(ROW, rng=-1), ValueError, "rng must be .*, got -1"),
        (lambda: reference.sample(ROW, u=1.0), ValueError, r"u must be in \[0, 1\), got 1\.0"),
        (lambda: reference.sample(ROW, u=[0.5]), ValueError, "u must be a single number"),
        (lambda: reference.sample(ROW, u="a"), TypeError, "u must be numbers"),
        (lambda: reference.combined_sampling(ROW, 1, 2), ValueError, "top_p must be .*, got 2"),
        (lambda: reference.adaptive_sampling(ROW, -1, 1, "a"), ValueError, "temperature must be"),
    ],
)
def test_the_oracle_refuses_what_it_cannot_compute_with(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        call()
