"""Whether a sampler keeps the tokens that it should: its kept set beside the exact nucleus, found in float64."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isinf
from typing import Any

import numpy as np
from contestants.contract import Contestant, Mask, Row, Settings

from thermonucleus import reference
from thermonucleus.rows import pool

SHARES = {"language model": 12, "flat": 12, "peaked": 8}
"""How many rows of each kind are looked at."""

SLACK = 1e-6
"""A sum that falls short of top_p by less than this may count as having reached it, or not: both are right."""

FLOAT32_ERROR = 1e-3
"""How far a sampler's sum may be from the exact one, where it decides otherwise, for it to be put down to float32.

A running sum in float32 over the probabilities of a flat row of 128,256 tokens comes out off by this much.
"""

MARGIN = 1e-3
"""Where only draws tell, a token at the edge is told from one outside by no less than this share of the mass."""


@dataclass(frozen=True)
class Case:
    """A row with the smallest and the largest set that count as its nucleus."""

    row: Row
    smallest: Mask
    largest: Mask
    p: Any
    """The probabilities before top-p, in float64."""
    tied: bool = False
    """Whether tokens equal the last one of the nucleus, so that a sort may leave some of them out."""


@dataclass(frozen=True)
class Verdict:
    """What came out for one system and one setting."""

    rows: int
    differ: int
    more: int
    fewer: int
    off: float
    """How far its sum must have been from the exact one, at least, where it differs; infinite if it skipped tokens."""
    splits_ties: bool
    from_draws: bool

    @property
    def word(self) -> str:
        if not self.differ:
            return "exact"
        return "rounding" if self.off <= FLOAT32_ERROR else "not exact"

    def __str__(self) -> str:
        text = self.difference() if self.differ else "exact"
        text += " (from draws)" if self.from_draws else ""
        return f"{text}; splits ties" if self.splits_ties else text

    def difference(self) -> str:
        sides = [
            f"{count:,} token{'s' * (count > 1)} {side}" for count, side in ((self.more, "more"), (self.fewer, "fewer")) if count
        ]
        text = f"differs on {self.differ} of {self.rows} rows, by at most {' or '.join(sides)}"
        if self.word == "rounding":
            return f"rounding, sums off by {self.off:.0e}: {text}"
        return f"not a nucleus, {'not in order' if isinf(self.off) else f'sums off by {self.off:.1g}'}: {text}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"word": self.word, "text": str(self)}


def nucleus(row: Row, settings: Settings, top_p: float) -> Mask:
    kept: Mask = reference.probabilities(row, temperature=settings.temperature, top_k=settings.top_k, top_p=top_p) > 0
    return kept


def case(row: Row, settings: Settings, below: float = 0, above: float = SLACK, *, tied: bool = False) -> Case:
    """Find the sets that count as exact: the reference itself allows for a shortfall of `SLACK`, and `above` takes that back."""
    smallest, largest = nucleus(row, settings, settings.top_p - below), nucleus(row, settings, settings.top_p + above)
    return Case(row, smallest, largest, reference.probabilities(row, temperature=settings.temperature, top_k=settings.top_k), tied)


def row_cases(settings: Settings, size: int) -> list[Case]:
    """Rows of each kind, and one with many tokens equal to the last of the nucleus, as there are in half precision."""
    rows = [row for kind, count in SHARES.items() for row in pool(kind, size, count, seed=1)]
    coarse: Row = (np.round(pool("language model", size, 1, seed=2)[0] * 2) / 2).astype(np.float32)
    return [*(case(row, settings) for row in rows), case(coarse, settings, tied=True)]


def draw_cases(settings: Settings, size: int = 1000) -> list[Case]:
    """Small rows whose nucleus shows in a few thousand draws: a head of nearly equal tokens, then a shelf, then a tail.

    Each token of a nucleus has a share of a fiftieth or more, so it is drawn. A set that is too wide by one token shows where that
    token is of the head; one that is much too wide shows in the shelf and the tail, which together hold some hundredths.
    """
    rng = np.random.default_rng(3)
    cases = []
    for head, shelf, masses in (
        (1, 0, (0.96, 0, 0.04)),
        (5, 20, (0.965, 0.03, 0.005)),
        (12, 0, (0.96, 0, 0.04)),
        (45, 0, (0.998, 0, 0.002)),
    ):
        counts = [head, shelf, size - head - shelf]
        p = np.repeat([mass / max(count, 1) for mass, count in zip(masses, counts, strict=True)], counts)
        logits = settings.temperature * (np.log(rng.permutation(p)) + rng.uniform(-0.02, 0.02, size))
        cases.append(case(logits.astype(np.float32), settings, MARGIN, MARGIN))
    return cases


def judge(contestant: Contestant, cases: Iterable[Case], settings: Settings, *, from_draws: bool = False) -> Verdict:
    """Ask for the kept set of each row."""
    with contestant.session():
        kept = [(one, contestant.kept(one.row)) for one in cases]
    plain = [compared(one, mask, settings.top_p) for one, mask in kept if not one.tied]
    return Verdict(
        rows=len(plain),
        differ=sum(more + fewer > 0 for more, fewer, _ in plain),
        more=max((more for more, _, _ in plain), default=0),
        fewer=max((fewer for _, fewer, _ in plain), default=0),
        off=max((off for _, _, off in plain), default=0.0),
        splits_ties=any(splits(one, mask) for one, mask in kept if one.tied),
        from_draws=from_draws,
    )


def compared(one: Case, kept: Mask, top_p: float) -> tuple[int, int, float]:
    """Count the tokens too many and too few, and find how far off the sum must have been at the token where it ended."""
    more, fewer = int((kept & ~one.largest).sum()), int((one.smallest & ~kept).sum())
    if not more and not fewer:
        return 0, 0, 0.0
    if not kept.any() or one.row[kept].min() < one.row[~kept].max():
        return more, fewer, float("inf")
    held = float(one.p[kept].sum())
    before_last = held - float(one.p[kept].min())
    return more, fewer, max(before_last - top_p, top_p - held)


def splits(one: Case, kept: Mask) -> bool:
    """Tell whether some of the tokens that equal the last one are kept, and some are not."""
    lowest = one.row[one.smallest].min()
    return len(np.unique(kept[one.row == lowest])) > 1


def cases_for(settings: Sequence[Settings], size: int) -> dict[Settings, tuple[list[Case], list[Case]]]:
    """Find the cases for each setting, to be asked about directly and by draws: they take a while, and are the same for all."""
    return {each: (row_cases(each, size), draw_cases(each)) for each in settings}
