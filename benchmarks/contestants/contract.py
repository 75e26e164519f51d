"""What a sampler has to offer to be measured beside the others."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]
"""Rows of logits, (B, V), contiguous."""

Row = NDArray[np.float32]
Mask = NDArray[np.bool_]

DRAWS = 4000
"""How many draws tell what is kept of a small row."""


@dataclass(frozen=True)
class Settings:
    """What is drawn with: the temperature first, then top-k (0 for none), then top-p on what is left."""

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 0.95

    def __str__(self) -> str:
        first = f"temperature={self.temperature}"
        return f"{first}, top_k={self.top_k}, top_p={self.top_p}" if self.top_k else f"{first}, top_p={self.top_p}"


class Contestant(ABC):
    """A way to draw one token from each row of a batch.

    Only `draw` is timed. What the library needs its user to build once, or what the model would hand over in the library's own
    type, belongs into `prepare`; what a draw destroys, `restore` mends.
    """

    def prepare(self, batch: Batch) -> Any:
        """Bring a batch into the library's own type: once a batch, not timed."""
        return batch

    def restore(self, prepared: Any) -> None:  # noqa: B027 - most draws destroy nothing
        """Undo what the last draw has done to a prepared batch: before each call, not timed."""

    @abstractmethod
    def draw(self, prepared: Any) -> Any:
        """Draw a token for each row and hand it over: this is timed."""

    @abstractmethod
    def kept(self, row: Row) -> Mask:
        """Tell which tokens of a row can be drawn."""

    def own_times(self, batches: list[Batch], budget: float) -> list[float]:
        """Tell the seconds of draws, spending the budget on them: instead of `draw`, if the sampling cannot be called alone."""
        raise NotImplementedError

    def session(self) -> AbstractContextManager[object]:
        """Hold what is set for the whole process while this one is measured or asked: threads, the instruction level."""
        return nullcontext()


@dataclass(frozen=True)
class System:
    """A line of the tables."""

    name: str
    version: str
    timed: str
    """What the time holds, in a few words."""
    make: Callable[[Settings], Contestant]
    samples: bool = True
    """Whether it draws tokens; if not, it is a part of the work of another one, and has no kept set."""
    from_draws: bool = False
    """Whether `kept` has to draw to find out, so that it can only be asked about small rows."""
    own_clock: bool = False
    """Whether it tells its times itself, by `own_times`."""
    shares_rows: bool = False
    """Whether it is of use for batches alone."""


class UnavailableError(Exception):
    """The library is there, but cannot be made to sample here; the message says why."""


def draw_in_order(weights: NDArray[np.floating[Any]], generator: np.random.Generator) -> int:
    """Draw an index with probability proportional to its weight, by a running sum."""
    running = np.cumsum(weights, dtype=np.float64)
    return int(np.searchsorted(running, generator.random() * running[-1], side="right"))


def kept_by_draws(draw: Callable[[], Any], size: int, draws: int = DRAWS) -> Mask:
    """Tell which of `size` tokens come out of many draws: those of a share far above 1 / draws that are kept, surely."""
    kept = np.zeros(size, bool)
    for _ in range(draws):
        kept[draw()] = True
    return kept
