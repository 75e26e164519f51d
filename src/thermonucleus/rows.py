"""Rows of logits like those that samplers meet, by name: what is timed, and what tests take where any row will do.

Nothing that samples imports this.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["HARD", "KINDS", "Row", "bfloat16", "flat", "language_model", "peaked", "pool"]

Row = NDArray[np.float32]

Make = Callable[[np.random.Generator, int], NDArray[np.float64]]


def language_model(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a bulk of N(0, 2) under a head that falls with the logarithm of the rank, as a trained model's logits do.

    At temperature 0.8 the 0.95 nucleus holds some 10 to 200 tokens.
    """
    row = rng.normal(0, 2, size)
    head = rng.permutation(size)[:2000]
    ranks = np.arange(1, len(head) + 1)
    row[head] = np.maximum(row[head], 15 - rng.uniform(1.35, 1.8) * np.log(ranks) + rng.normal(0, 0.3, len(head)))
    return row


def flat(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return N(0, 1): the 0.95 nucleus at temperature 0.8 is two thirds of the vocabulary."""
    return rng.normal(0, 1, size)


def peaked(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a row with one token above 0.999."""
    row = rng.normal(0, 2, size)
    row[rng.integers(size)] = 30
    return row


KINDS: dict[str, Make] = {
    "language model": language_model,
    "flat": flat,
    "peaked": peaked,
}
"""Rows of logits like those that samplers meet, by name."""


def masked(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a language model's row of which a grammar allows half."""
    return np.where(rng.random(size) < 0.5, -np.inf, language_model(rng, size))


def bfloat16(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the upper half of the bits, as a model in bfloat16 does: thousands of ties."""
    return (row.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32).astype(np.float64)


def largest_last(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a language model's row whose last token is above all others."""
    row = language_model(rng, size)
    row[-1] = row.max() + 1
    return row


HARD: dict[str, Make] = {
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


def pool(kind: str, size: int, count: int = 32, seed: int = 0) -> list[Row]:
    """Return rows of a kind: enough of them that no branch predictor learns one by heart.

    Parameters
    ----------
    kind : str
        One of `KINDS` or `HARD`.
    size : int
        Logits in a row.
    count : int, default 32
        Rows.
    seed : int, default 0
        The same seed gives the same rows.

    Returns
    -------
    list of ndarray
        Rows of float32.

    Examples
    --------
    >>> [row.shape for row in pool("flat", 1000, count=2)]
    [(1000,), (1000,)]
    """
    rng = np.random.default_rng(seed)
    make = (KINDS | HARD)[kind]
    return [make(rng, size).astype(np.float32) for _ in range(count)]
