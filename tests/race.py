"""Logits that another thread writes to, during every call: python tests/race.py [--seconds N] [--seed N].

Whatever it does, a call returns tokens of the vocabulary, or raises ValueError (the row could not be sampled from when it was read)
or RuntimeError (it had changed when the token was drawn). The rows lie between pages that must not be touched; run it with the
address sanitizer (tests/sanitized.py does) to guard all other memory too.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from typing import Any

import numpy as np
from cases import further_settings
from guarded import guarded
from numpy.typing import NDArray

import thermonucleus as tn

Rows = NDArray[np.float32]

# Around every boundary where another way to search begins: see kernel/row/types.pxd.
SIZES = [1, 5, 17, 511, 513, 1000, 1024, 1025, 4000, 8192, 8193, 20_000, 128_256]
LOGITS = 1 << 18


def settings_for(rng: np.random.Generator, size: int) -> dict[str, Any]:
    """Return settings of every kind, those that the first crashes were seen with more often than others."""
    first = {
        "temperature": float(rng.choice([0.0, 0.3, 0.8, 1.0, 1.0, 3.0, 50.0])),
        "top_k": int(rng.choice([0, 0, 0, 1, 40, size // 2, size // 2, max(size - 3, 1)])),
        "top_p": float(rng.choice([1.0, 1.0, 0.9, 0.95, 0.5, 0.9999999, 0.01])),
        "min_p": float(rng.choice([0.0, 0.0, 0.0, 0.05, 1.0])),
    }
    return first | (further_settings(rng) if rng.random() < 0.5 else {"temperature_last": bool(rng.random() < 0.2)})


def faces(rng: np.random.Generator, size: int) -> list[Rows]:
    """Rows as unlike each other as can be: what was counted in one is wrong of the next."""
    normal = rng.normal(0, 3, size).astype(np.float32)
    peaked = normal + 40 * (np.arange(size) == rng.integers(size))
    masked = np.where(rng.random(size) < 0.9, -np.inf, normal)
    unsound = np.where(rng.random(size) < 0.1, rng.choice([np.nan, np.inf], size), normal)
    faces = [normal, np.full(size, 0.25), peaked, masked, unsound, np.sort(normal), np.round(normal), normal * 1e30]
    return [face.astype(np.float32) for face in faces]


class Writer(threading.Thread):
    """Writes one face after the other into the rows, until it is told to stop."""

    def __init__(self, rows: Rows, faces: list[Rows], rng: np.random.Generator) -> None:
        super().__init__(daemon=True)
        self.rows = rows
        # In an order of its own each time, and two of them more often than not: what tells a pair apart is met sooner.
        pair = rng.choice(len(faces), 2, replace=False)
        self.order = [faces[i] for i in [*pair, *pair, *rng.permutation(len(faces)), *pair]]
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            for face in self.order:
                self.rows[:] = face


def call(rows: Rows, settings: dict[str, Any], rng: np.random.Generator, sampler: tn.Sampler) -> NDArray[np.int64]:
    """One call of one kind; the tokens that it drew, if any."""
    workers = int(rng.choice([1, 1, 2]))
    kind = rng.integers(5)
    if kind == 0:
        tn.probabilities(rows, workers=workers, **settings)
        return np.zeros(0, np.int64)
    if kind == 1:
        return np.asarray(tn.sample(rows, u=rng.random((len(rows), 3)), num_samples=3, workers=workers, **settings))
    if kind == 2:
        return np.array([sampler(row) for row in rows[:20]])
    if kind == 3:
        return np.array([tn.sample(row, u=rng.random(), **settings) for row in rows[:20]])
    return np.asarray(tn.sample(rows, u=rng.random(len(rows)), workers=workers, **settings))


def race(size: int, seconds: float, rng: np.random.Generator) -> Counter[str]:
    """Call with rows of one size for so long; count what came of it."""
    rows: Rows = guarded((max(LOGITS // size // 8, 1), size), at_start=bool(rng.random() < 0.3))  # type: ignore[assignment]
    found: Counter[str] = Counter()
    writer = Writer(rows, faces(rng, size), rng)
    writer.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            settings = settings_for(rng, size)
            sampler = tn.Sampler(rng=rng, **settings)
            for _ in range(20):
                try:
                    tokens = call(rows, settings, rng, sampler)
                except (ValueError, RuntimeError) as error:
                    found[type(error).__name__] += 1
                    continue
                found["answers"] += 1
                if not ((tokens >= 0) & (tokens < size)).all():
                    raise AssertionError(f"tokens {tokens.min()} to {tokens.max()} at V = {size}, {settings}")
    finally:
        writer.over.set()
        writer.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Sample from rows that another thread writes to.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sys.setswitchinterval(1e-4)  # the writer gets its turn more often
    found: Counter[str] = Counter()
    end = time.monotonic() + options.seconds
    each = min(options.seconds / len(SIZES), 3.0)
    while time.monotonic() < end:
        for size in SIZES:
            found += race(size, each, rng)
    print(f"{found.total():,} calls on rows that change: {dict(found)}, {tn.target}")


if __name__ == "__main__":
    main()
