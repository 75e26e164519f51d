"""What a draw changes for the next one, mirostat's mu and adaptive-p's sums, and the laws by which they act on a row.

How they follow the draws is said in `thermonucleus.state`, on floats or arrays; the functions are here too.
"""

import math

import numpy as np

from thermonucleus.laws import adapted_target, adaptive_sums, mirostat_update
from thermonucleus.reference.weights import Row, present, surprises

__all__ = ["adapted_target", "adaptive_sums", "mirostat_update", "surprise", "zipf_count", "zipf_exponent"]


def zipf_exponent(x: Row, m: float = 100) -> float:
    """Fit the exponent of Zipf's law to the m most probable tokens, as mirostat does.

    Examples
    --------
    >>> round(zipf_exponent(-1.3 * np.log(np.arange(1, 51))), 6)
    1.3
    """
    values = present(x)[: int(m)]
    t = np.diff(np.log(np.arange(1, len(values) + 1)))
    return float((t * -np.diff(values)).sum() / (t * t).sum())


def zipf_count(exponent: float, mu: float, size: int) -> float:
    """Compute how many tokens have an expected surprise of mu bits under Zipf's law over `size` tokens: not rounded.

    Examples
    --------
    >>> round(zipf_count(1.3, 4.0, 50), 6)
    4.442534
    """
    epsilon = exponent - 1
    # The limit at 0 is 1 / ln(size).
    share = 1 / math.log(size) if epsilon == 0 else epsilon / -math.expm1(-epsilon * math.log(size))
    power = (math.log2(share) + mu) / exponent
    return 2.0**power if power < 1024 else math.inf


def surprise(x: Row, token: int) -> float:
    """Compute the surprise of a token in bits, -log2 of its probability.

    Examples
    --------
    >>> round(surprise(np.log([0.5, 0.25, 0.25]), 2), 6)
    2.0
    """
    return float(surprises(x)[token]) / math.log(2)
