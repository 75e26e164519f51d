"""The same functions in plain float64 NumPy, written to be read: what each of them means.

The kernel is tested against this module, and measured against it. For the same logits, settings and `u` the two return the same
token, unless `u` falls within rounding (a few parts in 1e7) of the boundary between two tokens. Every function sorts and copies
as it likes, and takes arguments as the fast functions take them: settings, generators and uniform numbers are checked, the rest is
not.

The slides' functions draw with `sample`; they are listed with their fast twins in `thermonucleus.functional`.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.randomness import Seed, as_generator, as_uniforms
from thermonucleus.settings import settings_table

__all__ = [
    "adaptive_sampling",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "get_token_probs",
    "probabilities",
    "sample",
    "sample_with_temperature",
    "token_probabilities",
    "top_p_sampling",
]

Row = NDArray[np.float64]

ROUNDING = 1e-6
"""A sum that falls short of top_p by less than this has reached it, and so has a probability that falls short of min_p."""

SMALLEST = 2.0**-150
"""Half of float32's smallest number. A probability no larger than this rounds to 0 in float32, and counts as 0.

The kernel's number of this name is half of this one, because there it makes a cutoff: the cutoff has a rounding error of its own,
and must not lose a probability that rounds to float32's smallest number. The kernel rounds what passes to float32, and draws no 0.
"""


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


def softmax(x: Row, temperature: float) -> Row:
    """Probabilities proportional to exp(x / temperature); at temperature 0, all on the first of the largest."""
    if not (x < np.inf).all() or x.max() == -np.inf:
        raise ValueError("logits must be finite or -inf, and not -inf throughout")
    if temperature == 0:
        p = np.zeros_like(x)
        p[x.argmax()] = 1.0
        return p
    # Without the largest logit subtracted, the deck's softmax (slides 2, 3, 5, 7, 10, 14) overflows on large ones.
    with np.errstate(over="ignore"):
        weights: Row = np.exp((x - x.max()) / temperature)
    return normalised(weights)


def normalised(weights: Row) -> Row:
    """Divide the weights by their sum."""
    p: Row = weights / weights.sum()
    return p


def nucleus_floor(values: Row, p: Row, top_p: float) -> float:
    """Find the value of the last token of the nucleus: the first at which the sum of p reaches top_p.

    This is equation 2 of Holtzman et al. (2019). `values` are what the tokens are ordered by; tokens as large as the last one are
    in the nucleus too.
    """
    order = np.argsort(-values, kind="stable")
    reached = np.cumsum(p[order]) >= top_p - ROUNDING
    last = reached.argmax() if reached.any() else -1
    return float(values[order[last]])


def draw(p: Row, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the token at which the running sum of p, in index order, exceeds u times the whole: for each u."""
    running = np.cumsum(p)
    tokens: NDArray[np.int64] = np.minimum(np.searchsorted(running, u * running[-1], side="right"), np.flatnonzero(p)[-1])
    return tokens


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
