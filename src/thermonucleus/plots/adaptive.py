"""The picture of settings that change from token to token (slide 13)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from thermonucleus.plots.axes import COLOURS, MARKERS, panels_or_new, tidy
from thermonucleus.plots.names import check_names, readable, write_names
from thermonucleus.plots.protocols import HasSettings
from thermonucleus.plots.tokens import WHOLE
from thermonucleus.settings import check_fraction, check_temperature

__all__ = ["plot_adaptive"]


def plot_adaptive(
    steps: Sequence[HasSettings], *, tokens: Sequence[str] | None = None, ax: Axes | Sequence[Axes] | None = None
) -> tuple[Axes, Axes]:
    """Draw the temperature and the top-p that each token of a text was drawn with (slide 13).

    Parameters
    ----------
    steps : sequence of objects with the attributes temperature and top_p
        The settings, token by token.
    tokens : sequence of str, optional
        The tokens that were drawn, one a step; named where there are 40 or fewer. Numbers from 1 by default. Of a text model's
        tokens, ``[model.names[step.token] for step in sampler.steps]``.
    ax : matplotlib.axes.Axes, or a sequence of two of them, optional
        Where to draw. Of one, the place: two panels are put into it, and its own lines and ticks are hidden. Two, as from
        ``figure.subplots(2, sharex=True)``, are the panels. Those of a new figure by default.

    Returns
    -------
    upper, lower : matplotlib.axes.Axes
        The panels, each with a line and a scale of its own: above the temperatures, below the top-p. They share the tokens.

    Raises
    ------
    ValueError, TypeError
        If there is no step, a setting out of range, another number of tokens, or ax is something else. Nothing is drawn then.

    Warns
    -----
    UserWarning
        As in `plot_temperature`.

    Examples
    --------
    >>> from types import SimpleNamespace as Step
    >>> from matplotlib.figure import Figure
    >>> steps = [Step(temperature=0.8 + 0.01 * i, top_p=0.9) for i in range(3)]
    >>> upper, lower = plot_adaptive(steps, tokens=["one", "two", "three"], ax=Figure().add_subplot())
    >>> upper.get_ylabel(), upper.lines[0].get_ydata()
    ('temperature', array([0.8 , 0.81, 0.82]))
    >>> lower.get_ylabel(), lower.lines[0].get_ydata()
    ('top-p', array([0.9, 0.9, 0.9]))
    """
    if not len(steps):
        raise ValueError("steps must hold the settings of at least one token")
    temperatures = check_temperature([step.temperature for step in steps], len(steps))
    top_ps = check_fraction([step.top_p for step in steps], len(steps), name="top_p")
    check_names(tokens, len(steps))
    names = readable(tokens, stacklevel=2) if tokens is not None and len(tokens) <= WHOLE else None
    upper, lower = panels_or_new(ax)
    places = np.arange(1, len(steps) + 1)
    for i, (panel, label, values) in enumerate([(upper, "temperature", temperatures), (lower, "top-p", top_ps)], start=1):
        panel.plot(places, values, "-", color=COLOURS[i], marker=MARKERS[i], markersize=5, label=label)
        panel.set_ylabel(label)
        panel.set_xlim(0.5, len(steps) + 0.5)
        tidy(panel)
        panel.grid(axis="x", color="#eeeeee", linewidth=0.8)
        panel.tick_params(axis="x", length=0)
    upper.set_title("Temperature and top-p of each token")
    together = upper.get_shared_x_axes().joined(upper, lower)
    for panel in [lower] if together else [upper, lower]:
        panel.set_xlabel("token number" if names is None else "token")
        if names is None:
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            write_names(panel, places, names)
    return upper, lower
