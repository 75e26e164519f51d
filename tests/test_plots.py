"""What the pictures show: the artists on the axes, not their pixels."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace as Object
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("matplotlib")

from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import thermonucleus as tn
import thermonucleus.plots
from thermonucleus.plots import (
    axes,
    plot_adaptive,
    plot_comparison,
    plot_heatmap,
    plot_temperature,
    plot_tokens,
    plot_tuning,
    surfaces,
)

plots: Any = thermonucleus.plots  # for calls that are wrong, and meant to be
RISING = [1, 2, 3, 4, 5]
PEAK = [1, 2, 3, 4, 5, 4, 3, 2, 1]
LARGE = np.random.default_rng(3).normal(0.0, 3.0, 500)
STEPS = [Object(temperature=0.8 + 0.01 * i, top_p=0.9 - 0.02 * i) for i in range(6)]
TUNING = Object(trials=[*STEPS], start=Object(temperature=1.5, top_p=0.3), temperature=0.7, top_p=1.0)

ALL: dict[str, Callable[..., Any]] = {
    "plot_temperature": lambda **more: plot_temperature(RISING, **more),
    "plot_comparison": lambda **more: plot_comparison(RISING, **more),
    "plot_tokens": lambda **more: plot_tokens(PEAK, **more),
    "plot_heatmap": lambda **more: plot_heatmap(RISING, **more),
    "plot_tuning": lambda **more: plot_tuning(TUNING, [0.5, 1.0], [0.5, 1.0], [[1.0, 2.0], [3.0, 4.0]], **more),
    "plot_adaptive": lambda **more: plot_adaptive(STEPS, **more),
}
"""Each of the functions, to be called with `ax` or without."""


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def ax() -> Any:
    return Figure(figsize=axes.SIZE, layout="constrained").add_subplot()


def heights(ax: Any, label: str) -> NDArray[Any]:
    return np.asarray(next(line for line in ax.lines if line.get_label() == label).get_ydata())


def bars(container: Any) -> tuple[list[int], list[float]]:
    """Return the tokens that the bars stand for, and their heights."""
    return [round(bar.get_x() + bar.get_width() / 2) for bar in container], [bar.get_height() for bar in container]


def legend(ax: Any) -> list[str]:
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def names(ax: Any) -> list[str]:
    return [label.get_text() for label in ax.get_xticklabels()]


def draw(ax: Any) -> None:
    ax.figure.draw_without_rendering()


# All of them


@pytest.mark.parametrize("name", ALL)
def test_axes_that_are_given_are_drawn_on_and_returned(name: str, ax: Any) -> None:
    assert ALL[name](ax=ax) is ax
    assert len(ax.lines) + len(ax.containers) + len(ax.collections) > 0
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ALL)
def test_without_axes_each_call_makes_a_figure_and_shows_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("shown"))
    monkeypatch.setattr(Figure, "show", lambda *_, **__: pytest.fail("shown"))
    mine = plt.figure().add_subplot()
    first, second = ALL[name](), ALL[name]()
    assert len({id(each.figure) for each in (mine, first, second)}) == 3
    assert len(plt.get_fignums()) == 3
    assert not mine.has_data()


@pytest.mark.parametrize("name", ALL)
def test_both_axes_are_labelled_and_what_is_coloured_has_a_key(name: str, ax: Any) -> None:
    ALL[name](ax=ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.get_legend() is not None or ax.collections[0].colorbar is not None
    for other in ax.figure.axes:
        assert other is ax or other.get_ylabel() in {"largest token probability", "loss (less is better)"}


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
        (
            lambda: plots.plot_temperature(RISING, tokens=["a", "b", "c", 4, "e"]),
            TypeError,
            "tokens must be strings, got 4 of type int",
        ),
        (lambda: plots.plot_temperature([1, 2], tokens=[None, "a"]), TypeError, "tokens must be strings, got None of type"),
        (lambda: plots.plot_tokens([1, 2], {"a": {}}, tokens=["a", None]), TypeError, "tokens must be strings, got None of type"),
        (lambda: plots.plot_adaptive(STEPS[:2], tokens=["a", None]), TypeError, "tokens must be strings, got None of type"),
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
def test_what_is_wrong_is_named_and_leaves_no_figure(draws: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        draws()
    assert plt.get_fignums() == []


def test_without_matplotlib_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import thermonucleus; import thermonucleus.plots"
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'ImportError: thermonucleus.plots needs matplotlib: pip install "thermonucleus[plots]"' in done.stderr


def test_neither_colours_nor_what_says_them_again_repeat() -> None:
    for channel in (axes.COLOURS, axes.MARKERS, axes.HATCHES):
        assert len(set(channel)) == len(channel) == 7


# Distributions


@given(
    logits=st.lists(st.floats(-30, 30), min_size=1, max_size=40),
    temperatures=st.lists(st.floats(0.05, 5), min_size=1, max_size=4),
)
def test_the_lines_are_the_probabilities_under_each_temperature(logits: list[float], temperatures: list[float]) -> None:
    ax: Any = plot_temperature(logits, temperatures, ax=Figure().add_subplot())
    assert len(ax.lines) == len(temperatures)
    for line, temperature in zip(ax.lines, temperatures, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), tn.apply_temperature(logits, temperature))
        np.testing.assert_array_equal(line.get_xdata(), np.arange(len(logits)))


def test_temperatures_rise_from_dark_to_light_with_a_marker_each(ax: Any) -> None:
    plot_temperature(RISING, [2.0, 0.1, 1.0], ax=ax)
    assert legend(ax) == ["temperature 2", "temperature 0.1", "temperature 1"]
    hot, cold, warm = (colors.rgb_to_hsv(colors.to_rgb(line.get_color()))[2] for line in ax.lines)
    assert cold < warm < hot
    assert len({line.get_marker() for line in ax.lines}) == len({line.get_linestyle() for line in ax.lines}) == 3


def test_a_temperature_beside_top_p(ax: Any) -> None:
    plot_comparison(RISING, temperature=0.5, top_p=0.8, ax=ax)
    np.testing.assert_array_equal(heights(ax, "original"), tn.probabilities(RISING))
    np.testing.assert_array_equal(heights(ax, "temperature 0.5"), tn.probabilities(RISING, temperature=0.5))
    np.testing.assert_array_equal(heights(ax, "top-p 0.8 (2 of 5 tokens)"), tn.probabilities(RISING, top_p=0.8))
    crosses = ax.lines[-1]
    assert crosses.get_marker() == "x"
    assert list(np.asarray(crosses.get_xdata())) == [0, 1, 2]
    assert ax.lines[-2].get_markevery() == [3, 4]
    assert legend(ax) == ["original", "temperature 0.5", "top-p 0.8 (2 of 5 tokens)", "cut: outside of the nucleus"]


def test_where_nothing_is_cut_there_are_no_crosses(ax: Any) -> None:
    plot_comparison(RISING, top_p=1.0, ax=ax)
    plot_tokens(RISING, {"original": {}}, ax=ax)
    assert all(line.get_marker() != "x" for line in ax.lines)
    assert not any(text.startswith("cut") for text in legend(ax))


@given(
    logits=st.lists(st.floats(-8, 8), min_size=1, max_size=12),
    temperature=st.floats(0.3, 3),
    top_p=st.floats(0, 1),
    top_k=st.integers(0, 5),
    min_p=st.floats(0, 1),
    last=st.booleans(),
)
def test_bars_are_the_probabilities_and_outlines_what_was_cut(
    logits: list[float], temperature: float, top_p: float, top_k: int, min_p: float, last: bool
) -> None:
    setting: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "temperature_last": last}
    ax: Any = plot_tokens(logits, {"x": setting}, ax=Figure().add_subplot())
    after = tn.probabilities(logits, **setting)
    before = tn.probabilities(logits, temperature=temperature)
    kept, cut = np.flatnonzero(after > 0).tolist(), np.flatnonzero(after == 0).tolist()
    assert bars(ax.containers[0]) == (kept, after[kept].tolist())
    assert ax.containers[0].get_label() == f"x ({len(kept)} of {len(logits)} tokens)"
    if cut:
        assert bars(ax.containers[1]) == (cut, before[cut].tolist())
        assert not any(bar.get_fill() for bar in ax.containers[1])
        assert np.asarray(ax.lines[0].get_xdata()).tolist() == cut
    else:
        assert len(ax.containers) == 1
        assert len(ax.lines) == 0


def test_the_settings_of_the_slide_are_side_by_side(ax: Any) -> None:
    plot_tokens(PEAK, tokens="abcdefghi", ax=ax)
    assert legend(ax) == [
        "original (9 of 9 tokens)",
        "temperature 0.5 (9 of 9 tokens)",
        "top-p 0.9 (5 of 9 tokens)",
        "cut (dotted: before the cut)",
    ]
    original, tempered, nucleus, outlines = ax.containers
    for container, expected in ((original, tn.probabilities(PEAK)), (tempered, tn.get_token_probs(PEAK, temperature=0.5))):
        assert bars(container) == (list(range(9)), expected.tolist())
    assert bars(nucleus)[0] == [2, 3, 4, 5, 6]
    assert bars(outlines) == ([0, 1, 7, 8], tn.probabilities(PEAK)[[0, 1, 7, 8]].tolist())
    patches = [container[0] for container in (original, tempered, nucleus)]
    assert len({patch.get_hatch() for patch in patches}) == len({patch.get_facecolor() for patch in patches}) == 3
    full = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches)
    assert all(right <= left + 1e-9 for (_, right), (left, _) in itertools.pairwise(full))
    assert names(ax) == list("abcdefghi")


def test_the_legend_lists_crosses_for_any_of_several_settings_once(ax: Any) -> None:
    plot_tokens(PEAK, {"k": {"top_k": 1}, "p": {"top_p": 0.5}, "m": {"min_p": 0.5}, "all": {}}, ax=ax)
    assert [text.startswith("cut") for text in legend(ax)] == [False] * 4 + [True]
    assert len(ax.lines) == 1
    assert len(np.asarray(ax.lines[0].get_xdata())) == 3 * 8 - 2  # top-p 0.5 keeps the ties of the second


@pytest.mark.parametrize("setting", [{"temperature": 0.0}, {"temperature": 0.0, "top_p": 0.5}, {}])
def test_what_was_never_possible_is_not_called_cut(setting: dict[str, float], ax: Any) -> None:
    plot_tokens([-np.inf, 5.0, -np.inf] if not setting else RISING, {"x": setting}, ax=ax)
    assert len(ax.containers) == 1
    assert len(ax.lines) == 0
    assert legend(ax)[0].startswith("x (1 of")


@pytest.mark.parametrize("draws", [plot_temperature, plot_comparison, plot_tokens])
def test_of_a_large_vocabulary_the_most_probable_tokens_are_shown(draws: Callable[..., Any], ax: Any) -> None:
    draws(LARGE, ax=ax)
    order = np.argsort(-LARGE)
    assert names(ax) == [str(token) for token in order[:12]]
    assert ax.get_xlabel() == "token index (12 most probable of 500)"
    shown = bars(ax.containers[0])[1] if ax.containers else heights(ax, "original" if draws is plot_comparison else "temperature 1")
    np.testing.assert_array_equal(shown, tn.probabilities(LARGE)[order[:12]])


@pytest.mark.parametrize(
    ("size", "most", "shown", "label"),
    [
        (40, None, 40, "token"),
        (41, None, 12, "token (12 most probable of 41)"),
        (41, 0, 41, "token (41 most probable of 41)"),
        (500, 3, 3, "token (3 most probable of 500)"),
        (5, 3, 3, "token (3 most probable of 5)"),
        (5, 9, 5, "token (5 most probable of 5)"),
    ],
)
def test_how_many_tokens_are_shown(size: int, most: int | None, shown: int, label: str, ax: Any) -> None:
    plot_tokens(LARGE[:size], tokens=[f"t{i}" for i in range(size)], most=most, ax=ax)
    order = range(size) if label == "token" else np.argsort(-LARGE[:size])[:shown]
    assert names(ax) == [f"t{i}" for i in order]
    assert ax.get_xlabel() == label


def test_cut_tokens_of_a_large_vocabulary_stand_in_their_places(ax: Any) -> None:
    plot_tokens(LARGE, {"k": {"top_k": 5}}, ax=ax)
    assert bars(ax.containers[0])[0] == [0, 1, 2, 3, 4]
    assert bars(ax.containers[1])[0] == [5, 6, 7, 8, 9, 10, 11]
    assert ax.containers[0].get_label() == "k (5 of 500 tokens)"


def test_names_are_shown_as_they_are_and_may_repeat(ax: Any) -> None:
    plot_tokens(RISING, tokens=["$x$", ".", ".", "\n", " "], ax=ax)
    draw(ax)
    assert names(ax) == ["$x$", ".", ".", "'\\n'", "' '"]
    assert not any(label.get_parse_math() for label in ax.get_xticklabels())
    assert [len(container) for container in ax.containers][:2] == [5, 5]


@pytest.mark.parametrize(("word", "aslant"), [("be", False), ("representation", True)])
@pytest.mark.parametrize("draws", [plot_temperature, plot_tokens])
def test_names_do_not_overlap(word: str, aslant: bool, draws: Callable[..., Any], ax: Any) -> None:
    draws(LARGE, tokens=[word] * 500, ax=ax)
    draw(ax)
    labels = ax.get_xticklabels()
    assert {label.get_rotation() > 0 for label in labels} == {aslant}
    if not aslant:
        boxes = [label.get_window_extent() for label in labels]
        assert not any(left.overlaps(right) for left, right in itertools.pairwise(boxes))


# Temperature and top-p as axes


@given(
    logits=st.lists(st.floats(-20, 20), min_size=1, max_size=9),
    temperatures=st.lists(st.floats(0, 4), min_size=2, max_size=4, unique=True),
    top_ps=st.lists(st.floats(0, 1), min_size=2, max_size=4, unique=True),
)
def test_each_cell_is_the_largest_probability(logits: list[float], temperatures: list[float], top_ps: list[float]) -> None:
    ax: Any = plot_heatmap(logits, sorted(temperatures), sorted(top_ps), ax=Figure().add_subplot())
    data = np.asarray(ax.collections[0].get_array())
    assert data.shape == (len(temperatures), len(top_ps))
    for i, temperature in enumerate(sorted(temperatures)):
        for j, top_p in enumerate(sorted(top_ps)):
            assert data[i, j] == tn.token_probabilities(logits, temperature, top_p).max()


def test_the_grid_of_the_heatmap_ends_at_a_top_p_of_1_and_is_one_batch(ax: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(logits: Any, **settings: Any) -> Any:
        calls.append((logits.shape, settings["top_p"].max()))
        return tn.probabilities(logits, **settings)

    monkeypatch.setattr(surfaces, "probabilities", counted)
    plot_heatmap(RISING, ax=ax)
    assert calls == [((20 * 19, 5), 1.0)]
    data = np.asarray(ax.collections[0].get_array())
    assert data[9, -1] == tn.probabilities(RISING).max()  # temperature 1, top-p 1
    assert data[0, 0] == 1.0


def test_cells_are_centred_on_their_true_values(ax: Any) -> None:
    plot_heatmap(RISING, [0.5, 1.0, 3.0], [0.2, 1.0], ax=ax)
    corners = ax.collections[0].get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], [-0.2, 0.6, 1.4])
    np.testing.assert_allclose(corners[:, 0, 1], [0.25, 0.75, 2.0, 4.0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("top-p", "temperature")
    bar = ax.collections[0].colorbar
    assert bar is not None
    assert bar.ax.get_ylabel() == "largest token probability"


def test_the_way_of_a_search_over_its_losses(ax: Any) -> None:
    losses = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, np.inf]])
    plot_tuning(TUNING, [0.5, 1.0], [0.2, 0.6, 1.0], losses, ax=ax)
    data = ax.collections[0].get_array()
    assert data is not None
    np.testing.assert_array_equal(np.ma.getmaskarray(data), ~np.isfinite(losses))
    np.testing.assert_array_equal(data.compressed(), [1.0, 2.0, 3.0, 4.0])
    path, start, optimum = ax.lines
    np.testing.assert_array_equal(path.get_xdata(), [step.top_p for step in STEPS])
    np.testing.assert_array_equal(path.get_ydata(), [step.temperature for step in STEPS])
    assert (list(np.asarray(start.get_xdata())), list(np.asarray(start.get_ydata()))) == ([0.3], [1.5])
    assert (list(np.asarray(optimum.get_xdata())), list(np.asarray(optimum.get_ydata()))) == ([1.0], [0.7])
    assert legend(ax) == ["6 trials", "start", "optimum"]


# Token by token


def test_the_settings_of_every_token(ax: Any) -> None:
    plot_adaptive(STEPS, ax=ax)
    np.testing.assert_array_equal(heights(ax, "temperature"), [step.temperature for step in STEPS])
    np.testing.assert_array_equal(heights(ax, "top-p"), [step.top_p for step in STEPS])
    assert list(np.asarray(ax.lines[0].get_xdata())) == [1, 2, 3, 4, 5, 6]
    assert ax.get_xlabel() == "token number"
    assert len({line.get_marker() for line in ax.lines}) == len({line.get_linestyle() for line in ax.lines}) == 2


def test_the_tokens_of_a_short_text_are_named_and_of_a_long_one_numbered(ax: Any) -> None:
    plot_adaptive(STEPS, tokens=["An", "object", "is", "a", "list", "."], ax=ax)
    assert names(ax) == ["An", "object", "is", "a", "list", "."]
    assert ax.get_xlabel() == "token"
    long = plot_adaptive(STEPS * 7, tokens=["a"] * 42, ax=Figure().add_subplot())
    assert long.get_xlabel() == "token number"
    assert "a" not in names(long)
