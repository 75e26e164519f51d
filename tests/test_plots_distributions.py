"""The pictures of one distribution under several settings: the artists on the axes, not their pixels."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotted import LARGE, PEAK, RISING, bars, draw, heights, legend, names

pytest.importorskip("matplotlib")

from matplotlib import colors
from matplotlib.figure import Figure

import thermonucleus as tn
from thermonucleus.plots import plot_comparison, plot_temperature, plot_tokens

SPECIAL = np.concatenate([[-np.inf, -np.inf], LARGE])
"""Logits of a model with two tokens that never follow."""


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
    np.testing.assert_array_equal(
        heights(ax, "top-p 0.8 (2 of 5 kept; the kept grow by 14.9%)"), tn.probabilities(RISING, top_p=0.8)
    )
    crosses = ax.lines[-1]
    assert crosses.get_marker() == "x"
    assert list(np.asarray(crosses.get_xdata())) == [0, 1, 2]
    assert ax.lines[-2].get_markevery() == [3, 4]
    assert tn.probabilities(RISING, top_p=0.8)[4] / tn.probabilities(RISING)[4] == pytest.approx(1.149, abs=5e-4)
    assert legend(ax) == [
        "original",
        "temperature 0.5",
        "top-p 0.8 (2 of 5 kept; the kept grow by 14.9%)",
        "cut: outside of the nucleus",
    ]


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
    shown = f"x ({len(kept)} of {len(logits)} kept" if len(kept) < len(logits) else f"x (all {len(logits)} tokens"
    assert ax.containers[0].get_label().startswith(shown)
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
        "original (all 9 tokens)",
        "temperature 0.5 (all 9 tokens)",
        "top-p 0.9\n(5 of 9 kept, 2 of them equal to the last)",
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
    assert legend(ax) == ["x (1 of 5 kept)" if setting else "x (all 1 that can follow)"]


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
    assert ax.containers[0].get_label() == "k (5 of 500 kept)"


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


def test_the_ground_behind_cut_tokens_is_shaded_in_one_piece_where_they_stand_side_by_side(ax: Any) -> None:
    plot_comparison(PEAK, top_p=0.9, ax=ax)
    shaded = [patch.get_path().get_extents(patch.get_patch_transform()) for patch in ax.patches]
    assert [(box.x0, box.x1) for box in shaded] == [(-0.5, 1.5), (6.5, 8.5)]
    assert all(patch.get_alpha() <= 0.2 for patch in ax.patches)
    uncut = plot_comparison(PEAK, top_p=1.0, ax=Figure().add_subplot())
    assert len(uncut.patches) == 0


def test_the_marker_of_top_p_goes_around_that_of_the_original(ax: Any) -> None:
    plot_comparison(RISING, ax=ax)
    original, _, nucleus, _ = ax.lines
    assert nucleus.get_fillstyle() == "none"
    assert nucleus.get_markersize() >= 2 * original.get_markersize()


# How many tokens


@pytest.mark.parametrize(
    ("setting", "label"),
    [
        ({}, "x (all 500 that can follow)"),
        ({"temperature": 0.01}, "x (all 500 that can follow)"),
        ({"temperature": 0.0}, "x (1 of 500 kept)"),
        ({"top_k": 7}, "x (7 of 500 kept)"),
        ({"top_k": 7, "temperature": 0.01}, "x (7 of 500 kept)"),
        ({"xtc_probability": 0.5, "xtc_threshold": 0.01}, "x (all 500 that can follow)"),
        ({"top_p": 1.0, "smoothing_factor": 0.1}, "x (all 500 that can follow)"),
        ({"top_k": 1000}, "x (all 500 that can follow)"),
    ],
)
def test_only_tokens_that_can_follow_are_counted(setting: dict[str, float], label: str, ax: Any) -> None:
    plot_tokens(SPECIAL, {"x": setting}, ax=ax)
    assert legend(ax)[0] == label
    assert ax.get_xlabel() == "token index (12 most probable of 500 that can follow; 2 cannot)"


def test_tokens_that_cannot_follow_are_not_among_the_most_probable(ax: Any) -> None:
    plot_temperature([-np.inf, 3.0, -np.inf, 1.0], tokens="abcd", most=4, ax=ax)
    assert names(ax) == ["b", "d"]
    assert ax.get_xlabel() == "token (2 most probable of 2 that can follow; 2 cannot)"


def test_a_small_vocabulary_is_shown_with_those_that_cannot_follow(ax: Any) -> None:
    plot_temperature([-np.inf, 3.0, -np.inf, 1.0], tokens="abcd", ax=ax)
    assert names(ax) == list("abcd")
    assert ax.get_xlabel() == "token (2 of 4 cannot follow)"


@pytest.mark.parametrize(
    ("logits", "setting", "label"),
    [
        ([3, 2, 2, 1], {"top_k": 2}, "x (3 of 4 kept, 2 of them equal to the last)"),
        ([3, 2, 2, 1], {"top_k": 1}, "x (1 of 4 kept)"),
        ([2, 2, 2, 2], {"top_p": 0.1}, "x (all 4 tokens, 4 of them equal to the last)"),
        ([2, 2, 2, 2], {"temperature": 0.1}, "x (all 4 tokens)"),
        ([3, 3, 2, -np.inf], {"top_p": 0.5}, "x (2 of 3 kept, 2 of them equal to the last)"),
    ],
)
def test_ties_are_counted_apart_where_a_cut_may_keep_them_together(
    logits: list[float], setting: dict[str, float], label: str, ax: Any
) -> None:
    plot_tokens(logits, {"x": setting}, ax=ax)
    assert legend(ax)[0].replace("\n", " ") == label


def test_a_long_note_in_the_legend_has_lines_of_its_own(ax: Any) -> None:
    logits = np.repeat(np.arange(100.0, 0.0, -0.5), 500)
    plot_comparison(logits, top_p=0.9999, ax=ax)
    label = legend(ax)[2]
    assert label.startswith("top-p 0.9999\n(9,500 of 100,000 kept, 500 of them equal to the\nlast; the kept grow by")
    assert max(map(len, label.splitlines())) <= 48
