"""Is there a cliff? The time of a `Sampler` call over a grid of settings, kinds of rows and vocabulary sizes.

Run as ``python benchmarks/grid.py``, two minutes; ``--quick`` takes some seconds. A cell is a cliff if it takes more than twice
as long as the dearest of the three rows of the speed targets (language model, flat and peaked, at temperature 0.8 and top_p 0.95).
A table of every stage follows, see grid_stages.py.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import machine
import numpy as np
from grid_stages import print_stages
from tables import microseconds, print_table, ratio
from tqdm import tqdm

import thermonucleus as tn
from thermonucleus.rows import HARD, KINDS, Row, pool
from thermonucleus.timing import low_seconds

SIZE = 128_256
SIZES = [1000, 4096, 8192, 32_000, 65_536, 128_256, 262_144]
TOP_P = [0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]
TEMPERATURE = [0.3, 0.8, 1.5, 3.0]
TOP_K = [0, 1, 50, 1000, 50_000]
MIN_P = [0.0, 0.05]
TEMPERATURE_LAST = [False, True]
REFERENCE = {"temperature": 0.8, "top_k": 0, "top_p": 0.95, "min_p": 0.0, "temperature_last": False}
CLIFF = 2.0
DEAREST = 5


@dataclass(frozen=True)
class Cell:
    """A setting on a kind of row, and its time."""

    kind: str
    size: int
    settings: dict[str, Any]
    seconds: float
    floor: float
    """The time of `np.max` on the same rows."""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="grid.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="seconds: fewer settings and fewer kinds of rows")
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS, *HARD], help="kinds of rows (default: all)")
    parser.add_argument("--size", type=int, default=SIZE, metavar="V", help=f"vocabulary size of the grid (default: {SIZE:,})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all cells to a file")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw a picture (needs matplotlib)")
    options = parser.parse_args(given)
    options.kinds = options.kinds or [*KINDS, *HARD][: 4 if options.quick else None]
    return options


def grid(quick: bool) -> list[dict[str, Any]]:
    all_values = (TEMPERATURE, TOP_K, TOP_P, MIN_P, TEMPERATURE_LAST)
    values = (TEMPERATURE[1::2], TOP_K[::4], TOP_P[2::2], MIN_P, TEMPERATURE_LAST[:1]) if quick else all_values
    return [dict(zip(REFERENCE, setting, strict=True)) for setting in product(*values)]


def cells(kinds: Sequence[str], sizes: Sequence[int], settings: Sequence[dict[str, Any]], title: str) -> Iterator[Cell]:
    with tqdm(total=len(kinds) * len(sizes) * len(settings), desc=title, unit="cell", file=sys.stderr) as bar:
        for kind, size in product(kinds, sizes):
            rows = pool(kind, size, 4)
            for one in settings:
                yield measured(kind, rows, one)
                bar.update()


def measured(kind: str, rows: Sequence[Row], settings: dict[str, Any]) -> Cell:
    sampler = tn.Sampler(**settings, rng=0)
    return Cell(kind, len(rows[0]), settings, low_seconds(sampler, rows), low_seconds(np.max, rows))


def words(settings: dict[str, Any]) -> str:
    off = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "temperature_last": False}
    said = {name: value for name, value in settings.items() if value != off.get(name)}
    return ", ".join(f"{name}={value:g}" for name, value in said.items())


def print_dearest(found: Sequence[Cell], references: Sequence[Cell], size: int) -> None:
    """Print the dearest cells of every kind, beside the reference and that kind's own time at the reference's settings."""
    dearest = max(cell.seconds for cell in references if cell.kind in KINDS)
    own = {cell.kind: cell.seconds for cell in references}
    body = []
    for kind in dict.fromkeys(cell.kind for cell in found):
        order = sorted((cell for cell in found if cell.kind == kind), key=lambda cell: -cell.seconds)
        body += [
            [
                kind,
                words(cell.settings),
                microseconds(cell.seconds),
                ratio(cell.seconds / cell.floor),
                ratio(cell.seconds / dearest),
                ratio(cell.seconds / own[kind]),
            ]
            for cell in order[:DEAREST]
        ]
    print(f"The {DEAREST} dearest of {len(found) // len(own)} settings, V = {size:,}. Reference: {words(REFERENCE)}.\n")
    print_table(["row", "settings", "µs", "/ np.max", "/ dearest reference", "/ this row's reference"], body, 4)
    cliffs = [cell for cell in found if cell.seconds > CLIFF * dearest]
    print(
        f"\n{len(cliffs)} of {len(found)} cells take more than {CLIFF:g} times the dearest reference ({microseconds(dearest)} µs)."
    )
    for cell in cliffs:
        print(f"- {cell.kind}, {words(cell.settings)}: {microseconds(cell.seconds)} µs")


def print_sizes(found: Sequence[Cell]) -> None:
    sizes = list(dict.fromkeys(cell.size for cell in found))
    times = {(cell.kind, cell.size): microseconds(cell.seconds) for cell in found}
    print(f"\nMicroseconds against V, {words(REFERENCE)}.\n")
    body = [[kind, *(times[kind, size] for size in sizes)] for kind in dict.fromkeys(cell.kind for cell in found)]
    print_table(["row", *(f"{size:,}" for size in sizes)], body, len(sizes))


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    print(f"thermonucleus {tn.__version__}, {tn.target}; NumPy {np.__version__}; {machine.processor()}, {machine.cores()} cores\n")
    references = list(cells(list(dict.fromkeys([*KINDS, *options.kinds])), [options.size], [REFERENCE], "reference"))
    found = list(cells(options.kinds, [options.size], grid(options.quick), "grid"))
    by_size = list(cells(options.kinds, SIZES, [REFERENCE], "sizes"))
    print_dearest(found, references, options.size)
    print_sizes(by_size)
    print_stages(options.size, options.quick)
    if options.json:
        options.json.write_text(json.dumps([asdict(cell) for cell in (*found, *by_size)], indent=1) + "\n", encoding="utf-8")
    if options.plot:
        from grid_plot import draw

        draw(found, by_size, options.plot)


if __name__ == "__main__":
    main()
