"""What each stage costs: alone, with the temperature before and behind it, and after a top_k of 50. grid.py prints it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tables import print_table, ratio
from tqdm import tqdm

import thermonucleus as tn
from thermonucleus.rows import KINDS, Row, pool
from thermonucleus.settings import ORDERS
from thermonucleus.timing import low_seconds

STAGES: dict[str, dict[str, Any]] = {
    "top_n_sigma": {"top_n_sigma": 1.0},
    "min_k": {"min_k": 3.0},
    "top_h": {"top_h": 0.4},
    "top_p": {"top_p": 0.95},
    "min_p": {"min_p": 0.05},
    "typical_p": {"typical_p": 0.9},
    "epsilon_cutoff": {"epsilon_cutoff": 3e-4},
    "eta_cutoff": {"eta_cutoff": 1e-3},
    "tfs": {"tfs": 0.95},
    "top_a": {"top_a": 0.2},
    "p_less": {"p_less": True},
    "p_less norm": {"p_less": "norm"},
    "xtc": {"xtc_probability": 1.0, "xtc_threshold": 0.1},
    "xtc with a coin": {"xtc_probability": 0.5, "xtc_threshold": 0.1},
    "dynatemp": {"dynatemp_range": 0.5},
    "smoothing": {"smoothing_factor": 0.3},
    "mirostat 1": {"mirostat": 1},
    "mirostat 2": {"mirostat": 2},
    "adaptive_p after min_p": {"adaptive_target": 0.4, "min_p": 0.01},
}
"""Each stage with a usual number."""

PLACES = ("before", "behind", "after top_k")

GOALS = {"before": 4.0, "behind": 4.0, "after top_k": 1.6}
"""How many times `np.max` a language model's row may take: chosen."""

FACTOR = 2.0
"""A cell above so many times its goal is named."""


@dataclass(frozen=True)
class StageCell:
    """A stage in a place, and the time of a draw over that of `np.max`, for each kind of row."""

    stage: str
    place: str
    ratios: dict[str, float]


def placed(name: str, place: str) -> dict[str, Any]:
    """The settings of a call with the temperature before or behind a stage, or with a top_k of 50 before both."""
    settings = {"temperature": 0.8, **STAGES[name]}
    if place == "before" or "mirostat" in settings:
        return settings
    if place == "behind":
        return {**settings, "temperature_last": True}
    stages = [stage for stage in ORDERS["default"] if stage not in ("temperature", "top_k")]
    return {**settings, "top_k": 50, "order": ("top_k", "temperature", *stages)}


def measured(rows: Mapping[str, Sequence[Row]], quick: bool) -> list[StageCell]:
    cells = []
    names = list(STAGES)[::6] if quick else list(STAGES)
    for name in tqdm(names, desc="stages", unit="stage", file=sys.stderr):
        for place in PLACES:
            if place != "before" and "mirostat" in STAGES[name]:
                continue  # only a temperature may stand beside it, in front of it
            sampler = tn.Sampler(**placed(name, place), rng=0)
            ratios = {kind: low_seconds(sampler, pool_) / low_seconds(np.max, pool_) for kind, pool_ in rows.items()}
            cells.append(StageCell(name, place, ratios))
    return cells


def print_stages(size: int, quick: bool) -> None:
    """Measure every stage in every place, and print a table and what is above its goal."""
    rows = {kind: pool(kind, size, 4) for kind in KINDS}
    cells = measured(rows, quick)
    print(f"\nTimes np.max of a draw with each stage, V = {size:,}: the temperature before or behind it, or both after top_k=50.\n")
    body = []
    for name in dict.fromkeys(cell.stage for cell in cells):
        found = {cell.place: cell.ratios for cell in cells if cell.stage == name}
        body.append([name, *(ratio(found[place][kind]) if place in found else "-" for place in PLACES for kind in rows)])
    print_table(["stage", *(f"{kind}, {place}" for place in PLACES for kind in rows)], body, len(PLACES) * len(rows))
    usual = next(iter(KINDS))
    above = [cell for cell in cells if cell.ratios[usual] > FACTOR * GOALS[cell.place]]
    print(f"\n{len(above)} of {len(cells)} cells of a {usual}'s row are above {FACTOR:g} times their goal.")
    for cell in above:
        print(f"- {cell.stage}, {cell.place}: {ratio(cell.ratios[usual])}, where {GOALS[cell.place]:g} is the goal")
