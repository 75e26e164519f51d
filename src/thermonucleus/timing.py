"""Medians of calls over a pool of inputs: how `thermonucleus bench`, the benchmarks and the tests take times.

Nothing that samples imports this.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

import numpy as np

__all__ = ["Timing", "low_seconds", "median_seconds", "median_within"]

Input = TypeVar("Input")


@dataclass(frozen=True)
class Timing:
    """A median, of how many calls it is, and their quartiles."""

    seconds: float
    calls: int
    low: float
    high: float

    @classmethod
    def of(cls, times: Sequence[float]) -> "Timing":
        """Sum up the seconds that calls took."""
        low, median, high = map(float, np.percentile(times, [25, 50, 75]))
        return cls(median, len(times), low, high)


def median_seconds(call: Callable[[Input], object], inputs: Sequence[Input], calls: int = 200) -> float:
    """Return the median time of a call, taking the inputs in turn; a first round of them is not counted."""
    for one in inputs:
        call(one)
    times = np.empty(calls)
    for i in range(calls):
        one = inputs[i % len(inputs)]
        start = time.perf_counter()
        call(one)
        times[i] = time.perf_counter() - start
    return float(np.median(times))


def median_within(
    call: Callable[[Input], object],
    inputs: Sequence[Input],
    budget: float,
    *,
    before: Callable[[Input], object] = lambda one: None,
    most: int = 200,
    least: int = 3,
) -> Timing:
    """Return the median time of as many calls as a budget allows.

    The first call, which may compile something, is not counted, and neither are those of a first round that a quarter of the budget
    allows.

    Parameters
    ----------
    call : callable
        What is timed, with one input.
    inputs : sequence
        Taken in turn.
    budget : float
        Seconds.
    before : callable, optional
        Called with the same input before each call, and not timed.
    most, least : int, default 200 and 3
        No more calls than `most` are counted, and no fewer than `least`.

    Returns
    -------
    Timing
        The median, of how many calls, and the quartiles.
    """
    before(inputs[0])
    call(inputs[0])
    begun = time.perf_counter()
    for one in inputs:
        if time.perf_counter() - begun > budget / 4:
            break
        before(one)
        call(one)
    times: list[float] = []
    for one in cycle(inputs):
        before(one)
        start = time.perf_counter()
        call(one)
        times.append(time.perf_counter() - start)
        if len(times) >= most or (len(times) >= least and time.perf_counter() - begun > budget):
            break
    return Timing.of(times)


def low_seconds(call: Callable[[Input], object], inputs: Sequence[Input], rounds: int = 6) -> float:
    """Return the lower quartile of the time of a call.

    It is steadier than the median where few calls are made and others use the machine.
    """
    times = []
    for round_ in range(rounds + 1):
        for one in inputs:
            start = time.perf_counter()
            call(one)
            times += [time.perf_counter() - start] * (round_ > 0)
    return float(np.percentile(times, 25))
