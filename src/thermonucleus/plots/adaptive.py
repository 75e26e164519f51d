"""The picture of settings that change from token to token (slide 13)."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes

from thermonucleus.plots.axes import COLOURS, MARKERS, axes_or_new, tidy
from thermonucleus.plots.tokens import WHOLE, check_names, write_names
from thermonucleus.settings import check_fraction, check_temperature


class Step(Protocol):
    """The settings that one token was drawn with."""

    @property
    def temperature(self) -> float: ...  # noqa: D102
    @property
    def top_p(self) -> float: ...  # noqa: D102


def plot_adaptive(steps: Sequence[Step], *, tokens: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw the temperature and the top-p that each token of a text was drawn with (slide 13).

    Parameters
    ----------
    steps : sequence of objects with the attributes temperature and top_p
        The settings, token by token.
    tokens : sequence of str, optional
        The tokens that were drawn, one a step; named where there are 40 or fewer. Numbers from 1 by default.
    ax : matplotlib.axes.Axes, optional
        Where to draw; the axes of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        With two lines on one scale: both are numbers without a unit.

    Raises
    ------
    ValueError, TypeError
        If there is no step, a setting out of range, or another number of tokens. Nothing is drawn then.

    Examples
    --------
    >>> from types import SimpleNamespace as Step
    >>> from matplotlib.figure import Figure
    >>> steps = [Step(temperature=0.8 + 0.01 * i, top_p=0.9) for i in range(3)]
    >>> ax = plot_adaptive(steps, tokens=["one", "two", "three"], ax=Figure().add_subplot())
    >>> [line.get_label() for line in ax.lines]
    ['temperature', 'top-p']
    """
    if not len(steps):
        raise ValueError("steps must hold the settings of at least one token")
    temperatures = check_temperature([step.temperature for step in steps], len(steps))
    top_ps = check_fraction([step.top_p for step in steps], len(steps), name="top_p")
    check_names(tokens, len(steps))
    ax = axes_or_new(ax)
    places = np.arange(1, len(steps) + 1)
    ax.plot(places, temperatures, "-", color=COLOURS[1], marker=MARKERS[1], markersize=5, label="temperature")
    ax.plot(places, top_ps, "--", color=COLOURS[2], marker=MARKERS[2], markersize=5, label="top-p")
    ax.set(xlabel="token number", ylabel="temperature, top-p")
    if tokens is not None and len(tokens) <= WHOLE:
        write_names(ax, places, tokens)
        ax.set_xlabel("token")
    tidy(ax)
    ax.legend()
    return ax
