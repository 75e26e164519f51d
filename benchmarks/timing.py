"""Medians of calls over a pool of inputs."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Input = TypeVar("Input")


def median_seconds(call: Callable[[Input], object], inputs: Sequence[Input], calls: int = 200) -> float:
    """Median time of a call, taking the inputs in turn; a first round of them is not counted."""
    for one in inputs:
        call(one)
    times = np.empty(calls)
    for i in range(calls):
        one = inputs[i % len(inputs)]
        start = time.perf_counter()
        call(one)
        times[i] = time.perf_counter() - start
    return float(np.median(times))
