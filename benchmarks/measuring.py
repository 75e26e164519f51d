"""Time and judge the systems of one library, each time beside `np.max` of the same rows in the same process."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import product
from typing import Any

import numpy as np
from contestants import gather
from contestants.contract import Batch, Contestant, Row, Settings, System
from kept_sets import Case, Verdict, judge

from thermonucleus.rows import pool
from thermonucleus.timing import Timing, median_within

ROWS = 32
"""Rows in a pool; a batch of more repeats them."""

LONG = 2.0
"""Seconds a call from which one call has to do."""

Cases = Mapping[Settings, tuple[list[Case], list[Case]]]


@dataclass(frozen=True)
class Point:
    """Where the systems are measured beside each other: a column of a table."""

    settings: Settings
    batch: int
    kind: str
    size: int
    cold: bool = False


@dataclass(frozen=True)
class Cell:
    """What a call takes, and the median of `np.max` beside it."""

    system: str
    point: Point
    timing: Timing
    floor: float

    @property
    def seconds(self) -> float:
        return self.timing.seconds

    @property
    def ratio(self) -> float:
        return self.seconds / self.floor

    @property
    def quartiles(self) -> tuple[float, float]:
        """Of the ratio."""
        return self.timing.low / self.floor, self.timing.high / self.floor


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long."""

    points: tuple[Point, ...]
    cases: Cases
    budget: float
    """Seconds a cell."""
    flush_bytes: int


@dataclass
class Findings:
    """What a library's process sends back, gathered."""

    systems: list[System] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    verdicts: dict[tuple[str, Settings], Verdict] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """By the name of the system, what it said when it failed at a point."""


class Caches:
    """A buffer larger than the caches: to write to it leaves nothing else in them, as a model's forward pass does."""

    def __init__(self, size: int) -> None:
        self.buffer = np.zeros(size // 8)

    def flush(self) -> None:
        self.buffer += 1


@lru_cache(maxsize=1)
def rows_of(kind: str, size: int) -> list[Row]:
    """Make rows once for the points next to each other that share them."""
    return pool(kind, size, ROWS)


def batches_of(kind: str, size: int, batch: int) -> list[Batch]:
    rows = rows_of(kind, size)
    if batch >= ROWS:
        return [np.resize(np.stack(rows), (batch, size))]
    return [np.stack(rows[start : start + batch]) for start in range(0, ROWS - batch + 1, batch)]


class Measuring:
    """The systems of one library at one point after the other."""

    def __init__(self, library: str, plan: Plan) -> None:
        self.plan = plan
        self.systems, self.missing = gather([library])
        self.contestants: dict[tuple[str, Settings], Contestant] = {}
        self.row_seconds: dict[tuple[str, Settings, str, int], float] = {}
        self.caches: Caches | None = None

    def contestant(self, system: System, settings: Settings) -> Contestant:
        key = system.name, settings
        if key not in self.contestants:
            self.contestants[key] = system.make(settings)
        return self.contestants[key]

    def verdict(self, system: System, settings: Settings) -> tuple[str, Settings, Verdict]:
        cases = self.plan.cases[settings][system.from_draws]
        return system.name, settings, judge(self.contestant(system, settings), cases, settings, from_draws=system.from_draws)

    def cells(self, point: Point) -> Iterator[tuple[System, Callable[[], Cell]]]:
        """Give each system and what measures it."""
        batches = batches_of(point.kind, point.size, point.batch)
        floor = self.floor(point, batches)
        for system in self.systems:
            if (point.batch > 1 or not system.shares_rows) and not (point.cold and system.own_clock):
                yield system, partial(self.cell, system, point, batches, floor)

    def floor(self, point: Point, batches: list[Batch]) -> float:
        """Time `np.max`: the least of some medians, since all ratios of this process hang on it."""
        rounds = 1 if point.cold else 3
        return min(self.timing(point, partial(np.max, axis=1), batches).seconds for _ in range(rounds))

    def cell(self, system: System, point: Point, batches: list[Batch], floor: float) -> Cell:
        contestant = self.contestant(system, point.settings)
        if system.own_clock:
            return Cell(system.name, point, Timing.of(contestant.own_times(batches, self.plan.budget)), floor)
        key = system.name, point.settings, point.kind, point.size
        with contestant.session():
            prepared = [contestant.prepare(batch) for batch in batches]
            long = self.row_seconds.get(key, 0.0) * point.batch > LONG
            timing = self.timing(point, contestant.draw, prepared, contestant.restore, long=long)
        self.row_seconds[key] = timing.seconds / point.batch
        return Cell(system.name, point, timing, floor)

    def timing(
        self,
        point: Point,
        call: Callable[[Any], object],
        inputs: list[Any],
        restore: Callable[[Any], object] = lambda one: None,
        *,
        long: bool = False,
    ) -> Timing:
        least = 1 if long else 3
        if not point.cold:
            return median_within(call, inputs, self.plan.budget, before=restore, least=least)
        caches = self.caches = self.caches or Caches(self.plan.flush_bytes)

        def before(one: Any) -> None:
            restore(one)
            caches.flush()

        return median_within(call, inputs, 6 * self.plan.budget, before=before, least=5)


def measure(library: str, plan: Plan, send: Callable[[Any], object]) -> None:
    """Send all there is to know of a library: the systems, what is missing, verdicts, cells, and None after each step."""
    here = Measuring(library, plan)
    send(("missing", here.missing))
    send(("systems", here.systems))
    for system, settings in product(here.systems, plan.cases):
        if system.samples:
            attempt(send, system, "verdict", partial(here.verdict, system, settings))
    for point in plan.points:
        for system, measured in here.cells(point):
            attempt(send, system, "cell", measured)
        send(("step", point))


def attempt(send: Callable[[Any], object], system: System, what: str, find: Callable[[], Any]) -> None:
    """Send what is found, or what went wrong: one system that fails must not stop the others."""
    try:
        found = find()
    except Exception as error:
        send(("failure", (system.name, " ".join(f"{type(error).__name__}: {error}".split()))))
    else:
        send((what, found))
