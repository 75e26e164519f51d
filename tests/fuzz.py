"""Random rows and settings between pages that must not be touched: python tests/fuzz.py [--seconds N] [--seed N].

Every level of this processor computes each row, and must give the same bits; rows that cannot be sampled from are among them. It is
meant for a build with sanitizers or checks (tests/sanitized.py makes both), and finds faults in any.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from cases import SHAPES, UNSOUND, Case, Row, cases, further_settings
from guarded import guarded

import thermonucleus as tn
from thermonucleus.kernel import dispatch

LONGEST = 262_145
BATCH = 7

Placed = Callable[[int], Row]


def places() -> list[Placed]:
    """Functions that place so many floats before a page that must not be touched, and behind one."""
    room = LONGEST * BATCH
    ends: Row = guarded(room)  # type: ignore[assignment]
    starts: Row = guarded(room, at_start=True)  # type: ignore[assignment]
    return [lambda count: ends[room - count :], lambda count: starts[:count]]


def random_cases(seed: int) -> Iterator[Case]:
    """Endlessly: mostly short rows, whose lengths and kinds are all of them met soon, and a long one now and then."""
    while True:
        yield from cases(seed, 300, 1, 1500, SHAPES | UNSOUND)
        yield from cases(seed + 1, 20, 1000, LONGEST - 1, SHAPES | UNSOUND)
        seed += 2


def outcome(function: Callable[..., Any], *arguments: Any, **settings: Any) -> bytes:
    """Return what a call gave, to the bit, or the exception that says that the row cannot be sampled from."""
    try:
        return np.asarray(function(*arguments, **settings)).tobytes()
    except ValueError as error:
        return str(error).encode()


def compute(row: Row, batch: Row, place_out: Placed, case: Case) -> list[bytes]:
    u = np.array([case.u, 0.0, 1 - 2.0**-53])
    found = [
        outcome(tn.probabilities, row, out=place_out(len(row)), **case.settings),
        outcome(tn.sample, row, u=u, num_samples=3, **case.settings),
        outcome(tn.Sampler(rng=1, **case.settings), row),
    ]
    if len(batch) > 1:
        found.append(outcome(tn.sample, batch, u=np.resize(u, len(batch)), workers=2, **case.settings))
        found.append(outcome(tn.probabilities, batch, out=place_out(batch.size).reshape(batch.shape), **case.settings))
    return found


def run(seconds: float, seed: int) -> Counter[str]:
    rng = np.random.default_rng(seed)
    before_and_behind, outs = places(), places()
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    for case in random_cases(seed):
        if time.monotonic() > end:
            return done
        size = len(case.row)
        if rng.random() < 0.5:
            case.settings.update(further_settings(rng), temperature_last=False)
        count = int(rng.integers(2, BATCH + 1)) if size < 20_000 and rng.random() < 0.3 else 1
        at, out_at = rng.integers(2, size=2)
        batch = before_and_behind[at](size * count).reshape(count, size)
        batch[:] = case.row
        found = {}
        for level in tn.targets():
            with dispatch.using(level):
                found[level] = compute(before_and_behind[at](size), batch, outs[out_at], case)
            done["calls"] += len(found[level])
        done["rows"] += 1
        done["long rows"] += size > 1024
        if len({tuple(parts) for parts in found.values()}) != 1:
            raise AssertionError(f"levels differ: {case.shape}, V = {size}, {case.settings}, u = {case.u!r}")
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description="Sample from random rows between pages that must not be touched.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{dict(run(options.seconds, options.seed))} at {', '.join(tn.targets())}")


if __name__ == "__main__":
    main()
