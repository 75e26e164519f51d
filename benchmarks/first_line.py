"""One draw at V = 128,256, as ratios to np.max(row) and to the reference, in one process: python benchmarks/first_line.py."""

import platform
import sys
from functools import partial
from typing import Any

import numpy as np
from rows import KINDS, pool
from timing import median_seconds

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.kernel import dispatch

SETTINGS: list[dict[str, Any]] = [
    {"temperature": 0.8, "top_p": 0.95},
    {"temperature": 0.8, "top_p": 0.95, "top_k": 50},
]


def main(size: int = 128_256) -> None:
    print(f"V = {size}, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print("| row | settings | level | median, µs | / np.max | reference / it |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        rows = pool(kind, size)
        for settings in SETTINGS:
            floor = median_seconds(np.max, rows)
            slow = median_seconds(partial(reference.sample, u=0.5, **settings), rows[:8], 16)
            for target in tn.targets():
                with dispatch.using(target):
                    sampler = tn.Sampler(rng=0, **settings)
                    fast = median_seconds(sampler, rows)
                told = ", ".join(f"{name}={value}" for name, value in settings.items())
                print(f"| {kind} | {told} | {target} | {fast * 1e6:.1f} | {fast / floor:.1f} | {slow / fast:.0f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
