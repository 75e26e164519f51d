"""Workers: threads over ranges of rows. The kernel releases the GIL, and no row's result depends on how rows are divided."""

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from thermonucleus.settings import check_integer

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["check_workers", "for_ranges"]

Result = TypeVar("Result")

RANGES_A_WORKER = 4
"""Workers take ranges as they get to them: one that starts late, or shares its core, takes fewer."""


def check_workers(workers: int) -> int:
    """Return the number of threads to use, -1 meaning as many as this process has cores; raise TypeError or ValueError."""
    count = check_integer(workers, name="workers", least=None)
    if count == -1:
        return _cores()
    if count < 1:
        raise ValueError(f"workers must be 1 or more, or -1 for all cores, got {count}")
    return count


def for_ranges(
    task: Callable[[int, int], Result], rows: int, workers: int, stop: Callable[[], object] = lambda: None
) -> list[Result]:
    """Call `task(start, stop)` over ranges that cover the rows, and return the results in the order of the rows.

    An exception, KeyboardInterrupt for one, is raised once no thread works on any range. Ranges that wait are left out then, and
    `stop` is called for those that are worked on to end early.
    """
    workers = min(workers, rows)
    if workers <= 1:
        return [task(0, rows)]
    parts = min(rows, workers * RANGES_A_WORKER)
    bounds = [rows * i // parts for i in range(parts + 1)]
    waiting = deque(range(parts))
    results: list[Result | None] = [None] * parts

    def work() -> None:
        while True:
            try:
                part = waiting.popleft()
            except IndexError:
                return
            results[part] = task(bounds[part], bounds[part + 1])

    helpers: list[Future[None]] = []
    try:
        helpers.extend(_pool(workers - 1, os.getpid()).submit(work) for _ in range(workers - 1))
        # The caller works too: threads take longer to wake up than a few rows take, and what they would do may be done by then.
        work()
        _join(helpers)
    except BaseException:
        waiting.clear()
        stop()
        _outlast(helpers)
        raise
    finally:
        # Its exception would hold on to this frame, which would hold on to it.
        helpers.clear()
    return cast("list[Result]", results)


def _join(helpers: "list[Future[None]]") -> None:
    """Wait for the helpers that have begun, and raise what one of them raised."""
    from concurrent.futures import wait  # only who asks for workers waits for it

    started = [helper for helper in helpers if not helper.cancel()]
    wait(started)
    while started:
        started.pop().result()


def _outlast(helpers: "list[Future[None]]") -> None:
    """Wait for helpers that are about to end. Ctrl-C, again, must not end the call while they write to what it was given."""
    from concurrent.futures import wait  # as above

    while not all(helper.cancel() or helper.done() for helper in helpers):
        with suppress(KeyboardInterrupt):
            wait(helper for helper in helpers if not helper.cancelled())


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool(size: int, process: int) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor  # as above

    # A forked child inherits the pool but not its threads; under its own process number it makes a new one.
    return ThreadPoolExecutor(size, thread_name_prefix="thermonucleus")
