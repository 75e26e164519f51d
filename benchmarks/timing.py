"""Medians of calls over a pool of inputs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

import numpy as np

from thermonucleus.cli.bench import median_seconds

__all__ = ["Timing", "low_seconds", "median_seconds", "median_within"]

Input = TypeVar("Input")


@dataclass(frozen=True)
class Timing:
    """A median, and how many calls it is of."""

    seconds: float
    calls: int


def median_within(
    call: Callable[[Input], object],
    inputs: Sequence[Input],
    budget: float,
    *,
    before: Callable[[Input], object] = lambda one: None,
    most: int = 200,
    least: int = 3,
) -> Timing:
    """Median time of as many calls as the budget in seconds allows, but no fewer than `least` and no more than `most`.

    `before` is called with the same input before each call, and is not timed. The first call, which may compile something, is not
    counted, and neither are those of a first round that a quarter of the budget allows.
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
    return Timing(float(np.median(times)), len(times))


def low_seconds(call: Callable[[Input], object], inputs: Sequence[Input], rounds: int = 6) -> float:
    """Lower quartile of the time of a call: steadier than the median where few calls are made and others use the machine."""
    times = []
    for round_ in range(rounds + 1):
        for one in inputs:
            start = time.perf_counter()
            call(one)
            times += [time.perf_counter() - start] * (round_ > 0)
    return float(np.percentile(times, 25))
