"""What `workers` gain in a batch, beside what as many separate processes gain, each with rows of its own.

Run as ``python benchmarks/threads.py [WORKERS ...]``, half a minute for two. Processes share nothing but the machine: where they
slow each other down, it is the memory that they wait for, which threads wait for too.
"""

import multiprocessing
import sys
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from typing import Any

import machine
import numpy as np
from tables import microseconds, print_table

import thermonucleus as tn
from thermonucleus.rows import KINDS, pool
from thermonucleus.timing import median_seconds

SIZE, BATCH = 128_256, 64
SETTINGS: dict[str, Any] = {"temperature": 0.8, "top_p": 0.95}
ROUNDS, CALLS = 7, 25


def batch(kind: str, rows: int) -> Any:
    return np.resize(np.stack(pool(kind, SIZE)), (rows, SIZE))


def gains(kind: str, workers: int) -> list[float]:
    """How many times as fast as one thread so many are: in each round, one after the other."""
    rows = [batch(kind, BATCH)]
    alone, together = (tn.Sampler(rng=0, workers=count, **SETTINGS) for count in (1, workers))
    return [median_seconds(alone, rows, CALLS) / median_seconds(together, rows, CALLS) for _ in range(ROUNDS)]


def seconds_of_processes(kind: str, count: int) -> float:
    """Median time of a call in the slowest of so many processes that draw from half a batch each at the same time."""
    context = multiprocessing.get_context("spawn")
    barrier, found = context.Barrier(count), context.Queue()
    processes = [context.Process(target=in_child, args=(kind, barrier, found)) for _ in range(count)]
    for process in processes:
        process.start()
    times: list[float] = [found.get() for _ in processes]
    for process in processes:
        process.join()
    return max(times)


def in_child(kind: str, barrier: Barrier, found: Any) -> None:
    rows, sampler = [batch(kind, BATCH // 2)], tn.Sampler(rng=0, **SETTINGS)
    sampler(rows[0])
    barrier.wait()
    found.put(median_seconds(sampler, rows, 3 * CALLS))


def line(kind: str, workers: int) -> list[str]:
    found = gains(kind, workers)
    one, several = seconds_of_processes(kind, 1), seconds_of_processes(kind, workers)
    alone = median_seconds(tn.Sampler(rng=0, **SETTINGS), [batch(kind, BATCH)], CALLS)
    between = f"{np.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"
    return [kind, str(workers), microseconds(alone), between, f"{workers * one / several:.2f}"]


def main(given: Sequence[str]) -> None:
    counts = [int(count) for count in given] or [machine.cores()]
    print(f"{BATCH} rows of {SIZE:,} on {machine.processor()}, {machine.cores()} cores, level {tn.target}\n")
    header = ["row", "workers", "one thread, µs", "times as fast with workers", "with processes"]
    print_table(header, [line(kind, count) for kind in KINDS for count in counts], numbers=4)


if __name__ == "__main__":
    main(sys.argv[1:])
