"""Every instruction level on the same random rows: tokens, probabilities and exceptions must be the same bits.

    python tests/identity.py [--rows N]         compare the levels of this processor, a process for each
    python tests/identity.py --rows N --digest  print the level that this process runs, and a digest of all it computed

Rows have 1 to 262,144 tokens, most of them few; every tenth block holds rows that must be refused. A difference ends the run
with the block (its seed) and the number of the first row that differs, its shape and its settings.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate, count
from threading import Lock

import numpy as np
from cases import SHAPES, UNSOUND, Case, cases

import thermonucleus as tn
from thermonucleus.kernel import dispatch

BLOCK = 500
LONG = 25


def is_long(number: int) -> bool:
    return number % 50 < 4


def block_of(number: int) -> Iterator[Case]:
    """One block of cases: of every fifty, four have long rows, fewer of them."""
    shapes = SHAPES | UNSOUND if number % 20 in (1, 4) else SHAPES
    if is_long(number):
        return cases(number, LONG, 1000, 262_144, shapes)
    return cases(number, BLOCK, 1, 2000 if number % 10 > 6 else 100, shapes)


def rows_in(blocks: int) -> int:
    return sum(LONG if is_long(number) else BLOCK for number in range(blocks))


def blocks_for(rows: int) -> int:
    """Return how many blocks it takes to have so many rows."""
    sums = accumulate(LONG if is_long(number) else BLOCK for number in count())
    return next(blocks for blocks, reached in enumerate(sums, start=1) if reached >= rows)


def outcome(case: Case) -> bytes:
    """Return what comes of a case, to the bit."""
    try:
        probabilities = tn.probabilities(case.row, **case.settings)
        tokens = tn.sample(case.row, u=np.array([case.u, 0.0, 1 - 2.0**-53]), num_samples=3, **case.settings)
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}".encode()
    return probabilities.tobytes() + np.asarray(tokens).tobytes()


def digests(blocks: int) -> Iterator[str]:
    for number in range(blocks):
        state = blake2b(digest_size=8)
        for case in block_of(number):
            state.update(outcome(case))
        yield state.hexdigest()


def lines_of(level: str, blocks: int) -> Iterator[str]:
    """Digest every block at one level, in a process of its own."""
    command = [sys.executable, __file__, "--blocks", str(blocks)]
    environment = {**os.environ, dispatch.VARIABLE: level}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield from map(str.strip, process.stdout or ())
        finally:
            process.terminate()


@dataclass
class Comparison:
    """Digests as they come from any level, in any order of levels: the first of a block is what the others must equal."""

    levels: Collection[str]
    blocks: int
    agreed: dict[int, str] = field(default_factory=dict)
    done: int = 0
    stopped: bool = False
    lock: Lock = field(default_factory=Lock)

    def follow(self, level: str, lines: Iterable[str]) -> None:
        """Compare one level's digests; raise AssertionError at the first that differs, or if there are too few."""
        number = -1
        for number, line in enumerate(lines):
            with self.lock:
                if self.stopped:
                    return
                self.compare(number, line)
        if number + 1 != self.blocks:
            self.stopped = True
            raise AssertionError(f"{level} ended after {number + 1} of {self.blocks} blocks")

    def compare(self, number: int, line: str) -> None:
        if self.agreed.setdefault(number, line) != line:
            self.stopped = True
            raise AssertionError(describe(number))
        self.done += 1
        if sys.stderr.isatty():
            print(f"\rblock {self.done} of {self.blocks * len(self.levels)}", end="", file=sys.stderr, flush=True)

    def run(self, processes: int) -> None:
        """Follow every level, so many at a time."""
        with ThreadPoolExecutor(processes) as pool:
            for ended in [pool.submit(self.follow, level, lines_of(level, self.blocks)) for level in self.levels]:
                ended.result()


def describe(number: int) -> str:
    """Name the first case of a block that differs between levels."""
    for at, case in enumerate(block_of(number)):
        found = {}
        for level in tn.targets():
            with dispatch.using(level):
                found[level] = outcome(case)
        if len(set(found.values())) != 1:
            return f"block {number}, row {at}: {case.shape}, V = {len(case.row)}, {case.settings}, u = {case.u!r}: {found}"[:2000]
    return f"block {number} differs between processes, but no row of it within one"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compare the bits of every instruction level.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many levels run at a time")
    parser.add_argument("--digest", action="store_true", help="print one digest of this process's level")
    parser.add_argument("--blocks", type=int, help="print the digest of every block of this process's level")
    options = parser.parse_args(arguments)
    if options.blocks is not None:
        for digest in digests(options.blocks):
            print(digest, flush=True)
        return
    blocks = blocks_for(options.rows)
    if options.digest:
        print(tn.target, blake2b("".join(digests(blocks)).encode(), digest_size=16).hexdigest())
        return
    began = time.perf_counter()
    try:
        Comparison(tn.targets(), blocks).run(options.processes)
    except AssertionError as difference:
        sys.exit(str(difference))
    print(f"{rows_in(blocks):,} rows: the same tokens, probabilities and exceptions at {', '.join(tn.targets())}")
    print(f"    {blocks:,} blocks in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
