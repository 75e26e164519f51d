"""The pictures of a number over temperature and top-p: the cells and the marks on them."""

from types import SimpleNamespace as Object
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotted import PEAK, RISING, STEPS, draw, legend

pytest.importorskip("matplotlib")

from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

import thermonucleus as tn
from thermonucleus.plots import plot_heatmap, plot_tuning, surfaces
from thermonucleus.reference import apply_steps, softmax

TUNING = Object(trials=[*STEPS], start=Object(temperature=1.5, top_p=0.3), temperature=0.7, top_p=1.0)


def cells(ax: Any) -> Any:
    return np.asarray(ax.collections[0].get_array())


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


def test_the_grid_of_the_heatmap_ends_at_a_top_p_of_1(ax: Any) -> None:
    plot_heatmap(RISING, ax=ax)
    assert cells(ax).shape == (20, 19)
    assert cells(ax)[9, -1] == tn.probabilities(RISING).max()  # temperature 1, top-p 1
    assert cells(ax)[0, 0] == 1.0


@pytest.mark.parametrize("of", ["largest", "kept", "entropy"])
@pytest.mark.parametrize("at_once", [1, 9, 50, 10**6])
def test_a_grid_is_computed_in_parts_that_change_nothing(
    of: Literal["largest", "kept", "entropy"], at_once: int, ax: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Any = plot_heatmap(PEAK, of=of, ax=Figure().add_subplot())
    sizes = []

    def counted(logits: Any, **settings: Any) -> Any:
        sizes.append(logits.size)
        return tn.probabilities(logits, **settings)

    monkeypatch.setattr(surfaces, "probabilities", counted)
    monkeypatch.setattr(surfaces, "TOKENS_AT_ONCE", at_once)
    plot_heatmap(PEAK, of=of, ax=ax)
    np.testing.assert_array_equal(cells(ax), cells(whole))
    assert sum(sizes) == 20 * 19 * len(PEAK)
    assert max(sizes) <= max(at_once, len(PEAK))


@given(
    logits=st.lists(st.floats(-20, 20) | st.just(-np.inf), min_size=1, max_size=9).filter(lambda row: max(row) > -np.inf),
    temperatures=st.lists(st.floats(0.05, 4), min_size=2, max_size=3, unique=True),
    top_ps=st.lists(st.floats(0, 1), min_size=2, max_size=3, unique=True),
)
def test_kept_tokens_and_entropy_are_those_of_the_definition(
    logits: list[float], temperatures: list[float], top_ps: list[float]
) -> None:
    temperatures, top_ps = sorted(temperatures), sorted(top_ps)
    kept: Any = plot_heatmap(logits, temperatures, top_ps, of="kept", ax=Figure().add_subplot())
    entropy: Any = plot_heatmap(logits, temperatures, top_ps, of="entropy", ax=Figure().add_subplot())
    row = np.array(logits, np.float32).astype(np.float64)
    for i, temperature in enumerate(temperatures):
        for j, top_p in enumerate(top_ps):
            left = apply_steps(row, [("temperature", temperature), *([("top_p", top_p)] if top_p < 1 else [])])
            assert cells(kept)[i, j] == np.count_nonzero(left > -np.inf)
            p = softmax(left)
            assert cells(entropy)[i, j] == pytest.approx(-(p[p > 0] * np.log2(p[p > 0])).sum(), abs=1e-5)


def test_a_top_p_of_1_keeps_what_is_too_improbable_for_a_number(ax: Any) -> None:
    plot_heatmap([0.0, 1000.0, -np.inf], [0.0, 0.1, 1.0], [0.5, 1.0], of="kept", ax=ax)
    assert cells(ax).tolist() == [[1, 1], [1, 2], [1, 2]]


@pytest.mark.parametrize("size", [1, 2, 5, 3000])
def test_kept_tokens_are_on_a_scale_of_logarithms_that_ends_at_all_that_can_follow(size: int, ax: Any) -> None:
    plot_heatmap(np.linspace(0, 9, size), of="kept", ax=ax)
    draw(ax)
    mesh = ax.collections[0]
    assert isinstance(mesh.norm, LogNorm)
    assert (mesh.norm.vmin, mesh.norm.vmax) == (1, max(size, 2))
    labels = [label.get_text() for label in mesh.colorbar.ax.get_yticklabels()]
    expected = ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1,000", "2,000"]
    assert [label for label in labels if 1 <= int(label.replace(",", "")) <= max(size, 2)] == [
        label for label in expected if int(label.replace(",", "")) <= max(size, 2)
    ]
    assert mesh.colorbar.ax.get_ylabel() == f"tokens kept, of {size:,}"


def test_the_scale_of_kept_tokens_says_that_some_cannot_follow(ax: Any) -> None:
    plot_heatmap([*RISING, -np.inf], of="kept", ax=ax)
    assert ax.collections[0].colorbar.ax.get_ylabel() == "tokens kept, of 5 that can follow"


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
