"""Pictures of a number over temperature and top-p: the largest probability (slide 14), and what a search made smallest."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from thermonucleus.plots.axes import as_row, axes_or_new
from thermonucleus.sampling import probabilities
from thermonucleus.settings import as_array, check_fraction, check_several, check_temperature

TEMPERATURES = tuple(i / 10 for i in range(1, 21))
TOP_PS = tuple(i / 20 for i in range(2, 21))


class Trial(Protocol):
    """The settings that a search tried."""

    @property
    def temperature(self) -> float: ...  # noqa: D102
    @property
    def top_p(self) -> float: ...  # noqa: D102


class Tuning(Protocol):
    """A search for the temperature and top-p of the smallest loss: its trials in their order, its start, and what it found."""

    @property
    def trials(self) -> Sequence[Trial]: ...  # noqa: D102
    @property
    def start(self) -> Trial: ...  # noqa: D102
    @property
    def temperature(self) -> float: ...  # noqa: D102
    @property
    def top_p(self) -> float: ...  # noqa: D102


def plot_heatmap(
    logits: ArrayLike, temperatures: ArrayLike = TEMPERATURES, top_ps: ArrayLike = TOP_PS, *, ax: Axes | None = None
) -> Axes:
    """Draw the largest token probability over temperature and top-p (slide 14).

    Parameters
    ----------
    logits : array_like of shape (V,)
        A row, as in `thermonucleus.sample`. All cells are computed in one batch, which takes 8 V bytes a cell.
    temperatures : array_like of shape (m,), default 0.1, 0.2, ... 2
        Two or more, rising.
    top_ps : array_like of shape (n,), default 0.1, 0.15, ... 1
        Two or more, rising. 1, at which the slide's code fails, is one of them.
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
    cells = np.broadcast_to(row, (len(vertical) * len(horizontal), len(row)))
    each = probabilities(cells, temperature=np.repeat(vertical, len(horizontal)), top_p=np.tile(horizontal, len(vertical)))
    largest = each.max(axis=-1).reshape(len(vertical), len(horizontal))
    return _surface(axes_or_new(ax), vertical, horizontal, largest, "largest token probability")


def plot_tuning(tuning: Tuning, temperatures: ArrayLike, top_ps: ArrayLike, losses: ArrayLike, *, ax: Axes | None = None) -> Axes:
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


def _surface(
    ax: Axes, temperatures: NDArray[np.float64], top_ps: NDArray[np.float64], values: NDArray[np.floating], label: str
) -> Axes:
    # Viridis grows evenly in lightness too: it can be read without its hues.
    mesh = ax.pcolormesh(top_ps, temperatures, values, shading="nearest", cmap="viridis", rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=label)
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
