"""Chains of steps through the kernel and the oracle, at random: python tests/chains.py [SMALL [LARGE [SEED]]].

SMALL rows have 1 to 1,000 tokens, LARGE ones up to 262,144. A chain is up to six steps in any order, each of whatever numbers. The
best level must keep what the oracle keeps, with its probabilities, and draw its token; the others must compute the same bits.
"""

import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from cases import BOUNDARIES, SHAPES, Row
from numpy.typing import NDArray
from oracle import same_at_every_level

from thermonucleus import reference
from thermonucleus.kernel import bridge, dispatch
from thermonucleus.settings.orders import NUMBER

Step = reference.Step
Generator = np.random.Generator

NUMBERS: dict[str, Callable[[Generator, int], tuple[float, ...]]] = {
    "temperature": lambda rng, _: (float(rng.choice([0.1, 0.5, 0.8, 1.3, 2, 5])),),
    "dynamic_temperature": lambda rng, _: (rng.random(), 1 + 2 * rng.random(), float(rng.choice([0.3, 1, 2]))),
    "smoothing": lambda rng, _: (float(rng.choice([0.05, 0.2, 1, 3])), 1 + 2 * rng.random()),
    "top_k": lambda rng, size: (int(rng.integers(1, size + 2)),),
    "top_p": lambda rng, _: (rng.random(),),
    "min_p": lambda rng, _: (rng.random() ** 3,),
    "epsilon_cutoff": lambda rng, _: (rng.random() ** 6,),
    "eta_cutoff": lambda rng, _: (rng.random() ** 6,),
    "top_a": lambda rng, _: (2 * rng.random() ** 2,),
    "top_n_sigma": lambda rng, _: (3 * rng.random(),),
    "p_less": lambda _rng, _: (),
    "p_less_norm": lambda _rng, _: (),
    "top_h": lambda rng, _: (rng.random(),),
    "tfs": lambda rng, _: (rng.random(),),
    "min_k": lambda rng, _: (10 * rng.random(),),
    "typical_p": lambda rng, _: (rng.random(),),
    "xtc": lambda rng, _: (float(rng.choice([0.3, 0.7, 1])), 0.5 * rng.random()),
    "mirostat_1": lambda rng, _: (12 * rng.random() - 1, int(rng.integers(2, 150))),
    "mirostat_2": lambda rng, _: (12 * rng.random() - 1,),
    "adaptive_p": lambda rng, _: (rng.random(),),
}
"""The numbers of each step, at random."""


def plan_of(steps: Sequence[Step]) -> NDArray[np.float64]:
    """Lay out steps as the kernel reads them: all of them, where settings leave out what has no effect."""
    plan = np.zeros((1, len(steps), 4))
    for line, (name, *numbers) in zip(plan[0], steps, strict=True):
        line[: 1 + len(numbers)] = NUMBER[name], *numbers
    return plan


def through_kernel(row: Row, steps: Sequence[Step], us: Sequence[float]) -> NDArray[np.float64]:
    """Return the probabilities of a row, then the tokens for these numbers."""
    batch = bridge.Batch(dispatch.active(), row, plan_of(steps))
    assert batch.read(0, 1) == -1
    p, tokens = np.empty_like(row), np.empty(len(us), np.int64)
    batch.fill(p, 0, 1)
    batch.draw(np.array(us), tokens, 0, 1)
    return np.concatenate([p.astype(np.float64), tokens])


def check_chain(row: Row, steps: Sequence[Step], u: float) -> None:
    """Compare with the oracle; only where u lies within rounding of a boundary between tokens may the token differ."""
    x = row.astype(np.float64)
    with np.errstate(under="ignore"):
        want = reference.distribution(x, steps)
    result = same_at_every_level(through_kernel, row, steps, [u, 0.0, 1 - 2.0**-53])
    got, tokens = result[:-3], result[-3:]
    # What is mixed by a coin rounds to 0 below float32's smallest number.
    kept = want > 2.0**-148 if any(name == "xtc" for name, *_ in steps) else want > 0
    np.testing.assert_array_equal(got[kept] > 0, True, err_msg=str(steps))
    np.testing.assert_array_equal(got[want == 0], 0, err_msg=str(steps))
    assert np.abs(got - want).max() <= 2e-6 * want.max(), steps
    assert (want[tokens.astype(int)] > 0).all(), steps
    if u_is_clear(x, steps, u):
        assert int(tokens[0]) == reference.draw_token(x, steps, u), steps


def u_is_clear(x: NDArray[np.float64], steps: Sequence[Step], u: float) -> bool:
    """Say whether u lies further than rounding from all boundaries between tokens, XTC's coin included."""
    near = [reference.draw_token(x, steps, min(max(u + off, 0.0), 1 - 2.0**-53)) for off in (-1e-5, 1e-5)]
    return near[0] == near[1]


def chains(seed: int, count: int, lowest: int, highest: int) -> Iterator[tuple[Row, list[Step], float]]:
    """Make random rows with random steps, each size as likely as its double, and every tenth at a boundary."""
    rng = np.random.default_rng(seed)
    boundaries = [size for size in BOUNDARIES if lowest <= size <= highest]
    for number in range(count):
        size = int(np.exp(rng.uniform(np.log(lowest), np.log(highest + 1))))
        if number % 10 == 0 and boundaries:
            size = int(rng.choice(boundaries))
        row = SHAPES[str(rng.choice(list(SHAPES)))](rng, size).astype(np.float32)
        if row.max() == -np.inf:
            row[0] = 0.0
        yield row, steps_at_random(rng, size), float(rng.random())


def steps_at_random(rng: Generator, size: int) -> list[Step]:
    """Choose up to six steps, each once, adaptive-p last."""
    names = [str(name) for name in rng.permutation(list(NUMBERS)[:-1])[: rng.integers(1, 7)]]
    # Whether top-h has kept tokens whose probability no float64 holds is rounding, which adaptive-p alone would show.
    if rng.random() < 0.1 and "top_h" not in names:
        names.append("adaptive_p")
    return [(name, *NUMBERS[name](rng, size)) for name in names]


def main(small: int = 200_000, large: int = 500, seed: int = 0) -> None:
    """Run the comparison and print what was compared."""
    for lowest, highest, count in ((1, 1_000, small), (1_001, 262_144, large)):
        for done, (row, steps, u) in enumerate(chains(seed, count, lowest, highest), start=1):
            check_chain(row, steps, u)
            if done % max(count // 100, 1) == 0 and sys.stderr.isatty():
                print(f"\r{done} of {count} chains", end="", file=sys.stderr, flush=True)
        print(f"V from {lowest:,} to {highest:,}: {count} chains agree with the oracle", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
