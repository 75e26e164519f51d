"""Weights and probabilities of a row, and what is measured on them: what the stages are made of."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ROUNDING",
    "SMALLEST",
    "Row",
    "below_largest",
    "cut",
    "cut_below",
    "entropy",
    "normalised",
    "present",
    "softmax",
    "surprises",
]

Row = NDArray[np.float64]

ROUNDING = 1e-6
"""What counts as rounding: this part of the whole in a sum, and this part of the threshold in a probability.

Chosen. A sum or a probability that falls short of its bound by less has reached it; a sum that may not exceed its bound may do so
by less. A distance between logits takes it as it is: logits that differ by 1e-6 have probabilities that differ by that part.
"""

SMALLEST = 2.0**-150
"""Half of float32's smallest number. A probability no larger than this rounds to 0 in float32, and counts as 0.

The kernel's number of this name is half of this one, because there it makes a cutoff: the cutoff has a rounding error of its own,
and must not lose a probability that rounds to float32's smallest number. The kernel rounds what passes to float32, and draws no 0.
"""


def softmax(x: Row) -> Row:
    """Probabilities proportional to exp(x)."""
    # Without the largest logit subtracted, the deck's softmax (slides 2, 3, 5, 7, 10, 14) overflows on large ones.
    return normalised(np.exp(below_largest(x)))


def normalised(weights: Row) -> Row:
    """Divide the weights by their sum."""
    p: Row = weights / weights.sum()
    return p


def surprises(x: Row) -> Row:
    """Compute -ln p for each token, in nats."""
    d = below_largest(x)
    weights = np.exp(d)
    # With the largest apart, its surprise keeps its digits where it has nearly everything.
    weights[d.argmax()] = 0.0
    s: Row = np.log1p(weights.sum()) - d
    return s


def entropy(x: Row) -> float:
    """Compute the mean surprise, the sum of -p ln p, in nats.

    Examples
    --------
    >>> round(entropy(np.log([0.5, 0.25, 0.125, 0.0625, 0.0625])), 6)
    1.299651
    """
    s = surprises(x[x > -np.inf])
    return float((np.exp(-s) * s).sum())


def below_largest(x: Row) -> Row:
    """Subtract the largest logit."""
    with np.errstate(over="ignore"):
        d: Row = x - x.max()
    return d


def present(x: Row) -> Row:
    """Return the logits of the tokens that are left, largest first."""
    return np.sort(x[x > -np.inf])[::-1]


def cut(x: Row, kept: NDArray[np.bool_]) -> Row:
    """Return the logits of what is kept, -inf for the rest."""
    return np.where(kept, x, -np.inf)


def cut_below(x: Row, p: Row, threshold: float) -> Row:
    """Cut the tokens whose p is less than the threshold; the most probable stay, however high it is."""
    return cut(x, p >= min(threshold * (1 - ROUNDING), p.max()))
