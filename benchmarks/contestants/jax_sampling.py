"""JAX on the CPU, compiled: what its language-model libraries do, a sort, a cumulative sum and a categorical draw.

Arrays are put on the device before. Timed: the compiled function, the split of the key included, until the tokens are there. The
first call, which compiles, is never counted.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System


@partial(jax.jit, static_argnames="settings")
def truncated(logits: Any, settings: Settings) -> Any:
    """Scale the logits and set those outside the nucleus to -inf."""
    scaled = logits / settings.temperature
    if 0 < settings.top_k < logits.shape[-1]:
        falling = jax.lax.top_k(scaled, settings.top_k)[0]
        scaled = jnp.where(scaled < falling[..., -1:], -jnp.inf, scaled)
    else:
        falling = jnp.sort(scaled, axis=-1)[..., ::-1]
    before = jnp.cumsum(jax.nn.softmax(falling, axis=-1), axis=-1) - jax.nn.softmax(falling, axis=-1)
    lowest = jnp.min(jnp.where(before < settings.top_p, falling, jnp.inf), axis=-1, keepdims=True)
    return jnp.where(scaled < lowest, -jnp.inf, scaled)


@partial(jax.jit, static_argnames="settings")
def drawn(key: Any, logits: Any, settings: Settings) -> Any:
    key, used = jax.random.split(key)
    return key, jax.random.categorical(used, truncated(logits, settings), axis=-1)


class Jax(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.key = jax.random.key(0)

    def prepare(self, batch: Batch) -> Any:
        return jax.block_until_ready(jnp.asarray(batch))

    def draw(self, prepared: Any) -> Any:
        self.key, tokens = drawn(self.key, prepared, self.settings)
        return np.asarray(tokens)

    def kept(self, row: Row) -> Mask:
        kept: Mask = np.isfinite(np.asarray(truncated(jnp.asarray(row), self.settings)))
        return kept


def systems() -> list[System]:
    jax.config.update("jax_platforms", "cpu")
    return [System("JAX, jit", jax.__version__, "compiled softmax, sort, cumsum, categorical", Jax)]
