"""The settings of a call as a chain of stages, the distribution that it leaves, and the tokens drawn from that."""

from collections.abc import Iterable, Sequence
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.randomness import Seed, as_generator, as_uniforms
from thermonucleus.reference.stages import STAGES, entropy_temperature
from thermonucleus.reference.weights import SMALLEST, Row, softmax
from thermonucleus.settings import Keywords, Requests, Step, as_plan, steps_in, takes_settings

__all__ = ["Step", "apply_steps", "distribution", "draw", "draw_token", "probabilities", "sample"]


@takes_settings
def sample(
    logits: ArrayLike,
    settings: Requests = None,
    *,
    rng: Seed = None,
    u: ArrayLike | None = None,
    num_samples: int | None = None,
    **keywords: Unpack[Keywords],
) -> int | NDArray[np.int64]:
    """Draw tokens as `thermonucleus.sample` does, from the same uniform numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from thermonucleus import reference
    >>> reference.sample(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7, u=0.5)
    3
    """
    rows, chains = _with_steps(logits, settings, keywords)
    for row in np.atleast_2d(rows):  # before the generator advances
        check_row(row)
    shape = rows.shape[:-1] + (() if num_samples is None else (num_samples,))
    uniforms = as_generator(rng).random(shape) if u is None else as_uniforms(u, shape)
    if rows.ndim == 1:
        tokens = draw_tokens(rows, chains[0], uniforms)
    else:
        drawn = [draw_tokens(row, steps, at) for row, steps, at in zip(rows, chains, uniforms, strict=True)]
        tokens = np.array(drawn, np.int64).reshape(shape)
    return int(tokens) if shape == () else tokens


@takes_settings
def probabilities(logits: ArrayLike, settings: Requests = None, **keywords: Unpack[Keywords]) -> NDArray[np.float64]:
    """Compute the distribution that `sample` draws from, as `thermonucleus.probabilities` does, in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from thermonucleus import reference
    >>> reference.probabilities(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7).round(4)
    array([0.    , 0.    , 0.4286, 0.5714])
    """
    rows, chains = _with_steps(logits, settings, keywords)
    if rows.ndim == 1:
        return distribution(rows, chains[0])
    return np.array([distribution(row, steps) for row, steps in zip(rows, chains, strict=True)]).reshape(rows.shape)


def _with_steps(logits: ArrayLike, settings: Requests, keywords: Keywords) -> tuple[NDArray[np.float64], list[list[Step]]]:
    """Return the logits in float64, and for each row the steps that its settings ask for."""
    rows = np.asarray(logits, np.float64)
    plan = as_plan(settings, keywords, len(rows) if rows.ndim == 2 else None)
    steps = [steps_in(row) for row in plan]
    return rows, steps * len(rows) if rows.ndim == 2 and len(steps) == 1 else steps


def apply_steps(x: Row, steps: Iterable[Step]) -> Row:
    """Take a row through stages, in the order of the steps, and return the logits that the last one leaves.

    Parameters
    ----------
    x : ndarray of float64
        The logits of one row.
    steps : iterable of tuples
        As `thermonucleus.settings.steps_of` returns them: the name of a stage of `thermonucleus.reference.stages.STAGES`, then
        its numbers. `min_k` is told what the temperatures before it have divided by.

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
    check_row(x)
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


def check_row(x: Row) -> None:
    """Raise a ValueError if the row holds NaN, +inf or nothing but -inf."""
    if not (x < np.inf).all() or x.max() == -np.inf:
        raise ValueError("logits must be finite or -inf, and not -inf throughout")


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


def draw_tokens(x: Row, steps: Sequence[Step], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw a token after the steps by each uniform number, which is XTC's coin as well.

    XTC is applied if u is less than its probability. The place of u within the part of [0, 1) that it fell into is uniform again,
    and draws the token.
    """
    probability, applied, skipped = both_ways(steps)
    tokens = np.empty(u.shape, np.int64)
    heads = u < probability
    if heads.any():
        tokens[heads] = draw(distribution(x, applied), u[heads] / probability)
    if not heads.all():
        tokens[~heads] = draw(distribution(x, skipped), (u[~heads] - probability) / (1 - probability))
    return tokens


def draw_token(x: Row, steps: Sequence[Step], u: float) -> int:
    """Draw a token after the steps by one uniform number.

    Examples
    --------
    >>> [draw_token(np.log([0.4, 0.3, 0.15, 0.1, 0.05]), [("xtc", 0.5, 0.1)], u) for u in (0.25, 0.35, 0.5, 0.75)]
    [3, 4, 0, 1]
    """
    return int(draw_tokens(x, steps, np.asarray(u, np.float64)))


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
