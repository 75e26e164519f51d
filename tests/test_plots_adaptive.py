"""The picture of settings that follow the text: two panels, and where they may be drawn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plotted import RISING, STEPS, draw, names

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from thermonucleus.plots import axes, plot_adaptive
from thermonucleus.text import AdaptiveSampler, LanguageModel

plot: Any = plot_adaptive  # for calls that are wrong, and meant to be
WORDS = ["An", "object", "is", "a", "list", "."]


def test_each_setting_has_a_panel_and_a_scale_of_its_own(ax: Any) -> None:
    upper, lower = plot_adaptive(STEPS, ax=ax)
    for panel, label, values in (
        (upper, "temperature", [step.temperature for step in STEPS]),
        (lower, "top-p", [step.top_p for step in STEPS]),
    ):
        (line,) = panel.lines
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5, 6])
        np.testing.assert_array_equal(line.get_ydata(), values)
        assert panel.get_ylabel() == label
        low, high = panel.get_ylim()
        assert high - low < 1.2 * (max(values) - min(values))
    assert upper.lines[0].get_marker() != lower.lines[0].get_marker()
    assert upper.get_title() == "Temperature and top-p of each token"


def test_the_panels_share_the_axis_of_tokens(ax: Any) -> None:
    upper, lower = plot_adaptive(STEPS, ax=ax)
    draw(ax)
    assert upper.get_position().y0 > lower.get_position().y1
    assert upper.get_xlim() == lower.get_xlim()
    lower.set_xlim(2, 3)
    assert upper.get_xlim() == (2, 3)
    assert lower.get_xlabel() == "token number"
    assert upper.get_xlabel() == ""
    assert not any(label.get_visible() and label.get_text() for label in upper.get_xticklabels())


def test_the_tokens_of_a_short_text_are_named_and_of_a_long_one_numbered(ax: Any) -> None:
    _, lower = plot_adaptive(STEPS, tokens=WORDS, ax=ax)
    assert names(lower) == WORDS
    assert lower.get_xlabel() == "token"
    _, long = plot_adaptive(STEPS * 7, tokens=["a"] * 42, ax=Figure().add_subplot())
    draw(long)
    assert long.get_xlabel() == "token number"
    assert all(float(label).is_integer() for label in names(long))


def test_one_axes_is_the_place_of_both_panels() -> None:
    figure = Figure(figsize=axes.SIZE, layout="constrained")
    place, other = figure.subplots(1, 2)
    upper, lower = plot_adaptive(STEPS, tokens=WORDS, ax=place)
    draw(upper)
    outer = place.get_position().padded(1e-3)
    for panel in (upper, lower):
        assert outer.contains(*panel.get_position().min)
        assert outer.contains(*panel.get_position().max)
    assert not place.axison
    assert other.axison
    boxes: Any = lower.get_tightbbox(), other.get_tightbbox()
    assert not boxes[0].overlaps(boxes[1])


@pytest.mark.parametrize("shape", [tuple, list, np.array])
def test_two_axes_are_the_panels_and_lose_nothing(shape: Callable[[Any], Any]) -> None:
    both = Figure().subplots(2, 1, sharex=True)
    assert plot_adaptive(STEPS, ax=shape([*both])) == (both[0], both[1])
    assert all(panel.axison and len(panel.lines) == 1 for panel in both)
    assert [panel.get_xlabel() for panel in both] == ["", "token number"]


def test_two_axes_that_share_nothing_have_the_same_tokens_each() -> None:
    upper, lower = plot_adaptive(STEPS, tokens=WORDS, ax=Figure().subplots(1, 2))
    assert names(upper) == names(lower) == WORDS
    assert upper.get_xlim() == lower.get_xlim()
    assert upper.get_xlabel() == lower.get_xlabel() == "token"


def test_a_new_figure_holds_both_panels(pyplot: Any) -> None:
    upper, lower = plot_adaptive(STEPS, tokens=WORDS)
    assert upper.figure.axes == [upper, lower]
    assert len(pyplot.get_fignums()) == 1
    draw(upper)
    assert not any(label.get_visible() and label.get_text() for label in upper.get_xticklabels())


@pytest.mark.parametrize(
    ("ax", "message"),
    [
        (lambda: [Figure().add_subplot(), None], r"ax\[1\] must be matplotlib axes, got None of type NoneType"),
        (lambda: ["top", Figure().add_subplot()], r"ax\[0\] must be matplotlib axes, got 'top' of type str"),
        (list, r"ax must be matplotlib axes, or two of them, got \[\] of type list"),
        (lambda: 3, "ax must be matplotlib axes, or two of them, got 3 of type int"),
    ],
)
def test_other_than_one_axes_or_two_is_refused(ax: Callable[[], Any], message: str, pyplot: Any) -> None:
    with pytest.raises(TypeError, match=message):
        plot(STEPS, ax=ax())
    assert pyplot.get_fignums() == []


def test_the_tokens_of_a_model_are_shown_as_they_are_read(language_model: LanguageModel, ax: Any) -> None:
    prompt = "The future of artificial intelligence is"
    sampler = AdaptiveSampler(0.6, 0.9, context=language_model.encode(prompt), rng=1)
    assert "".join(language_model.stream(prompt, sampler=sampler, max_tokens=25))
    _, lower = plot_adaptive(sampler.steps, tokens=[language_model.names[step.token] for step in sampler.steps], ax=ax)
    assert "end of sentence" in names(lower)
    assert not any("<" in name or "￭" in name for name in names(lower))
    assert len(RISING) < len(names(lower)) == 25
