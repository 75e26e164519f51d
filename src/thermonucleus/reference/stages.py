"""What temperature and the truncations do with a row."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROUNDING", "SMALLEST", "Row", "normalised", "nucleus_floor", "softmax"]

Row = NDArray[np.float64]

ROUNDING = 1e-6
"""A sum that falls short of top_p by less than this has reached it, and so has a probability that falls short of min_p."""

SMALLEST = 2.0**-150
"""Half of float32's smallest number. A probability no larger than this rounds to 0 in float32, and counts as 0.

The kernel's number of this name is half of this one, because there it makes a cutoff: the cutoff has a rounding error of its own,
and must not lose a probability that rounds to float32's smallest number. The kernel rounds what passes to float32, and draws no 0.
"""


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
