"""What a draw may take, in times `np.max` of the same row: the goals that targets.py holds this machine to. All are chosen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grid_stages import GOALS, PLACES, STAGES, placed

SIZES = (49_152, 128_256)
SHORT_SIZES = (5, 1000)
LARGE_K = 50_000

USUAL: dict[str, Any] = {"temperature": 0.8, "top_p": 0.95}
WITH_TOP_K: dict[str, Any] = {**USUAL, "top_k": 50}


@dataclass(frozen=True)
class Goal:
    """A setting on a kind of row, and what the median over the rows may be, and the mean where that is told."""

    kind: str
    size: int
    words: str
    settings: dict[str, Any] = field(hash=False)
    median: float
    mean: float | None = None

    def met(self, median: float, mean: float) -> bool:
        return median <= self.median and (self.mean is None or mean <= self.mean)

    def __str__(self) -> str:
        return f"{self.median:g}" if self.mean is None else f"{self.median:g}, mean {self.mean:g}"


def all_goals(*, quick: bool = False) -> list[Goal]:
    """Return the goals of every size; with `quick`, those of some stages only."""
    goals = [goal for size in SIZES for goal in (*goals_of(size), *stages_of(size, quick))]
    return [*goals, *short_rows()]


def goals_of(size: int) -> Iterator[Goal]:
    """Give the goals of one size, but for those of the stages."""
    read_once = 1.3 if size > SIZES[0] else 1.6
    yield Goal("language model", size, "temperature=0.8, top_p=0.95", USUAL, 2.0, mean=2.5)
    yield Goal("language model", size, "top_p=0.95", {"top_p": 0.95}, 4.0)
    yield Goal("language model", size, "nothing but temperature=1", {}, 2.8)
    yield Goal("language model", size, "temperature=0.8, top_k=50, top_p=0.95", WITH_TOP_K, read_once)
    yield Goal("peaked", size, "temperature=0.8, top_p=0.95", USUAL, read_once)
    yield Goal("flat", size, "temperature=0.8, top_p=0.95", USUAL, 6.0)
    if size > LARGE_K:  # in a shorter row it keeps all
        yield from large_k(size)


def large_k(size: int) -> Iterator[Goal]:
    """Give the goals of a top_k of tens of thousands: before and behind top_p, with the temperature before and behind both."""
    settings = {**USUAL, "top_k": LARGE_K}
    for kind in ("language model", "flat"):
        for stages in (("top_k", "top_p"), ("top_p", "top_k")):
            for order in (("temperature", *stages), (*stages, "temperature")):
                words = ", ".join(f"{stage}={settings[stage]:g}" for stage in order)
                yield Goal(kind, size, words, {**settings, "order": order}, 8.0)


def stages_of(size: int, quick: bool) -> Iterator[Goal]:
    """Give the goals of each further stage, the temperature before or behind it, or both after top_k=50."""
    for name in list(STAGES)[:: 6 if quick else 1]:
        for place in PLACES:
            if place == "before" or "mirostat" not in STAGES[name]:
                yield Goal("language model", size, f"{name}, {WORDS[place]}", placed(name, place), GOALS[place])


WORDS = {"before": "temperature first", "behind": "temperature last", "after top_k": "after top_k=50"}


def short_rows() -> Iterator[Goal]:
    """Give the goals of rows that take less to read than `np.max` takes to begin."""
    for size, goal in zip(SHORT_SIZES, (0.4, 1.2), strict=True):
        yield Goal("language model", size, "temperature=0.8, top_p=0.95", USUAL, goal)
