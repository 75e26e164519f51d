"""The slides' functions, the naive way and here: what comes out of inputs that hurt, and how long it takes.

Run as ``python benchmarks/slides.py [V]``. Every cell of the table is found by running both; a wrong result of ours is an error.
"""

import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import naive
import numpy as np
from machine import processor
from tables import microseconds, print_table, ratio

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.rows import Row, pool
from thermonucleus.timing import median_seconds

Function = Callable[..., Any]
Arguments = tuple[Any, ...]

CONTEXT = "ten green hills"
LARGE = np.array([1000.0, 2000.0, 3000.0])
LIST = [1.0, 2.0, 3.0]
FLOATS = np.array(LIST)
INTEGERS = np.array([1, 2, 3])
SHARES = np.array([0.5, 0.3, 0.2])

FAILURES = (ArithmeticError, LookupError, TypeError, ValueError)
SEEDS = range(200)
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Slide:
    """A function of the slides: where it is found, what hurts it, and what it is timed with."""

    name: str
    numbers: str
    hurts: dict[str, Arguments]
    """By the name that the table gives them: positional arguments that the naive way fails on."""
    settings: Arguments
    """Further arguments after a language model's row."""
    draws: bool = False
    prepare: Function = field(default=lambda row: row)
    """What a language model's row goes through before it is timed."""
    overwrites: bool = False
    """Whether the naive way has to be given a copy."""

    @property
    def naive(self) -> Function:
        function: Function = getattr(naive, self.name)
        return function

    @property
    def ours(self) -> Function:
        function: Function = getattr(tn, self.name)
        return function

    @property
    def exact(self) -> Function:
        function: Function = getattr(reference, self.name)
        return function

    def naively(self) -> Callable[[Row], object]:
        """Make a call of the naive way that leaves the row as it is."""
        function = self.naive
        if self.overwrites:
            return lambda row: function(row.copy(), *self.settings)
        return lambda row: function(row, *self.settings)

    def here(self) -> Callable[[Row], object]:
        """Make a call of ours, which draws from a generator that is kept, as the naive way does."""
        function = self.ours
        kept = {"rng": np.random.default_rng(0)} if self.draws else {}
        return lambda row: function(row, *self.settings, **kept)


SLIDES = [
    Slide(
        "sample_with_temperature",
        "1, 3",
        {"large logits": (LARGE,), "T = 0": (FLOATS, 0.0), "a list": (LIST,)},
        (0.8,),
        draws=True,
    ),
    Slide(
        "apply_temperature",
        "2, 5",
        {"large logits": (LARGE, 1.0), "T = 0": (FLOATS, 0.0), "a list": (LIST, 1.0)},
        (0.8,),
    ),
    Slide(
        "top_p_sampling",
        "4",
        {"integers": (INTEGERS,), "log-probabilities": (np.log(SHARES),), "floats": (FLOATS,)},
        (0.95,),
        draws=True,
        overwrites=True,
    ),
    Slide(
        "apply_top_p",
        "5, 9",
        {"p = 1": (SHARES, 1.0), "a sum equal to p": (SHARES, 0.5)},
        (0.95,),
        prepare=lambda row: tn.apply_temperature(row, 0.8),
        overwrites=True,
    ),
    Slide(
        "get_token_probs",
        "7",
        {"large logits": (LARGE,), "T = 0": (FLOATS, 0.0), "a list": (LIST,)},
        (0.8, 0.95),
    ),
    Slide(
        "combined_sampling",
        "10",
        {"large logits": (LARGE, 1.0, 0.9), "T = 0": (FLOATS, 0.0, 0.9), "p = 1": (FLOATS, 1.0, 1.0), "a list": (LIST, 1.0, 0.9)},
        (0.8, 0.95),
        draws=True,
    ),
    Slide(
        "adaptive_sampling",
        "13",
        {
            "an empty context": (FLOATS, 1.0, 0.9, ""),
            "large logits": (LARGE, 1.0, 0.9, CONTEXT),
            "a list": (LIST, 1.0, 0.9, CONTEXT),
        },
        (0.8, 0.95, CONTEXT),
        draws=True,
    ),
    Slide(
        "token_probabilities",
        "14",
        {"p = 1": (FLOATS, 1.0, 1.0), "large logits": (LARGE, 1.0, 0.9), "T = 0": (FLOATS, 0.0, 0.9), "a list": (LIST, 1.0, 0.9)},
        (0.8, 0.95),
    ),
]

LEGEND = f"""\
Large logits are [1000, 2000, 3000], floats and a list [1.0, 2.0, 3.0], integers [1, 2, 3], log-probabilities and probabilities
those of [0.5, 0.3, 0.2]. Exact: the token of the float64 reference for {len(SEEDS)} seeds, or its probabilities within a millionth
and 0 where it has 0; the input is left as it was. Where two slides differ, the naive way is that of slide 3 (slide 1 is in PyTorch)
and of slide 5 (slide 9 takes lists). Times are medians on float32 rows like a language model's, with temperature 0.8 and p = 0.95;
both ways draw from a generator that is kept. A naive way that writes into its input is timed on a copy, the copying included."""


def copied(arguments: Arguments) -> Arguments:
    return tuple(one.copy() if isinstance(one, np.ndarray | list) else one for one in arguments)


def support(slide: Slide, function: Function, arguments: Arguments, **seed: Any) -> set[int]:
    """Tokens that can be drawn, or that have a probability."""
    result = function(*copied(arguments), **seed)
    return {int(result)} if slide.draws else set(np.flatnonzero(result).tolist())


def seeds(slide: Slide) -> list[dict[str, int]]:
    return [{"rng": seed} for seed in SEEDS] if slide.draws else [{}]


def naive_outcome(slide: Slide, arguments: Arguments) -> str:
    """Say what the naive way makes of the arguments: an exception, NaN, too few or too many tokens, or nothing wrong."""
    try:
        got = [slide.naive(*copied(arguments)) for _ in seeds(slide)]
    except FAILURES as error:
        return type(error).__name__
    if not slide.draws and np.isnan(got[0]).any():
        return "all NaN" if np.isnan(got[0]).all() else "some NaN"
    kept = set(got) if slide.draws else set(np.flatnonzero(got[0]).tolist())
    right = set().union(*(support(slide, slide.exact, arguments, **seed) for seed in seeds(slide)))
    if len(kept) == len(right):
        return "nothing wrong" if kept == right else "wrong tokens"
    off = len(kept) - len(right)
    return f"{abs(off)} token{'s' * (abs(off) > 1)} too {'many' if off > 0 else 'few'}"


def naive_overwrites(slide: Slide) -> bool:
    """Tell whether the naive way writes into any of its inputs that hurt."""
    for arguments in slide.hurts.values():
        given = copied(arguments)
        with suppress(*FAILURES):
            slide.naive(*given)
        if not np.array_equal(given[0], arguments[0]):
            return True
    return False


def faults(slide: Slide) -> str:
    """Gather what goes wrong the naive way: each kind of failure once, with the inputs it happens on."""
    failures: dict[str, list[str]] = {}
    for name, arguments in slide.hurts.items():
        failures.setdefault(naive_outcome(slide, arguments), []).append(name)
    cells = [f"{failure} on {', '.join(names)}" for failure, names in failures.items()]
    overwrites = naive_overwrites(slide)
    if overwrites != slide.overwrites:
        raise AssertionError(f"the naive {slide.name} is said to write into its input: {slide.overwrites}, but: {overwrites}")
    return "; ".join([*cells, "writes into its input"] if overwrites else cells)


def checked(slide: Slide) -> str:
    """Compare ours with the reference on the same inputs; raise if it differs, or has written into its input."""
    for name, arguments in slide.hurts.items():
        for seed in seeds(slide):
            given = copied(arguments)
            got, want = slide.ours(*given, **seed), slide.exact(*copied(arguments), **seed)
            if not np.array_equal(given[0], arguments[0]):
                raise AssertionError(f"{slide.name} has written into its input: {name}")
            if slide.draws:
                same = got == want
            else:
                same = np.array_equal(got > 0, want > 0) and np.allclose(got, want, rtol=0, atol=TOLERANCE)
            if not same:
                raise AssertionError(f"{slide.name} on {name} is {got}, expected {want}")
    return f"exact on all {len(slide.hurts)}"


def seconds(slide: Slide, rows: Sequence[Row]) -> tuple[float, float]:
    """Median times, the naive way and here."""
    inputs = [slide.prepare(row) for row in rows]
    return median_seconds(slide.naively(), inputs[:8], 24), median_seconds(slide.here(), inputs)


def main(size: int = 128_256) -> None:
    print(f"V = {size:,} on {processor()}, level {tn.target}, Python {platform.python_version()}, NumPy {np.__version__}\n")
    rows = pool("language model", size)
    body = []
    for slide in SLIDES:
        with np.errstate(all="ignore"):
            wrong = faults(slide)
        right = checked(slide)
        slow, fast = seconds(slide, rows)
        body.append([f"`{slide.name}`", slide.numbers, wrong, right, microseconds(slow), microseconds(fast), ratio(slow / fast)])
    print_table(["function", "slides", "the naive way", "here", "naive, µs", "here, µs", "naive / here"], body, numbers=3)
    print(f"\n{LEGEND}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
