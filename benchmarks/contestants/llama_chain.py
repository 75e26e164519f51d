"""llama.cpp's sampler chain, through the low-level functions of llama-cpp-python.

The chain works on an array of (id, logit, p) triples and leaves it sorted, so the array has to be filled before each draw. That is
what its user pays too, so the filling, done with the library's own class, is timed as a system of its own: a whole draw takes the
sum of both. The chain alone is timed on an array just filled, which is then in the cache, as it is in the library.
"""

from functools import partial
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp._internals import LlamaTokenDataArray

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System

Filled = list[tuple[Any, Row]]
"""An array and the logits that go into it, for each row."""


class Chain(Contestant):
    """The samplers one after the other; the temperature first, as everywhere here."""

    def __init__(self, settings: Settings) -> None:
        self.truncating = chain_of(settings)
        self.drawing = chain_of(settings)
        llama_cpp.llama_sampler_chain_add(self.drawing, llama_cpp.llama_sampler_init_dist(0))

    def prepare(self, batch: Batch) -> Filled:
        return [(LlamaTokenDataArray(n_vocab=batch.shape[1]), row) for row in batch]

    def restore(self, prepared: Filled) -> None:
        for array, row in prepared:
            array.copy_logits(row)
            array.candidates.selected = -1

    def draw(self, prepared: Filled) -> Any:
        return [self.draw_one(array.candidates) for array, _ in prepared]

    def draw_one(self, candidates: Any) -> int:
        llama_cpp.llama_sampler_apply(self.drawing, candidates)
        return int(candidates.data[candidates.selected].id)

    def kept(self, row: Row) -> Mask:
        prepared = self.prepare(row[None])
        self.restore(prepared)
        candidates = prepared[0][0].candidates
        llama_cpp.llama_sampler_apply(self.truncating, candidates)
        kept = np.zeros(len(row), bool)
        kept[[candidates.data[i].id for i in range(candidates.size)]] = True
        return kept

    def __del__(self) -> None:
        for chain in (self.truncating, self.drawing):
            llama_cpp.llama_sampler_free(chain)


class Filling(Chain):
    """What has to be done before the chain can run."""

    def restore(self, prepared: Filled) -> None:
        """Nothing is destroyed."""

    def draw(self, prepared: Filled) -> None:
        for array, row in prepared:
            array.copy_logits(row)


def chain_of(settings: Settings) -> Any:
    # min_keep=1 is what makes an empty set impossible; the nucleus is never empty, so it changes nothing here.
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_temp(settings.temperature))
    if settings.top_k:
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_k(settings.top_k))
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_p(settings.top_p, 1))
    return chain


def systems() -> list[System]:
    version = f"llama-cpp-python {llama_cpp.__version__}"
    return [
        System("llama.cpp, the chain alone", version, "temp, top_k, top_p and dist on a filled array", partial(Chain)),
        System("llama.cpp, filling its array", version, "logits into (id, logit, p) triples", partial(Filling), samples=False),
    ]
