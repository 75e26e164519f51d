"""What the tests beside other libraries share: rows, what is drawn from here, and how near to a boundary a decision was.

Other libraries decide in float32, so a token next to a boundary is theirs to keep or to cut. `margin` says in float64, by
definitions apart from the reference's, how near the nearest token is; rows whose margin is less than `MARGIN` are left out, and
counted.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from cases import SHAPES, cases
from cases import Row as Logits
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import settings as settings_of
from thermonucleus.reference import Step, apply_steps, distribution

Row = NDArray[np.float64]

MARGIN = 1e-5
"""Chosen: some 50 roundings of a logit of 2, or of the sum of a row's probabilities; ten times the tolerance of sums here."""

FEW = 0.02
"""The part of the rows of a test that may be left out at most."""

MASKED = "masked"

KINDS = {name: SHAPES[name] for name in ("normal", "language model", "peaked", "one left", "ascending", "largest last", MASKED)}
"""Rows without ties but by chance, with logits below 64 in size; half of a masked one is -inf, and all but one of "one left"."""

LARGEST = 20_000
"""Tokens of a row at most. With more, a sum passes most tokens of a flat row within the margin."""

IN_FLOAT32 = 2e-6
"""Chosen: how far a probability from the kernel, a float32, may be off, as a part of itself."""

UNDERFLOW = 1e-44
"""Where float32 has no digits left. Less probable tokens may be cut or not: that is rounding too."""


def rows(seed: int, count: int, *without: str, largest: int = LARGEST) -> Iterator[Logits]:
    """Make rows of 2 tokens or more, of all kinds but some."""
    kinds = {name: kind for name, kind in KINDS.items() if name not in without}
    return (case.row for case in cases(seed, count, 2, largest, kinds) if len(case.row) <= largest)


class Comparison:
    """Theirs beside ours, row by row, and how many rows were compared, left out, and had a token cut."""

    def __init__(self, order: str, *, rtol: float, atol: float = 0.0, margin: float = MARGIN) -> None:
        self.order = order
        self.rtol = rtol
        self.atol = atol
        self.margin = margin
        self.compared = 0
        self.left_out = 0
        self.cut = 0

    def __call__(self, row: Logits, settings: Mapping[str, Any], theirs: Row) -> None:
        """Have the same tokens kept of a row, as probable, unless one is too near to a boundary."""
        if margin(row, self.order, settings) < self.margin:
            self.left_out += 1
            return
        here = of_reference(row, self.order, settings)
        self._same(here, theirs, self.rtol, settings)
        if GIVEN.isdisjoint(settings):
            self._same(of_kernel(row, self.order, settings), theirs, max(self.rtol, IN_FLOAT32), settings)
        self.compared += 1
        self.cut += int(np.count_nonzero(here) < np.count_nonzero(row > -np.inf))

    def _same(self, here: Row, theirs: Row, rtol: float, settings: Mapping[str, Any]) -> None:
        told = np.maximum(theirs, here) > UNDERFLOW
        np.testing.assert_array_equal(theirs[told] > 0, here[told] > 0, err_msg=str(settings))
        np.testing.assert_allclose(theirs, here, rtol=rtol, atol=max(self.atol, UNDERFLOW), err_msg=str(settings))

    def finish(self, *, cut: float) -> None:
        """See that few rows were left out, and that of the others at least this part had a token cut."""
        assert self.left_out <= FEW * (self.compared + self.left_out)
        assert self.cut >= cut * self.compared


def of_kernel(row: Logits, order: str, settings: Mapping[str, Any]) -> Row:
    """Compute what `thermonucleus.sample` draws from under settings in the order of another library."""
    return tn.probabilities(row, order=order, **settings).astype(np.float64)


def of_reference(row: Logits, order: str, settings: Mapping[str, Any]) -> Row:
    """Compute the same by the definitions."""
    return distribution(row.astype(np.float64), steps_of(order, settings))


GIVEN = frozenset({"mirostat_1", "mirostat_2", "adaptive_p"})
"""Steps that a test may name with their number as it is after some draws; settings only say how they start."""


def steps_of(order: str | tuple[str, ...], settings: Mapping[str, Any]) -> list[Step]:
    """Lay settings out as steps of the reference, with those that are given as such after them."""
    named = {name: value for name, value in settings.items() if name not in GIVEN}
    return settings_of.steps_of(order=order, **named) + [(name, settings[name]) for name in settings if name in GIVEN]


# ---- how near


def margin(row: Logits, order: str, settings: Mapping[str, Any]) -> float:
    """Compute how far the nearest token is from the boundary that a stage cuts at, over all stages of a chain.

    Distances are in logits, which are relative ones of probabilities, and in parts of the whole where a sum decides.
    """
    x = row.astype(np.float64)
    least = math.inf
    for step in steps_of(order, settings):
        name, *numbers = step
        if name in DISTANCES:
            left = x[x > -np.inf]
            if name == "mirostat_1":
                numbers.append(len(x))
            least = min(least, DISTANCES[name](left, *numbers) if len(left) > 1 else math.inf)
        x = apply_steps(x, [step])
    return least


def log_total(x: Row) -> float:
    """Compute the logarithm of the sum of the exponentials."""
    return float(x.max() + math.log(np.exp(x - x.max()).sum()))


def probabilities(x: Row) -> Row:
    p: Row = np.exp(x - log_total(x))
    return p


def entropy(x: Row) -> float:
    return float((probabilities(x) * (log_total(x) - x)).sum())


def to_cutoff(x: Row, cutoff: float) -> float:
    """Compute how far the nearest logit is from a cutoff."""
    return float(np.abs(x - cutoff).min())


def to_bound(scores: Row, running: Row, bound: float, *, crossing: bool) -> float:
    """Compute how far the nearest running sum is from its bound, or the last score kept from the first one cut, if that is less.

    The scores fall. The token at which the sum crosses the bound is kept or not.
    """
    kept = min(max(int(np.count_nonzero(running < bound)) + crossing, 1), len(scores))
    gap = scores[kept - 1] - scores[kept] if kept < len(scores) else math.inf
    return float(min(np.abs(running - bound).min(), gap))


def falling(x: Row) -> Row:
    return np.sort(x)[::-1]


def of_top_k(x: Row, k: float) -> float:
    values, k = falling(x), int(k)
    return float(values[k - 1] - values[k]) if 0 < k < len(values) else math.inf


def of_top_p(x: Row, p: float) -> float:
    values = falling(x)
    return to_bound(values, np.cumsum(probabilities(values)), p, crossing=True)


def of_top_h(x: Row, h: float) -> float:
    values = falling(x)
    p = probabilities(values)
    return to_bound(values, np.cumsum(p * (log_total(x) - values)) / entropy(x), h, crossing=False)


def of_typical_p(x: Row, p: float) -> float:
    distance = np.abs(log_total(x) - x - entropy(x))
    nearest = np.argsort(distance)
    return to_bound(-distance[nearest], np.cumsum(probabilities(x)[nearest]), p, crossing=True)


def of_mirostat_1(x: Row, mu: float, size: int) -> float:
    """Compute how far the count is from an integer, as a part of it."""
    values = falling(x)[:100]
    t = np.log(np.arange(2, len(values) + 1) / np.arange(1, len(values)))
    s = float((t * (values[:-1] - values[1:])).sum() / (t * t).sum())
    log_count = (math.log((s - 1) / (1 - size ** (1 - s))) + mu * math.log(2)) / s
    if log_count > math.log(size):
        return log_count - math.log(size)
    return abs(math.exp(log_count) - round(math.exp(log_count))) / math.exp(log_count)


DISTANCES: dict[str, Callable[..., float]] = {
    "top_k": of_top_k,
    "top_p": of_top_p,
    "min_p": lambda x, ratio: to_cutoff(x, x.max() + math.log(ratio)),
    "epsilon_cutoff": lambda x, epsilon: to_cutoff(x, log_total(x) + math.log(epsilon)),
    "eta_cutoff": lambda x, eta: to_cutoff(x, log_total(x) + min(math.log(eta), math.log(eta) / 2 - entropy(x))),
    "top_n_sigma": lambda x, n: to_cutoff(x, x.max() - n * x.std()),
    "top_h": of_top_h,
    "typical_p": of_typical_p,
    "xtc": lambda x, _, threshold: to_cutoff(x, log_total(x) + math.log(threshold)),
    "mirostat_1": of_mirostat_1,
    "mirostat_2": lambda x, mu: to_cutoff(x, log_total(x) - mu * math.log(2)),
}
"""For each stage that cuts, the distance from the logits that are left and the numbers of the stage."""
