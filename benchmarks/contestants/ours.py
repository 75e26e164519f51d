"""Thermonucleus through its public `Sampler`, at each instruction level that runs here, with one thread and with two.

Timed: the call of a sampler that was made before, on a row or a batch, arguments checked and the random number drawn.
"""

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np

import thermonucleus as tn
from contestants.contract import Batch, Contestant, Mask, Row, Settings, System
from thermonucleus.kernel import dispatch


class Ours(Contestant):
    def __init__(self, settings: Settings, level: str, workers: int) -> None:
        self.settings: dict[str, Any] = {
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "top_p": settings.top_p,
        }
        self.level = level
        self.sampler = tn.Sampler(rng=0, workers=workers, **self.settings)

    def prepare(self, batch: Batch) -> Batch:
        return batch[0] if len(batch) == 1 else batch

    def draw(self, prepared: Batch) -> Any:
        return self.sampler(prepared)

    def kept(self, row: Row) -> Mask:
        kept: Mask = np.asarray(tn.probabilities(row, **self.settings)) > 0
        return kept

    def session(self) -> AbstractContextManager[None]:
        return dispatch.using(self.level)


def systems() -> list[System]:
    timed = "Sampler(...)(rows)"
    alone = [
        System(f"thermonucleus, {level}", tn.__version__, timed, partial(Ours, level=level, workers=1)) for level in tn.targets()
    ]
    best = tn.targets()[0]
    pair = partial(Ours, level=best, workers=2)
    return [*alone, System(f"thermonucleus, {best}, 2 threads", tn.__version__, timed, pair, shares_rows=True)]
