"""The fastest that NumPy alone allows: few passes over the row, and a sort of no more than can be in the nucleus.

A token of less than (1 - p) / V of the mass cannot be needed to reach p: all such tokens together hold less than 1 - p. So only the
tokens above that bound are candidates; of a language model's row these are a few hundred. Timed: all of it, row after row.
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System, draw_in_order


class TunedNumPy(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.generator = np.random.default_rng(0)

    def nucleus(self, row: Row) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the kept tokens, and their weights relative to the largest."""
        largest = float(row.max())
        if self.settings.top_k:
            tokens = self.most_probable(row)
            weights = np.exp((row[tokens].astype(np.float64) - largest) / self.settings.temperature)
            total = float(weights.sum())
        else:
            scaled = row - largest
            scaled *= np.float32(1 / self.settings.temperature)
            total = float(np.exp(scaled).sum(dtype=np.float64))
            tokens = np.flatnonzero(scaled >= log(total * (1 - self.settings.top_p) / len(row)))
            weights = np.exp((row[tokens].astype(np.float64) - largest) / self.settings.temperature)
        inside = weights >= smallest_kept(weights, self.settings.top_p * total)
        return tokens[inside], weights[inside]

    def most_probable(self, row: Row) -> NDArray[np.int64]:
        """Find the top k, with all that equal the last of them."""
        if self.settings.top_k >= len(row):
            return np.arange(len(row))
        last = len(row) - self.settings.top_k
        return np.flatnonzero(row >= np.partition(row, last)[last])

    def draw(self, prepared: Batch) -> list[int]:
        return [self.draw_one(row) for row in prepared]

    def draw_one(self, row: Row) -> int:
        tokens, weights = self.nucleus(row)
        return int(tokens[draw_in_order(weights, self.generator)])

    def kept(self, row: Row) -> Mask:
        kept = np.zeros(len(row), bool)
        kept[self.nucleus(row)[0]] = True
        return kept


def smallest_kept(weights: NDArray[np.float64], goal: float) -> float:
    """Find the weight at which the sum of the largest reaches the goal, sorting as few of them as a few trials need."""
    count = 256
    while count < len(weights):
        head = np.partition(weights, -count)[-count:]
        if head.sum() >= goal:
            weights = head
            break
        count *= 16
    falling = np.sort(weights)[::-1]
    reached = int(np.searchsorted(np.cumsum(falling), goal))
    return float(falling[min(reached, len(falling) - 1)])


def systems() -> list[System]:
    return [System("NumPy, tuned", np.__version__, "candidate bound, partition, sort of the rest", TunedNumPy)]
