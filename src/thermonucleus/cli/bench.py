"""`thermonucleus bench`: what a draw takes on this machine."""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import thermonucleus
from thermonucleus.cli.settings import add_settings, settings_of
from thermonucleus.settings import check_integer

Input = TypeVar("Input")

ROWS = 32
"""Rows of a kind, taken in turn, so that no branch predictor learns one by heart."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "bench",
        help="time draws on this machine",
        description="Time a draw from rows of three kinds, beside np.max, one read of the same row.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--size", type=int, default=128_256, metavar="V", help="logits in a row")
    parser.add_argument("--calls", type=int, default=400, help="calls of which the median is taken")
    add_settings(parser, temperature=0.8, top_p=0.95)


def run(options: argparse.Namespace) -> None:
    """Print a line a kind of row."""
    for name in ("size", "calls"):
        check_integer(getattr(options, name), name=f"--{name}", least=1)
    sampler = thermonucleus.Sampler(**settings_of(options), rng=0)
    print(f"{sampler}, V = {options.size:,}, {thermonucleus.target}\n")
    print(f"{'row':16}{'np.max, us':>12}{'a draw, us':>12}{'ratio':>8}")
    for kind, make in KINDS.items():
        rng = np.random.default_rng(0)
        rows = [make(rng, options.size).astype(np.float32) for _ in range(ROWS)]
        floor, draw = (median_seconds(call, rows, options.calls) * 1e6 for call in (np.max, sampler))
        print(f"{kind:16}{floor:12.1f}{draw:12.1f}{draw / floor:8.1f}", flush=True)


def median_seconds(call: Callable[[Input], object], inputs: Sequence[Input], calls: int = 200) -> float:
    """Return the median time of a call, taking the inputs in turn; a first round of them is not counted."""
    for one in inputs:
        call(one)
    times = np.empty(calls)
    for i in range(calls):
        one = inputs[i % len(inputs)]
        start = time.perf_counter()
        call(one)
        times[i] = time.perf_counter() - start
    return float(np.median(times))


def language_model(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a bulk of N(0, 2) under a head that falls with the logarithm of the rank, as a trained model's logits do.

    At temperature 0.8 the 0.95 nucleus holds some 10 to 200 tokens.
    """
    row = rng.normal(0, 2, size)
    head = rng.permutation(size)[:2000]
    ranks = np.arange(1, len(head) + 1)
    row[head] = np.maximum(row[head], 15 - rng.uniform(1.35, 1.8) * np.log(ranks) + rng.normal(0, 0.3, len(head)))
    return row


def flat(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return N(0, 1): the 0.95 nucleus at temperature 0.8 is two thirds of the vocabulary."""
    return rng.normal(0, 1, size)


def peaked(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a row with one token above 0.999."""
    row = rng.normal(0, 2, size)
    row[rng.integers(size)] = 30
    return row


KINDS: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "language model": language_model,
    "flat": flat,
    "peaked": peaked,
}
"""Rows of logits like those that samplers meet, by name."""
