"""Every stage of the kernel against the oracle, alone and in chains, on rows chosen to hurt."""

from collections.abc import Sequence
from typing import Any

import chains
import numpy as np
import pytest
from cases import BOUNDARIES, SHAPES
from chains import NUMBERS, Step, check_chain, through_kernel
from oracle import same_at_every_level

import thermonucleus as tn
from thermonucleus.kernel import bridge, dispatch
from thermonucleus.reference.stages import STAGES


def test_every_stage_of_the_reference_is_tried() -> None:
    assert set(NUMBERS) == set(STAGES)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_stage_alone_keeps_what_the_oracle_keeps(name: str) -> None:
    rng = np.random.default_rng(3)
    for size in [1, 2, 3, 7, *BOUNDARIES]:
        for shape in rng.choice(list(SHAPES), 3 if size < 2000 else 1, replace=False):
            row = SHAPES[str(shape)](rng, size).astype(np.float32)
            if row.max() > -np.inf:
                check_chain(row, [(name, *NUMBERS[name](rng, size))], float(rng.random()))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_long_row_is_cut_as_a_short_one_is(name: str) -> None:
    # Kept tokens that are too many to be copied: a pass over the row takes the place of each look at the copies.
    rng = np.random.default_rng(4)
    for kind in ("normal", "language model", "ties", "all equal", "masked"):
        row = SHAPES[kind](rng, 30_000).astype(np.float32)
        check_chain(row, [(name, *NUMBERS[name](rng, len(row)))], float(rng.random()))


def test_random_chains_agree() -> None:
    chains.main(small=3_000, large=8, seed=1)


@pytest.mark.sweep
def test_many_random_chains_agree() -> None:
    chains.main(small=200_000, large=300)


FALLING = np.log(np.array([0.4, 0.3, 0.15, 0.1, 0.05], np.float32))

BANDS: dict[str, tuple[list[Step], list[int]]] = {
    "xtc, then top_k": ([("xtc", 1, 0.1), ("top_k", 1)], [3]),
    "top_k, then xtc": ([("top_k", 2), ("xtc", 1, 0.1)], [1]),
    "xtc, then temperature 0": ([("xtc", 1, 0.1), ("temperature", 0)], [3]),
    "typical_p, then top_p": ([("typical_p", 0.2), ("top_p", 0.3)], [1]),
    "top_p, then typical_p": ([("top_p", 0.3), ("typical_p", 0.2)], [0]),
    "xtc, then smoothing": ([("xtc", 1, 0.25), ("smoothing", 0.5, 1), ("top_k", 1)], [1]),
}


@pytest.mark.parametrize("name", BANDS)
@pytest.mark.parametrize("padding", [0, 9_000, 20_000])
def test_what_is_cut_at_the_top_is_gone_for_the_stages_after(name: str, padding: int) -> None:
    # Tokens far below, a row's worth of them: the band is then hidden in the row rather than copied out of it.
    steps, kept = BANDS[name]
    row = np.concatenate([FALLING, np.full(padding, -30, np.float32)])
    p = same_at_every_level(through_kernel, row, steps, [0.5])[:-1]
    np.testing.assert_array_equal(np.flatnonzero(p > 1e-6), kept)


@pytest.mark.parametrize("size", [5, 700, 40_000])
def test_the_coin_of_xtc_is_thrown_by_u(size: int) -> None:
    rng = np.random.default_rng(5)
    row = rng.normal(0, 4, size).astype(np.float32)
    settings: dict[str, Any] = {"xtc_probability": 0.25, "xtc_threshold": 0.02}
    away, left = (tn.probabilities(row, xtc_probability=coin, xtc_threshold=0.02) for coin in (1.0, 0.0))
    mixed = same_at_every_level(tn.probabilities, row, **settings)
    np.testing.assert_allclose(mixed, 0.25 * away + 0.75 * left, rtol=1e-6)
    us = rng.random(200)
    tokens = same_at_every_level(tn.sample, row, u=us, num_samples=200, **settings)
    for u, token in zip(us, tokens, strict=True):
        on = u < 0.25
        rest = u / 0.25 if on else (u - 0.25) / 0.75
        assert token == tn.sample(row, u=rest, xtc_probability=float(on), xtc_threshold=0.02)
        assert tn.Sampler(rng=Given(u), **settings)(row) == token


class Given(np.random.Generator):
    """A generator with one number."""

    def __init__(self, u: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._u = u

    def random(self, *_arguments: Any, **_options: Any) -> Any:
        return self._u


def test_a_batch_may_have_a_coin_in_some_of_its_rows() -> None:
    rows = np.random.default_rng(6).normal(0, 3, (4, 300)).astype(np.float32)
    coins, us = [0.0, 0.4, 1.0, 0.4], [0.1, 0.1, 0.9, 0.9]
    p = tn.probabilities(rows, xtc_probability=coins, xtc_threshold=0.01)
    tokens = tn.sample(rows, xtc_probability=coins, xtc_threshold=0.01, u=us)
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(p[i], tn.probabilities(row, xtc_probability=coins[i], xtc_threshold=0.01))
        assert tokens[i] == tn.sample(row, xtc_probability=coins[i], xtc_threshold=0.01, u=us[i])


@pytest.mark.parametrize("steps", [[("min_p", 0.1), ("adaptive_p", 0.4)], [("xtc", 0.5, 0.1), ("adaptive_p", 0.1)]], ids=str)
def test_the_probability_of_a_token_is_that_before_adaptive_p(steps: Sequence[Step]) -> None:
    row = np.random.default_rng(7).normal(0, 2, 60).astype(np.float32)
    batch = bridge.Batch(dispatch.active(), row, chains.plan_of(steps))
    assert batch.read(0, 1) == -1
    for u in (0.1, 0.9):
        token = np.array([batch.draw_one(u)])
        found = np.empty(1)
        batch.token_probabilities(token, found)
        before: list[Step] = [("xtc", float(u < 0.5), 0.1)] if steps[0][0] == "xtc" else [*steps[:-1]]
        assert found[0] == pytest.approx(tn.reference.distribution(row.astype(float), before)[token[0]], rel=1e-6)
    with pytest.raises(ValueError, match=r"^tokens: expected numbers from 0 to 59, got 60$"):
        batch.token_probabilities(np.array([60]), found)
