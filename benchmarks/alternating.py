"""A draw beside `np.max`, call by call in turns, so that whatever else the machine does hits both alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import machine
import numpy as np
from numpy.typing import NDArray

from thermonucleus.rows import Row

Seconds = NDArray[np.float64]

Call = Callable[[Row], object]

PART = 0.125
"""Chosen: the part of the last-level cache that rows which are to stay in it may fill. Other programs, and on a rented machine
those of other people, fill it too: where they do, half of it does not hold what one reads again after some milliseconds."""

LEAST, MOST = 4, 48
"""Chosen: rows that are visited in turn. No branch predictor learns 48 short ones by heart, and of long ones it takes less."""

UNKNOWN_CACHE = 2**23
"""Chosen: bytes of a last-level cache that the system does not tell of."""


@dataclass(frozen=True)
class Ratios:
    """Of each row the median time of a draw over that of `np.max`; of these the median, the mean and the quartiles."""

    median: float
    mean: float
    low: float
    high: float
    rows: int
    draw: float
    """Seconds of a draw, and of np.max, at the median."""
    floor: float


def in_cache(size: int) -> int:
    """Return how many rows stay in the last-level cache while they are visited in turn."""
    fitting = PART * (machine.last_level_cache() or UNKNOWN_CACHE) / (4 * size)
    return int(np.clip(fitting, LEAST, MOST))


def compared(call: Call, rows: Sequence[Row], repeats: int, *, group: int | None = None) -> Ratios:
    """Time both on every row, a group of rows after the other; within one, a row is half a round old whenever it is read.

    `np.max` reads one row and the draw one from the other side of the group, so that neither finds in the nearest cache what the
    other has just brought there. In a group of one row both do.
    """
    count = -(-len(rows) // (group or in_cache(rows[0].size)))
    times = [alternated(call, part, repeats) for part in (rows[start::count] for start in range(count))]
    return summed_up(np.concatenate([floors for floors, _ in times], axis=1), np.concatenate([draws for _, draws in times], axis=1))


def alternated(call: Call, rows: Sequence[Row], repeats: int) -> tuple[Seconds, Seconds]:
    """Return the times of `np.max` and of the draw, a line a repeat and a column a row; a first round is not counted."""
    count = len(rows)
    floors, draws = np.empty((repeats + 1, count)), np.empty((repeats + 1, count))
    for round_ in range(repeats + 1):
        for one in range(count):
            other = (one + count // 2) % count
            floors[round_, one] = seconds(np.max, rows[one])
            draws[round_, other] = seconds(call, rows[other])
    return floors[1:], draws[1:]


def seconds(call: Call, row: Row) -> float:
    start = perf_counter()
    call(row)
    return perf_counter() - start


def summed_up(floors: Seconds, draws: Seconds) -> Ratios:
    """Take the medians over the repeats, less what reading the clock takes, and say how their ratios lie over the rows."""
    clock = clock_seconds()
    floor, draw = np.median(floors, axis=0) - clock, np.median(draws, axis=0) - clock
    ratios = draw / floor
    low, median, high = map(float, np.percentile(ratios, [25, 50, 75]))
    return Ratios(median, float(ratios.mean()), low, high, len(ratios), float(np.median(draw)), float(np.median(floor)))


def clock_seconds() -> float:
    """Return what is counted of a call that does nothing: not little beside a draw from five logits."""
    row = np.zeros(1, np.float32)
    return float(np.median([seconds(len, row) for _ in range(201)]))
