"""Every instruction level on the same random rows: tokens, probabilities and exceptions must be the same bits.

    python tests/identity.py [--rows N]         compare the levels of this processor, a process for each
    python tests/identity.py --rows N --digest  print the level that this process runs, and a digest of all it computed

Rows have 1 to 262,144 tokens, most of them few; every twentieth block holds rows that must be refused. A difference ends the run
with the number of the first row that differs, its shape and its settings.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import IO

import numpy as np
from cases import SHAPES, UNSOUND, Case, cases

import thermonucleus as tn
from thermonucleus.kernel import dispatch

BLOCK = 500


def block_of(number: int) -> Iterator[Case]:
    """One block of cases: of every fifty, two have long rows, fewer of them."""
    if number % 50 < 2:
        return cases(number, BLOCK // 20, 1000, 262_144)
    return cases(number, BLOCK, 1, 1000 if number % 10 == 3 else 100, UNSOUND if number % 20 == 4 else SHAPES)


def blocks_for(rows: int) -> int:
    """Return how many blocks it takes to have so many rows."""
    number = 0
    while rows > 0:
        rows -= BLOCK // 20 if number % 50 < 2 else BLOCK
        number += 1
    return number


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


def start(level: str, blocks: int) -> "subprocess.Popen[str]":
    """Start a process that prints the digest of every block at one level."""
    command = [sys.executable, __file__, "--blocks", str(blocks)]
    return subprocess.Popen(command, env={**os.environ, dispatch.VARIABLE: level}, stdout=subprocess.PIPE, text=True)


def compare(streams: Mapping[str, IO[str]], blocks: int) -> None:
    """Compare the digests as they come; raise AssertionError at the first block that differs."""
    for number in range(blocks):
        found = {level: stream.readline().strip() for level, stream in streams.items()}
        if len(set(found.values())) != 1 or "" in found.values():
            raise AssertionError(describe(number))
        if sys.stderr.isatty():
            print(f"\rblock {number + 1} of {blocks}", end="", file=sys.stderr, flush=True)


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
    processes = {level: start(level, blocks) for level in tn.targets()}
    compare({level: process.stdout for level, process in processes.items() if process.stdout is not None}, blocks)
    print(f"{options.rows:,} rows or more: the same tokens, probabilities and exceptions at {', '.join(processes)}")


if __name__ == "__main__":
    main()
