"""What most people write first: a softmax of everything, a sort of everything, and `choice`.

It is the way of the slides (see naive.py), with the largest logit subtracted so that it always gives an answer. Timed: all of it,
row after row.
"""

import numpy as np
from numpy.typing import NDArray

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System


class NaiveNumPy(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.generator = np.random.default_rng(0)

    def probabilities(self, row: Row) -> NDArray[np.float64]:
        x = row.astype(np.float64) / self.settings.temperature
        if self.settings.top_k:
            x[x < np.sort(x)[-min(self.settings.top_k, len(x))]] = -np.inf
        p: NDArray[np.float64] = np.exp(x - x.max())
        p /= p.sum()
        order = np.argsort(p)[::-1]
        reached = np.cumsum(p[order]) >= self.settings.top_p
        p[order[reached.argmax() + 1 :]] = 0
        p /= p.sum()
        return p

    def draw(self, prepared: Batch) -> list[int]:
        return [int(self.generator.choice(len(row), p=self.probabilities(row))) for row in prepared]

    def kept(self, row: Row) -> Mask:
        kept: Mask = self.probabilities(row) > 0
        return kept


def systems() -> list[System]:
    return [System("NumPy, naive", np.__version__, "softmax, argsort, cumsum, choice", NaiveNumPy)]
