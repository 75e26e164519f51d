"""What a draw changes for the next one: mirostat's mu, adaptive-p's sums, and the laws by which they act on a row."""

import math

import numpy as np

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


def mirostat_update(mu: float, surprise: float, tau: float, eta: float) -> float:
    """Compute the next mu of mirostat, which is 2 tau at the start.

    Parameters
    ----------
    mu : float
        The one that the token was drawn with.
    surprise : float
        Of the token drawn: in llama.cpp among the tokens that were kept, in the paper's code among all.
    tau : float
        The surprise aimed at, in bits.
    eta : float
        The step, as a part of the difference.

    Examples
    --------
    >>> mirostat_update(2.0, 1.5, 1.0, 0.5)
    1.75
    """
    return mu - eta * (surprise - tau)


def adapted_target(target: float, weighted_sum: float, total_weight: float) -> float:
    """Compute the target of the next draw: as far on the other side of the target as the mean of the draws so far.

    Examples
    --------
    >>> round(adapted_target(0.3, 3.1, 10.0), 6)
    0.29
    """
    return target if total_weight == 0 else min(max(2 * target - weighted_sum / total_weight, 0.0), 1.0)


def adaptive_sums(weighted_sum: float, total_weight: float, p: float, decay: float) -> tuple[float, float]:
    """Compute the sums of `adapted_target` after a draw; at the start they are target / (1 - decay) and 1 / (1 - decay).

    Parameters
    ----------
    weighted_sum, total_weight : float
        Those before the draw.
    p : float
        The probability of the token drawn, as adaptive-p was given it.
    decay : float
        What part of the sums stays.

    Examples
    --------
    >>> adaptive_sums(3.0, 10.0, 0.4, 0.9)
    (3.1, 10.0)
    """
    return p + decay * weighted_sum, 1 + decay * total_weight
