"""The picture of `grid.py`: time against top_p for every kind of row, and time against the vocabulary's size."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
import matplotlib as mpl
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from grid import Cell

# Of Okabe and Ito's palette, which people with any colour vision can tell apart; the marker says it again.
STYLES = [
    ("#0072B2", "o"),
    ("#E69F00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#D55E00", "v"),
    ("#56B4E9", "P"),
    ("#000000", "X"),
]
ACROSS = 4


def draw(found: "Sequence[Cell]", by_size: "Sequence[Cell]", file: Path) -> None:
    """Draw a panel for each kind of row, and one for the sizes, to a file."""
    kinds = list(dict.fromkeys(cell.kind for cell in found))
    down = -(-(len(kinds) + 1) // ACROSS)
    mpl.use("agg")
    with plt.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(down, ACROSS, figsize=(11, 2.6 * down), layout="constrained", squeeze=False)
        flat: list[Any] = list(axes.flat)
        for axis, kind in zip(flat, kinds, strict=False):
            against_top_p(axis, kind, [cell for cell in found if cell.kind == kind])
        highest = max(axis.get_ylim()[1] for axis in flat[: len(kinds)])
        for axis in flat[: len(kinds)]:
            axis.set_ylim(0, highest)
        against_size(flat[len(kinds)], by_size)
        for axis in flat[len(kinds) + 1 :]:
            axis.remove()
        flat[0].legend(title="temperature", fontsize=7, title_fontsize=7, frameon=False, ncols=2)
        size = found[0].size
        said = "lines with top_p alone, dots with top_k, min_p, temperature_last"
        figure.suptitle(f"Time of a Sampler call, V = {size:,}: {said}. {machine.processor()}")
        figure.savefig(file, dpi=160)
        plt.close(figure)


def against_top_p(axis: Any, kind: str, cells: "Sequence[Cell]") -> None:
    """Draw a line a temperature with top_p alone, and a dot for every other setting."""
    places = {top_p: place for place, top_p in enumerate(sorted({cell.settings["top_p"] for cell in cells}))}
    others = [cell for cell in cells if any(cell.settings[name] for name in ("top_k", "min_p", "temperature_last"))]
    axis.plot([places[c.settings["top_p"]] for c in others], [c.seconds * 1e6 for c in others], ".", color="#bbbbbb", markersize=3)
    for (colour, marker), temperature in zip(STYLES, sorted({cell.settings["temperature"] for cell in cells}), strict=False):
        line = [cell for cell in cells if cell not in others and cell.settings["temperature"] == temperature]
        x, y = [places[cell.settings["top_p"]] for cell in line], [cell.seconds * 1e6 for cell in line]
        axis.plot(x, y, marker=marker, color=colour, markersize=4, linewidth=1.2, label=f"{temperature:g}")
    axis.set_xticks(list(places.values()), [f"{top_p:g}" for top_p in places])
    axis.set(title=f"{kind} row", xlabel="top_p", ylabel="µs")


def against_size(axis: Any, cells: "Sequence[Cell]") -> None:
    for number, kind in enumerate(dict.fromkeys(cell.kind for cell in cells)):
        colour, marker = STYLES[number % len(STYLES)]
        line = [cell for cell in cells if cell.kind == kind]
        style = "-" if number < len(STYLES) else ":"
        x, y = [cell.size for cell in line], [cell.seconds * 1e6 for cell in line]
        axis.plot(x, y, style, marker=marker, color=colour, markersize=3, linewidth=1, label=kind)
    axis.set(xscale="log", yscale="log", title="temperature=0.8, top_p=0.95", xlabel="V", ylabel="µs")
    axis.legend(fontsize=5, frameon=False)
