"""What a caller calls: `sample`, `Sampler`, `probabilities`, batches, many draws from a row, and the slides' functions."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture
from slides import SLIDES, Slide

import thermonucleus as tn
from thermonucleus.rows import Row, pool

SIZES = [1000, 128_256]
BATCH = 64
SETTINGS: dict[str, Any] = {"temperature": 0.8, "top_p": 0.95}

pytestmark = [pytest.mark.benchmark(max_time=0.2), pytest.mark.parametrize("size", SIZES)]


@cache
def language_model_rows(size: int) -> list[Row]:
    return pool("language model", size)


@cache
def batch(size: int) -> NDArray[np.float32]:
    return np.stack(pool("language model", size, BATCH))


@pytest.fixture
def rows(size: int) -> Iterator[Row]:
    """Rows like a language model's, without end."""
    return cycle(language_model_rows(size))


@pytest.fixture
def one_row(benchmark: BenchmarkFixture, size: int) -> BenchmarkFixture:
    benchmark.group = f"API, one row, V = {size:,}"
    return benchmark


@pytest.fixture
def many_rows(benchmark: BenchmarkFixture, size: int) -> BenchmarkFixture:
    benchmark.group = f"API, {BATCH} rows, V = {size:,}"
    return benchmark


def test_sample(one_row: BenchmarkFixture, rows: Iterator[Row]) -> None:
    one_row.name = "sample"
    one_row(lambda: tn.sample(next(rows), **SETTINGS))


def test_sample_generator(one_row: BenchmarkFixture, rows: Iterator[Row]) -> None:
    one_row.name = "sample, a generator that is kept"
    generator = np.random.default_rng(0)
    one_row(lambda: tn.sample(next(rows), rng=generator, **SETTINGS))


def test_sampler(one_row: BenchmarkFixture, rows: Iterator[Row]) -> None:
    one_row.name = "Sampler"
    sampler = tn.Sampler(rng=0, **SETTINGS)
    one_row(lambda: sampler(next(rows)))


def test_many_draws(one_row: BenchmarkFixture, rows: Iterator[Row]) -> None:
    one_row.name = "Sampler, num_samples=1000"
    sampler = tn.Sampler(rng=0, **SETTINGS)
    assert np.shape(one_row(lambda: sampler(next(rows), num_samples=1000))) == (1000,)


def test_probabilities(one_row: BenchmarkFixture, rows: Iterator[Row]) -> None:
    one_row.name = "probabilities"
    one_row(lambda: tn.probabilities(next(rows), **SETTINGS))


def test_probabilities_out(one_row: BenchmarkFixture, rows: Iterator[Row], size: int) -> None:
    one_row.name = "probabilities, out="
    out = np.empty(size, np.float32)
    assert one_row(lambda: tn.probabilities(next(rows), out=out, **SETTINGS)) is out


@pytest.mark.parametrize("workers", [1, 2])
def test_batch(many_rows: BenchmarkFixture, size: int, workers: int) -> None:
    many_rows.name = f"Sampler, workers={workers}"
    sampler = tn.Sampler(rng=0, workers=workers, **SETTINGS)
    assert np.shape(many_rows(sampler, batch(size))) == (BATCH,)


@pytest.mark.parametrize("workers", [1, 2])
def test_batch_probabilities(many_rows: BenchmarkFixture, size: int, workers: int) -> None:
    many_rows.name = f"probabilities, workers={workers}"
    logits = batch(size)
    assert many_rows(lambda: tn.probabilities(logits, workers=workers, **SETTINGS)).shape == logits.shape


@pytest.mark.parametrize("way", ["naive", "here"])
@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.name)
def test_slide(benchmark: BenchmarkFixture, slide: Slide, way: str, size: int) -> None:
    benchmark.group = f"slide {slide.numbers}, {slide.name}, V = {size:,}"
    benchmark.name = way
    call: Callable[[Row], object] = slide.naively() if way == "naive" else slide.here()
    rows = cycle([slide.prepare(row) for row in language_model_rows(size)])
    benchmark(lambda: call(next(rows)))
