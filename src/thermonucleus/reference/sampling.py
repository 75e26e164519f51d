"""The settings of a call, a distribution for each row, and the tokens drawn from it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.randomness import Seed, as_generator, as_uniforms
from thermonucleus.reference.stages import ROUNDING, SMALLEST, Row, normalised, nucleus_floor, softmax
from thermonucleus.settings import settings_table

__all__ = ["draw", "probabilities", "row_probabilities", "sample"]


def sample(
    logits: ArrayLike,
    *,
    temperature: ArrayLike = 1.0,
    top_k: ArrayLike | None = 0,
    top_p: ArrayLike = 1.0,
    min_p: ArrayLike = 0.0,
    temperature_last: ArrayLike = False,
    rng: Seed = None,
    u: ArrayLike | None = None,
    num_samples: int | None = None,
) -> int | NDArray[np.int64]:
    """Draw tokens as `thermonucleus.sample` does, from the same uniform numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from thermonucleus import reference
    >>> reference.sample(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7, u=0.5)
    3
    """
    p = probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, temperature_last=temperature_last)
    shape = p.shape[:-1] + (() if num_samples is None else (num_samples,))
    uniforms = as_generator(rng).random(shape) if u is None else as_uniforms(u, shape)
    if p.ndim == 1:
        tokens = draw(p, uniforms)
    else:
        tokens = np.array([draw(row, at) for row, at in zip(p, uniforms, strict=True)], np.int64).reshape(shape)
    return int(tokens) if shape == () else tokens


def probabilities(
    logits: ArrayLike,
    *,
    temperature: ArrayLike = 1.0,
    top_k: ArrayLike | None = 0,
    top_p: ArrayLike = 1.0,
    min_p: ArrayLike = 0.0,
    temperature_last: ArrayLike = False,
) -> NDArray[np.float64]:
    """Compute the distribution that `sample` draws from, as `thermonucleus.probabilities` does, in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from thermonucleus import reference
    >>> reference.probabilities(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7).round(4)
    array([0.    , 0.    , 0.4286, 0.5714])
    """
    x = np.asarray(logits, np.float64)
    table = settings_table(temperature, top_k, top_p, min_p, temperature_last, rows=len(x) if x.ndim == 2 else None)
    if x.ndim == 1:
        return row_probabilities(x, *table[0])
    table = np.broadcast_to(table, (len(x), table.shape[1]))
    return np.array([row_probabilities(row, *settings) for row, settings in zip(x, table, strict=True)]).reshape(x.shape)


def row_probabilities(x: Row, temperature: float, top_k: float, top_p: float, min_p: float, temperature_last: float = 0.0) -> Row:
    """Compute the distribution of one row: softmax, then each truncation on what the one before left."""
    p = softmax(x, 1.0 if temperature_last else temperature)
    kept = x > -np.inf
    if 0 < top_k < len(x):
        kept &= x >= np.sort(x)[-int(top_k)]
    if top_p < 1:
        kept &= x >= nucleus_floor(x[kept], normalised(p[kept]), top_p)
    if min_p > 0:
        kept &= p >= min_p * (1 - ROUNDING) * p.max()
    if temperature_last:
        p = softmax(x, temperature)
    p = normalised(np.where(kept, p, 0.0))
    p[p <= SMALLEST] = 0.0
    return p


def draw(p: Row, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the token at which the running sum of p, in index order, exceeds u times the whole: for each u."""
    running = np.cumsum(p)
    tokens: NDArray[np.int64] = np.minimum(np.searchsorted(running, u * running[-1], side="right"), np.flatnonzero(p)[-1])
    return tokens
