"""The draw: tokens come at the rate of their probabilities, in the tail too, and none that cannot come."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import Row
from numpy.typing import NDArray
from scipy import stats

import thermonucleus as tn


def chi_square(tokens: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Return the p-value of drawn frequencies; neighbours in the row are counted together until 10 draws are expected."""
    expected = p * len(tokens)
    starts, total = [0], 0.0
    for token, more in enumerate(expected.tolist()):
        if total >= 10:
            starts.append(token)
            total = 0.0
        total += more
    if total < 10 and len(starts) > 1:
        starts.pop()
    observed = np.bincount(tokens, minlength=len(p))
    return float(stats.chisquare(np.add.reduceat(observed, starts), np.add.reduceat(expected, starts)).pvalue)


@pytest.mark.parametrize("size", [2, 10, 128_256])
@pytest.mark.parametrize("setting", [{}, {"temperature": 0.8, "top_p": 0.95}, {"top_k": 50}, {"min_p": 0.02}])
def test_tokens_come_at_the_rate_of_their_probabilities(size: int, setting: dict[str, Any]) -> None:
    row = np.random.default_rng(size).normal(0, 1.5, size).astype(np.float32)
    tokens = tn.sample(row, rng=size, num_samples=1_000_000, **setting)
    assert isinstance(tokens, np.ndarray)
    p = tn.probabilities(row, **setting).astype(np.float64)
    assert (p[np.unique(tokens)] > 0).all()
    assert chi_square(tokens, p / p.sum()) > 1e-4


def test_ten_million_draws_reach_the_tail_at_its_rate() -> None:
    row = np.zeros(128_256, np.float32)
    tail = np.arange(7, 128_256, 1283)[:100]
    row[:] = -np.inf
    row[3], row[70_001] = np.log(0.5), np.log(0.4999)
    row[tail] = np.log(1e-6)
    counts = np.bincount(np.asarray(tn.sample(row, rng=11, num_samples=10_000_000)), minlength=len(row))
    assert counts.sum() == counts[[3, 70_001, *tail]].sum() == 10_000_000
    # 10 expected at each of 100 tokens: Poisson in each, and in their sum.
    assert stats.chisquare(counts[tail], np.full(100, counts[tail].mean())).pvalue > 1e-4
    assert abs(counts[tail].sum() - 1000) < 4 * np.sqrt(1000)


@pytest.mark.parametrize("size", [1, 5, 16, 17, 511, 512, 513, 1500, 20_000])
@pytest.mark.usefixtures("level")
def test_the_token_is_the_first_at_which_the_running_sum_exceeds_u(
    make_row: Callable[[str, int, int], Row], shape: str, size: int
) -> None:
    row = make_row(shape, size, size)
    for setting in ({}, {"top_p": 0.9}, {"top_k": 7}, {"min_p": 0.1, "temperature": 2.0}):
        p = tn.probabilities(row, **setting).astype(np.float64)
        running = np.cumsum(p) / p.sum()
        for token in np.flatnonzero(p > 1e-5)[:40]:
            middle = running[token] - p[token] / p.sum() / 2
            assert tn.sample(row, u=middle, **setting) == token


@pytest.mark.usefixtures("level")
def test_the_ends_of_the_interval_never_reach_a_token_that_is_not_kept(
    make_row: Callable[[str, int, int], Row], shape: str
) -> None:
    for size in (1, 2, 15, 512, 513, 3000):
        row = make_row(shape, size, 3 * size)
        row[size // 2] = row.max()
        row[: size // 3] = row[size - size // 3 :] = -np.inf
        for setting in ({}, {"top_p": 0.5}, {"top_k": 2}, {"min_p": 0.3}, {"temperature": 0.01}, {"temperature": 50.0}):
            p = tn.probabilities(row, **setting)
            assert tn.sample(row, u=0.0, **setting) == np.flatnonzero(p)[0]
            assert p[tn.sample(row, u=1 - 2.0**-53, **setting)] > 0


def test_tokens_too_improbable_for_float32_are_passed_over_at_u_0() -> None:
    # Whole chunks of them before the first that has a probability.
    row = np.full(2000, -1000.0, np.float32)
    row[1777] = 0.0
    assert tn.sample(row, u=0.0) == 1777


@pytest.mark.usefixtures("level")
def test_many_draws_are_the_draws_of_each_u() -> None:
    row = np.random.default_rng(0).normal(0, 2, 3000).astype(np.float32)
    u = np.random.default_rng(1).random(50)
    many = tn.sample(row, u=u, num_samples=50, top_p=0.9)
    assert np.asarray(many).tolist() == [tn.sample(row, u=x, top_p=0.9) for x in u]
