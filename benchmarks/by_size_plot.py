"""The picture of `targets.py`: the time of a draw against V, and its ratio to `np.max`."""

from collections.abc import Sequence
from pathlib import Path

import machine
import matplotlib as mpl
from by_size import Curve
from grid_plot import STYLES
from matplotlib import pyplot as plt


def draw(curves: Sequence[Curve], level: str, file: Path) -> None:
    """Draw both panels to a file, a line for each kind of row with a band from quartile to quartile of the ratio."""
    mpl.use("agg")
    with plt.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure, (times, ratios) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        for (colour, marker), curve in zip(STYLES, curves, strict=False):
            style = {"marker": marker, "color": colour, "markersize": 3, "linewidth": 1, "label": f"{curve.kind} row"}
            times.plot(curve.sizes, [one.draw * 1e6 for one in curve.ratios], **style)
            ratios.plot(curve.sizes, [one.median for one in curve.ratios], **style)
            low, high = [one.low for one in curve.ratios], [one.high for one in curve.ratios]
            ratios.fill_between(curve.sizes, low, high, color=colour, alpha=0.15, linewidth=0)
        floors = np_max(curves)
        times.plot(*floors, color="#999999", linewidth=1, linestyle=":", label="np.max")
        times.set(xscale="log", yscale="log", xlabel="V", ylabel="µs", title="time of a draw")
        ratios.set(xscale="log", xlabel="V", ylabel="times np.max", title="beside one read of the row", ylim=(0, None))
        times.legend(frameon=False)
        figure.suptitle(f"temperature=0.8, top_p=0.95, one thread, level {level}. {machine.processor()}")
        figure.savefig(file, dpi=160)
        plt.close(figure)


def np_max(curves: Sequence[Curve]) -> tuple[list[int], list[float]]:
    """Return the sizes of the first curve, and the time of `np.max` at each."""
    return curves[0].sizes, [one.floor * 1e6 for one in curves[0].ratios]
