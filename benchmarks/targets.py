"""How fast is it, beside the goals? Every level of this machine, on a real model's logits and on synthetic rows.

Run as ``python benchmarks/targets.py``, some minutes; ``--quick`` takes some seconds. All times are ratios to `np.max` of the same
rows in the same process. Sections: `goals` (goals.py), `reads` (how many rows are read once, further_reads.py), `regimes` (where
the row was before, regimes.py) and `sizes` (the time against V, by_size.py); the last three are of the best level alone.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import machine
import targets_tables as tables
from alternating import compared
from by_size import SIZES, Curve, curve
from further_reads import Reads, further_reads
from goals import SIZES as GOAL_SIZES
from goals import Goal, all_goals
from real_rows import SIZE as REAL_SIZE
from real_rows import MissingModelError, real_rows
from regimes import Regime, regimes
from targets_tables import Held
from tqdm import tqdm

import thermonucleus as tn
from thermonucleus.kernel import dispatch
from thermonucleus.rows import KINDS, Row, pool

SECTIONS = ("goals", "reads", "regimes", "sizes")
ROWS, QUICK_ROWS = 96, 12
REPEATS, QUICK_REPEATS = 9, 3
REAL = "real"


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="targets.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="seconds: fewer rows, repeats, stages and sizes")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="what to measure (default: all)")
    parser.add_argument("--levels", nargs="+", choices=tn.targets(), default=list(tn.targets()), help="default: all")
    parser.add_argument("--rows", type=int, metavar="N", help=f"synthetic rows of a kind (default: {ROWS})")
    parser.add_argument("--no-real", action="store_true", help="synthetic rows alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the time against V (needs matplotlib)")
    options = parser.parse_args(given)
    options.rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    options.repeats = QUICK_REPEATS if options.quick else REPEATS
    return options


def load_real_rows(options: argparse.Namespace) -> list[Row]:
    """Compute the real rows, or say why there are none."""
    if options.no_real:
        return []
    try:
        rows = real_rows(quick=options.quick)
    except MissingModelError as error:
        print(f"No real rows: {error}. What follows is of synthetic rows alone.\n")
        return []
    return rows[:: len(rows) // options.rows + 1] if options.quick else rows


@lru_cache(maxsize=4)
def made(kind: str, size: int, count: int) -> list[Row]:
    """Make rows once for all goals next to each other that share them."""
    return pool(kind, size, count)


def sources(goal: Goal, real: list[Row], count: int) -> dict[str, list[Row]]:
    """Return the rows that a goal is held to, by what they are called."""
    rows = {goal.kind: made(goal.kind, goal.size, count)}
    if real and (goal.kind, goal.size) == ("language model", REAL_SIZE):
        rows[REAL] = real
    return rows


def held(level: str, goals: Sequence[Goal], real: list[Row], options: argparse.Namespace) -> list[Held]:
    """Hold one level to all goals."""
    found = []
    with dispatch.using(level):
        for goal in tqdm(goals, desc=level, unit="goal", file=sys.stderr):
            sampler = tn.Sampler(**goal.settings, rng=0)
            for name, rows in sources(goal, real, options.rows).items():
                found.append(Held(level, name, goal, compared(sampler, rows, options.repeats)))
    return found


def reads_of(real: list[Row], options: argparse.Namespace) -> list[Reads]:
    """Count the reads of rows like a language model's, of both sizes, and of the real ones."""
    named = [("language model", made("language model", size, options.rows)) for size in GOAL_SIZES]
    return list(further_reads([(REAL, real), *named] if real else named))


def regimes_of(real: list[Row], options: argparse.Namespace) -> list[Regime]:
    """Measure the regimes on rows of the larger size, and on the real ones."""
    count = max(1, options.rows // 3)
    rows = {kind: pool(kind, max(GOAL_SIZES), count) for kind in KINDS} | ({REAL: real[:: len(real) // count + 1]} if real else {})
    return list(regimes(rows, options.repeats))


def curves_of(options: argparse.Namespace) -> list[Curve]:
    sizes = SIZES[::5] if options.quick else SIZES
    return [curve(kind, sizes, options.rows // 2, options.repeats) for kind in ("language model", "flat")]


def as_json(
    found: Sequence[Held], reads: Sequence[Reads], by_regime: Sequence[Regime], curves: Sequence[Curve], real: int
) -> dict[str, Any]:
    return {
        "machine": machine.facts(),
        "real_rows": real,
        "goals": [asdict(one) | {"met": one.met} for one in found],
        "reads": [asdict(one) for one in reads],
        "regimes": [asdict(one) for one in by_regime],
        "sizes": [asdict(one) for one in curves],
    }


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    print("\n".join(f"{name}: {told}" for name, told in machine.facts().items()) + "\n")
    real = load_real_rows(options)
    found: list[Held] = []
    if "goals" in options.sections:
        tables.print_method(len(real), options.rows, options.repeats)
        for level in options.levels:
            found += held(level, all_goals(quick=options.quick), real, options)
            tables.print_goals(level, [one for one in found if one.level == level])
    with dispatch.using(options.levels[0]):
        reads = reads_of(real, options) if "reads" in options.sections else []
        by_regime = regimes_of(real, options) if "regimes" in options.sections else []
        curves = curves_of(options) if "sizes" in options.sections or options.plot else []
    tables.print_reads(options.levels[0], reads)
    tables.print_regimes(options.levels[0], by_regime)
    tables.print_curves(options.levels[0], curves)
    if options.json:
        numbers = as_json(found, reads, by_regime, curves, len(real))
        options.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        from by_size_plot import draw

        draw(curves, options.levels[0], options.plot)


if __name__ == "__main__":
    main()
