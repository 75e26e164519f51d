"""Pictures of one row's distribution under several settings, token by token (slides 2, 5 and 7)."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from thermonucleus.plots.axes import COLOURS, FILLS, HATCHES, LINES, MARKERS, as_row, axes_or_new, tidy
from thermonucleus.plots.counts import count_kept
from thermonucleus.plots.tokens import TokenAxis
from thermonucleus.sampling import probabilities
from thermonucleus.settings import SETTINGS, STAGES, Settings, check_fraction, check_several, check_temperature

Setting = Mapping[str, Any]

CUT = "cut"

NARROW = 48
"""Characters in a line of the legend. Chosen: less than half of the axes' width."""

BENDING = STAGES["temperature"].settings + STAGES["smoothing"].settings
"""The settings that change logits and cut none."""

SLIDE_7: Mapping[str, Setting] = {"original": {}, "temperature 0.5": {"temperature": 0.5}, "top-p 0.9": {"top_p": 0.9}}


def plot_temperature(
    logits: ArrayLike,
    temperatures: ArrayLike = (0.1, 0.5, 1.0, 2.0),
    *,
    tokens: Sequence[str] | None = None,
    most: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the distribution of the same logits under several temperatures (slide 2).

    Parameters
    ----------
    logits : array_like of shape (V,)
        A row, as in `thermonucleus.sample`.
    temperatures : array_like of shape (n,), default (0.1, 0.5, 1.0, 2.0)
        0 or more, one line each; the darker the lower.
    tokens : sequence of str, optional
        The names of the V tokens, such as `thermonucleus.text.TextModel.names`; their indices by default. A space at either end
        is shown as "␣", and what cannot be shown as Python writes it.
    most : int, optional
        How many tokens to show, the most probable first; 0 shows all that can follow. By default 12 of a vocabulary of more than
        40, and a smaller one whole, in the order of the indices.
    ax : matplotlib.axes.Axes, optional
        Where to draw; the axes of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        With a line for each temperature.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range. Nothing is drawn then.

    Warns
    -----
    UserWarning
        Once, if the font lacks characters of the names: it says which, and which font has them.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_temperature([1, 2, 3, 4, 5], ax=Figure().add_subplot())
    >>> [line.get_label() for line in ax.lines]
    ['temperature 0.1', 'temperature 0.5', 'temperature 1', 'temperature 2']
    >>> ax.lines[-1].get_ydata().round(3)
    array([0.058, 0.096, 0.158, 0.26 , 0.429], dtype=float32)
    """
    row = as_row(logits)
    values = check_several(check_temperature, temperatures, name="temperatures")
    if not len(values):
        raise ValueError("temperatures must hold at least one number")
    distributions = _distributions(row, [{"temperature": value} for value in values])
    shown = TokenAxis.choose(row, tokens, most)
    ax = axes_or_new(ax)
    shades = mpl.colormaps["viridis"](np.linspace(0.0, 0.75, len(values)))
    for i, rank in enumerate(np.argsort(np.argsort(values))):
        _line(ax, distributions[i, shown.ids], f"temperature {values[i]:g}", shades[rank], i)
    return _finish(ax, shown)


def plot_comparison(
    logits: ArrayLike,
    *,
    temperature: float = 0.5,
    top_p: float = 0.9,
    tokens: Sequence[str] | None = None,
    most: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a temperature does to a distribution beside what top-p does to it (slide 5).

    Parameters
    ----------
    logits, tokens, most, ax
        As in `plot_temperature`.
    temperature, top_p : float
        As in `thermonucleus.sample`; each is applied alone.

    Returns
    -------
    matplotlib.axes.Axes
        With a line for the softmax of the logits, one under the temperature and one under top-p; where top-p cut a token, with a
        cross on shaded ground. The legend says how many tokens it keeps, and by how much their probabilities grow.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range. Nothing is drawn then.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_comparison([1, 2, 3, 4, 5], ax=Figure().add_subplot())
    >>> [line.get_label() for line in ax.lines]
    ['original', 'temperature 0.5', 'top-p 0.9 (3 of 5 kept; the kept grow by 4.5%)', 'cut: outside of the nucleus']
    >>> ax.lines[-1].get_xdata()
    array([0, 1])
    """
    row = as_row(logits)
    settings: list[Setting] = [
        {},
        {"temperature": float(check_temperature(temperature))},
        {"top_p": float(check_fraction(top_p, name="top_p"))},
    ]
    original, tempered, nucleus = _distributions(row, settings)
    shown = TokenAxis.choose(row, tokens, most)
    ax = axes_or_new(ax)
    cut = _cut(original, nucleus)
    words = count_kept(row, settings[2])
    if cut.any():
        words += f"; the kept grow by {100 / original[nucleus > 0].sum(dtype=np.float64) - 100:,.1f}%"
    outside, inside = np.flatnonzero(cut[shown.ids]), np.flatnonzero(~cut[shown.ids])
    _shade(ax, outside, COLOURS[2])
    _line(ax, original[shown.ids], "original", COLOURS[0], 0, markersize=5)
    _line(ax, tempered[shown.ids], f"temperature {temperature:g}", COLOURS[1], 1)
    # Top-p may hardly change a probability: its marker goes around that of the original.
    around: dict[str, Any] = {"markersize": 12, "fillstyle": "none", "markeredgewidth": 1.5, "markevery": inside.tolist()}
    _line(ax, nucleus[shown.ids], _label(f"top-p {top_p:g}", words), COLOURS[2], 2, **around)
    _crosses(ax, outside, COLOURS[2], f"{CUT}: outside of the nucleus")
    return _finish(ax, shown)


def plot_tokens(
    logits: ArrayLike,
    settings: Mapping[str, Setting] = SLIDE_7,
    *,
    tokens: Sequence[str] | None = None,
    most: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each token's probability as a bar under each of several settings, and which tokens they cut (slide 7).

    A token that is cut has a cross in place of its bar, below the outline of the bar that it has under the same temperature and
    smoothing alone.

    Parameters
    ----------
    logits, tokens, most, ax
        As in `plot_temperature`.
    settings : mapping of str to mapping, optional
        Labels to settings by name, any of those of `thermonucleus.Settings`. By default those of the slide: none, a temperature of
        0.5, a top-p of 0.9.

    Returns
    -------
    matplotlib.axes.Axes
        With a container of bars for each setting, followed, where it cuts tokens, by one of outlines; and a line of crosses. The
        labels of the containers say how many tokens are kept, and how many of these are equal to the last.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range. Nothing is drawn then.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_tokens([1, 2, 3, 4, 5], {"top-p 0.9, hot": {"temperature": 2.0, "top_p": 0.9}}, ax=Figure().add_subplot())
    >>> bars, outlines = ax.containers
    >>> bars.get_label(), len(bars), len(outlines)
    ('top-p 0.9, hot (4 of 5 kept)', 4, 1)
    """
    row = as_row(logits)
    _check_settings(settings)
    distributions = _distributions(row, list(settings.values()))
    uncut = _distributions(row, [{k: v for k, v in setting.items() if k in BENDING} for setting in settings.values()])
    shown = TokenAxis.choose(row, tokens, most)
    ax = axes_or_new(ax)
    cut = _cut(uncut, distributions)[:, shown.ids]
    heights = np.where(cut, uncut[:, shown.ids], distributions[:, shown.ids])
    width = 0.84 / len(settings)
    places = np.arange(len(shown.ids)) + (np.arange(len(settings))[:, np.newaxis] - (len(settings) - 1) / 2) * width
    for i, (label, setting) in enumerate(settings.items()):
        _bars(ax, places[i], heights[i], cut[i], width, _label(label, count_kept(row, setting)), i)
    _crosses(ax, places[cut], "#444444", f"{CUT} (dotted: before the cut)")
    return _finish(ax, shown)


def _distributions(row: NDArray[np.float32], settings: Sequence[Setting]) -> NDArray[np.float32]:
    """Return the row's distribution under each of the settings, in one call."""
    return probabilities(np.broadcast_to(row, (len(settings), len(row))), [Settings(**setting) for setting in settings])


def _check_settings(settings: Mapping[str, Setting]) -> None:
    if not isinstance(settings, Mapping) or not settings:
        raise TypeError(f"settings must map at least one label to settings, got {settings!r}")
    for label, setting in settings.items():
        if not isinstance(setting, Mapping) or not setting.keys() <= SETTINGS.keys():
            raise TypeError(f"settings[{label!r}] must map any of {', '.join(SETTINGS)} to values, got {setting!r}")


def _cut(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say of each token whether it was possible and is not any more."""
    return np.asarray((before > 0) & (after == 0))


def _label(name: str, words: str) -> str:
    """Return a name with a note, on lines of their own where it is a long one, so that the legend leaves room for what it is of."""
    return f"{name} ({words})" if len(name) + len(words) < NARROW else f"{name}\n{fill(f'({words})', NARROW)}"


def _line(ax: Axes, heights: NDArray[np.float32], label: str, colour: str, i: int, **more: Any) -> None:
    look = {"color": colour, "marker": MARKERS[i % len(MARKERS)], "markersize": 7, **more}
    ax.plot(np.arange(len(heights)), heights, LINES[i % len(LINES)], label=label, **look)


def _bars(
    ax: Axes, places: NDArray[np.float64], heights: NDArray[np.float32], cut: NDArray[np.bool_], width: float, label: str, i: int
) -> None:
    """Draw the bars of one setting: full, or for what is cut no more than an outline."""
    colour, hatch = FILLS[i % len(FILLS)], HATCHES[i % len(HATCHES)]
    ax.bar(places[~cut], heights[~cut], width, color=colour, edgecolor="white", linewidth=0.5, hatch=hatch, label=label)
    if cut.any():
        ax.bar(places[cut], heights[cut], width, fill=False, edgecolor=colour, linestyle=":", linewidth=1.5)


def _shade(ax: Axes, places: NDArray[np.int64], colour: str) -> None:
    """Shade the ground behind tokens, in one piece where they stand side by side."""
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if len(run):
            ax.axvspan(run[0] - 0.5, run[-1] + 0.5, color=colour, alpha=0.1, linewidth=0, zorder=0)


def _crosses(ax: Axes, places: NDArray[np.number], colour: str, label: str) -> None:
    """Mark tokens of probability 0, if there are any, on the line of 0."""
    if len(places):
        ax.plot(places, np.zeros(len(places)), "x", color=colour, markersize=9, markeredgewidth=2, label=label)


def _finish(ax: Axes, shown: TokenAxis) -> Axes:
    ax.set_ylabel("probability")
    ax.set_ylim(bottom=-0.03 * ax.get_ylim()[1])  # room for the lower half of the markers at 0
    ax.spines["bottom"].set_position("zero")  # which forgets the names of the ticks, if there are any
    shown.label(ax)
    tidy(ax)
    entries = sorted(zip(*ax.get_legend_handles_labels(), strict=True), key=lambda entry: entry[1].startswith(CUT))
    ax.legend(*zip(*entries, strict=True))
    return ax
