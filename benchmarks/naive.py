"""The slides' functions done naively, the faults of the slides included: what thermonucleus is compared against.

Nothing here is to be used. Each function says which slide it follows and what goes wrong there.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

# The slides draw from NumPy's global state; one generator with a seed lets a comparison say the same thing each time it is run.
RNG = np.random.default_rng(0)


def overflowing_softmax(scaled: Row) -> Row:
    """The slides' softmax: each exponential is taken twice, and overflows where a scaled logit exceeds 709 (88 in float32)."""
    p: Row = np.exp(scaled) / np.exp(scaled).sum()
    return p


def first_above(running: Row, p: float) -> int:
    """The slides' end of the nucleus: IndexError where no sum exceeds p, one token too many where one equals it."""
    return int(np.flatnonzero(running > p)[0])


def sample_with_temperature(logits: Row, temperature: float = 1.0) -> int:
    """Slide 3: large logits, and temperature 0, end as NaN in the draw; a list has no division."""
    p = overflowing_softmax(logits / temperature)
    return int(RNG.choice(len(logits), p=p))


def apply_temperature(logits: Row, temperature: float) -> Row:
    """Slides 2 and 5: large logits, and temperature 0, come out as NaN; a list has no division."""
    return overflowing_softmax(logits / temperature)


def top_p_sampling(logits: Row, p: float = 0.9) -> int:
    """Slide 4: cumulates logits where it means probabilities, sorts twice, and writes -inf into its input.

    So the largest logit is drawn always if it exceeds p, nothing can be drawn if all are negative, and integers cannot hold -inf.
    """
    descending = np.sort(logits)[::-1]
    order = np.argsort(logits)[::-1]
    outside = np.ones(len(logits), bool)
    outside[order[: first_above(np.cumsum(descending), p) + 1]] = False
    logits[outside] = -np.inf
    return int(RNG.choice(len(logits), p=overflowing_softmax(logits)))


def apply_top_p(probs: Row, p: float) -> Row:
    """Slide 5: writes into its input, sorts all of it, fails at p = 1, and keeps a token too many where a sum equals p."""
    descending = np.sort(probs)[::-1]
    probs[probs < descending[first_above(np.cumsum(descending), p)]] = 0
    cut: Row = probs / probs.sum()
    return cut


def get_token_probs(logits: Row, temperature: float = 1.0, top_p: float = 1.0) -> Row:
    """Slide 7: the softmax of slide 2 and the cut of slide 5, with what is wrong with either."""
    p = overflowing_softmax(logits / temperature)
    return apply_top_p(p, top_p) if top_p < 1.0 else p


def token_probabilities(logits: Row, temperature: float, top_p: float) -> Row:
    """Slide 14: as slide 7, but at top_p = 1 it looks for a token past the last."""
    p = overflowing_softmax(logits / temperature)
    descending = np.sort(p)[::-1]
    running = np.cumsum(descending)
    last = len(p) if top_p >= 1.0 else first_above(running, top_p)
    p[p < descending[last]] = 0
    cut: Row = p / p.sum()
    return cut


def combined_sampling(logits: Row, temperature: float, top_p: float) -> int:
    """Slide 10: as slide 7, but at top_p = 1 rounding decides whether a sum exceeds it."""
    p = apply_top_p(overflowing_softmax(logits / temperature), top_p)
    return int(RNG.choice(len(logits), p=p))


def adaptive_sampling(logits: Row, base_temperature: float, base_top_p: float, context: Sequence[Hashable]) -> int:
    """Slide 13: divides by the length of an empty context, and calls slide 10."""
    variety = len(set(context)) / len(context)
    return combined_sampling(logits, base_temperature * (1 + 0.01 * len(context)), base_top_p * (1 - 0.2 * variety))
