"""The functions of a slide deck on temperature and top-p, under the deck's names, each a call of the library.

They take what the deck's take and answer what the deck's mean to; what the deck's get wrong is named with each of them. All of
them leave their input as it is, compute with the largest logit subtracted, so that no logit is too large, and accept a batch
(B, V) where the deck has a row.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.logits import Logits, as_real_array, explain_values
from thermonucleus.randomness import Seed
from thermonucleus.sampling import probabilities, sample
from thermonucleus.settings import check_fraction, check_temperature

__all__ = [
    "adaptive_sampling",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "get_token_probs",
    "sample_with_temperature",
    "token_probabilities",
    "top_p_sampling",
]

ROUNDING = 1e-6
"""A sum of probabilities that falls short of p by less than this has reached it."""

Tokens = int | NDArray[np.int64]


def sample_with_temperature(logits: Logits, temperature: float = 1.0, *, rng: Seed = None) -> Tokens:
    """Draw a token from the softmax of the logits divided by the temperature (slides 1 and 3).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    temperature : float, default 1.0
        0 or more; 0 takes the largest logit.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    int or ndarray of int64
        The token; (B,) for a batch. (Slide 1 returns a tensor of one element.)

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.sample`.

    Notes
    -----
    Slide 3 overflows to NaN on logits above some 700 times the temperature; both divide by zero at temperature 0.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.sample_with_temperature([1.0, 2.0, 3.0, 4.0], temperature=0.5, rng=0)
    3
    """
    return sample(logits, temperature=temperature, rng=rng)


def apply_temperature(logits: Logits, temperature: float) -> NDArray[np.float32]:
    """Compute the softmax of the logits divided by the temperature (slides 2 and 5).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    temperature : float
        0 or more; 0 puts everything on the largest logit.

    Returns
    -------
    ndarray of float32, of the shape of `logits`
        The probabilities.

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.probabilities`.

    Notes
    -----
    The slides' exponential overflows to NaN on large logits or at low temperatures.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.apply_temperature([1, 2, 3, 4, 5], 2.0).round(3)
    array([0.058, 0.096, 0.158, 0.26 , 0.429], dtype=float32)
    """
    return probabilities(logits, temperature=temperature)


def top_p_sampling(logits: Logits, p: float = 0.9, *, rng: Seed = None) -> Tokens:
    """Draw a token from the nucleus of the logits' softmax (slide 4).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    p : float, default 0.9
        From 0 to 1; `top_p` of `thermonucleus.sample`.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    int or ndarray of int64
        The token; (B,) for a batch.

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.sample`.

    Notes
    -----
    Slide 4 sums raw logits where it means probabilities, writes -inf into its input, crashes on integers (OverflowError) and
    overflows on large logits. Slide 9's function of the same name takes probabilities and returns them: that one is
    `apply_top_p` here.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.top_p_sampling([1, 2, 3, 4, 5], p=0.5, rng=0)
    4
    """
    check_fraction(p, name="p")
    return sample(logits, top_p=p, rng=rng)


def apply_top_p(probs: ArrayLike, p: float) -> NDArray[np.float64]:
    """Cut probabilities down to their nucleus and renormalise them (slides 5 and 9).

    Probabilities come in and go out: there is no exponential to take and nothing to draw, so this is done in float64 throughout,
    and no two probabilities that differ are taken for equal.

    Parameters
    ----------
    probs : array_like of shape (V,) or (B, V)
        Probabilities, 0 or more. They need not sum to 1: `p` is a share of their sum.
    p : float
        From 0 to 1; `top_p` of `thermonucleus.sample`.

    Returns
    -------
    ndarray of float64, of the shape of `probs`
        The probabilities, 0 outside the nucleus, with a sum of 1.

    Raises
    ------
    ValueError, TypeError
        If `p` is out of range, or if probabilities are negative, NaN, infinite, or all 0.

    Notes
    -----
    The slides fail at p = 1 (IndexError on slide 5, StopIteration on slide 9) and slide 5 writes into its input.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.apply_top_p([0.5, 0.3, 0.1, 0.1], 0.8)
    array([0.625, 0.375, 0.   , 0.   ])
    """
    share = float(check_fraction(p, name="p"))
    array = as_real_array(probs, "probs")
    rows = np.atleast_2d(array).astype(np.float64)
    for i in range(len(rows)):
        rows[i] = _nucleus(rows, i, share)
    return rows.reshape(array.shape)


def _nucleus(rows: NDArray[np.float64], i: int, p: float) -> NDArray[np.float64]:
    """Return the row's nucleus: its probabilities over their sum, 0 outside."""
    fault = explain_values("probs", "finite and 0 or more", rows, i, lambda x: (x >= 0) & (x < np.inf))
    if fault:
        raise fault
    highest = rows[i].max()
    if highest == 0:
        raise ValueError(f"probs must not be 0 throughout, as row {i} is")
    row: NDArray[np.float64] = rows[i] / highest  # whatever their size, the sum is finite
    if p < 1:
        row[row < _nucleus_floor(row, p)] = 0.0
    row /= row.sum()
    return row


def _nucleus_floor(row: NDArray[np.float64], p: float) -> float:
    """Return the smallest probability in the nucleus."""
    total = row.sum()
    # All tokens with a share below (1 - p)/V have less than 1 - p together, so none of them is in the nucleus: few are sorted.
    candidates = np.sort(row[row >= 0.99 * (1.0 - p) * total / len(row)])[::-1]
    last = np.searchsorted(np.cumsum(candidates), (p - ROUNDING) * total)
    return float(candidates[min(last, len(candidates) - 1)])


def get_token_probs(logits: Logits, temperature: float = 1.0, top_p: float = 1.0) -> NDArray[np.float32]:
    """Compute the probabilities of the next token under a temperature and top-p (slide 7).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    temperature, top_p : float, default 1.0
        As in `thermonucleus.sample`.

    Returns
    -------
    ndarray of float32, of the shape of `logits`
        The probabilities, 0 outside the nucleus.

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.probabilities`.

    Notes
    -----
    Slide 7 overflows on large logits, and fails with IndexError where rounding keeps its sum of probabilities from exceeding
    `top_p`.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.get_token_probs([1, 2, 3, 4, 5, 4, 3, 2, 1], top_p=0.9).round(3)
    array([0.   , 0.   , 0.067, 0.183, 0.498, 0.183, 0.067, 0.   , 0.   ],
          dtype=float32)
    """
    return probabilities(logits, temperature=temperature, top_p=top_p)


def token_probabilities(logits: Logits, temperature: float, top_p: float) -> NDArray[np.float32]:
    """Compute the probabilities of the next token under a temperature and top-p (slide 14).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    temperature, top_p : float
        As in `thermonucleus.sample`.

    Returns
    -------
    ndarray of float32, of the shape of `logits`
        The probabilities, 0 outside the nucleus.

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.probabilities`.

    See Also
    --------
    thermonucleus.get_token_probs : The same with defaults, as slide 7 has it.

    Notes
    -----
    Slide 14 fails with IndexError at `top_p` = 1 and overflows on large logits.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.token_probabilities([1, 2, 3, 4, 5], 1.0, 0.8).round(3)
    array([0.   , 0.   , 0.   , 0.269, 0.731], dtype=float32)
    """
    return probabilities(logits, temperature=temperature, top_p=top_p)


def combined_sampling(logits: Logits, temperature: float, top_p: float, *, rng: Seed = None) -> Tokens:
    """Draw a token under a temperature and top-p (slide 10).

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    temperature, top_p : float
        As in `thermonucleus.sample`.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    int or ndarray of int64
        The token; (B,) for a batch.

    Raises
    ------
    ValueError, TypeError
        As from `thermonucleus.sample`.

    Notes
    -----
    Slide 10 fails with IndexError at `top_p` = 1, overflows on large logits, and cannot divide a list by its temperature.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.combined_sampling([1, 2, 3, 4, 5], 0.8, 0.9, rng=0)
    4
    """
    return sample(logits, temperature=temperature, top_p=top_p, rng=rng)


def adaptive_sampling(
    logits: Logits, base_temperature: float, base_top_p: float, context: Sequence[Hashable], *, rng: Seed = None
) -> Tokens:
    """Draw a token under a temperature and top-p that follow the text so far (slide 13).

    The temperature grows by a hundredth of its base with each item of the context; top-p shrinks by up to a fifth of its base,
    the more the larger the share of distinct items.

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        As in `thermonucleus.sample`.
    base_temperature : float
        Temperature on an empty context, 0 or more.
    base_top_p : float
        Top-p on an empty context, 0 or more; what comes out of it is limited to 1.
    context : sequence of hashable items
        The text so far: a string, or token ids.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    int or ndarray of int64
        The token; (B,) for a batch.

    Raises
    ------
    ValueError, TypeError
        If a base is negative or not finite, or the context is no sequence of hashable items; else as from `thermonucleus.sample`.

    Notes
    -----
    Slide 13 divides by zero on an empty context, and inherits what fails on slide 10.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> tn.adaptive_sampling([1, 2, 3, 4, 5], 0.8, 0.9, "The quick brown fox", rng=0)
    4
    """
    temperature = float(check_temperature(base_temperature, name="base_temperature"))
    top_p = float(check_temperature(base_top_p, name="base_top_p"))  # may be above 1: what comes out of it is limited
    try:
        length, distinct = len(context), len(set(context))
    except TypeError as error:
        raise TypeError(f"context must be a sequence of hashable items, got {context!r}: {error}") from error
    return combined_sampling(logits, *adapted_settings(temperature, top_p, length, distinct), rng=rng)


def adapted_settings(base_temperature: float, base_top_p: float, length: int, distinct: int) -> tuple[float, float]:
    """Return temperature and top-p after a text of so many items, so many of them distinct (slide 13)."""
    variety = distinct / length if length else 0.0
    return base_temperature * (1.0 + 0.01 * length), min(base_top_p * (1.0 - 0.2 * variety), 1.0)
