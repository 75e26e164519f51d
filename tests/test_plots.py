"""What all pictures have in common: where they are drawn, what they say, what they refuse, and what their look is."""

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace as Object
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plotted import PEAK, RISING, STEPS, draw

pytest.importorskip("matplotlib")

from matplotlib import colors
from matplotlib.figure import Figure

import thermonucleus.plots
from thermonucleus.plots import (
    axes,
    plot_adaptive,
    plot_comparison,
    plot_heatmap,
    plot_temperature,
    plot_tokens,
    plot_tuning,
)

pytestmark = pytest.mark.usefixtures("pyplot")

plots: Any = thermonucleus.plots  # for calls that are wrong, and meant to be
TUNING = Object(trials=[*STEPS], start=Object(temperature=1.5, top_p=0.3), temperature=0.7, top_p=1.0)

ALL: dict[str, Callable[..., Any]] = {
    "plot_temperature": lambda **more: plot_temperature(RISING, **more),
    "plot_comparison": lambda **more: plot_comparison(RISING, **more),
    "plot_tokens": lambda **more: plot_tokens(PEAK, **more),
    "plot_heatmap": lambda **more: plot_heatmap(RISING, **more),
    "plot_heatmap of kept": lambda **more: plot_heatmap(RISING, of="kept", **more),
    "plot_heatmap of entropy": lambda **more: plot_heatmap(RISING, of="entropy", **more),
    "plot_tuning": lambda **more: plot_tuning(TUNING, [0.5, 1.0], [0.5, 1.0], [[1.0, 2.0], [3.0, 4.0]], **more),
    "plot_adaptive": lambda **more: plot_adaptive(STEPS, **more)[1],
}
"""Each of the functions, to be called with `ax` or without."""

ONE_AXES = [name for name in ALL if name != "plot_adaptive"]
"""Those that draw on the axes that they are given; the other puts two panels into them."""

NAMED: dict[str, Callable[..., Any]] = {
    "plot_temperature": lambda tokens: plots.plot_temperature([1, 2], tokens=tokens),
    "plot_comparison": lambda tokens: plots.plot_comparison([1, 2], tokens=tokens),
    "plot_tokens": lambda tokens: plots.plot_tokens([1, 2], tokens=tokens),
    "plot_adaptive": lambda tokens: plots.plot_adaptive(STEPS[:2], tokens=tokens),
}
"""Each of the functions that takes names of tokens, of which it needs two."""


@pytest.mark.parametrize("name", ONE_AXES)
def test_axes_that_are_given_are_drawn_on_and_returned(name: str, ax: Any, pyplot: Any) -> None:
    assert ALL[name](ax=ax) is ax
    assert len(ax.lines) + len(ax.containers) + len(ax.collections) > 0
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", ALL)
def test_without_axes_each_call_makes_a_figure_and_shows_nothing(name: str, monkeypatch: pytest.MonkeyPatch, pyplot: Any) -> None:
    monkeypatch.setattr(pyplot, "show", lambda *_, **__: pytest.fail("shown"))
    monkeypatch.setattr(Figure, "show", lambda *_, **__: pytest.fail("shown"))
    mine = pyplot.figure().add_subplot()
    first, second = ALL[name](), ALL[name]()
    assert len({id(each.figure) for each in (mine, first, second)}) == 3
    assert len(pyplot.get_fignums()) == 3
    assert not mine.has_data()


@pytest.mark.parametrize("name", ONE_AXES)
def test_both_axes_are_labelled_and_what_is_coloured_has_a_key(name: str, ax: Any) -> None:
    ALL[name](ax=ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.get_legend() is not None or ax.collections[0].colorbar is not None
    for other in ax.figure.axes:
        assert other is ax or other.get_ylabel() in {
            "largest token probability",
            "tokens kept, of 5",
            "entropy (bits)",
            "loss (less is better)",
        }


@pytest.mark.parametrize("name", ALL)
def test_no_text_lies_outside_the_figure(name: str, ax: Any) -> None:
    ALL[name](ax=ax)
    draw(ax)
    frame = ax.figure.bbox.padded(1)
    for each in ax.figure.axes:
        box = each.get_tightbbox()
        assert frame.contains(*box.min)
        assert frame.contains(*box.max)


@pytest.mark.parametrize("draws", [plot_temperature, plot_comparison, plot_tokens, plot_heatmap])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_logits_are_not_written_to(draws: Callable[..., Any], dtype: type, ax: Any) -> None:
    logits: NDArray[Any] = np.array(PEAK, dtype)
    before = logits.copy()
    draws(logits, ax=ax)
    np.testing.assert_array_equal(logits, before)
    logits.flags.writeable = False
    draws(logits, ax=ax)


@pytest.mark.parametrize(
    ("draws", "error", "message"),
    [
        (lambda: plots.plot_temperature([[1.0, 2.0]]), ValueError, r"logits must be a single row \(V,\), got shape \(1, 2\)"),
        (lambda: plots.plot_temperature([1.0, np.nan]), ValueError, "logits must be finite or -inf, got nan at row 0, index 1"),
        (
            lambda: plots.plot_temperature(RISING, [0.5, -1.0]),
            ValueError,
            r"temperatures\[1\] must be a finite number, 0 or more, got -1",
        ),
        (lambda: plots.plot_temperature(RISING, []), ValueError, "temperatures must hold at least one number"),
        (lambda: plots.plot_temperature(RISING, "hot"), TypeError, "temperatures must be a finite number"),
        (lambda: plots.plot_temperature(RISING, tokens="abc"), ValueError, "tokens must name each of the 5 tokens, got 3 names"),
        (lambda: plots.plot_temperature(RISING, most=-1), ValueError, "most must be an integer, 0 or more, got -1"),
        (lambda: plots.plot_temperature(RISING, most=2.5), TypeError, "most must be an integer, 0 or more, got 2.5"),
        (
            lambda: plots.plot_comparison(RISING, temperature=-1),
            ValueError,
            "temperature must be a finite number, 0 or more, got -1",
        ),
        (lambda: plots.plot_comparison(RISING, top_p=1.5), ValueError, "top_p must be a number from 0 to 1, got 1.5"),
        (lambda: plots.plot_tokens(RISING, {}), TypeError, "settings must map at least one label to settings"),
        (lambda: plots.plot_tokens(RISING, [{"top_p": 0.5}]), TypeError, "settings must map at least one label to settings"),
        (
            lambda: plots.plot_tokens(RISING, {"x": {"topp": 0.5}}),
            TypeError,
            r"settings\['x'\] must map any of temperature, top_k, top_p",
        ),
        (
            lambda: plots.plot_tokens(RISING, {"x": {"temperature_last": 1}}),
            TypeError,
            r"temperature_last must be True or False, got 1 of type int",
        ),
        (lambda: plots.plot_tokens(RISING, {"x": {"top_p": 1.5}}), ValueError, "top_p must be a number from 0 to 1, got 1.5"),
        (lambda: plots.plot_heatmap([[1.0, 2.0]]), ValueError, "logits must be a single row"),
        (
            lambda: plots.plot_heatmap(RISING, of="smallest"),
            ValueError,
            "of must be one of 'largest', 'kept', 'entropy', got 'smallest'",
        ),
        (lambda: plots.plot_heatmap(RISING, of=["kept"]), ValueError, r"of must be one of 'largest'.*, got \['kept'\]"),
        (lambda: plots.plot_heatmap(RISING, top_ps=[0.5, 1.5]), ValueError, r"top_ps\[1\] must be a number from 0 to 1, got 1.5"),
        (
            lambda: plots.plot_heatmap(RISING, temperatures=[1.0, 0.5]),
            ValueError,
            "temperatures must be two or more numbers, each above",
        ),
        (lambda: plots.plot_heatmap(RISING, temperatures=1.0), ValueError, "temperatures must be two or more numbers, each above"),
        (
            lambda: plots.plot_tuning(TUNING, [0.5, 1.0], [0.5, 1.0], [[1.0, 2.0]]),
            ValueError,
            r"losses must be of shape \(2, 2\), got",
        ),
        (lambda: plots.plot_temperature(RISING, [[0.5], [1, 2]]), ValueError, "temperatures cannot be read as .*inhomogeneous"),
        (
            lambda: plots.plot_temperature(RISING, [[0.5, 1.0]]),
            ValueError,
            r"temperatures must be .*, got an array of shape \(1, 2\)",
        ),
        (lambda: plots.plot_heatmap(RISING, top_ps=[[0.5], [1, 2]]), ValueError, "top_ps cannot be read as .*inhomogeneous"),
        (
            lambda: plots.plot_tuning(TUNING, [0.5, 1.0], [0.5, 1.0], [[1.0, 2.0], [3.0]]),
            ValueError,
            "losses cannot be read as .*inhomogeneous",
        ),
        (
            lambda: plots.plot_tuning(TUNING, [0.5, 1.0], [0.5, 1.0], [["1", "2"], ["3", "4"]]),
            TypeError,
            "losses must be real numbers, got dtype <U1",
        ),
        (lambda: plots.plot_adaptive([]), ValueError, "steps must hold the settings of at least one token"),
        (lambda: plots.plot_adaptive(STEPS, tokens=["a"]), ValueError, "tokens must name each of the 6 tokens, got 1 names"),
        (
            lambda: plots.plot_adaptive([Object(temperature=1.0, top_p=2.0)]),
            ValueError,
            r"top_p\[0\] must be a number from 0 to 1, got 2",
        ),
    ],
)
def test_what_is_wrong_is_named_and_leaves_no_figure(
    draws: Callable[[], Any], error: type[Exception], message: str, pyplot: Any
) -> None:
    with pytest.raises(error, match=message):
        draws()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("ax", "message"),
    [
        (lambda: "top", "ax must be matplotlib axes.*, got 'top' of type str"),
        (Figure, "ax must be matplotlib axes.*, got <Figure.*> of type Figure"),
        (lambda: Figure().subplots(1, 3), "ax must be matplotlib axes.*, got array.* of type ndarray"),
    ],
    ids=["text", "figure", "three axes"],
)
def test_what_is_no_axes_is_refused(name: str, ax: Callable[[], Any], message: str, pyplot: Any) -> None:
    with pytest.raises(TypeError, match=f"(?s){message}"):
        ALL[name](ax=ax())
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(("odd", "kind"), [(None, "NoneType"), (1, "int"), (b"a", "bytes"), (np.str_, "type")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_name_that_is_no_string_is_refused(name: str, odd: object, kind: str, place: int, pyplot: Any) -> None:
    tokens: list[object] = ["a", "b"]
    tokens[place] = odd
    with pytest.raises(TypeError, match=f"tokens must be strings, got .* of type {kind}"):
        NAMED[name](tokens)
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import thermonucleus; import thermonucleus.plots"
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'ImportError: thermonucleus.plots needs matplotlib: pip install "thermonucleus[plots]"' in done.stderr


def test_neither_colours_nor_what_says_them_again_repeat() -> None:
    for channel in (axes.COLOURS, axes.FILLS, axes.MARKERS, axes.HATCHES):
        assert len(set(channel)) == len(channel) == 7


def test_the_first_bars_are_no_heavier_than_can_be_seen_on_white() -> None:
    assert 3 <= contrast_with_white(axes.FILLS[0]) < 3.1
    assert axes.FILLS[1:] == axes.COLOURS[1:]


def contrast_with_white(colour: str) -> float:
    """Return the contrast as the guidelines for accessible web content define it, by the luminance of sRGB."""
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colors.to_rgb(colour)]
    return 1.05 / (0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] + 0.05)
