"""The time of a draw against the number of logits, from 1,000 to a million: is there a step?"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from alternating import Ratios, compared
from goals import USUAL
from tqdm import tqdm

import thermonucleus as tn
from thermonucleus.rows import pool

THRESHOLDS = (1024, 4096, 8192, 65_536)
"""Exact: where the kernel goes another way; what is one longer is measured too."""

LONG, LONG_ROWS = 2**16, 16
"""Chosen: of a longer row than this so many do, since making them takes longest, and they are alike in what they cost."""

SIZES = sorted({*map(int, np.geomspace(1000, 2**20, 28)), *(edge + more for edge in THRESHOLDS for more in (0, 1))})


@dataclass(frozen=True)
class Curve:
    """The ratios on a kind of row, by size."""

    kind: str
    sizes: list[int]
    ratios: list[Ratios]

    def largest_step(self) -> tuple[float, int, int]:
        """Return how many times as much as V the time grows from one size to the next, where it grows most, and the two sizes."""
        times = [ratios.draw for ratios in self.ratios]
        steps = zip(self.sizes, self.sizes[1:], times, times[1:], strict=False)
        return max((after / before * first / second, first, second) for first, second, before, after in steps)


def curve(kind: str, sizes: Sequence[int], count: int, repeats: int) -> Curve:
    """Measure each size on as many rows as asked for, or on fewer where they are long."""
    sampler = tn.Sampler(**USUAL, rng=0)
    ratios = []
    for size in tqdm(sizes, desc=f"sizes, {kind}", unit="size", file=sys.stderr):
        rows = pool(kind, size, count if size <= LONG else min(count, LONG_ROWS))
        ratios.append(compared(sampler, rows, repeats))
    return Curve(kind, list(sizes), ratios)
