"""Thermonucleus beside every other sampler that runs on a CPU, as ratios to `np.max` of the same rows in the same process.

Run as ``python benchmarks/peers.py``, about ten minutes on two cores; ``--quick`` takes one. Each library runs in a process of its
own, since the threads of one disturb another, and may be missing: it is then named as missing. ``--help`` tells of the rest.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import machine
from contestants import MODULES
from contestants.contract import Settings
from kept_sets import cases_for
from measuring import Findings, Plan, Point, measure
from peers_report import as_json, print_report
from tqdm import tqdm

from thermonucleus.rows import KINDS

SIZES = [32_000, 128_256, 151_936, 262_144]
BATCHES = [1, 8, 64]
PLAIN, WITH_TOP_K = Settings(), Settings(top_k=50)
MAIN_SIZE = 128_256
"""The size of which pictures are drawn, kept sets compared and cold caches measured, if it is among the sizes."""

LARGEST_FLUSH = 2**29


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a minute: one size, one row, less time a cell, no cold caches")
    parser.add_argument("--all", action="store_true", help="half an hour: every size with every number of rows, with top_k too")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="V", help=f"vocabulary sizes (default: {SIZES})")
    parser.add_argument("--batches", type=int, nargs="+", metavar="B", help=f"numbers of rows (default: {BATCHES})")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of rows")
    parser.add_argument("--peers", nargs="+", choices=MODULES, default=list(MODULES), help="libraries")
    parser.add_argument("--budget", type=float, metavar="S", help="seconds a cell (default: 0.25)")
    parser.add_argument("--cold", action=argparse.BooleanOptionalAction, help="measure with the caches flushed, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw a picture (needs matplotlib)")
    options = parser.parse_args(given)
    defaults = {"sizes": [MAIN_SIZE], "batches": [1], "budget": 0.05, "cold": False} if options.quick else {}
    for name, usual in {"sizes": SIZES, "batches": BATCHES, "budget": 0.25, "cold": True}.items():
        if getattr(options, name) is None:
            setattr(options, name, defaults.get(name, usual))
    return options


def main_size(sizes: Sequence[int]) -> int:
    return MAIN_SIZE if MAIN_SIZE in sizes else max(sizes)


def planned(options: argparse.Namespace) -> Plan:
    sizes, batches = sorted(set(options.sizes)), sorted(set(options.batches))
    settings = [PLAIN, WITH_TOP_K]
    warm = [Point(one, batch, kind, size) for kind in options.kinds for size in sizes for batch in batches for one in settings]
    # Most of the time would go into large batches of the slowest; those of one size, and without top-k, tell as much.
    warm = [
        point
        for point in warm
        if options.all or point.batch == batches[0] or (point.settings, point.size) == (PLAIN, main_size(sizes))
    ]
    cold = [Point(PLAIN, 1, kind, main_size(sizes), cold=True) for kind in options.kinds if options.cold and 1 in batches]
    flush = min(2 * (machine.last_level_cache() or LARGEST_FLUSH), LARGEST_FLUSH)
    return Plan((*warm, *cold), cases_for(settings, main_size(sizes)), options.budget, flush)


def run(libraries: Sequence[str], plan: Plan) -> Findings:
    """Measure one library after the other, each in a process of its own."""
    findings = Findings()
    with tqdm(total=len(libraries) * len(plan.points), unit="point", file=sys.stderr) as bar:
        for library in libraries:
            bar.set_postfix_str(library)
            done = gather_from(library, plan, findings, bar)
            bar.update(len(plan.points) - done)
    return findings


def gather_from(library: str, plan: Plan, findings: Findings, bar: Any) -> int:
    """Take in what a library's process sends, and count its steps."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=in_child, args=(library, plan, sender), daemon=True)
    process.start()
    sender.close()
    steps = 0
    try:
        while True:
            what, found = receiver.recv()
            steps += what == "step"
            bar.update(what == "step")
            take(findings, what, found)
    except EOFError:
        process.join()
    if process.exitcode:
        findings.missing[library] = f"its process ended with {process.exitcode} after {steps} of {len(plan.points)} points"
    return steps


def in_child(library: str, plan: Plan, sender: Connection) -> None:
    measure(library, plan, sender.send)
    sender.close()


def take(findings: Findings, what: str, found: Any) -> None:
    match what:
        case "missing":
            findings.missing |= found
        case "systems":
            findings.systems += found
        case "cell":
            findings.cells.append(found)
        case "verdict":
            name, settings, verdict = found
            findings.verdicts[name, settings] = verdict
        case "failure":
            name, error = found
            findings.failures.setdefault(name, error)


def draw_plot(findings: Findings, size: int, file: Path) -> None:
    try:
        from peers_plot import draw
    except ImportError as error:
        print(f"No picture: matplotlib is needed for it ({error}); pip install matplotlib.", file=sys.stderr)
    else:
        draw(findings, PLAIN, size, file)


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    plan = planned(options)
    findings = run(options.peers, plan)
    print_report(findings, plan)
    if options.json:
        options.json.write_text(json.dumps(as_json(findings, plan), indent=1) + "\n", encoding="utf-8")
    if options.plot:
        draw_plot(findings, main_size(options.sizes), options.plot)


if __name__ == "__main__":
    main()
