"""The float64 oracle at the settings of test_kernel.py, in the same tables: what plain NumPy takes for the same token."""

from functools import cache
from itertools import cycle

import pytest
from one_draw import SETTINGS, SIZES
from pytest_benchmark.fixture import BenchmarkFixture

from thermonucleus import reference
from thermonucleus.rows import KINDS, pool

cached_pool = cache(pool)


@pytest.mark.benchmark(max_time=0.1)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_reference(benchmark: BenchmarkFixture, kind: str, size: int, settings: str) -> None:
    benchmark.group = f"one draw, {kind}, V = {size:,}"
    benchmark.name = f"{settings} reference"
    rows = cycle(cached_pool(kind, size))
    assert benchmark(lambda: reference.sample(next(rows), u=0.5, **SETTINGS[settings])) in range(size)
