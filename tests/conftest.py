"""What the tests of the text package share: one trained model, and samplers that stand in."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from thermonucleus.text import LanguageModel, builtin_corpus

Sampler = Callable[[NDArray[np.float32]], int]


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    return builtin_corpus()


@pytest.fixture(scope="session")
def language_model(corpus: list[str]) -> LanguageModel:
    return LanguageModel.train(corpus)


@pytest.fixture
def greedy() -> Sampler:
    return lambda row: int(row.argmax())


@pytest.fixture
def random_sampler() -> Sampler:
    rng = np.random.default_rng(1)

    def draw(row: NDArray[np.float32]) -> int:
        weights = np.exp(row - row.max(), dtype=np.float64)
        return int(rng.choice(len(row), p=weights / weights.sum()))

    return draw
