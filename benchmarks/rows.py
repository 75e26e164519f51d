"""Rows of logits like those that samplers meet, and the settings that they meet them with."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.cli.bench import KINDS, flat, language_model

__all__ = ["HARD", "KINDS", "SETTINGS", "SIZES", "Row", "flat", "language_model", "pool"]

Row = NDArray[np.float32]

SIZES = [5, 1000, 32_000, 128_256]
SETTINGS: dict[str, dict[str, Any]] = {
    "no truncation": {},
    "top_p=0.95 temperature=0.8": {"top_p": 0.95, "temperature": 0.8},
    "top_k=50 top_p=0.95 temperature=0.8": {"top_k": 50, "top_p": 0.95, "temperature": 0.8},
    "min_p=0.05": {"min_p": 0.05},
}


def pool(kind: str, size: int, count: int = 32, seed: int = 0) -> list[Row]:
    """Rows of a kind: enough of them that no branch predictor learns one by heart."""
    rng = np.random.default_rng(seed)
    make = (KINDS | HARD)[kind]
    return [make(rng, size).astype(np.float32) for _ in range(count)]


def masked(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """A language model's row of which a grammar allows half."""
    return np.where(rng.random(size) < 0.5, -np.inf, language_model(rng, size))


def bfloat16(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the upper half of the bits, as a model in bfloat16 does: thousands of ties."""
    return (row.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32).astype(np.float64)


def largest_last(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    row = language_model(rng, size)
    row[-1] = row.max() + 1
    return row


HARD: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "half masked": masked,
    "all equal": lambda rng, size: np.full(size, rng.normal()),
    "language model in bfloat16": lambda rng, size: bfloat16(language_model(rng, size)),
    "flat in bfloat16": lambda rng, size: bfloat16(flat(rng, size)),
    "ascending": lambda rng, size: np.sort(language_model(rng, size)),
    "descending": lambda rng, size: np.sort(language_model(rng, size))[::-1],
    "flat, ascending": lambda rng, size: np.sort(flat(rng, size)),
    "largest last": largest_last,
}
"""Rows that a way to be quick may stumble over."""
