"""Pictures of a number over temperature and top-p: the largest probability (slide 14), and what a search made smallest."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from thermonucleus.plots.axes import as_row, axes_or_new
from thermonucleus.plots.counts import of_possible
from thermonucleus.plots.protocols import HasTrials
from thermonucleus.sampling import probabilities
from thermonucleus.settings import as_array, check_fraction, check_several, check_temperature

TEMPERATURES = tuple(i / 10 for i in range(1, 21))
TOP_PS = tuple(i / 20 for i in range(2, 21))

TOKENS_AT_ONCE = 2**20
"""Probabilities that are computed at a time, where a cell has no more. Chosen: some 20 MB with what is made of them."""

Probabilities = NDArray[np.float32]
Measure = Literal["largest", "kept", "entropy"]


def _entropy(rows: Probabilities) -> NDArray[np.float64]:
    p = rows.astype(np.float64)
    summed: NDArray[np.float64] = (p * np.log2(p, out=np.zeros_like(p), where=p > 0)).sum(axis=-1)
    return -summed


MEASURES: Mapping[str, tuple[str, Callable[[Probabilities], NDArray[np.number]]]] = {
    "largest": ("largest token probability", lambda rows: rows.max(axis=-1)),
    "kept": ("tokens kept", lambda rows: np.count_nonzero(rows, axis=-1)),
    "entropy": ("entropy (bits)", _entropy),
}
"""For each measure its label, and the function that takes distributions of shape (n, V) and returns n numbers."""


def plot_heatmap(
    logits: ArrayLike,
    temperatures: ArrayLike = TEMPERATURES,
    top_ps: ArrayLike = TOP_PS,
    *,
    of: Measure = "largest",
    ax: Axes | None = None,
) -> Axes:
    """Draw what temperature and top-p make of a distribution: a number over both (slide 14).

    Parameters
    ----------
    logits : array_like of shape (V,)
        A row, as in `thermonucleus.sample`. Cells are computed some at a time, so that the memory for them has a bound.
    temperatures : array_like of shape (m,), default 0.1, 0.2, ... 2
        Two or more, rising.
    top_ps : array_like of shape (n,), default 0.1, 0.15, ... 1
        Two or more, rising. 1, at which the slide's code fails, is one of them.
    of : {"largest", "kept", "entropy"}, default "largest"
        Which number: the probability of the most probable token, as on the slide; how many tokens are kept, on a scale of
        logarithms, from 1 to all that can follow; or the entropy in bits, of which n tokens of equal probability have log2(n).
    ax : matplotlib.axes.Axes, optional
        Where to draw; the axes of a new figure by default. The colour bar takes a part of their room.

    Returns
    -------
    matplotlib.axes.Axes
        With a mesh of (m, n) cells, each centred on its temperature and top-p.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range. Nothing is drawn then.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_heatmap([1, 2, 3, 4, 5], [0.5, 1.0, 2.0], [0.5, 0.9, 1.0], ax=Figure().add_subplot())
    >>> ax.collections[0].get_array().data.round(2)
    array([[1.  , 0.88, 0.86],
           [1.  , 0.67, 0.64],
           [0.62, 0.46, 0.43]], dtype=float32)
    """
    row = as_row(logits)
    vertical, horizontal = _grid(temperatures, top_ps)
    if not isinstance(of, str) or of not in MEASURES:
        raise ValueError(f"of must be one of {', '.join(map(repr, MEASURES))}, got {of!r}")
    label, measure = MEASURES[of]
    values = _over_grid(row, vertical, horizontal, measure)
    ax = axes_or_new(ax)
    if of != "kept":
        return _surface(ax, vertical, horizontal, values, label)
    possible = int(np.count_nonzero(row > -np.inf))
    label = f"{label}, of {of_possible(row).removesuffix(' tokens')}"
    # Of what top-p 1 keeps, float32 has no number for the most improbable.
    values[np.ix_(vertical > 0, horizontal == 1)] = possible
    norm, ticks = LogNorm(1, max(possible, 2)), LogLocator(subs=(1, 2, 5))
    whole = StrMethodFormatter("{x:,.0f}")
    return _surface(ax, vertical, horizontal, values, label, norm, ticks=ticks, format=whole)


def plot_tuning(
    tuning: HasTrials, temperatures: ArrayLike, top_ps: ArrayLike, losses: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw a loss over temperature and top-p, and the way a search took to make it small (slide 12).

    Parameters
    ----------
    tuning : object with the attributes trials, start, temperature and top_p
        As `optimize_params` returns it: what the search tried in this order and what it started from, each with a temperature and
        a top_p; the ones it ended with.
    temperatures : array_like of shape (m,)
        Two or more, rising.
    top_ps : array_like of shape (n,)
        Two or more, rising.
    losses : array_like of shape (m, n)
        The loss at each of them; cells that are not finite stay empty.
    ax : matplotlib.axes.Axes, optional
        As in `plot_heatmap`.

    Returns
    -------
    matplotlib.axes.Axes
        With a mesh of (m, n) cells, and lines for the trials, the start and the optimum.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range. Nothing is drawn then.

    Examples
    --------
    >>> from types import SimpleNamespace as Object
    >>> from matplotlib.figure import Figure
    >>> trials = [Object(temperature=1.0, top_p=0.9), Object(temperature=0.6, top_p=0.95)]
    >>> tuning = Object(trials=trials, start=trials[0], temperature=0.6, top_p=0.95)
    >>> ax = plot_tuning(tuning, [0.5, 1.0], [0.9, 1.0], [[1.0, 1.5], [2.0, 3.0]], ax=Figure().add_subplot())
    >>> [line.get_label() for line in ax.lines]
    ['2 trials', 'start', 'optimum']
    """
    vertical, horizontal = _grid(temperatures, top_ps)
    surface = as_array(losses, "losses")
    if surface.dtype.kind not in "fiu":
        raise TypeError(f"losses must be real numbers, got dtype {surface.dtype}")
    surface = surface.astype(np.float64)
    if surface.shape != (len(vertical), len(horizontal)):
        raise ValueError(f"losses must be of shape {(len(vertical), len(horizontal))}, got {surface.shape}")
    path = np.array([(trial.top_p, trial.temperature) for trial in tuning.trials]).reshape(-1, 2)
    ax = _surface(axes_or_new(ax), vertical, horizontal, surface, "loss (less is better)")
    outline = [patheffects.withStroke(linewidth=3, foreground="black")]
    ax.plot(*path.T, color="white", linewidth=1, marker=".", path_effects=outline, label=f"{len(path):,} trials")
    _mark(ax, tuning.start.top_p, tuning.start.temperature, "s", 9, "start")
    _mark(ax, tuning.top_p, tuning.temperature, "*", 18, "optimum")
    ax.legend()
    return ax


def _grid(temperatures: ArrayLike, top_ps: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (
        _rising("temperatures", check_several(check_temperature, temperatures, name="temperatures")),
        _rising("top_ps", check_several(check_fraction, top_ps, name="top_ps")),
    )


def _rising(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(values) < 2 or (np.diff(values) <= 0).any():
        raise ValueError(f"{name} must be two or more numbers, each above the one before, got {values}")
    return values


def _over_grid(
    row: NDArray[np.float32],
    temperatures: NDArray[np.float64],
    top_ps: NDArray[np.float64],
    measure: Callable[[Probabilities], NDArray[np.number]],
) -> NDArray[np.number]:
    """Return the measure of the row's distribution under each temperature, a row of cells each, and each top-p."""
    cells = np.repeat(temperatures, len(top_ps)), np.tile(top_ps, len(temperatures))
    parts = []
    each = max(1, TOKENS_AT_ONCE // len(row))
    for start in range(0, len(cells[0]), each):
        temperature, top_p = (numbers[start : start + each] for numbers in cells)
        rows = np.broadcast_to(row, (len(temperature), len(row)))
        parts.append(measure(probabilities(rows, temperature=temperature, top_p=top_p)))
    return np.concatenate(parts).reshape(len(temperatures), len(top_ps))


def _surface(
    ax: Axes,
    temperatures: NDArray[np.float64],
    top_ps: NDArray[np.float64],
    values: NDArray[np.number],
    label: str,
    norm: Normalize | None = None,
    **scale: Any,
) -> Axes:
    # Viridis grows evenly in lightness too: it can be read without its hues.
    mesh = ax.pcolormesh(top_ps, temperatures, values, shading="nearest", cmap="viridis", norm=norm, rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=label, **scale).minorticks_off()
    ax.set(xlabel="top-p", ylabel="temperature")
    return ax


def _mark(ax: Axes, top_p: float, temperature: float, marker: str, size: float, label: str) -> None:
    """Mark a point so that it is seen on any colour, and at an edge too."""
    ax.plot(
        [top_p],
        [temperature],
        marker,
        color="#D55E00",
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=1.5,
        clip_on=False,
        zorder=3,
        label=label,
    )
