"""What every picture starts from: a row of logits, axes, and one look."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from thermonucleus.logits import as_rows

SIZE = (8.3, 4.6)
"""Inches: at 100 dots an inch, as wide as a page of text on the web."""

# Okabe and Ito's palette, which people with any colour vision can tell apart, in falling order of contrast with white.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
# Bars of black would outweigh all others: theirs is the lightest grey with a contrast of 3 to white.
FILLS = ("#949494", *COLOURS[1:])
# Marker, line and hatch say again what the colour says.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++")


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes, or those of a new figure that pyplot keeps, so that ``pyplot.show()`` shows it; raise TypeError."""
    if ax is None:
        new: Axes = _shown_figure().add_subplot()
        return new
    return _check_axes("ax", ax, "matplotlib axes")


def panels_or_new(ax: Axes | Sequence[Axes] | None) -> tuple[Axes, Axes]:
    """Return two axes: those that are given, two within the one that is given, or those of a new figure; raise TypeError."""
    if ax is None:
        upper, lower = _shown_figure().subplots(2, 1, sharex=True)
        return upper, lower
    if isinstance(ax, Axes):
        ax.set_axis_off()
        lower = ax.inset_axes((0, 0, 1, 0.46))
        upper = ax.inset_axes((0, 0.54, 1, 0.46), sharex=lower)
        upper.tick_params(labelbottom=False)
        return upper, lower
    expected = "matplotlib axes, or two of them"
    both = np.ravel(np.asarray(ax, object)).tolist()
    if len(both) != 2:
        raise TypeError(f"ax must be {expected}, got {_described(ax)}")
    return _check_axes("ax[0]", both[0], "matplotlib axes"), _check_axes("ax[1]", both[1], "matplotlib axes")


def _shown_figure() -> Figure:
    from matplotlib import pyplot as plt  # only here: a caller with axes may want nothing to do with pyplot

    new: Figure = plt.figure(figsize=SIZE, layout="constrained")
    return new


def _check_axes(name: str, ax: object, expected: str) -> Axes:
    if not isinstance(ax, Axes):
        raise TypeError(f"{name} must be {expected}, got {_described(ax)}")
    return ax


def _described(value: object) -> str:
    return f"{value!r} of type {type(value).__name__}"


def new_figure() -> Figure:
    """Return a figure that pyplot knows nothing of, to be written to a file."""
    return Figure(figsize=SIZE, layout="constrained")


def tidy(ax: Axes) -> None:
    """Leave the lines that are read: the axes, and the heights."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)


def as_row(logits: ArrayLike) -> NDArray[np.float32]:
    """Return logits (V,) as float32; raise TypeError or ValueError if they are anything else."""
    row = as_rows(logits)
    if row.ndim != 1:
        raise ValueError(f"logits must be a single row (V,), got shape {row.shape}")
    return row


def file_endings() -> list[str]:
    """Return the endings, without the dot, of the files that matplotlib writes."""
    return sorted(FigureCanvasBase.get_supported_filetypes())
