"""A single row that a state follows: the numbers and answers of a batch of one, whatever becomes of the memory it is kept in."""

import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.kernel import dispatch
from thermonucleus.kernel.followed import FollowedRow
from thermonucleus.laws import Remembered, Rules, adapted_target
from thermonucleus.settings import as_plan

KINDS: list[dict[str, Any]] = [
    {"mirostat": 2, "mirostat_tau": 3},
    {"mirostat": 1, "temperature": 0.7},
    {"mirostat": 2, "smoothing_factor": 0.3},
    {"adaptive_target": 0.3, "min_p": 0.01},
    {"adaptive_target": 0.1, "top_k": 9, "smoothing_factor": 0.3, "xtc_probability": 0.5, "xtc_threshold": 0.05},
    {"adaptive_target": 0.1, "top_p": 0.9, "temperature": 0},
]
NAMES = ("mu", "weighted_sum", "total_weight")


def row_of(size: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng([size, seed]).normal(0, 3, size).astype(np.float32)


def numbers(sampler: tn.Sampler) -> list[float]:
    values = [np.array(getattr(sampler.state, name), np.float64).ravel() for name in NAMES]
    found: list[float] = np.concatenate(values).tolist()
    return found


def assert_same(sampler: tn.Sampler, other: tn.Sampler) -> None:
    np.testing.assert_array_equal(numbers(sampler), numbers(other))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("size", [1, 7, 1000, 1500, 20_000])
def test_a_row_goes_the_way_of_a_batch_of_one(kind: dict[str, Any], size: int) -> None:
    row, batch = tn.Sampler(**kind, rng=1), tn.Sampler(**kind, rng=1)
    others = np.random.default_rng(size).integers(size, size=(8, 12)).tolist()
    for seed, accepted in enumerate(others):
        logits = row_of(size, seed % 3)
        token = row(logits)
        assert [token] == np.asarray(batch(logits[np.newaxis])).tolist()
        assert_same(row, batch)
        for other in [*accepted, int(logits.argmax()), token]:
            row.accept(other)
            batch.accept([other])
            assert_same(row, batch)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_callers_numbers_do_what_the_generators_do(kind: dict[str, Any]) -> None:
    given, drawn, logits = tn.Sampler(**kind), tn.Sampler(**kind, rng=1), row_of(500)
    for u in np.random.default_rng(1).random(10):
        assert given(logits, u=u) == drawn(logits)
        assert_same(given, drawn)


REAL = st.floats(-1e300, 1e300)
AMOUNT = st.floats(0, 1e300)
PART = st.floats(0, 1)


@given(
    mu=REAL,
    sums=st.tuples(AMOUNT, AMOUNT),
    p=PART,
    law=st.tuples(AMOUNT, AMOUNT, PART),
    mirostat=st.booleans(),
    adaptive=st.booleans(),
)
def test_the_laws_in_numbers_are_those_in_arrays(
    mu: float, sums: tuple[float, float], p: float, law: tuple[float, float, float], mirostat: bool, adaptive: bool
) -> None:
    tau, eta, decay = (np.array([number]) for number in law)
    rules = Rules(np.array([mirostat]), tau, eta, np.array([adaptive]), np.array([0.3]), decay)
    pairs = zip((mu, *sums), (mirostat, adaptive, adaptive), strict=True)
    before = Remembered(*(np.array([number if on else np.nan]) for number, on in pairs))
    one, several = before.after_one(rules, p), before.after(rules, np.array([p]))
    np.testing.assert_array_equal(one, several)


@given(target=PART, sums=st.tuples(AMOUNT, st.just(0.0) | AMOUNT))
def test_the_target_in_numbers_is_that_in_arrays(target: float, sums: tuple[float, float]) -> None:
    with np.errstate(over="ignore"):
        array = adapted_target(*(np.array([number]) for number in (target, *sums)))
    found = adapted_target(target, *sums)
    assert isinstance(found, float)
    assert array.tolist() == [found]


def test_rows_of_any_size_may_follow_each_other() -> None:
    sampler, batch = tn.Sampler(**KINDS[3], rng=1), tn.Sampler(**KINDS[3], rng=1)
    for size in (5, 40_000, 5, 3, 3, 1000, 40_000):
        logits = row_of(size)
        assert [sampler(logits)] == np.asarray(batch(logits[np.newaxis])).tolist()
        sampler.accept(size - 1)
        batch.accept([size - 1])
        assert_same(sampler, batch)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_copy_knows_its_last_row_when_the_other_draws_on(kind: dict[str, Any]) -> None:
    first, second = row_of(300), row_of(300, 1)
    for drawing in (0, 1):
        pair = [tn.Sampler(**kind, rng=1)]
        pair[0](first)
        pair.append(deepcopy(pair[0]))
        wanted = deepcopy(pair[0])
        for _ in range(3):
            pair[drawing](second)
        for token in (int(first.argmax()), 7, 8):
            pair[1 - drawing].accept(token)
            wanted.accept(token)
            assert_same(pair[1 - drawing], wanted)
        # Nor does what it draws next reach what the other has.
        mine = deepcopy(pair[drawing])
        pair[1 - drawing](first)
        pair[drawing].accept(7)
        mine.accept(7)
        assert_same(pair[drawing], mine)


class Breaking(np.random.Generator):
    """A generator that raises, or does something else first."""

    before: Any = staticmethod(lambda: None)

    def random(self, *arguments: Any, **options: Any) -> Any:
        self.before()
        return super().random(*arguments, **options)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_after_a_call_that_raised_the_last_row_is_known(kind: dict[str, Any]) -> None:
    generator = Breaking(np.random.PCG64(1))
    sampler, wanted = tn.Sampler(**kind, rng=generator), tn.Sampler(**kind, rng=np.random.PCG64(1))
    logits, other = row_of(2000), row_of(2000, 1)
    assert sampler(logits) == wanted(logits)
    with pytest.raises(ValueError, match="index 3"):
        sampler(np.where(np.arange(2000) == 3, np.nan, other).astype(np.float32))
    generator.before = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        sampler(other)
    for token in (int(logits.argmax()), 7):
        sampler.accept(token)
        wanted.accept(token)
        assert_same(sampler, wanted)
    generator.before = lambda: None
    assert [sampler(logits) for _ in range(5)] == [wanted(logits) for _ in range(5)]


@pytest.mark.parametrize("kind", KINDS[:4], ids=str)
def test_changing_rows_leave_the_last_one_known(kind: dict[str, Any]) -> None:
    # By this name it is left out where checks end the process that a row which changes may fail.
    generator = Breaking(np.random.PCG64(1))
    sampler, wanted = tn.Sampler(**kind, rng=generator), tn.Sampler(**kind, rng=np.random.PCG64(1))
    logits, other = row_of(2000), row_of(2000, 1)
    assert sampler(logits) == wanted(logits)
    generator.before = lambda: other.fill(-math.inf)
    with pytest.raises(RuntimeError, match="row 0 no longer has a token to draw"):
        sampler(other)
    sampler.accept(7)
    wanted.accept(7)
    assert_same(sampler, wanted)


def test_a_generator_may_draw_with_the_sampler_that_asks_it() -> None:
    generator = Breaking(np.random.PCG64(1))
    sampler, logits, depth = tn.Sampler(**KINDS[0], rng=generator), row_of(1200), [0]
    sampler(logits)

    def draw_once_more() -> None:
        if depth[0] == 0:
            depth[0] = 1
            sampler(logits)

    generator.before = draw_once_more
    for _ in range(3):
        depth[0] = 0
        token = sampler(logits)
        before = numbers(sampler)
        sampler.accept(token)
        np.testing.assert_array_equal(numbers(sampler), before)


def followed() -> FollowedRow:
    return FollowedRow(as_plan(None, {"top_k": 3}), np.random.default_rng(1))


def test_what_was_not_kept_or_is_no_token_is_told() -> None:
    logits = row_of(10)
    first = followed().draw(dispatch.active(), logits, 0.0, 0.0, None, None)
    assert np.float32(first.p) == tn.probabilities(logits, top_k=3)[first.token]
    with pytest.raises(ValueError, match="has not been kept"):
        first.probability(first.token)
    first.keep(logits, None)
    assert first.probability(first.token) == first.p
    for token in (-1, 10):
        with pytest.raises(ValueError, match="token: expected a number from 0 to 9"):
            first.probability(token)
    second = followed().draw(dispatch.active(), logits, 0.0, 0.0, 0.5, first)
    with pytest.raises(ValueError, match="has not been kept"):
        second.probability(0)
    with pytest.raises(ValueError, match="expected the row that was drawn from, of 10, got 9"):
        second.keep(logits[:9], first)
    second.keep(logits, first)
    assert second.probability(second.token) == second.p
    with pytest.raises(ValueError, match="has not been kept"):
        first.probability(0)
    for wrong in (logits[:0], np.stack([logits, logits]), logits.astype(np.float64)):
        with pytest.raises(ValueError, match="expected a"):
            followed().draw(dispatch.active(), wrong, 0.0, 0.0, None, None)  # type: ignore[arg-type]
