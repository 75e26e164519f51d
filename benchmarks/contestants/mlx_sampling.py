"""MLX on the CPU with the samplers of mlx-lm, called in the order that is measured here: the temperature first.

mlx-lm itself truncates before it applies the temperature, which is another distribution; its functions are the same. Arrays are
made before. Timed: the log-probabilities, top-k, top-p and the draw, evaluated, and the tokens as Python integers.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.sample_utils import apply_top_k, apply_top_p, categorical_sampling

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System


class Mlx(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        mx.random.seed(0)

    def prepare(self, batch: Batch) -> Any:
        array = mx.array(batch)
        mx.eval(array)
        return array

    def truncated(self, logits: Any) -> Any:
        scaled = logits * (1 / self.settings.temperature)
        scaled = scaled - mx.logsumexp(scaled, axis=-1, keepdims=True)
        if 0 < self.settings.top_k < logits.shape[-1]:
            scaled = apply_top_k(scaled, self.settings.top_k)
        return apply_top_p(scaled, self.settings.top_p)

    def draw(self, prepared: Any) -> Any:
        return categorical_sampling(self.truncated(prepared), 1.0).tolist()

    def kept(self, row: Row) -> Mask:
        kept: Mask = np.isfinite(np.array(self.truncated(mx.array(row[None]))[0]))
        return kept

    def session(self) -> AbstractContextManager[None]:
        return on_the_cpu()


@contextmanager
def on_the_cpu() -> Iterator[None]:
    before = mx.default_device()
    mx.set_default_device(mx.cpu)
    try:
        yield
    finally:
        mx.set_default_device(before)


def systems() -> list[System]:
    versions = f"mlx {version('mlx')}, mlx-lm {version('mlx-lm')}"
    return [System("MLX, mlx-lm's functions", versions, "log-softmax, top-k, top-p, categorical", Mlx)]
