"""What the first read of a long row finds out beside its maxima, and what is decided by it, on rows that could mislead it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from cases import Row
from numpy.typing import NDArray
from oracle import check, same_at_every_level

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.kernel import dispatch
from thermonucleus.kernel.bridge import Batch
from thermonucleus.rows import pool
from thermonucleus.settings import as_plan, steps_of

SIZES = [1025, 2047, 2049, 5000, 20_011]

SETTINGS: list[dict[str, Any]] = [
    {"top_p": 0.95, "temperature": 0.8},
    {"top_p": 0.5, "min_p": 0.01},
    {"top_p": 0.99, "top_k": 100, "order": ("temperature", "top_p", "top_k")},
    {"top_p": 0.9, "temperature": 0.02},
    {"top_p": 0.9, "temperature": 1e-3},
    {"top_p": 0.9, "temperature": 50.0},
    {"top_p": 0.9, "temperature": 3.0, "temperature_last": True},
]

STAGES: list[dict[str, Any]] = [
    {"epsilon_cutoff": 1e-3},
    {"epsilon_cutoff": 1e-6, "temperature": 0.5},
    {"top_a": 0.2},
    {"p_less": True, "temperature": 1.5},
    {"p_less": "norm"},
    {"xtc_probability": 1.0, "xtc_threshold": 0.01},
    {"top_n_sigma": 1.5},
    {"smoothing_factor": 0.3},
]


def head_last(rng: np.random.Generator, size: int) -> Row:
    """The first chunk tells nothing of the largest logit, which may lie any number of binades above what it holds."""
    row: NDArray[np.float64] = rng.normal(0, 1, size) - rng.choice([5.0, 30.0, 35.0, 45.0, 400.0])
    row[-20:] = rng.normal(0, 1, 20)
    return row.astype(np.float32)


def masked_blocks(rng: np.random.Generator, size: int) -> Row:
    """Whole chunks are absent, the first among them at times, and a single token here and there."""
    row = rng.normal(0, 3, size)
    row[rng.random(size) < 0.001] = -np.inf
    for start in rng.permutation(np.arange(0, size, 512))[: size // 1024]:
        row[start : start + 512] = -np.inf
    return row.astype(np.float32)


def far_below(rng: np.random.Generator, size: int) -> Row:
    """Some tokens lie further below the others than keys reach, and as far as floats do."""
    row = rng.normal(0, 2, size)
    row[rng.random(size) < 0.01] = rng.choice([-150.0, -1e4, -3e38])
    return row.astype(np.float32)


def one_height(rng: np.random.Generator, size: int) -> Row:
    return np.where(rng.random(size) < 0.01, 3.0, 0.0).astype(np.float32)


def heavy(rng: np.random.Generator, size: int) -> Row:
    """A few tokens hold what is wanted but for a part that the error of crude weights is as large as."""
    row = rng.normal(0, 1, size)
    row[rng.integers(0, size, 5)] = rng.uniform(6, 14)
    return row.astype(np.float32)


def far_from_zero(rng: np.random.Generator, size: int) -> Row:
    """Logits have so few bits behind the point that products with the slope need care, or cannot be approximated."""
    row: NDArray[np.float64] = rng.normal(0, 3, size) + rng.choice([-1e5, -400.0, 400.0, 1e5])
    return row.astype(np.float32)


ROWS: dict[str, Callable[[np.random.Generator, int], Row]] = {
    "head last": head_last,
    "masked blocks": masked_blocks,
    "far below": far_below,
    "one height": one_height,
    "heavy": heavy,
    "far from zero": far_from_zero,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ROWS)
def test_no_first_read_is_misled(kind: str, size: int) -> None:
    rng = np.random.default_rng([size, list(ROWS).index(kind)])
    for setting in SETTINGS:
        check(ROWS[kind](rng, size), rng.random(), **setting)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ROWS)
def test_neither_are_stages(kind: str, size: int) -> None:
    rng = np.random.default_rng([size, list(ROWS).index(kind), 1])
    for setting in STAGES:
        row = ROWS[kind](rng, size)
        want = reference.distribution(row.astype(np.float64), steps_of(**setting))
        got = same_at_every_level(tn.probabilities, row, **setting)
        np.testing.assert_array_equal(got > 0, want > 0, err_msg=f"{setting}")
        np.testing.assert_allclose(got, want, atol=2e-6 * want.max())


def near_boundaries(running: NDArray[np.float64], rng: np.random.Generator) -> Iterator[float]:
    """Give numbers near where one token ends and the next begins."""
    for boundary in running[rng.integers(0, len(running) - 1, 300)]:
        for distance in (-1e-3, -1e-5, -1e-6, -5e-7, 5e-7, 1e-6, 1e-5, 1e-3):
            if 0 <= boundary + distance < 1:
                yield float(boundary + distance)


@pytest.mark.parametrize("setting", [{}, {"temperature": 0.6}, {"temperature": 3.0}, {"min_p": 1e-5}, {"xtc_probability": 1.0}])
@pytest.mark.parametrize("size", [1025, 6000, 70_000])
def test_rough_sums_draw_the_token_that_exact_ones_do(size: int, setting: dict[str, Any]) -> None:
    (row,) = pool("language model", size, 1, size)
    rng = np.random.default_rng(size)
    p = tn.probabilities(row, **setting).astype(np.float64)
    running = np.cumsum(p / p.sum())
    u = np.array(list(near_boundaries(running, rng)))
    told = is_told(running, u)
    assert told.mean() > 0.4
    tokens = same_at_every_level(tn.sample, row, u=u, num_samples=len(u), **setting)
    want = np.searchsorted(running, u, side="right")
    np.testing.assert_array_equal(tokens[told], want[told])


def is_told(running: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of which numbers the nearest boundary is further away than sums in float32 are off."""
    after = np.searchsorted(running, u, side="right").clip(1, len(running) - 1)
    nearest: NDArray[np.float64] = np.minimum(np.abs(running[after] - u), np.abs(running[after - 1] - u))
    return nearest > 4e-7


def test_a_reading_that_is_rough_has_the_same_probabilities() -> None:
    (row,) = pool("language model", 20_000, 1)
    batch = Batch(dispatch.active(), row, as_plan(None, {"temperature": 0.7}))
    assert batch.read(0, 1) == -1
    token = batch.draw_one(0.4)
    one = np.empty(1)
    batch.token_probabilities(np.array([token]), one)
    every = np.empty_like(row)
    batch.fill(every, 0, 1)
    np.testing.assert_array_equal(every, tn.probabilities(row, temperature=0.7))
    assert one[0] == pytest.approx(every[token], rel=1e-6)
    assert batch.draw_one(0.4) == token


def test_most_rows_of_a_language_model_are_read_once() -> None:
    rows = np.stack(pool("language model", 49_152, 40))
    batch = Batch(dispatch.active(), rows, as_plan(None, {"temperature": 0.8, "top_p": 0.95}))
    assert batch.read(0, len(rows)) == -1
    swept = np.array([batch.sweeps(row) for row in range(len(rows))])
    assert (swept == 0).mean() > 0.4
    assert (swept > 0).any()
