"""Rows chosen to hurt, random cases of them with their settings, the same ones every time, and what fails when it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.rows import HARD, Row, bfloat16, flat
from thermonucleus.settings.orders import STAGES

__all__ = ["BOUNDARIES", "SHAPES", "UNREADABLE", "UNSOUND", "Case", "Failing", "Row", "cases", "further_settings"]

SHAPES: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "normal": flat,
    "wide": lambda rng, size: rng.normal(0, 60, size),
    "language model": lambda rng, size: rng.normal(0, 2, size) + (rng.random(size) < 0.003) * rng.exponential(4, size) * 3,
    "peaked": lambda rng, size: rng.normal(0, 1, size) + 30.0 * (np.arange(size) == rng.integers(size)),
    "all equal": HARD["all equal"],
    "ties": lambda rng, size: rng.integers(-4, 5, size) / 2,
    "bfloat16": lambda rng, size: bfloat16(rng.normal(0, 3, size)),
    "masked": lambda rng, size: np.where(rng.random(size) < 0.5, -np.inf, rng.normal(0, 3, size)),
    "one left": lambda rng, size: np.where(np.arange(size) == rng.integers(size), 0.0, -np.inf),
    "ascending": lambda rng, size: np.sort(rng.normal(0, 3, size)),
    "descending": lambda rng, size: np.sort(rng.normal(0, 3, size))[::-1],
    "subnormal tail": lambda rng, size: -rng.exponential(1, size) * 110,
    "far from zero": lambda rng, size: rng.normal(0, 300, size) + 1e6 * rng.choice([-1, 1]),
    "largest last": lambda rng, size: np.where(np.arange(size) == size - 1, 12.0, rng.normal(0, 2, size)),
}

UNSOUND: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "huge": lambda rng, size: rng.normal(0, 1e30, size),
    "near the largest float": lambda rng, size: rng.normal(0, 1e38, size),
    "at the largest float": lambda rng, size: rng.choice([-1, 1], size) * float(np.finfo(np.float32).max),
    "NaN": lambda rng, size: np.where(np.arange(size) == rng.integers(size), np.nan, rng.normal(0, 3, size)),
    "infinite": lambda rng, size: np.where(np.arange(size) == rng.integers(size), np.inf, rng.normal(0, 3, size)),
    "none left": lambda rng, size: np.full(size, -np.inf),
}
"""Rows at the ends of what float32 holds, and beyond."""

BOUNDARIES = [15, 16, 17, 31, 32, 33, 63, 64, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 1536, 8191, 8192, 8193]
"""Lengths where a lane, a group, a chunk or a way to search ends."""


@dataclass(frozen=True)
class Unreadable:
    """An array of another library that NumPy cannot read, and what it raises then."""

    error: Exception

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[Any]:
        raise self.error


UNREADABLE: dict[str, tuple[Any, type[Exception], str]] = {
    "a gradient": (Unreadable(RuntimeError("call detach() first")), TypeError, r"call detach\(\) first"),
    "bfloat16": (
        Unreadable(TypeError("no BFloat16")),
        TypeError,
        r"no BFloat16 \(NumPy has no such type: convert to float32 first\)",
    ),
    "an exception that takes no message": (Unreadable(UnicodeDecodeError("utf-8", b"1", 0, 1, "none")), ValueError, ".*: none"),
    "ragged": ([[0.5, 0.5], [0.5]], ValueError, ".*inhomogeneous.*"),
}
"""What cannot be read as an array, the kind of error that says so, and the end of its message."""


class Failing(np.random.Generator):
    """A generator of a user's own that has no number to give."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def random(self, *arguments: Any, **options: Any) -> Any:
        raise ValueError("out of numbers")


@dataclass(frozen=True)
class Case:
    """A row, and how to sample from it."""

    shape: str
    row: Row
    settings: dict[str, Any]
    u: float


def cases(seed: int, count: int, lowest: int, highest: int, shapes: dict[str, Any] = SHAPES) -> Iterator[Case]:
    """Make cases with `lowest` to `highest` tokens, each size as likely as its double, and every tenth at a boundary."""
    rng = np.random.default_rng(seed)
    names = list(shapes)
    for number in range(count):
        size = int(np.exp(rng.uniform(np.log(lowest), np.log(highest + 1))))
        if number % 10 == 0:
            size = int(rng.choice(BOUNDARIES))
        shape = names[rng.integers(len(names))]
        with np.errstate(over="ignore"):
            row = shapes[shape](rng, size).astype(np.float32)
        if shape in SHAPES and row.max() == -np.inf:
            row[0] = 0.0
        yield Case(shape, row, random_settings(rng, size), float(rng.random()))


def further_settings(rng: np.random.Generator) -> dict[str, Any]:
    """Choose up to four of the settings beyond those that are always chosen, and now and then an order of the stages."""
    choices: dict[str, Any] = {
        "typical_p": rng.random(),
        "epsilon_cutoff": rng.random() ** 6,
        "eta_cutoff": rng.random() ** 6,
        "tfs": rng.random(),
        "top_a": rng.random(),
        "top_n_sigma": 3 * rng.random(),
        "top_h": rng.random(),
        "p_less": [True, "norm"][rng.integers(2)],
        "min_k": 10 * rng.random(),
        "xtc_probability": [0.5, 1.0][rng.integers(2)],
        "dynatemp_range": rng.random(),
        "smoothing_factor": rng.random(),
        "xtc_threshold": 0.5 * rng.random(),
        "smoothing_curve": 1 + 2 * rng.random(),
    }
    names = rng.permutation(list(choices))[: rng.integers(5)]
    order = {"order": tuple(map(str, rng.permutation(list(STAGES)[:-2])))} if rng.random() < 0.3 else {}
    # 0 is out of the range of some.
    return {str(name): choices[str(name)] if choices[str(name)] != 0 else 1e-3 for name in names} | order


def random_settings(rng: np.random.Generator, size: int) -> dict[str, Any]:
    return {
        "temperature": float(rng.choice([0.0, 0.1, 0.3, 0.8, 1.0, 1.5, 3.0, rng.uniform(0.05, 5)])),
        "top_k": int(rng.choice([0, 0, 0, 1, 2, 50, 1000, size // 2, size - 1])),
        "top_p": float(rng.choice([1.0, 0.999, 0.99, 0.95, 0.9, 0.5, 0.1, 0.0, rng.random()])),
        "min_p": float(rng.choice([0.0, 0.0, 0.0, 0.05, 0.5, rng.random()])),
        "temperature_last": bool(rng.random() < 0.2),
    }
