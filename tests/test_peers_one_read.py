"""The contestant in C++ of `benchmarks/peers.py`: it is a yardstick only as long as it is exact."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from contestants import gather
from contestants.contract import Contestant, Settings, System
from kept_sets import case, judge, row_cases

from thermonucleus import reference
from thermonucleus.rows import HARD, KINDS, pool

SYSTEMS, MISSING = gather(["one-read"])
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING.get("one-read", ""))
on_each_level = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: str(system.name))

SETTINGS = [
    Settings(),
    Settings(top_k=50),
    Settings(top_k=3000),
    Settings(temperature=0.3, top_p=0.999),
    Settings(temperature=1.5, top_p=0.5),
    Settings(temperature=2.0, top_p=0.01),
]
SIZES = [1, 2, 16, 17, 65, 1023, 1024, 1025, 4097, 9000]

Make = Callable[[np.random.Generator, int], np.ndarray[Any, np.dtype[np.float64]]]

STRANGE: dict[str, Make] = {
    "one token": lambda rng, size: np.where(np.arange(size) == rng.integers(size), rng.normal(), -np.inf),
    "two values": lambda rng, size: rng.integers(2, size=size).astype(float),
    "far apart": lambda rng, size: rng.normal(0, 200, size),
    "very far apart": lambda rng, size: rng.normal(0, 1e30, size),
    "far up": lambda rng, size: rng.normal(1e4, 3, size),
    "far down": lambda rng, size: rng.normal(-1e4, 3, size),
    "one far above the first": lambda rng, size: np.where(np.arange(size) == size - 1, 100, rng.normal(0, 1, size)),
    "first masked": lambda rng, size: np.where(np.arange(size) < size // 2, -np.inf, rng.normal(0, 3, size)),
    "a broad head": lambda rng, size: np.where(rng.random(size) < 0.1, rng.normal(6, 1.5, size), rng.normal(0, 1, size)),
    "a wide spread": lambda rng, size: rng.normal(0, 4, size),
}


def assert_exact(contestant: Contestant, row: np.ndarray[Any, np.dtype[np.float32]], settings: Settings) -> None:
    wanted, kept = case(row, settings), contestant.kept(row)
    assert not (kept & ~wanted.largest).any()
    assert not (wanted.smallest & ~kept).any()


@on_each_level
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_is_exact_on_the_rows_of_the_benchmark(system: System, settings: Settings) -> None:
    assert str(judge(system.make(settings), row_cases(settings, 9000), settings)) == "exact"


@on_each_level
@pytest.mark.parametrize("name", [*KINDS, *HARD, *STRANGE])
def test_is_exact_on_rows_of_every_size(system: System, name: str) -> None:
    make = (KINDS | HARD | STRANGE)[name]
    rng = np.random.default_rng(len(name))
    for settings in rng.choice(np.array(SETTINGS, object), 3, replace=False):
        contestant = system.make(settings)
        for size in SIZES:
            if size > 1 or name in STRANGE:
                row = make(rng, size).astype(np.float32)
                if np.isfinite(row).any():
                    assert_exact(contestant, row, settings)


@on_each_level
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_is_exact_on_random_rows(system: System, settings: Settings) -> None:
    """With spreads from flat to peaked, coarse and fine, masked or not: all ways that a row can take are among them."""
    rng = np.random.default_rng(6)
    contestant = system.make(settings)
    for _ in range(60):
        row = rng.normal(rng.normal(0, 20), rng.uniform(0.1, 6), rng.integers(1, 12_000)).astype(np.float32)
        if rng.random() < 0.3:
            row = np.round(row * 4).astype(np.float32) / np.float32(4)
        row[rng.random(len(row)) < rng.choice([0, 0, 0.5, 0.99])] = -np.inf
        row[rng.integers(len(row))] = rng.normal(0, 10)
        assert_exact(contestant, row, settings)


@on_each_level
@pytest.mark.parametrize("name", ["language model", "flat", "peaked", "all equal", "flat in bfloat16", "a broad head"])
@pytest.mark.parametrize("settings", SETTINGS[:2], ids=str)
def test_draws_what_it_keeps_as_often_as_it_should(system: System, name: str, settings: Settings) -> None:
    rng = np.random.default_rng(7)
    row = (KINDS | HARD | STRANGE)[name](rng, 6000).astype(np.float32)
    contestant = system.make(settings)
    batch = contestant.prepare(np.repeat(row[None], 50, axis=0))
    tokens = np.array([contestant.draw(batch) for _ in range(200)]).ravel()
    p = np.asarray(reference.probabilities(row, temperature=settings.temperature, top_k=settings.top_k, top_p=settings.top_p))
    assert contestant.kept(row)[tokens].all()
    # The running sum, which a token drawn too often or too rarely leaves behind; by Kolmogorov's bound, less once in 10,000 times.
    drawn = np.bincount(tokens, minlength=len(row)) / len(tokens)
    assert np.abs(np.cumsum(drawn) - np.cumsum(p)).max() < 2.23 / np.sqrt(len(tokens))
    parts = p[p > 0.01]
    assert np.abs(drawn[p > 0.01] - parts).max(initial=0) < 5 * np.sqrt(0.25 / len(tokens))


@on_each_level
def test_draws_another_token_each_time_and_rows_of_a_batch_apart(system: System) -> None:
    contestant = system.make(Settings())
    batch = contestant.prepare(np.stack(pool("flat", 5000, 8)))
    drawn = [contestant.draw(batch) for _ in range(5)]
    assert len({token for tokens in drawn for token in tokens}) > 35
    masked = np.full((3, 2000), -np.inf, np.float32)
    masked[[0, 1, 2], [5, 1999, 1024]] = 0
    assert contestant.draw(contestant.prepare(masked)) == [5, 1999, 1024]


@on_each_level
@pytest.mark.parametrize("settings", SETTINGS[:2], ids=str)
@pytest.mark.parametrize("wrong", [np.nan, -np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 500, 6999])
def test_refuses_what_cannot_be_sampled_from(system: System, settings: Settings, wrong: float, place: int) -> None:
    contestant = system.make(settings)
    for kind in ("language model", "flat"):
        row = pool(kind, 7000, 1)[0].copy()
        row[place] = wrong
        with pytest.raises(ValueError, match=r"NaN or \+inf"):
            contestant.draw(contestant.prepare(row[None]))
    with pytest.raises(ValueError, match="all logits are -inf"):
        contestant.draw(contestant.prepare(np.full((1, 7000), -np.inf, np.float32)))


@on_each_level
def test_refuses_other_arrays(system: System) -> None:
    contestant = system.make(Settings())
    for array in (np.zeros((1, 8)), np.zeros((8, 2), np.float32).T, np.zeros(8, np.float32)):
        with pytest.raises(TypeError, match="contiguous float32"):
            contestant.draw(array)
