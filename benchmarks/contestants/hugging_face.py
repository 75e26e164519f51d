"""PyTorch the way `transformers` generates: its own warpers, a softmax over the vocabulary and `torch.multinomial`.

The tensor shares the batch's memory and is made before. Timed: the warpers, the softmax, the draw and the tokens as Python
integers. The number of threads is set for the time that this is measured, and set back after.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
import transformers
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System


class HuggingFace(Contestant):
    def __init__(self, settings: Settings, threads: int) -> None:
        self.threads = threads
        self.warpers = [TemperatureLogitsWarper(settings.temperature)]
        if settings.top_k:
            self.warpers.append(TopKLogitsWarper(settings.top_k))
        self.warpers.append(TopPLogitsWarper(settings.top_p))
        torch.manual_seed(0)

    def prepare(self, batch: Batch) -> Any:
        return torch.from_numpy(batch)

    def warped(self, scores: Any) -> Any:
        # The warpers take the tokens so far as their first argument, and these three do not look at it.
        for warper in self.warpers:
            scores = warper(None, scores)
        return scores

    @torch.inference_mode()
    def draw(self, prepared: Any) -> Any:
        p = torch.nn.functional.softmax(self.warped(prepared), dim=-1)
        return torch.multinomial(p, num_samples=1).squeeze(1).tolist()

    @torch.inference_mode()
    def kept(self, row: Row) -> Mask:
        kept: Mask = np.isfinite(self.warped(torch.from_numpy(row[None]))[0].numpy())
        return kept

    def session(self) -> AbstractContextManager[None]:
        return threads_of_torch(self.threads)


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def systems() -> list[System]:
    version = f"torch {torch.__version__}, transformers {transformers.__version__}"
    timed = "warpers, softmax, multinomial"
    return [
        System(f"PyTorch, Hugging Face way, {told}", version, timed, partial(HuggingFace, threads=threads))
        for threads, told in ((1, "1 thread"), (2, "2 threads"))
    ]
