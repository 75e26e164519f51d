"""A draw from the same rows, by where they were before: in the nearest cache, in the last one, in memory, or on another core.

In a generator a row is what a matrix product has just written, most of it on other cores. So it is here: a process on another core
multiplies a hidden state with an unembedding matrix in NumPy, with one thread, into memory that both share, and this process, which
waits in a loop meanwhile, reads the row as soon as it is there. The hidden state has a single component that is not 0, so that
the product is a row that is given; it takes as long as any other.
"""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing.connection import Connection
from typing import Any

import machine
import numpy as np
from alternating import UNKNOWN_CACHE, Call, Ratios, compared, seconds, summed_up
from goals import USUAL, WITH_TOP_K

import thermonucleus as tn
from thermonucleus.rows import Row

FEW = 8
"""Rows of the regime `8 rows`: few enough for any last-level cache."""

OVERFLOWING = 2
"""Chosen: the rows of the regime `from memory` take so many times the last-level cache."""

LARGEST = 2**28
"""Chosen: bytes, and no more than these, since a last-level cache that many cores share may be large."""

THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS")
"""What keeps the matrix product of NumPy on the core of its process."""

LEAST_REPEATS = 2


@dataclass(frozen=True)
class Regime:
    """A setting on rows that were somewhere before."""

    rows: str
    size: int
    words: str
    before: str
    ratios: Ratios


def regimes(rows: Mapping[str, Sequence[Row]], repeats: int) -> Iterator[Regime]:
    """Measure the usual settings on each kind of row, and with top_k=50 on the first, wherever the rows were before."""
    for name, some in rows.items():
        calls = {"temperature=0.8, top_p=0.95": tn.Sampler(**USUAL, rng=0)}
        if name == next(iter(rows)):
            calls["temperature=0.8, top_k=50, top_p=0.95"] = tn.Sampler(**WITH_TOP_K, rng=0)
        for words, call in calls.items():
            for before, ratios in everywhere(call, some, repeats):
                yield Regime(name, some[0].size, words, before, ratios)


def everywhere(call: Call, rows: Sequence[Row], repeats: int) -> Iterator[tuple[str, Ratios]]:
    yield "the same row again", compared(call, rows, repeats, group=1)
    yield f"{FEW} rows in turn", compared(call, rows, repeats, group=FEW)
    overflowing = overflow(rows)
    yield "from memory", compared(call, overflowing, max(LEAST_REPEATS, repeats // 3), group=len(overflowing))
    if machine.cores() > 1:
        yield "just written on another core", just_written(call, rows, max(LEAST_REPEATS, repeats // 3))


def overflow(rows: Sequence[Row]) -> list[Row]:
    """Copy rows until they are more than the last-level cache holds."""
    cache = machine.last_level_cache() or UNKNOWN_CACHE
    count = min(OVERFLOWING * cache, LARGEST) // rows[0].nbytes + 1
    return [row.copy() for row in islice(cycle(rows), max(count, len(rows)))]


def just_written(call: Call, rows: Sequence[Row], repeats: int) -> Ratios:
    """Time `np.max` and the draw on rows that another core has written a moment before, anew for each."""
    floors, draws = np.empty((repeats + 1, len(rows))), np.empty((repeats + 1, len(rows)))
    with another_core(rows) as (shared, write):
        for round_ in range(repeats + 1):
            for one in range(len(rows)):
                for times, timed in ((floors, np.max), (draws, call)):
                    write(one)
                    times[round_, one] = seconds(timed, shared[one])
    return summed_up(floors[1:], draws[1:])


@contextmanager
def another_core(rows: Sequence[Row]) -> Iterator[tuple[Any, Any]]:
    """Start the process that writes; give the shared rows, and what has one of them written and waits until it is there."""
    context = multiprocessing.get_context("spawn")
    memory = context.RawArray("f", len(rows) * rows[0].size)
    here, there = context.Pipe()
    process = context.Process(target=write_rows, args=(there, memory, np.stack(rows)), daemon=True)
    with cores_of_their_own() as core, variables(THREADS, "1"):
        process.start()
        here.send(core)

        def write(one: int) -> None:
            here.send(one)
            while not here.poll():  # awake, as a core is that has computed its part of the product
                pass
            here.recv()

        write(0)
        try:
            yield np.frombuffer(memory, np.float32).reshape(len(rows), -1), write
        finally:
            here.send(None)
            process.join()


def write_rows(pipe: Connection, memory: Any, unembedding: Any) -> None:
    """Write one row after the other, as they are asked for: what runs in the other process."""
    core = pipe.recv()
    if core is not None:
        os.sched_setaffinity(0, {core})
    shared = np.frombuffer(memory, np.float32).reshape(unembedding.shape)
    hidden = np.eye(len(unembedding), dtype=np.float32)
    while (one := pipe.recv()) is not None:
        np.matmul(hidden[one], unembedding, out=shared[one])
        pipe.send(one)


@contextmanager
def cores_of_their_own() -> Iterator[int | None]:
    """Keep this process to one core for a while, where the system lets it choose, and give another for the other process."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    cores = os.sched_getaffinity(0)
    mine, other = sorted(cores)[:2]
    os.sched_setaffinity(0, {mine})
    try:
        yield other
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def variables(names: Sequence[str], value: str) -> Iterator[None]:
    """Set variables of the environment for a process that is started meanwhile."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, value))
    try:
        yield
    finally:
        for name, one in before.items():
            if one is None:
                del os.environ[name]
            else:
                os.environ[name] = one
