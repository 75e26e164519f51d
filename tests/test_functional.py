"""The deck's functions: its names and examples, what it gets wrong, and the oracle's answers."""

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import functional, reference

Array = NDArray[Any]

SLIDE_LOGITS = np.array([1, 2, 3, 4, 5])
SLIDE_7_LOGITS = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1])

SIGNATURES = {
    "sample_with_temperature": "(logits, temperature=1.0, *, rng=None)",
    "apply_temperature": "(logits, temperature)",
    "top_p_sampling": "(logits, p=0.9, *, rng=None)",
    "apply_top_p": "(probs, p)",
    "get_token_probs": "(logits, temperature=1.0, top_p=1.0)",
    "token_probabilities": "(logits, temperature, top_p)",
    "combined_sampling": "(logits, temperature, top_p, *, rng=None)",
    "adaptive_sampling": "(logits, base_temperature, base_top_p, context, *, rng=None)",
}

DRAWING: dict[str, Callable[..., Any]] = {
    "sample_with_temperature": lambda x, rng=None: tn.sample_with_temperature(x, 0.8, rng=rng),
    "top_p_sampling": lambda x, rng=None: tn.top_p_sampling(x, 0.9, rng=rng),
    "combined_sampling": lambda x, rng=None: tn.combined_sampling(x, 0.8, 0.9, rng=rng),
    "adaptive_sampling": lambda x, rng=None: tn.adaptive_sampling(x, 0.8, 0.9, "context", rng=rng),
}

COMPUTING: dict[str, Callable[[Any], Array]] = {
    "apply_temperature": lambda x: tn.apply_temperature(x, 0.5),
    "get_token_probs": lambda x: tn.get_token_probs(x, 0.5, 0.9),
    "token_probabilities": lambda x: tn.token_probabilities(x, 0.5, 0.9),
}


def softmax(logits: Any) -> Array:
    weights = np.exp(np.asarray(logits, np.float64))
    p: Array = weights / weights.sum()
    return p


def wrong(value: object) -> Any:
    """Return what the annotations rule out."""
    return value


def drawn(draw: Callable[[Array], Any], logits: Any, times: int = 2000) -> Counter[int]:
    """Count the tokens of many draws, in one call: as many equal rows."""
    return Counter(np.asarray(draw(np.tile(np.asarray(logits), (times, 1)))).tolist())


# ---- names


@pytest.mark.parametrize("name", SIGNATURES)
def test_names_arguments_and_defaults_are_the_decks(name: str) -> None:
    for module in (functional, reference):
        signature = inspect.signature(getattr(module, name))
        bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
        assert str(inspect.Signature(bare)) == SIGNATURES[name]


def test_all_of_them_are_exported() -> None:
    assert sorted(functional.__all__) == sorted(SIGNATURES)
    for name in SIGNATURES:
        assert getattr(tn, name) is getattr(functional, name)
        assert name in tn.__all__
        assert name in reference.__all__


# ---- the deck's examples


@pytest.mark.parametrize("temperature", [0.5, 2.0])
@pytest.mark.parametrize("logits", [[1.0, 2.0, 3.0, 4.0], SLIDE_LOGITS], ids=["slide 1", "slide 3"])
def test_slides_1_and_3_draw_at_a_temperature(logits: Any, temperature: float) -> None:
    counts = drawn(lambda x: tn.sample_with_temperature(x, temperature, rng=1), logits)
    expected = 2000 * softmax(np.asarray(logits) / temperature)
    for token, count in enumerate(expected):
        assert abs(counts[token] - count) < 5 * np.sqrt(count) + 5
    assert type(tn.sample_with_temperature(logits, temperature=temperature)) is int


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.0])
def test_slide_2_scales_by_the_temperature(temperature: float) -> None:
    np.testing.assert_allclose(tn.apply_temperature(SLIDE_LOGITS, temperature), softmax(SLIDE_LOGITS / temperature), rtol=1e-6)


def test_slide_4_draws_from_the_nucleus() -> None:
    # 0.636 and 0.234 fall short of 0.9, with 0.086 it is reached.
    assert set(drawn(lambda x: tn.top_p_sampling(x, p=0.9, rng=1), SLIDE_LOGITS)) == {2, 3, 4}
    assert set(drawn(lambda x: tn.top_p_sampling(x, rng=1), SLIDE_LOGITS)) == {2, 3, 4}
    assert set(drawn(lambda x: tn.top_p_sampling(x, 0.5, rng=1), SLIDE_LOGITS)) == {4}


def test_slide_5_cuts_probabilities() -> None:
    base = softmax(SLIDE_LOGITS)
    np.testing.assert_allclose(tn.apply_top_p(base, 0.9), np.append([0, 0], base[2:] / base[2:].sum()), rtol=1e-14)


def test_slide_7_plots_three_settings() -> None:
    p = softmax(SLIDE_7_LOGITS)
    np.testing.assert_allclose(tn.get_token_probs(SLIDE_7_LOGITS), p, rtol=1e-6)
    np.testing.assert_allclose(tn.get_token_probs(SLIDE_7_LOGITS, temperature=0.5), softmax(SLIDE_7_LOGITS * 2), rtol=1e-6)
    nucleus = np.where(SLIDE_7_LOGITS >= 3, p, 0)
    np.testing.assert_allclose(tn.get_token_probs(SLIDE_7_LOGITS, top_p=0.9), nucleus / nucleus.sum(), rtol=1e-6)


def test_slide_9_cuts_lists_of_probabilities() -> None:
    np.testing.assert_allclose(tn.apply_top_p([0.1, 0.6, 0.05, 0.25], 0.7), [0, 0.6 / 0.85, 0, 0.25 / 0.85], rtol=1e-14)


def test_slide_10_draws_under_both() -> None:
    # At temperature 0.8: 0.714, 0.205, 0.058, ...: two tokens reach 0.9.
    counts = drawn(lambda x: tn.combined_sampling(x, 0.8, 0.9, rng=1), SLIDE_LOGITS)
    assert set(counts) == {3, 4}
    assert abs(counts[4] / 2000 - 1 / (1 + np.exp(-1.25))) < 0.05


def test_slide_13_draws_under_what_the_context_makes_of_both() -> None:
    context = "The quick brown fox jumps over the lazy dog"
    assert (len(context), len(set(context))) == (43, 28)
    adapted = tn.combined_sampling(np.tile(SLIDE_LOGITS, (2000, 1)), 0.8 * 1.43, 0.9 * (1 - 0.2 * 28 / 43), rng=1)
    np.testing.assert_array_equal(tn.adaptive_sampling(np.tile(SLIDE_LOGITS, (2000, 1)), 0.8, 0.9, context, rng=1), adapted)


def test_slide_14_fills_its_heatmap() -> None:
    heat = np.array(
        [[tn.token_probabilities(SLIDE_LOGITS, t, p).max() for p in np.linspace(0.1, 1, 20)] for t in np.linspace(0.1, 2, 20)]
    )
    assert heat.shape == (20, 20)
    assert (np.diff(heat, axis=1) <= 1e-6).all()
    assert (np.diff(heat[:, -1]) < 1e-6).all()
    assert heat[-1, -1] == pytest.approx(softmax(SLIDE_LOGITS / 2).max(), rel=1e-6)


# ---- what the deck gets wrong


@pytest.mark.parametrize("name", DRAWING | COMPUTING)
def test_large_logits_and_low_temperatures_do_not_overflow(name: str) -> None:
    # Slides 1 to 14 take exp(800) and more: infinity, divided by infinity.
    call = (DRAWING | COMPUTING)[name]
    for logits in ([800.0, 0.0, 799.0], [1e30, -1e30, 0.0]):
        result = np.asarray(call(logits))
        assert np.isfinite(result).all()
        assert result in (0, 2) if name in DRAWING else result[0] == result.max() > 0.7


def test_only_differences_of_logits_count() -> None:
    np.testing.assert_allclose(tn.apply_temperature([1000, 1001, 1002], 1), softmax([0, 1, 2]), rtol=1e-6)
    np.testing.assert_allclose(tn.apply_temperature([-1000, -1001, -1002], 1), softmax([2, 1, 0]), rtol=1e-6)
    np.testing.assert_allclose(tn.apply_temperature([1, 2, 3], 1e-4), [0, 0, 1], rtol=1e-6)


def test_temperature_0_is_greedy_where_the_deck_divides_by_it() -> None:
    for logits in ([1, 5, 2, 5], np.array([1.0, 5.0, 2.0, 5.0])):
        assert tn.sample_with_temperature(logits, 0) == 1
        assert tn.combined_sampling(logits, 0, 0.9) == 1
        assert tn.adaptive_sampling(logits, 0, 0.9, "context") == 1
        assert tn.apply_temperature(logits, 0).tolist() == [0, 1, 0, 0]
        assert tn.get_token_probs(logits, 0).tolist() == [0, 1, 0, 0]
        assert tn.token_probabilities(logits, 0, 0.5).tolist() == [0, 1, 0, 0]


def test_the_nucleus_is_summed_over_probabilities_where_slide_4_sums_logits() -> None:
    # The logits' own sum is negative here and reaches no p; with 100 added, the first alone exceeds any.
    for offset in (0.0, 100.0):
        logits = np.log([0.1, 0.2, 0.3, 0.4]) + offset
        assert set(drawn(lambda x: tn.top_p_sampling(x, 0.7, rng=1), logits)) == {2, 3}
        assert set(drawn(lambda x: tn.top_p_sampling(x, 0.85, rng=1), logits)) == {1, 2, 3}


@pytest.mark.parametrize("name", DRAWING | COMPUTING)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.float32, np.float64])
def test_integers_are_logits_and_no_input_is_written_to(name: str, dtype: type) -> None:
    # Slide 4 writes -inf into its input, which for integers is an OverflowError; slides 5, 7, 10 and 14 write zeros.
    logits: Array = SLIDE_LOGITS.astype(dtype)
    logits.flags.writeable = False
    (DRAWING | COMPUTING)[name](logits)
    assert logits.tolist() == [1, 2, 3, 4, 5]


def test_apply_top_p_leaves_its_input_as_it_is() -> None:
    probs = np.array([0.5, 0.3, 0.1, 0.1])
    result = tn.apply_top_p(probs, 0.5)
    assert result.tolist() == [1, 0, 0, 0]
    assert probs.tolist() == [0.5, 0.3, 0.1, 0.1]
    assert not np.shares_memory(tn.apply_top_p(probs, 1.0), probs)


def test_top_p_of_1_keeps_all_where_the_deck_finds_no_sum_above_it() -> None:
    # IndexError on slides 4, 5, 10 and 14; StopIteration on slide 9.
    assert set(drawn(lambda x: tn.top_p_sampling(x, 1, rng=1), SLIDE_LOGITS)) == {0, 1, 2, 3, 4}
    assert set(drawn(lambda x: tn.combined_sampling(x, 1, 1, rng=1), SLIDE_LOGITS)) == {0, 1, 2, 3, 4}
    np.testing.assert_allclose(tn.apply_top_p([0.5, 0.3, 0.1, 0.1], 1), [0.5, 0.3, 0.1, 0.1], rtol=1e-15)
    np.testing.assert_allclose(tn.token_probabilities(SLIDE_LOGITS, 1, 1), softmax(SLIDE_LOGITS), rtol=1e-6)
    np.testing.assert_allclose(tn.get_token_probs(SLIDE_LOGITS, 1, 1), softmax(SLIDE_LOGITS), rtol=1e-6)


def test_a_top_p_that_rounding_keeps_out_of_reach_is_reached() -> None:
    # Slides 5, 7 and 9: ten times 0.1 is 0.9999999999999999, which exceeds neither itself nor anything between it and 1.
    tenths = np.full(10, 0.1)
    for p in (np.cumsum(tenths)[-1], 1 - 2.0**-53):
        assert p < 1
        np.testing.assert_allclose(tn.apply_top_p(tenths, p), tenths)
        np.testing.assert_allclose(tn.get_token_probs(np.zeros(10), top_p=p), tenths, rtol=1e-6)


def test_lists_are_logits_where_slide_10_cannot_divide_them() -> None:
    assert tn.combined_sampling([1, 9, 1], 0.5, 0.5) == 1
    assert tn.sample_with_temperature((1, 90, 1), 0.5) == 1
    assert tn.token_probabilities([1, 9, 1], 0.5, 0.5).tolist() == [0, 1, 0]


def test_an_empty_context_changes_nothing_where_slide_13_divides_by_its_length() -> None:
    many = np.tile(SLIDE_LOGITS, (500, 1))
    contexts: tuple[Any, ...] = ("", [], ())
    for context in contexts:
        np.testing.assert_array_equal(
            tn.adaptive_sampling(many, 0.8, 0.9, context, rng=1), tn.combined_sampling(many, 0.8, 0.9, rng=1)
        )


# ---- in common


@pytest.mark.parametrize("name", DRAWING)
def test_tokens_follow_from_the_seed(name: str) -> None:
    draw = DRAWING[name]
    logits = np.zeros((60, 50))
    np.testing.assert_array_equal(draw(logits, rng=3), draw(logits, rng=3))
    np.testing.assert_array_equal(draw(logits, rng=3), draw(logits, rng=np.random.default_rng(3)))
    assert not np.array_equal(draw(logits, rng=3), draw(logits, rng=4))
    assert not np.array_equal(draw(logits), draw(logits))


@pytest.mark.parametrize("name", DRAWING | COMPUTING)
def test_batches_are_rows_one_after_the_other(name: str) -> None:
    logits = np.random.default_rng(0).normal(0, 2, (5, 30))
    if name in DRAWING:
        generator = np.random.default_rng(3)
        tokens = DRAWING[name](logits, rng=3)
        assert tokens.dtype == np.int64
        assert tokens.tolist() == [DRAWING[name](row, rng=generator) for row in logits]
        assert type(DRAWING[name](logits[0])) is int
    else:
        p = COMPUTING[name](logits)
        assert p.dtype == np.float32
        np.testing.assert_array_equal(p, [COMPUTING[name](row) for row in logits])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tn.sample_with_temperature(SLIDE_LOGITS, -1), ValueError, "temperature must be .*, got -1"),
        (lambda: tn.apply_temperature(SLIDE_LOGITS, np.nan), ValueError, "temperature must be .*, got nan"),
        (lambda: tn.apply_temperature(SLIDE_LOGITS, wrong("1")), TypeError, "temperature must be .*, got '1'"),
        (lambda: tn.top_p_sampling(SLIDE_LOGITS, 1.5), ValueError, r"p must be .*, got 1\.5"),
        (lambda: tn.top_p_sampling(SLIDE_LOGITS, wrong(None)), TypeError, "p must be .*, got None"),
        (lambda: tn.top_p_sampling([SLIDE_LOGITS] * 2, wrong([0.5, 0.5])), ValueError, r"p must be a single number"),
        (lambda: tn.apply_top_p([0.5, 0.5], -0.5), ValueError, r"p must be .*, got -0\.5"),
        (lambda: tn.apply_top_p([0.5, 0.5], True), TypeError, "p must be .*, got True"),
        (lambda: tn.apply_top_p([[0.5, 0.5]], wrong([0.5])), ValueError, "p must be a single number"),
        (lambda: tn.get_token_probs(SLIDE_LOGITS, 1, 2), ValueError, "top_p must be .*, got 2"),
        (lambda: tn.token_probabilities(SLIDE_LOGITS, np.inf, 0.5), ValueError, "temperature must be .*, got inf"),
        (lambda: tn.combined_sampling(SLIDE_LOGITS, 1, -1), ValueError, "top_p must be .*, got -1"),
        (lambda: tn.combined_sampling(SLIDE_LOGITS, 1, 1, rng=wrong(1.5)), TypeError, r"rng must be .*, got 1\.5"),
        (lambda: tn.adaptive_sampling(SLIDE_LOGITS, -1, 1, "a"), ValueError, "base_temperature must be .*, got -1"),
        (lambda: tn.adaptive_sampling(SLIDE_LOGITS, 1, -1, "a"), ValueError, "base_top_p must be .*, got -1"),
        (lambda: tn.adaptive_sampling(SLIDE_LOGITS, 1, np.inf, "a"), ValueError, "base_top_p must be .*, got inf"),
        (lambda: tn.adaptive_sampling(SLIDE_LOGITS, 1, np.nan, "a"), ValueError, "base_top_p must be .*, got nan"),
        (lambda: tn.adaptive_sampling(SLIDE_LOGITS, wrong("1"), 1, "a"), TypeError, "base_temperature must be .*, got '1'"),
    ],
)
def test_arguments_out_of_range_are_refused_by_their_own_names(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        call()


# ---- against the oracle


def near_a_boundary(p: Array, top_p: float) -> bool:
    """Say whether rounding decides which token is the last of the nucleus."""
    return bool(np.abs(np.cumsum(np.sort(p)[::-1]) - (top_p - functional.ROUNDING)).min() < 1e-9)


@settings(max_examples=200)
@given(
    logits=hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(-20, 20, width=32) | st.sampled_from([0, 1, -np.inf])),
    temperature=st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0.1, 5),
    top_p=st.floats(0, 1),
    context=st.text(max_size=9),
    seed=st.integers(0, 2**40),
)
def test_tokens_and_probabilities_are_the_oracles(
    logits: NDArray[np.float32], temperature: float, top_p: float, context: str, seed: int
) -> None:
    assume(logits.max() > -np.inf)
    u = np.random.default_rng(seed).random()
    calls: dict[str, tuple[Any, ...]] = {
        "apply_temperature": (temperature,),
        "get_token_probs": (temperature, top_p),
        "token_probabilities": (temperature, top_p),
        "sample_with_temperature": (temperature,),
        "top_p_sampling": (top_p,),
        "combined_sampling": (temperature, top_p),
        "adaptive_sampling": (temperature, top_p, context),
    }
    share = top_p * (1 - 0.2 * len(set(context)) / max(len(context), 1))
    warmer = temperature * (1 + 0.01 * len(context))
    for t, p in ((1.0, top_p), (temperature, top_p), (warmer, share)):
        assume(t == 0 or not near_a_boundary(reference.apply_temperature(logits, t), p))
    drawn_from = {
        "sample_with_temperature": reference.apply_temperature(logits, temperature),
        "top_p_sampling": reference.get_token_probs(logits, 1.0, top_p),
        "combined_sampling": reference.get_token_probs(logits, temperature, top_p),
        "adaptive_sampling": reference.get_token_probs(logits, warmer, share),
    }
    for name, arguments in calls.items():
        fast, oracle = getattr(functional, name), getattr(reference, name)
        if name not in drawn_from:
            np.testing.assert_allclose(fast(logits, *arguments), oracle(logits, *arguments), rtol=1e-5, atol=1e-9)
        elif np.abs(np.cumsum(drawn_from[name])[:-1] - u).min(initial=1) > 3e-7:
            assert fast(logits, *arguments, rng=seed) == oracle(logits, *arguments, rng=seed)


@settings(max_examples=300)
@given(
    probs=hnp.arrays(
        st.sampled_from([np.float64, np.float32]), st.integers(1, 40), elements=st.sampled_from([0, 1, 2, 3, 5, 8, 13])
    )
    | hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(1e-12, 1) | st.sampled_from([0.0, 0.1, 0.25, 0.5])),
    p=st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 0.9, 1.0]),
)
def test_apply_top_p_is_the_oracles_to_the_last_bit(probs: Array, p: float) -> None:
    assume(probs.any())
    share = np.cumsum(np.sort(probs.astype(np.float64))[::-1]) / probs.sum(dtype=np.float64)
    assume(np.abs(share - (p - functional.ROUNDING)).min() > 1e-12)
    np.testing.assert_array_equal(tn.apply_top_p(probs, p), reference.apply_top_p(probs, p))


# ---- apply_top_p


@pytest.mark.parametrize(
    ("probs", "p", "expected"),
    [
        ([0.5, 0.3, 0.1, 0.1], 0.8, [0.625, 0.375, 0, 0]),
        ([0.5, 0.3, 0.1, 0.1], 0.5, [1, 0, 0, 0]),
        ([0.5, 0.3, 0.1, 0.1], 0.81, [0.5, 0.3, 0.1, 0.1]),
        ([0.5, 0.3, 0.1, 0.1], 0.8000009, [0.625, 0.375, 0, 0]),
        ([0.5, 0.3, 0.1, 0.1], 0.8000011, [0.5, 0.3, 0.1, 0.1]),
        ([0.25, 0.25, 0.25, 0.25], 0.1, [0.25, 0.25, 0.25, 0.25]),
        ([0.4, 0.4, 0.2], 0.0, [0.5, 0.5, 0]),
        ([5, 3, 1, 1], 0.8, [0.625, 0.375, 0, 0]),
        ([50, 30, 20], 0.5, [1, 0, 0]),
        ([0, 0, 3], 1, [0, 0, 1]),
        ([7.5], 0.3, [1]),
        ([0.5 + 1e-15, 0.5], 0.5, [1, 0]),
    ],
    ids=str,
)
def test_apply_top_p_keeps_the_smallest_set_and_its_ties(probs: list[float], p: float, expected: list[float]) -> None:
    result = tn.apply_top_p(probs, p)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.uint8, np.longdouble, ">f8"])
def test_apply_top_p_takes_any_real_type_and_computes_in_float64(dtype: str) -> None:
    probs = np.array([8, 4, 2, 2], dtype)
    result = tn.apply_top_p(probs, 0.75)
    assert result.dtype == np.float64
    assert result.tolist() == [8 / 12, 4 / 12, 0, 0]


def test_apply_top_p_cuts_each_row_of_a_batch_by_itself() -> None:
    batch = np.random.default_rng(0).random((6, 50))
    np.testing.assert_array_equal(tn.apply_top_p(batch, 0.6), [tn.apply_top_p(row, 0.6) for row in batch])
    assert tn.apply_top_p(np.zeros((0, 4)), 0.6).shape == (0, 4)
    assert tn.apply_top_p(batch.T, 0.6).shape == (50, 6)


@pytest.mark.parametrize(
    ("probs", "error", "message"),
    [
        ([0.5, np.nan], ValueError, "probs must be finite and 0 or more, got nan"),
        ([0.5, np.inf], ValueError, "probs must be finite and 0 or more, got inf"),
        ([0.5, -0.25], ValueError, r"probs must be finite and 0 or more, got -0\.25"),
        ([[0.5, 0.5], [-np.inf, 0.5]], ValueError, "probs must be finite and 0 or more, got -inf"),
        ([0, 0, 0], ValueError, "probs must not be 0 throughout, as row 0 is"),
        ([[0.5, 0.5], [0, 0]], ValueError, "probs must not be 0 throughout, as row 1 is"),
        ([], ValueError, r"probs must hold at least one token a row, got shape \(0,\)"),
        ([[], []], ValueError, r"probs must hold at least one token a row, got shape \(2, 0\)"),
        (0.5, ValueError, r"probs must be a row .* got shape \(\)"),
        ([[[0.5]]], ValueError, r"probs must be a row .* got shape \(1, 1, 1\)"),
        ([True, False], TypeError, "probs must be real numbers, got dtype bool"),
        ([0.5j], TypeError, "probs must be real numbers, got dtype complex128"),
        (["0.5"], TypeError, "probs must be real numbers, got dtype <U3"),
        (None, TypeError, "probs must be real numbers, got dtype object"),
        ([[0.5, 0.5], [1.0]], ValueError, "probs "),
    ],
    ids=str,
)
def test_apply_top_p_refuses_what_are_no_probabilities(probs: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        tn.apply_top_p(probs, 0.9)


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e20, 1e307])
def test_apply_top_p_takes_weights_of_any_size(scale: float) -> None:
    np.testing.assert_allclose(tn.apply_top_p(np.array([10, 6, 2, 2]) * scale, 0.8), [0.625, 0.375, 0, 0], rtol=1e-12)


# ---- adaptive_sampling


@pytest.mark.parametrize(
    ("context", "length", "variety"),
    [
        ("", 0, 0.0),
        ("a", 1, 1.0),
        ("abab", 4, 0.5),
        ([7, 7, 7, 8], 4, 0.5),
        ((1, 2, 3, 4), 4, 1.0),
        (["the", "cat", "the", "dog"], 4, 0.75),
        ([(1, 2), (1, 2)], 2, 0.5),
        (b"aab", 3, 2 / 3),
        (range(5), 5, 1.0),
        (np.array([3, 3, 3, 3]), 4, 0.25),
        ("ab" * 500, 1000, 0.002),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_context_warms_by_its_length_and_narrows_by_its_variety(context: Any, length: int, variety: float) -> None:
    many = np.random.default_rng(0).normal(0, 2, (400, 30))
    expected = tn.combined_sampling(many, 0.6 * (1 + 0.01 * length), 0.95 * (1 - 0.2 * variety), rng=1)
    np.testing.assert_array_equal(tn.adaptive_sampling(many, 0.6, 0.95, context, rng=1), expected)
    np.testing.assert_array_equal(reference.adaptive_sampling(many, 0.6, 0.95, context, rng=1), expected)


@pytest.mark.parametrize(
    ("base", "context", "top_p"), [(1.2, "", 1.0), (1.2, "aaaa", 1.0), (1.2, "abcd", 0.96), (50.0, "abcd", 1.0)]
)
def test_a_base_top_p_above_1_is_limited_after_it_was_narrowed(base: float, context: str, top_p: float) -> None:
    many = np.random.default_rng(0).normal(0, 2, (400, 30))
    expected = tn.combined_sampling(many, 1 + 0.01 * len(context), top_p, rng=1)
    np.testing.assert_array_equal(tn.adaptive_sampling(many, 1, base, context, rng=1), expected)


@pytest.mark.parametrize(
    "context",
    [(letter for letter in "abc"), [[1], [2]], [{}], None, 5, iter("abc"), np.zeros((2, 2))],
    ids=lambda c: type(c).__name__,
)
def test_a_context_that_is_no_sequence_of_hashable_items_is_refused(context: Any) -> None:
    with pytest.raises(TypeError, match=r"^context must be a sequence of hashable items, got "):
        tn.adaptive_sampling(SLIDE_LOGITS, 0.8, 0.9, context)
