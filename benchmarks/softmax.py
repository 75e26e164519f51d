"""`probabilities` beside other softmaxes of a whole row, and beside the least it can take: a copy of the row and an exponential.

Run as ``python benchmarks/softmax.py [V]``, a second. SciPy and PyTorch are left out, and named, where they are not installed.
"""

import sys
from collections.abc import Callable, Iterator

import machine
import numpy as np
from numpy.typing import NDArray
from tables import microseconds, print_table

import thermonucleus as tn
from thermonucleus.rows import KINDS, pool
from thermonucleus.timing import median_seconds

Call = Callable[[NDArray[np.float32]], object]


def ways(size: int) -> Iterator[tuple[str, Call]]:
    out = np.empty(size, np.float32)

    def copy_and_exp(row: NDArray[np.float32]) -> None:
        np.copyto(out, row)
        np.exp(out, out=out)

    yield "np.copyto and np.exp", copy_and_exp
    yield "probabilities(row)", tn.probabilities
    yield "probabilities(row, out=out)", lambda row: tn.probabilities(row, out=out)
    yield "probabilities(row, temperature=0.8, out=out)", lambda row: tn.probabilities(row, temperature=0.8, out=out)
    yield (
        "probabilities(row, temperature=0.8, top_p=0.95, out=out)",
        lambda row: tn.probabilities(row, temperature=0.8, top_p=0.95, out=out),
    )
    yield from scipy_ways()
    yield from torch_ways()


def scipy_ways() -> Iterator[tuple[str, Call]]:
    try:
        import scipy.special
    except ImportError:
        print("SciPy is missing.\n")
    else:
        yield "scipy.special.softmax(row)", scipy.special.softmax
        yield "scipy.special.softmax(row / 0.8)", lambda row: scipy.special.softmax(row / np.float32(0.8))


def torch_ways() -> Iterator[tuple[str, Call]]:
    try:
        import torch
    except ImportError:
        print("PyTorch is missing.\n")
    else:
        torch.set_num_threads(1)
        yield "torch.softmax(row, -1)", lambda row: torch.softmax(torch.from_numpy(row), -1)
        yield "torch.softmax(row / 0.8, -1)", lambda row: torch.softmax(torch.from_numpy(row) / 0.8, -1)


def main(size: int) -> None:
    print(f"V = {size:,} on {machine.processor()}, level {tn.target}, NumPy {np.__version__}, one thread; medians, µs\n")
    rows = {kind: pool(kind, size) for kind in KINDS}
    body = [[name, *(microseconds(median_seconds(call, rows[kind], 400)) for kind in KINDS)] for name, call in ways(size)]
    print_table(["softmax", *KINDS], body, numbers=len(KINDS))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 128_256)
