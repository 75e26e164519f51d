"""The slides' functions. They draw with `sample`, and are listed with their fast twins in `thermonucleus.functional`."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.randomness import Seed
from thermonucleus.reference.sampling import probabilities, sample
from thermonucleus.reference.stages import nucleus_floor
from thermonucleus.reference.weights import normalised

__all__ = [
    "adaptive_sampling",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "get_token_probs",
    "sample_with_temperature",
    "token_probabilities",
    "top_p_sampling",
]


def sample_with_temperature(logits: ArrayLike, temperature: float = 1.0, *, rng: Seed = None) -> int | NDArray[np.int64]:
    """Slides 1 and 3."""
    return sample(logits, temperature=temperature, rng=rng)


def apply_temperature(logits: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Slides 2 and 5."""
    return probabilities(logits, temperature=temperature)


def top_p_sampling(logits: ArrayLike, p: float = 0.9, *, rng: Seed = None) -> int | NDArray[np.int64]:
    """Slide 4."""
    return sample(logits, top_p=p, rng=rng)


def apply_top_p(probs: ArrayLike, p: float) -> NDArray[np.float64]:
    """Slide 5, on one row of probabilities."""
    row = np.asarray(probs, np.float64)
    row = row / row.max()
    if p == 1:
        return normalised(row)
    return normalised(np.where(row >= nucleus_floor(row, normalised(row), p), row, 0.0))


def get_token_probs(logits: ArrayLike, temperature: float = 1.0, top_p: float = 1.0) -> NDArray[np.float64]:
    """Slide 7."""
    return probabilities(logits, temperature=temperature, top_p=top_p)


def token_probabilities(logits: ArrayLike, temperature: float, top_p: float) -> NDArray[np.float64]:
    """Slide 14."""
    return probabilities(logits, temperature=temperature, top_p=top_p)


def combined_sampling(logits: ArrayLike, temperature: float, top_p: float, *, rng: Seed = None) -> int | NDArray[np.int64]:
    """Slide 10."""
    return sample(logits, temperature=temperature, top_p=top_p, rng=rng)


def adaptive_sampling(
    logits: ArrayLike, base_temperature: float, base_top_p: float, context: Sequence[Hashable], *, rng: Seed = None
) -> int | NDArray[np.int64]:
    """Slide 13."""
    variety = len(set(context)) / len(context) if len(context) else 0.0
    temperature = base_temperature * (1 + 0.01 * len(context))
    return combined_sampling(logits, temperature, min(base_top_p * (1 - 0.2 * variety), 1.0), rng=rng)
