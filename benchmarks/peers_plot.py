"""The picture of `peers.py`: a panel for each kind of row, systems as dots in the order of their time."""

import sys
import textwrap
from pathlib import Path
from typing import Any

import machine
import matplotlib as mpl
from contestants.contract import Settings
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from measuring import Cell, Findings
from tables import ratio

# Blue, orange and grey of Okabe and Ito's palette, which people with any colour vision can tell apart; the marker says it again.
STYLES = {
    "exact": ("#0072B2", "o", "kept set exact"),
    "rounding": ("#E69F00", "D", "off by float32 rounding"),
    "not exact": ("#D55E00", "X", "not the nucleus"),
    "unknown": ("#999999", "s", "a part of a draw, or not found out"),
}
OURS = "thermonucleus"


def draw(findings: Findings, settings: Settings, size: int, file: Path) -> None:
    """Draw the ratios for single rows of one size to a file."""
    cells = [cell for cell in findings.cells if is_shown(cell, settings, size)]
    kinds = list(dict.fromkeys(cell.point.kind for cell in cells))
    if not cells:
        print(f"No picture: no single rows of {size:,} logits were measured.", file=sys.stderr)
        return
    names = in_order(cells, kinds[0])
    mpl.use("agg")
    with plt.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"}):
        figure, axes = plt.subplots(1, len(kinds), figsize=(9, 1.7 + 0.24 * len(names)), sharey=True, sharex=True, squeeze=False)
        for axis, kind in zip(axes[0], kinds, strict=True):
            panel(axis, kind, [cell for cell in cells if cell.point.kind == kind], names, findings, settings)
        axes[0][0].set_xlim(1, 3.5 * max(cell.ratio for cell in cells))
        label(figure, axes[0][0], names, findings, settings, size)
        figure.savefig(file, dpi=200, bbox_inches="tight")
        plt.close(figure)


def is_shown(cell: Cell, settings: Settings, size: int) -> bool:
    return (cell.point.settings, cell.point.size, cell.point.batch, cell.point.cold) == (settings, size, 1, False)


def in_order(cells: list[Cell], kind: str) -> list[str]:
    """Order the systems by their time on the first kind of row, the slowest first since axes go upwards."""
    times = {cell.system: cell.ratio for cell in cells if cell.point.kind == kind}
    return sorted({cell.system for cell in cells}, key=lambda name: -times.get(name, float("inf")))


def word(findings: Findings, system: str, settings: Settings) -> str:
    verdict = findings.verdicts.get((system, settings))
    return verdict.word if verdict else "unknown"


def panel(axis: Any, kind: str, cells: list[Cell], names: list[str], findings: Findings, settings: Settings) -> None:
    axis.set_xscale("log")
    for cell in cells:
        colour, marker, _ = STYLES[word(findings, cell.system, settings)]
        y = names.index(cell.system)
        axis.plot([1, cell.ratio], [y, y], color=colour, linewidth=3 if cell.system.startswith(OURS) else 1, alpha=0.55, zorder=1)
        axis.plot(cell.ratio, y, marker, color=colour, markersize=5, zorder=2)
        axis.annotate(ratio(cell.ratio), (cell.ratio, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=7)
    axis.set_title(f"{kind} row", fontsize=9)
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))


def label(figure: Any, first: Any, names: list[str], findings: Findings, settings: Settings, size: int) -> None:
    first.set_yticks(range(len(names)), names)
    for text in first.get_yticklabels():
        text.set_fontweight("bold" if text.get_text().startswith(OURS) else "normal")
    used = [style for key, style in STYLES.items() if any(word(findings, name, settings) == key for name in names)]
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="", label=told) for colour, marker, told in used]
    figure.suptitle(f"Time to draw one token from {size:,} logits, {settings}", fontsize=10)
    figure.supxlabel("median time as a ratio to np.max of the row (log scale; less is better)", fontsize=8)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=len(handles), frameon=False)
    figure.text(0.5, -0.055, caption(findings), ha="center", va="top", fontsize=7, color="#444444")


def caption(findings: Findings) -> str:
    missing = f"Missing: {', '.join(findings.missing)}." if findings.missing else "No library was missing."
    failed = f" Failed: {', '.join(findings.failures)}." if findings.failures else ""
    return "\n".join(textwrap.wrap(f"{machine.processor()}, {machine.cores()} cores. {missing}{failed}", 150))
