"""The tables and the JSON of `peers.py`."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

import machine
import numpy as np
from contestants.contract import Settings, System
from measuring import Cell, Findings, Plan, Point
from tables import microseconds, print_table, ratio

UNIT = "np.max, µs"

LEGEND = """\
Ratios of the median time of a call to that of np.max over the same rows, in the same process and right before (the least of three
medians; its own line is the median over the processes of the libraries), with the quartiles of the calls, which go from row to row,
in parentheses; ~ marks a median of fewer than three calls.

Kept set: that of the float64 reference on the same rows; a sum within 1e-6 of top_p counts as having reached it either way.
"Rounding" is a set that is off by no more than sums in float32 explain; one that "splits ties" keeps some of the tokens that equal
the last one and leaves others out, which the definition does not forbid. "From draws": the library gives tokens alone, so
its kept set is what 4,000 draws brought out from each of four rows of 1,000 logits, made so that every kept token has a share of a
fiftieth or more, and those outside some hundredths in all."""


def print_report(findings: Findings, plan: Plan) -> None:
    print("\n".join(f"{name}: {told}" for name, told in machine.facts().items()))
    print_systems(findings.systems)
    print_missing(findings)
    warm = [point for point in plan.points if not point.cold]
    tables = sorted(warm, key=lambda point: (point.settings.top_k, point.batch))
    for (settings, batch), points in groupby(tables, key=lambda point: (point.settings, point.batch)):
        print(f"\n## {settings}, B = {batch}\n")
        print_points(findings, list(points), settings)
    cold = [point for point in plan.points if point.cold]
    if cold:
        print_cold(findings, cold, plan.flush_bytes)
    print(f"\n{LEGEND}")


def print_systems(systems: Sequence[System]) -> None:
    print("\n## Systems\n")
    print_table(["system", "version", "timed"], [[one.name, one.version, one.timed] for one in systems], numbers=0)


def print_missing(findings: Findings) -> None:
    for library, reason in findings.missing.items():
        print(f"\nMissing: {library}: {reason}")
    for system, reason in findings.failures.items():
        print(f"\nFailed: {system}: {reason}")


def print_points(findings: Findings, points: Sequence[Point], settings: Settings) -> None:
    body = [[UNIT, *(microseconds(floor_of(findings.cells, point)) for point in points), "-"]]
    for system in findings.systems:
        cells = [cell_of(findings.cells, system.name, point) for point in points]
        if any(cells):
            body.append([system.name, *map(shown, cells), kept_text(findings, system, settings)])
    print_table(["/ np.max", *(f"{point.kind}, {point.size:,}" for point in points), "kept set"], body, numbers=0)


def print_cold(findings: Findings, points: Sequence[Point], flushed: int) -> None:
    """Print times in microseconds, since np.max itself takes longer in the cold."""
    first = points[0]
    print(f"\n## {first.settings}, B = 1, V = {first.size:,}, µs")
    print(f"\nWarm, and cold: after {flushed / 2**20:.0f} MiB were written to flush the caches.\n")

    warmed = {point: Point(point.settings, point.batch, point.kind, point.size) for point in points}
    both = [one for point in points for one in (warmed[point], point)]
    body = [["np.max", *(microseconds(floor_of(findings.cells, point)) for point in both)]]
    for system in findings.systems:
        cells = [cell_of(findings.cells, system.name, point) for point in both]
        if any(cells):
            body.append([system.name, *(microseconds(cell.seconds) if cell else "-" for cell in cells)])
    print_table(["system", *(f"{point.kind}, {'cold' if point.cold else 'warm'}" for point in both)], body, numbers=len(both))


def shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.timing.calls < 3:
        return f"~{ratio(cell.ratio)}"
    low, high = cell.quartiles
    return f"{ratio(cell.ratio)} ({ratio(low)} to {ratio(high)})"


def cell_of(cells: Sequence[Cell], system: str, point: Point) -> Cell | None:
    return next((cell for cell in cells if cell.system == system and cell.point == point), None)


def floor_of(cells: Sequence[Cell], point: Point) -> float:
    """Median of what np.max took in the processes of the libraries."""
    floors = [cell.floor for cell in cells if cell.point == point]
    return float(np.median(floors)) if floors else float("nan")


def kept_text(findings: Findings, system: System, settings: Settings) -> str:
    if not system.samples:
        return "draws nothing"
    verdict = findings.verdicts.get((system.name, settings))
    return "not found out: see above" if verdict is None else str(verdict)


def as_json(findings: Findings, plan: Plan) -> dict[str, Any]:
    return {
        "machine": machine.facts(),
        "systems": [
            {"name": one.name, "version": one.version, "timed": one.timed, "samples": one.samples} for one in findings.systems
        ],
        "missing": findings.missing,
        "failures": findings.failures,
        "flush_bytes": plan.flush_bytes,
        "kept": [
            {"system": name, "settings": asdict(settings)} | verdict.as_json()
            for (name, settings), verdict in findings.verdicts.items()
        ],
        "cells": [
            asdict(cell.point)
            | {"system": cell.system, **asdict(cell.timing), "np_max_seconds": cell.floor}
            | {"ratio": cell.ratio, "ratio_quartiles": cell.quartiles}
            for cell in findings.cells
        ],
    }
