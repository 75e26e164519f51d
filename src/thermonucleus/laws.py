"""What a stream of tokens remembers: mirostat's mu and adaptive-p's sums, and the laws by which they follow the tokens drawn."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonucleus.settings.orders import NUMBER

__all__ = [
    "NOTHING",
    "OFF",
    "Remembered",
    "Rules",
    "adapted_target",
    "adaptive_sums",
    "find_stateful",
    "mirostat_update",
    "rules_of",
    "start_of",
]

Amount = TypeVar("Amount", float, NDArray[np.float64])


def mirostat_update(mu: Amount, surprise: Amount, tau: Amount, eta: Amount) -> Amount:
    """Compute the next mu of mirostat, which is 2 tau at the start.

    Parameters
    ----------
    mu : float or ndarray
        The one that the token was drawn with.
    surprise : float or ndarray
        Of the token drawn: in llama.cpp among the tokens that were kept, in the paper's code among all.
    tau : float or ndarray
        The surprise aimed at, in bits.
    eta : float or ndarray
        The step, as a part of the difference.

    Examples
    --------
    >>> mirostat_update(2.0, 1.5, 1.0, 0.5)
    1.75
    """
    return mu - eta * (surprise - tau)


def adapted_target(target: Amount, weighted_sum: Amount, total_weight: Amount) -> Amount:
    """Compute the target of the next draw: as far on the other side of the target as the mean of the draws so far.

    It is the target itself where there was no draw: where `total_weight` is 0.

    Examples
    --------
    >>> round(adapted_target(0.3, 3.1, 10.0), 6)
    0.29
    """
    if isinstance(total_weight, float | int):  # the same in numbers, an eighth of the time: a single row has no arrays
        mean = weighted_sum / total_weight if total_weight else target
        return min(max(2 * target - mean, 0.0), 1.0)
    none = np.equal(total_weight, 0)
    mean = np.where(none, target, weighted_sum / (total_weight + none))
    return np.minimum(np.maximum(2 * target - mean, 0.0), 1.0)


def adaptive_sums(weighted_sum: Amount, total_weight: Amount, p: Amount, decay: Amount) -> tuple[Amount, Amount]:
    """Compute the sums of `adapted_target` after a draw; at the start they are target / (1 - decay) and 1 / (1 - decay).

    Parameters
    ----------
    weighted_sum, total_weight : float or ndarray
        Those before the draw.
    p : float or ndarray
        The probability of the token drawn, as adaptive-p was given it.
    decay : float or ndarray
        What part of the sums stays.

    Examples
    --------
    >>> adaptive_sums(3.0, 10.0, 0.4, 0.9)
    (3.1, 10.0)
    """
    return p + decay * weighted_sum, 1 + decay * total_weight


class Rules(NamedTuple):
    """What the settings say of the state: arrays (B,), or (1,) where they are for all rows; NaN where it is off."""

    mirostat: NDArray[np.bool_]
    tau: NDArray[np.float64]
    eta: NDArray[np.float64]
    adaptive: NDArray[np.bool_]
    target: NDArray[np.float64]
    decay: NDArray[np.float64]

    def are(self, other: "Rules") -> bool:
        """Say whether these are the same as others."""
        return self is other or all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in zip(self, other, strict=True))


def rules_of(plan: NDArray[np.float64], setting: Callable[[str], Any]) -> Rules:
    """Return the rules of a plan, whose settings are asked for by name: a number, or an array with one a row."""
    if not plan.size or plan[:, :, 0].max() < FIRST_STATEFUL:
        return OFF
    of_mirostat, of_adaptive_p = find_stateful(plan)
    mirostat = np.asarray(of_mirostat.any(axis=1))
    adaptive = np.asarray(of_adaptive_p.any(axis=1))
    tau, eta = (np.where(mirostat, setting(name), np.nan) for name in ("mirostat_tau", "mirostat_eta"))
    target, decay = (
        np.where(adaptive, np.asarray(setting(name), np.float64), np.nan) for name in ("adaptive_target", "adaptive_decay")
    )
    return Rules(mirostat, tau, eta, adaptive, target, decay)


FIRST_STATEFUL = min(NUMBER[name] for name in ("mirostat_1", "mirostat_2", "adaptive_p"))
"""Those whose numbers change from draw to draw are the last."""

NO_NUMBER = np.array([np.nan])

OFF = Rules(np.array([False]), NO_NUMBER, NO_NUMBER, np.array([False]), NO_NUMBER, NO_NUMBER)
"""The rules of settings that remember nothing, for any rows."""


def find_stateful(plan: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which steps of a plan are mirostat's, and which adaptive-p's."""
    step = plan[:, :, 0]
    return (step == NUMBER["mirostat_1"]) | (step == NUMBER["mirostat_2"]), step == NUMBER["adaptive_p"]


class Remembered(NamedTuple):
    """The numbers of a state, which a draw changes: arrays as in `Rules`. None of them is ever written to."""

    mu: NDArray[np.float64]
    weighted_sum: NDArray[np.float64]
    total_weight: NDArray[np.float64]

    def of_rows(self, count: int) -> "Remembered":
        """Return the numbers of each of so many rows."""
        return self if len(self.mu) == count else Remembered(*(np.repeat(numbers, count) for numbers in self))

    def after(self, rules: Rules, p: NDArray[np.float64]) -> "Remembered":
        """Return what becomes of them with a token drawn in each row, of this probability."""
        with np.errstate(over="ignore"):
            following = mirostat_update(self.mu, -np.log2(np.where(p > 0, p, 1.0)), rules.tau, rules.eta)
        # What is as large as this keeps all tokens or the first alone. It stays a number with steps of any size.
        following = np.minimum(np.maximum(following, -LARGEST), LARGEST)
        # Of a token that was cut, the surprise among those that were kept is not finite.
        mu = np.where(p > 0, following, self.mu)
        return Remembered(mu, *adaptive_sums(self.weighted_sum, self.total_weight, p, rules.decay))

    def after_one(self, rules: Rules, p: float) -> "Remembered":
        """Return the same of a single row, bit for bit, in numbers."""
        mu, weighted_sum, total_weight = self
        if p > 0 and rules.mirostat.item():
            # `math.log2` may round otherwise than NumPy does.
            following = mirostat_update(mu.item(), -float(np.log2(p)), rules.tau.item(), rules.eta.item())
            mu = np.array([min(max(following, -LARGEST), LARGEST)])
        if rules.adaptive.item():
            sums = adaptive_sums(weighted_sum.item(), total_weight.item(), p, rules.decay.item())
            weighted_sum, total_weight = np.array([sums[0]]), np.array([sums[1]])
        return Remembered(mu, weighted_sum, total_weight)


LARGEST = 1e300
"""Of mu. Chosen: far from overflow, and far beyond any surprise."""


NOTHING = Remembered(NO_NUMBER, NO_NUMBER, NO_NUMBER)
"""What settings remember that remember nothing."""


def start_of(rules: Rules) -> Remembered:
    """Return what there is before the first draw."""
    return Remembered(2 * rules.tau, rules.target / (1 - rules.decay), 1 / (1 - rules.decay))
