"""The draw as the loop of transformers meets it: a logits processor, and stopping criteria that tell it who has ended."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    LogitsProcessorList,
    MinPLogitsWarper,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopHLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from thermonucleus.logits import explain_fault, is_sound
from thermonucleus.sampler import Sampler
from thermonucleus.workers import for_ranges

__all__ = ["Criteria", "Draw", "as_array", "split"]

Row = NDArray[np.float32]

WARPERS = {
    TemperatureLogitsWarper: ("temperature", "temperature"),
    TopHLogitsWarper: ("top_h", "top_h"),
    TopKLogitsWarper: ("top_k", "top_k"),
    TopPLogitsWarper: ("top_p", "top_p"),
    MinPLogitsWarper: ("min_p", "min_p"),
    TypicalLogitsWarper: ("typical_p", "mass"),
    EpsilonLogitsWarper: ("epsilon_cutoff", "epsilon"),
    EtaLogitsWarper: ("eta_cutoff", "epsilon"),
}
"""What transformers does to logits before it draws: the kernel's setting for it, and the attribute that has the number.

They stand in the order in which both do it, which is ``order="transformers"`` here.
"""

PLAIN = {"min_tokens_to_keep": 1, "filter_value": -math.inf, "top_n": 100}
"""What the other attributes of a warper must be for it to do what the kernel's setting does, where it has them."""


def split(processors: Sequence[Any]) -> tuple[list[Any], LogitsProcessorList]:
    """Divide logits processors into those that are for transformers to apply, and those at their end that the kernel is for."""
    first = len(processors)
    for warper in reversed(WARPERS):
        if first and type(processors[first - 1]) is warper and _is_plain(processors[first - 1]):
            first -= 1
    return list(processors[:first]), LogitsProcessorList(processors[first:])


def _is_plain(warper: Any) -> bool:
    """Say whether a warper does what the kernel's setting does."""
    return all(getattr(warper, name, value) == value for name, value in PLAIN.items())


def as_array(logits: torch.Tensor) -> Row:
    """Return logits as float32, without a copy if they are that already and on the CPU."""
    array: Row = logits.detach().to("cpu", torch.float32).numpy()
    return array


class Draw:
    """The last of the logits processors: it draws the next tokens, and returns scores whose largest are at them.

    Parameters
    ----------
    warpers : LogitsProcessorList
        Those that the kernel does the work of.
    generators : sequence of Generator
        One for each sequence.
    workers : int
        Number of threads that share the rows.
    keep_scores : bool
        Whether to keep, in `scores`, what transformers would have drawn from at each step.
    """

    def __init__(
        self, warpers: LogitsProcessorList, generators: "Sequence[np.random.Generator]", *, workers: int, keep_scores: bool
    ) -> None:
        named = [(warper, *WARPERS[type(warper)]) for warper in warpers]
        settings: Any = {name: getattr(warper, attribute) for warper, name, attribute in named}  # eta's is a tensor
        self._samplers = [Sampler(**settings, order="transformers", rng=generator) for generator in generators]
        self._workers = workers
        self._warpers = warpers
        self._keep_scores = keep_scores
        self._step = 0
        self.scores: tuple[torch.Tensor, ...] = ()
        self.over = np.zeros(len(generators), np.bool_)  # sequences that padding follows from now on

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Draw from scores of shape (B, V)."""
        rows = as_array(scores)
        try:
            ranges = for_ranges(partial(self._draw_range, rows), len(rows), self._workers)
        except Exception as error:
            # A bad row is named before all else that went wrong, and the first of them, not the one that a worker met first.
            bad = ~is_sound(rows) & ~self.over
            if not bad.any():
                raise
            raise ValueError(f"at step {self._step} {explain_fault(rows, int(bad.argmax()))}") from error
        tokens = [token for tokens in ranges for token in tokens]
        self._step += 1
        if self._keep_scores:
            self.scores += (self._warpers(input_ids, scores),)
        index = torch.tensor(tokens, device=scores.device)
        return torch.zeros_like(scores).scatter_(1, index[:, None], 1.0)

    def _draw_range(self, rows: Row, start: int, stop: int) -> list[int]:
        return [0 if self.over[i] else int(self._samplers[i](rows[i])) for i in range(start, stop)]


class Criteria(StoppingCriteriaList):  # type: ignore[misc]
    """Stopping criteria that tell the draw which sequences are over, and that see the scores which it has drawn from."""

    def __init__(self, criteria: StoppingCriteriaList, draw: Draw) -> None:
        super().__init__(criteria)
        self._draw = draw
        # Without an EOS token, transformers lets sequences that have ended go on as long as others do.
        self._pads = any(hasattr(criterion, "eos_token_id") for criterion in criteria)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **more: Any) -> torch.Tensor:
        """Say of each sequence whether it has ended."""
        ended = super().__call__(input_ids, scores if scores is None else self._draw.scores, **more)
        if self._pads:
            self._draw.over |= ended.cpu().numpy()
        return ended
