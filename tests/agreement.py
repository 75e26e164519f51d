"""The kernel against the oracle on as many random rows as there is time for: python tests/agreement.py [SMALL [LARGE]].

SMALL rows have 1 to 300 tokens, LARGE ones up to 262,144; shapes, settings and u are random. Every instruction level must give the
same bits, and the best one must agree with the oracle as the tests of the cutoff say. The first disagreement ends the run.
"""

import sys
from typing import Any

import numpy as np
from conftest import SHAPES
from test_kernel_cutoff import check, close_call

import thermonucleus as tn
from thermonucleus.kernel import dispatch


def compare(rng: np.random.Generator, size: int) -> bool:
    """Compare one random row; False if float64 itself cannot tell what to keep of it."""
    shape = str(rng.choice(list(SHAPES)))
    row = SHAPES[shape](rng, size).astype(np.float32)
    if row.max() == -np.inf:
        row[0] = 0.0
    settings: dict[str, Any] = {
        "temperature": float(rng.choice([0.0, 0.1, 0.3, 0.8, 1.0, 1.5, 3.0, rng.uniform(0.05, 5)])),
        "top_k": int(rng.choice([0, 0, 0, 1, 2, 50, 1000, size // 2, size - 1])),
        "top_p": float(rng.choice([1.0, 0.999, 0.99, 0.95, 0.9, 0.5, 0.1, 0.0, rng.random()])),
        "min_p": float(rng.choice([0.0, 0.0, 0.0, 0.05, 0.5, rng.random()])),
    }
    u = float(rng.random())
    results = set()
    for target in tn.targets():
        with dispatch.using(target):
            results.add((tn.probabilities(row, **settings).tobytes(), tn.sample(row, u=u, **settings)))
    assert len(results) == 1, (shape, size, settings, u)
    if close_call(row, **settings):
        return False
    check(row, u, **settings)
    return True


def main(small: int = 100_000, large: int = 2_000) -> None:
    """Run the comparison and print what was compared."""
    rng = np.random.default_rng(0)
    for lowest, highest, count in ((1, 300, small), (301, 262_144, large)):
        compared = 0
        for done in range(1, count + 1):
            compared += compare(rng, int(np.exp(rng.uniform(np.log(lowest), np.log(highest + 1)))))
            if done % max(count // 100, 1) == 0 and sys.stderr.isatty():
                print(f"\r{done} of {count} rows", end="", file=sys.stderr, flush=True)
        print(f"V from {lowest:,} to {highest:,}: {count} rows with the same bits at {', '.join(tn.targets())};")
        print(f"    {compared} agree with the oracle, {count - compared} are too close for float64 to tell", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
