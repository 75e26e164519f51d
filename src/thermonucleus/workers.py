"""Workers: threads over ranges of rows. The kernel releases the GIL, and no row's result depends on how rows are divided."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["check_workers", "for_ranges"]

Result = TypeVar("Result")


def check_workers(workers: int) -> int:
    """Return the number of threads to use, -1 meaning as many as this process has cores; raise TypeError or ValueError."""
    if isinstance(workers, bool) or not isinstance(workers, int | np.integer):
        raise TypeError(f"workers must be an integer, got {workers!r} of type {type(workers).__name__}")
    if workers == -1:
        return _cores()
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, or -1 for all cores, got {workers}")
    return int(workers)


def for_ranges(task: Callable[[int, int], Result], rows: int, workers: int) -> list[Result]:
    """Call `task(start, stop)` over ranges that cover the rows, and return the results in the order of the rows."""
    workers = min(workers, rows)
    if workers <= 1:
        return [task(0, rows)]
    bounds = [rows * i // workers for i in range(workers + 1)]
    return list(_pool(workers, os.getpid()).map(task, bounds[:-1], bounds[1:]))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool(size: int, process: int) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor  # only who asks for workers waits for it

    # A forked child inherits the pool but not its threads; under its own process number it makes a new one.
    return ThreadPoolExecutor(size, thread_name_prefix="thermonucleus")
