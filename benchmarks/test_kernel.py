"""One draw through `Sampler`, instruction level by instruction level, next to the floor: one read of the row by `np.max`.

Run as ``pytest benchmarks``; in the table of each kind and size of row, the numbers in parentheses are ratios to the fastest line,
which on a long row is the floor. The oracle's lines of the same tables come from test_oracle.py.
"""

from functools import cache
from itertools import cycle

import numpy as np
import pytest
from one_draw import SETTINGS, SIZES
from pytest_benchmark.fixture import BenchmarkFixture

import thermonucleus as tn
from thermonucleus.kernel import dispatch
from thermonucleus.rows import KINDS, pool

cached_pool = cache(pool)

pytestmark = [
    pytest.mark.benchmark(max_time=0.1, warmup=True, warmup_iterations=32),
    pytest.mark.parametrize("kind", KINDS),
    pytest.mark.parametrize("size", SIZES),
]


def label(benchmark: BenchmarkFixture, kind: str, size: int, line: str) -> None:
    """Name the table and the line in it."""
    benchmark.group = f"one draw, {kind}, V = {size:,}"
    benchmark.name = line


def test_floor(benchmark: BenchmarkFixture, kind: str, size: int) -> None:
    label(benchmark, kind, size, "np.max")
    rows = cycle(cached_pool(kind, size))
    assert np.isfinite(benchmark(lambda: np.max(next(rows))))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("level", tn.targets())
def test_sampler(benchmark: BenchmarkFixture, kind: str, size: int, settings: str, level: str) -> None:
    label(benchmark, kind, size, f"{settings} {level}")
    sampler = tn.Sampler(rng=0, **SETTINGS[settings])
    rows = cycle(cached_pool(kind, size))

    def call() -> object:
        return sampler(next(rows))

    with dispatch.using(level):
        assert benchmark(call) in range(size)
