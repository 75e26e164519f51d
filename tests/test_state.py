"""What a `Sampler` remembers: mirostat's mu and adaptive-p's sums, as the definitions have them."""

import math
import pickle
import re
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.reference import state as laws

HALVES = np.log([0.5, 0.25, 0.125, 0.0625, 0.0625])
FALLING = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
ZIPF = -1.3 * np.log(np.arange(1, 51))
U = [0.9, 0.1, 0.8, 0.3, 0.55]

MIROSTAT: dict[str, Any] = {"mirostat": 2, "mirostat_tau": 1, "mirostat_eta": 0.5}
MIROSTAT_1: dict[str, Any] = {**MIROSTAT, "mirostat": 1}
ADAPTIVE: dict[str, Any] = {"adaptive_target": 0.3, "min_p": 0.01}
KINDS = [MIROSTAT, MIROSTAT_1, ADAPTIVE]

NAMES = ("mu", "weighted_sum", "total_weight")


def numbers(state: tn.State) -> list[Any]:
    """All of a state, as numbers and lists."""
    return [np.array(getattr(state, name), np.float64).tolist() for name in NAMES]


def same(state: tn.State, other: tn.State) -> bool:
    return all(np.array_equal(one, another, equal_nan=True) for one, another in zip(numbers(state), numbers(other), strict=True))


def drawn(sampler: tn.Sampler, logits: Any = HALVES, uniforms: Any = U) -> list[Any]:
    return [np.asarray(sampler(logits, u=u)).tolist() for u in uniforms]


def batch_of(*rows: Any) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


# ---- the sequences worked out by hand


@pytest.mark.usefixtures("level")
def test_mirostat_goes_the_way_worked_out() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    assert sampler.state.mu == 2
    for u, token, mu in [(0.9, 1, 1.707519), (0.1, 0, 2.207519), (0.8, 1, 1.915037)]:
        assert sampler(HALVES, u=u) == token
        assert sampler.state.mu == pytest.approx(mu, abs=6e-7)


@pytest.mark.usefixtures("level")
def test_adaptive_p_goes_the_way_worked_out() -> None:
    with pytest.warns(UserWarning, match="without a truncation"):
        sampler = tn.Sampler(adaptive_target=0.3)
    for u, token, weighted_sum, total_weight in [(0.1, 0, 3.1, 10.0), (0.1, 0, 3.19, 10.0), (0.9, 2, 3.021, 10.0)]:
        assert sampler(FALLING, u=u) == token
        assert (sampler.state.weighted_sum, sampler.state.total_weight) == pytest.approx((weighted_sum, total_weight), abs=6e-7)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(
    ("which", "row", "mu", "count"),
    [
        (1, HALVES, 2, 2),
        (1, FALLING, 3, 5),
        (1, ZIPF, 4, 4),
        (1, ZIPF, 6, 12),
        (2, HALVES, 3, 3),
        (2, HALVES, 2, 2),
        (2, HALVES, 1, 1),
        (2, HALVES, 0.5, 1),
        (2, HALVES, -3, 1),
    ],
)
def test_mu_says_how_many_tokens_are_kept(which: int, row: NDArray[np.float64], mu: float, count: int) -> None:
    sampler = tn.Sampler(mirostat=which, mirostat_eta=0)
    sampler.state.mu = mu
    assert {sampler(row, u=u) for u in np.linspace(0, 0.9999, 2000)} == set(range(count))
    assert sampler.state.mu == mu


UNIFORMS = st.lists(st.floats(0, 1, exclude_max=True), max_size=6)


def random_row(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(size).normal(0, 3, size).astype(np.float32)


def probability(row: NDArray[np.float32], steps: list[reference.Step], token: int) -> float:
    """Compute the probability of a token after the steps, by the definitions."""
    return float(reference.softmax(reference.apply_steps(row.astype(np.float64), steps))[token])


# Which token is drawn may depend on rounding, where u is next to a boundary. What follows from the token does not.


@settings(max_examples=40)
@given(which=st.sampled_from([1, 2]), size=st.integers(1, 3000), tau=st.floats(0.1, 8), eta=st.floats(0, 1), uniforms=UNIFORMS)
def test_mu_follows_the_tokens_as_the_definition_says(which: int, size: int, tau: float, eta: float, uniforms: list[float]) -> None:
    row = random_row(size)
    sampler = tn.Sampler(mirostat=which, mirostat_tau=tau, mirostat_eta=eta, temperature=0.9)
    for u in uniforms:
        mu = sampler.state.mu
        numbers = (mu, 100.0) if which == 1 else (mu,)
        token = sampler(row, u=u)
        bits = -math.log2(probability(row, [("temperature", 0.9), (f"mirostat_{which}", *numbers)], token))
        assert sampler.state.mu == pytest.approx(laws.mirostat_update(mu, bits, tau, eta), rel=1e-6, abs=1e-5)


@settings(max_examples=40)
@given(size=st.integers(1, 3000), target=st.floats(0, 1), decay=st.floats(0, 0.99), uniforms=UNIFORMS)
def test_the_sums_follow_the_tokens_as_the_definition_says(size: int, target: float, decay: float, uniforms: list[float]) -> None:
    row = random_row(size)
    sampler = tn.Sampler(adaptive_target=target, adaptive_decay=decay, min_p=0.01, temperature=0.9)
    for u in uniforms:
        sums = sampler.state.weighted_sum, sampler.state.total_weight
        token = sampler(row, u=u)
        assert probability(row, [("temperature", 0.9), ("min_p", 0.01), ("adaptive_p", laws.adapted_target(target, *sums))], token)
        p = probability(row, [("temperature", 0.9), ("min_p", 0.01)], token)
        want = laws.adaptive_sums(*sums, p, decay)
        assert (sampler.state.weighted_sum, sampler.state.total_weight) == pytest.approx(want, rel=1e-6, abs=1e-9)


def test_mu_stays_a_number_with_steps_of_any_size() -> None:
    sampler = tn.Sampler(mirostat=2, mirostat_eta=1e308)
    for u in U * 3:
        sampler(HALVES, u=u)
        assert math.isfinite(sampler.state.mu)


@pytest.mark.parametrize(("u", "token", "p"), [(0.2, 4, 1 / 3), (0.7, 1, 0.3)])
def test_the_probability_is_that_of_the_way_in_which_the_coin_of_xtc_fell(u: float, token: int, p: float) -> None:
    sampler = tn.Sampler(adaptive_target=0.3, min_p=0.01, xtc_probability=0.5)
    assert sampler(FALLING, u=u) == token
    assert sampler.state.weighted_sum == pytest.approx(0.9 * 3 + p)
    sampler.accept(0)
    assert sampler.state.weighted_sum == pytest.approx(0.9 * 3 + (0 if u < 0.5 else 0.4))


# ---- batches


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_goes_the_way_of_its_rows(kind: dict[str, Any], workers: int) -> None:
    rows = batch_of(HALVES, FALLING, FALLING[::-1])
    batch = tn.Sampler(**kind, workers=workers)
    singles = [tn.Sampler(**kind) for _ in rows]
    for u in np.random.default_rng(1).random((20, 3)):
        want = [single(row, u=one) for single, row, one in zip(singles, rows, u, strict=True)]
        assert np.asarray(batch(rows, u=u)).tolist() == want
        for name in NAMES:
            value = getattr(batch.state, name)
            assert value is None or value.tolist() == [getattr(single.state, name) for single in singles]


ROWS_APART = [
    tn.Settings(mirostat=2, mirostat_tau=1, mirostat_eta=0.5),
    tn.Settings(top_p=0.9),
    tn.Settings(min_p=0.01, adaptive_target=0.3, adaptive_decay=0.5),
    tn.Settings(mirostat=1, mirostat_tau=2, temperature=0.7),
    tn.Settings.preset("llama.cpp").replace(adaptive_target=0.2, temperature=2),
]


@pytest.mark.parametrize("form", ["settings", "arrays"])
def test_rows_may_have_laws_of_their_own_or_none(form: str) -> None:
    requests = ROWS_APART if form == "settings" else ROWS_APART[:-1]
    rows = batch_of(*[HALVES] * len(requests))
    if form == "settings":
        batch = tn.Sampler(requests)
    else:
        names = ["temperature", "top_p", "min_p", "mirostat", "mirostat_tau", "mirostat_eta", "adaptive_target", "adaptive_decay"]
        columns: dict[str, Any] = {name: [getattr(request, name) for request in requests] for name in names}
        batch = tn.Sampler(**columns)
    singles = [tn.Sampler(request) for request in requests]
    for u in np.random.default_rng(1).random((20, len(rows))):
        want = [single(row, u=one) for single, row, one in zip(singles, rows, u, strict=True)]
        assert np.asarray(batch(rows, u=u)).tolist() == want
    for name in NAMES:
        each = [getattr(single.state, name) for single in singles]
        np.testing.assert_array_equal(getattr(batch.state, name), [math.nan if one is None else one for one in each])


def test_the_first_batch_says_how_many_rows_there_are() -> None:
    rows = batch_of(HALVES, FALLING)
    sampler = tn.Sampler(**MIROSTAT)
    assert np.asarray(sampler(rows[:0])).shape == (0,)
    assert repr(sampler.state) == "State(mu=2.0)"
    sampler(rows)
    assert sampler.state.mu.shape == (2,)
    for logits in (rows[0], rows[:1], rows[[0, 1, 0]], rows[:0]):
        with pytest.raises(
            ValueError,
            match=r"^logits must be a batch of 2, .*, got a (batch of \d|single row): sampler\.state\.reset\(\) begins anew$",
        ):
            sampler(logits)
    sampler.state.reset()
    sampler(rows[0])
    with pytest.raises(ValueError, match=r"^logits must be a single row, .*, got a batch of 2: "):
        sampler(rows)


def test_rows_of_settings_say_so_from_the_start() -> None:
    sampler = tn.Sampler(mirostat=[2, 0, 1])
    np.testing.assert_array_equal(sampler.state.mu, [10, math.nan, 10])
    assert sampler.state.weighted_sum is None
    sampler(batch_of(HALVES, HALVES, HALVES))
    sampler.state.reset()
    assert sampler.state.mu.shape == (3,)
    with pytest.raises(ValueError, match=r"^logits must be a batch of 3 rows, as this sampler's settings are"):
        sampler(HALVES)


def test_a_row_can_be_given_to_another_sequence() -> None:
    rows = batch_of(HALVES, HALVES, HALVES)
    sampler = tn.Sampler(**MIROSTAT)
    drawn(sampler, rows, [[0.9, 0.1, 0.9]] * 3)
    before = sampler.state.mu
    for which in (1, [1], np.array([False, True, False])):
        other = deepcopy(sampler)
        other.state.reset(which)
        assert other.state.mu.tolist() == [before[0], 2, before[2]]
    for wrong in (3, [0.5], [True]):
        with pytest.raises(ValueError, match=r"^rows must be some of the 3 rows: "):
            sampler.state.reset(wrong)
    with pytest.raises(ValueError, match=r"^rows must not be given"):
        tn.Sampler(**MIROSTAT).state.reset(0)


# ---- what does not go together


@pytest.mark.parametrize("kind", [*KINDS, {"mirostat": [0, 2]}], ids=str)
def test_many_draws_at_once_are_refused(kind: dict[str, Any]) -> None:
    sampler = tn.Sampler(**kind, rng=1)
    with pytest.raises(ValueError, match=r"^num_samples cannot be given with mirostat or adaptive_target"):
        sampler(batch_of(HALVES, HALVES), num_samples=2)
    assert sampler.generator.bit_generator.state == np.random.default_rng(1).bit_generator.state


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    ("logits", "options", "error"),
    [
        ([0.0, math.nan], {}, ValueError),
        ([-math.inf, -math.inf], {}, ValueError),
        (HALVES, {"u": 1.0}, ValueError),
        (HALVES, {"u": [0.5]}, ValueError),
        (HALVES, {"num_samples": 1}, ValueError),
        ([HALVES, HALVES], {}, ValueError),
        ("text", {}, TypeError),
    ],
)
def test_a_call_that_raises_changes_nothing(
    kind: dict[str, Any], logits: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    sampler = tn.Sampler(**kind, rng=1)
    sampler(HALVES)
    before, position = sampler.state.copy(), deepcopy(sampler.generator.bit_generator.state)
    with pytest.raises(error):
        sampler(logits, **options)
    assert same(sampler.state, before)
    assert sampler.generator.bit_generator.state == position
    sampler.accept(0)  # of the draw before


def test_a_batch_with_one_bad_row_changes_nothing() -> None:
    sampler = tn.Sampler(**MIROSTAT, rng=1)
    with pytest.raises(ValueError, match="row 1, index 0"):
        sampler(np.array([HALVES, HALVES * math.nan]))
    assert (type(sampler.state.mu), sampler.state.mu) == (float, 2)
    sampler(HALVES)


# ---- read and set


def test_a_state_is_read_and_set() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    for value in (3, np.float32(3), np.array(3.0)):
        sampler.state.mu = value
        assert (type(sampler.state.mu), sampler.state.mu) == (float, 3)
    assert drawn(sampler, uniforms=[0.95]) == [2]
    sampler = tn.Sampler(**ADAPTIVE)
    assert sampler.state.mu is None
    assert (sampler.state.weighted_sum, sampler.state.total_weight) == pytest.approx((3, 10))
    sampler.state.weighted_sum, sampler.state.total_weight = 0, 0
    assert sampler(FALLING, u=0.5) == tn.Sampler(**ADAPTIVE)(FALLING, u=0.5)
    assert sampler.state.total_weight == 1


def test_a_state_of_a_batch_is_set_for_all_rows_or_for_each() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler.state.mu = [3, 0.5]
    assert np.asarray(sampler(batch_of(HALVES, HALVES), u=[0.95, 0.95])).tolist() == [2, 0]
    sampler.state.mu = 1
    mu: Any = sampler.state.mu
    assert mu.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        mu[0] = 3
    with pytest.raises(ValueError, match=r"^mu must be a number, or one for each of the 2 rows, got an array of shape \(3,\)$"):
        sampler.state.mu = [1, 2, 3]


def test_what_is_read_of_a_batch_can_be_set() -> None:
    sampler = tn.Sampler(mirostat=[2, 0], min_p=[0, 0.1], adaptive_target=[None, 0.5])
    for name in NAMES:
        value = getattr(sampler.state, name)
        setattr(sampler.state, name, value)
        np.testing.assert_array_equal(getattr(sampler.state, name), value)
    sampler.state.mu = [7, None]  # which is what else there may be in a row that has it off
    np.testing.assert_array_equal(sampler.state.mu, [7, math.nan])
    sampler.state.mu = 4
    np.testing.assert_array_equal(sampler.state.mu, [4, math.nan])


@pytest.mark.parametrize(
    ("kind", "name", "value", "error", "message"),
    [
        (MIROSTAT, "mu", math.nan, ValueError, "mu must be a finite number, got nan"),
        (MIROSTAT, "mu", math.inf, ValueError, "mu must be a finite number, got inf"),
        (MIROSTAT, "mu", "3", TypeError, "mu must be a finite number, got '3'"),
        (MIROSTAT, "mu", None, TypeError, "mu must be a finite number, got None"),
        (MIROSTAT, "mu", [1, math.nan], ValueError, r"mu[1] must be a finite number, got nan"),
        (MIROSTAT, "mu", [[1]], ValueError, "mu must be a single number for a single row, got an array of shape (1, 1)"),
        (MIROSTAT, "weighted_sum", 1, ValueError, "weighted_sum cannot be set: adaptive_target is off"),
        (ADAPTIVE, "weighted_sum", -1, ValueError, "weighted_sum must be a finite number, 0 or more, got -1"),
        (ADAPTIVE, "total_weight", -1, ValueError, "total_weight must be a finite number, 0 or more, got -1"),
        (ADAPTIVE, "mu", 1, ValueError, "mu cannot be set: mirostat is off"),
        ({}, "mu", 1, ValueError, "mu cannot be set: mirostat is off"),
    ],
)
def test_what_cannot_be_set_is_told(kind: dict[str, Any], name: str, value: Any, error: type[Exception], message: str) -> None:
    state = tn.Sampler(**kind).state
    before = state.copy()
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        setattr(state, name, value)
    assert same(state, before)


def test_a_name_that_is_not_of_a_state_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        tn.Sampler(**MIROSTAT).state.mo = 1  # type: ignore[attr-defined]


def test_the_state_of_a_sampler_is_not_assigned_to() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    with pytest.raises(AttributeError, match=r"^state of a Sampler cannot be assigned to: .* sampler\.state\.reset\(\)$"):
        sampler.state = sampler.state  # type: ignore[misc]


def test_the_repr_says_what_is_remembered() -> None:
    assert repr(tn.Sampler(mirostat=1).state) == "State(mu=10.0)"
    assert repr(tn.Sampler(mirostat=[2, 0]).state) == "State(mu=array([10., nan]))"
    assert repr(tn.Sampler(min_p=0.1, adaptive_target=0.5, adaptive_decay=0.5).state) == "State(weighted_sum=1.0, total_weight=2.0)"
    assert repr(tn.Sampler(top_p=0.9).state) == "State()"
    assert len(repr(tn.Sampler(mirostat=[2] * 5000).state)) < 200


# ---- copies


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "the oldest pickle": lambda one: pickle.loads(pickle.dumps(one, protocol=0)),
    "deepcopy": deepcopy,
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("kind", [*KINDS, {"mirostat": [2, 0]}], ids=str)
def test_a_copy_of_a_sampler_goes_on_from_where_it_was(name: str, kind: dict[str, Any]) -> None:
    logits = batch_of(HALVES, FALLING) if np.ndim(kind.get("mirostat", 0)) else HALVES
    sampler = tn.Sampler(**kind, rng=1)
    for _ in range(3):
        sampler(logits)
    again = COPIES[name](sampler)
    assert same(again.state, sampler.state)
    want = [np.asarray(sampler(logits)).tolist() for _ in range(10)]
    assert not same(again.state, sampler.state)
    assert [np.asarray(again(logits)).tolist() for _ in range(10)] == want
    assert same(again.state, sampler.state)


@pytest.mark.parametrize("duplicate", [*COPIES.values(), copy, tn.State.copy])
def test_a_copy_of_a_state_goes_its_own_way(duplicate: Callable[[Any], Any]) -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler(HALVES, u=0.9)
    again = duplicate(sampler.state)
    assert same(again, sampler.state)
    again.mu = 5
    assert sampler.state.mu == pytest.approx(1.707519, abs=6e-7)
    sampler(HALVES, u=0.9)
    assert again.mu == 5


def test_a_shallow_copy_of_a_sampler_shares_the_state() -> None:
    sampler = tn.Sampler(**MIROSTAT, rng=1)
    other = copy(sampler)
    assert other.state is sampler.state
    other(HALVES)
    assert sampler.state.mu != 2


def test_a_replacement_has_a_copy_of_the_state_unless_its_settings_change() -> None:
    sampler = tn.Sampler(**MIROSTAT, rng=1)
    sampler(HALVES, u=0.9)
    before = sampler.state.copy()
    changes: dict[str, Any]
    anew: dict[str, Any]
    for changes in ({"temperature": 2}, {"rng": 5}, {"workers": 2}, {"adaptive_decay": 0.5}, {"mirostat": 1}):
        other = sampler.replace(**changes)
        assert same(other.state, before)
        other.state.mu = 9
        assert same(sampler.state, before)
    for anew in ({"mirostat_tau": 2}, {"mirostat_eta": 0.1}, {"mirostat_tau": 1, "temperature": [1, 1]}, {"mirostat": 0}):
        other = sampler.replace(**anew)
        fresh = tn.Sampler(**(MIROSTAT | anew))
        assert repr(other.state) == repr(fresh.state)
    other = sampler.replace(settings=tn.Settings(mirostat=2))
    assert other.state.mu == 10
    other = sampler.replace(temperature=0.5)
    assert drawn(other) == drawn(sampler.replace(temperature=0.5))


# ---- tokens drawn elsewhere


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_an_accepted_token_is_as_if_it_had_been_drawn(kind: dict[str, Any]) -> None:
    for u in np.linspace(0, 0.99, 12):
        for other in np.linspace(0, 0.99, 12):
            sampler, wanted = tn.Sampler(**kind), tn.Sampler(**kind)
            drawn(sampler, FALLING, [0.3, u])
            token = drawn(wanted, FALLING, [0.3, other])[-1]
            sampler.accept(token)
            assert same(sampler.state, wanted.state)
            sampler.accept(token)
            assert same(sampler.state, wanted.state)
            assert drawn(sampler, FALLING) == drawn(wanted, FALLING)


def test_accepting_what_was_drawn_changes_nothing() -> None:
    sampler = tn.Sampler(ROWS_APART, rng=1)
    rows = batch_of(*[HALVES] * len(ROWS_APART))
    for _ in range(10):
        tokens = sampler(rows)
        before = sampler.state.copy()
        sampler.accept(tokens)
        assert same(sampler.state, before)
        sampler.accept(np.asarray(tokens).tolist())
        assert same(sampler.state, before)


def test_the_callers_logits_may_have_changed_by_then() -> None:
    row = HALVES.astype(np.float32)
    sampler, wanted = tn.Sampler(**MIROSTAT), tn.Sampler(**MIROSTAT)
    assert sampler(row, u=0.9) == 1
    assert wanted(row, u=0.1) == 0
    row[:] = math.nan
    sampler.accept(0)
    assert same(sampler.state, wanted.state)


def test_a_token_that_was_cut_leaves_mu_and_has_probability_0() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler(HALVES, u=0.9)
    sampler.accept(4)
    assert sampler.state.mu == 2
    sampler = tn.Sampler(adaptive_target=0.3, top_k=2)
    sampler(FALLING, u=0.9)
    sampler.accept(4)
    assert (sampler.state.weighted_sum, sampler.state.total_weight) == pytest.approx((2.7, 10))


def test_a_deep_copy_can_take_another_token_than_the_one_drawn() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler(HALVES, u=0.9)
    branch = deepcopy(sampler)
    branch.accept(0)
    assert branch.state.mu == pytest.approx(2.207519, abs=6e-7)
    assert sampler.state.mu == pytest.approx(1.707519, abs=6e-7)


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        (-1, ValueError, "tokens must be 0 or more, got -1"),
        (5, ValueError, "tokens must be less than 5, the size of the vocabulary, got 5"),
        (1.0, TypeError, "tokens must be an integer, or one for each row, got 1.0"),
        (True, TypeError, "tokens must be an integer"),
        ("1", TypeError, "tokens must be an integer"),
        (None, TypeError, "tokens must be an integer"),
        ([1], ValueError, "tokens must be a single one, as a single row was drawn from, got shape (1,)"),
    ],
    ids=str,
)
def test_what_is_no_token_is_told(tokens: Any, error: type[Exception], message: str) -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler(HALVES, u=0.9)
    before = sampler.state.copy()
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        sampler.accept(tokens)
    assert same(sampler.state, before)
    if isinstance(tokens, list) or tokens == 5:
        tn.Sampler().accept(tokens)
    else:
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            tn.Sampler().accept(tokens)


def test_a_token_for_each_row() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    sampler(batch_of(HALVES, HALVES), u=[0.9, 0.9])
    for wrong in (0, [0], [[0, 0]]):
        with pytest.raises(ValueError, match=r"^tokens must be one for each of the 2 rows, got shape"):
            sampler.accept(wrong)  # type: ignore[arg-type]
    sampler.accept(np.array([0, 1], np.uint8))
    assert sampler.state.mu == pytest.approx([2.207519, 1.707519], abs=6e-7)


def test_before_any_draw_there_is_none_to_replace() -> None:
    sampler = tn.Sampler(**MIROSTAT)
    message = r"^tokens take the place of those drawn last: none have been since the state was made, set or reset$"
    with pytest.raises(ValueError, match=message):
        sampler.accept(0)
    for forget in (lambda state: state.reset(), lambda state: setattr(state, "mu", 3)):
        sampler(HALVES)
        sampler.accept(0)
        forget(sampler.state)
        with pytest.raises(ValueError, match=message):
            sampler.accept(0)
    sampler(HALVES)
    with pytest.raises(ValueError, match=message):
        pickle.loads(pickle.dumps(sampler)).accept(0)


def test_with_settings_that_remember_nothing_any_token_is_accepted() -> None:
    sampler = tn.Sampler(top_p=0.9)
    sampler.accept(7)
    sampler(HALVES)
    sampler.accept(np.int64(7))
    sampler.accept([1, 2])
    assert same(sampler.state, tn.Sampler().state)


def test_a_subclass_remembers_too() -> None:
    class Own(tn.Sampler):
        pass

    sampler = Own(**MIROSTAT)
    assert drawn(sampler) == drawn(tn.Sampler(**MIROSTAT))
    assert same(sampler.replace(temperature=2).state, sampler.state)
