"""The settings of a call as a chain of stages, the distribution that it leaves, and the tokens drawn from that."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.randomness import Seed, as_generator, as_uniforms
from thermonucleus.reference.stages import STAGES, entropy_temperature
from thermonucleus.reference.weights import SMALLEST, Row, softmax
from thermonucleus.settings import settings_table

__all__ = ["Step", "apply_steps", "distribution", "draw", "draw_token", "probabilities", "row_probabilities", "sample"]

Step = tuple[str, *tuple[float, ...]]
"""The name of a stage, then its numbers."""


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
    """Compute the distribution of one row: the temperature, then each truncation on what the one before left, or these first."""
    heat: list[Step] = [("temperature", temperature)]
    cuts: list[Step] = [("top_k", top_k), ("top_p", top_p), ("min_p", min_p)]
    return distribution(x, cuts + heat if temperature_last else heat + cuts)


def apply_steps(x: Row, steps: Iterable[Step]) -> Row:
    """Take a row through stages, in the order of the steps, and return the logits that the last one leaves.

    Parameters
    ----------
    x : ndarray of float64
        The logits of one row.
    steps : iterable of tuples
        The name of a stage of `thermonucleus.reference.stages.STAGES`, then its numbers. `min_k` is told what the temperatures
        before it have divided by.

    Returns
    -------
    ndarray of float64
        New logits, -inf for what was cut.

    Raises
    ------
    ValueError
        If the row holds NaN, +inf or nothing but -inf.

    Examples
    --------
    >>> np.exp(apply_steps(np.log([0.1, 0.2, 0.3, 0.4]), [("top_k", 3), ("min_p", 0.6)]))
    array([0. , 0. , 0.3, 0.4])
    """
    if not (x < np.inf).all() or x.max() == -np.inf:
        raise ValueError("logits must be finite or -inf, and not -inf throughout")
    divided_by = 1.0
    for step in steps:
        name, *numbers = step
        if name == "dynamic_temperature":
            name, numbers = "temperature", [entropy_temperature(x, *numbers)]
        if name == "temperature":
            divided_by *= numbers[0]
        if name == "min_k":
            numbers = [*numbers, divided_by]
        x = STAGES[name](x, *numbers)
    return x


def distribution(x: Row, steps: Sequence[Step]) -> Row:
    """Compute what a token is drawn from after the steps; with XTC, over both ways in which its coin may fall.

    Examples
    --------
    >>> distribution(np.log([0.4, 0.3, 0.15, 0.1, 0.05]), [("xtc", 0.5, 0.1)]).round(4)
    array([0.2   , 0.15  , 0.075 , 0.3833, 0.1917])
    """
    probability, applied, skipped = both_ways(steps)
    if 0 < probability < 1:
        return probability * distribution(x, applied) + (1 - probability) * distribution(x, skipped)
    p = softmax(apply_steps(x, steps))
    p[p <= SMALLEST] = 0.0
    return p


def draw_token(x: Row, steps: Sequence[Step], u: float) -> int:
    """Draw a token after the steps by one uniform number, which is XTC's coin as well.

    XTC is applied if u is less than its probability. The place of u within the part of [0, 1) that it fell into is uniform again,
    and draws the token.

    Examples
    --------
    >>> [draw_token(np.log([0.4, 0.3, 0.15, 0.1, 0.05]), [("xtc", 0.5, 0.1)], u) for u in (0.25, 0.35, 0.5, 0.75)]
    [3, 4, 0, 1]
    """
    probability, applied, skipped = both_ways(steps)
    if u < probability:
        steps, u = applied, u / probability
    else:
        steps, u = skipped, (u - probability) / (1 - probability)
    return int(draw(distribution(x, steps), np.asarray(u)))


def both_ways(steps: Sequence[Step]) -> tuple[float, list[Step], list[Step]]:
    """Return the probability of XTC, the steps with its coin fallen so that it is applied, and the steps without it."""
    probability = 0.0
    applied: list[Step] = []
    skipped: list[Step] = []
    for step in steps:
        name, *numbers = step
        if name == "xtc":
            probability, *others = numbers
            numbers = [1.0, *others]
        else:
            skipped.append(step)
        applied.append((name, *numbers))
    return probability, applied, skipped


def draw(p: Row, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the token at which the running sum of p, in index order, exceeds u times the whole: for each u."""
    running = np.cumsum(p)
    tokens: NDArray[np.int64] = np.minimum(np.searchsorted(running, u * running[-1], side="right"), np.flatnonzero(p)[-1])
    return tokens
