"""Rows of logits like those that samplers meet, by name: what is timed, and what tests take where any row will do.

Nothing that samples imports this.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["HARD", "KINDS", "Row", "bfloat16", "flat", "language_model", "peaked", "pool"]

Row = NDArray[np.float32]

Make = Callable[[np.random.Generator, int], NDArray[np.float64]]


COMMONNESS, SPREAD, SPREAD_OF_COMMON, TAIL, CONFIDENCE = 1.2, 2.78, 0.08, 0.068, 0.13
"""Of `language_model`. Tuned: a search for what comes nearest to the numbers that `pytest tests/test_rows.py` holds them to."""

SPECIAL = 16
"""Chosen: so many tokens at the start of a vocabulary are marks of beginnings and ends, for which the rank says nothing."""


def language_model(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a row like those of a trained model with a byte-pair vocabulary.

    A token's logit falls with the logarithm of its id, since ids are ranks of merges, and merges are made in the order of how
    common they are: the tokens that matter stand close together at the beginning of the row. Around that it is nearly normal, with
    tails that are a little heavier, and common tokens vary more. A factor of the whole row, how confident the model is, makes the
    nuclei of rows as different as those of real rows are.

    It is fitted to 723 rows of SmolLM2-135M, of 49,152 logits: their standard deviation (3.3), their maximum above the mean (17.8
    at the median, 14.6 to 23.5 from 5% to 95%), their 0.95 nucleus at temperature 1 (24, 136, 476 and 1,385 tokens at the quartiles
    and at 95%) and 0.7 (3, 7, 24 and 101), their entropy (1.8, 2.9 and 4.2 nats at the quartiles), and where the ten largest logits
    stand. With another size the spread stays as it is, and the maximum grows with the logarithm of the size.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the row comes from.
    size : int
        Logits in the row, 1 or more.

    Returns
    -------
    ndarray
        The row, in float64, around a mean that is near 0.

    Examples
    --------
    >>> row = language_model(np.random.default_rng(0), 49_152)
    >>> bool(15 < row.max() - row.mean() < 24)
    True
    """
    common = np.log((size + SPECIAL) / (np.arange(size) + SPECIAL))
    common -= common.mean()
    noise = rng.standard_normal(size)
    noise += TAIL * noise * np.abs(noise)
    noise *= SPREAD + SPREAD_OF_COMMON * common
    row: NDArray[np.float64] = np.exp(CONFIDENCE * rng.standard_normal()) * (COMMONNESS * common + noise)
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
    """Return a language model's row of which a grammar allows half, and one token in any case."""
    allowed = rng.random(size) < 0.5
    allowed[rng.integers(size)] = True
    return np.where(allowed, language_model(rng, size), -np.inf)


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
