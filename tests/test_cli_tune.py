"""`thermonucleus tune`: what it prints, what it draws, and what it refuses before it starts."""

import argparse
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy")
pytest.importorskip("joblib")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from thermonucleus.cli import tune
from thermonucleus.plots import axes
from thermonucleus.text import tuning

pytestmark = pytest.mark.usefixtures("thorough")


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    tune.add_to(parser.add_subparsers())
    options = parser.parse_args(["tune", *map(str, arguments)])
    options.run(options)


def test_the_table_shows_what_the_library_finds(capsys: pytest.CaptureFixture[str]) -> None:
    run("--temperature", 0.5, "--top-p", 0.7, "--evaluations", 5, "--seed", 3)
    output = capsys.readouterr()
    assert output.err == ""
    header, *lines = (line.split() for line in output.out.splitlines())
    assert header == ["start", "optimum", "human"]
    table = {name: numbers for name, *numbers in lines}
    found = tuning.optimize_params(0.5, 0.7, evaluations=5, rng=3, progress=False)
    assert table["temperature"] == ["0.500", f"{found.temperature:.3f}", "-"]
    assert table["top_p"] == ["0.700", f"{found.top_p:.3f}", "-"]
    assert table["loss"] == [f"{found.start.loss:.3f}", f"{found.loss:.3f}", "-"]
    for name, human in found.human.items():
        assert table[name] == [f"{number:.3f}" for number in (found.start.measures[name], found.best.measures[name], human)]
    assert len(table) == 3 + len(found.human)


def test_the_picture_shows_the_sweep_and_the_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Any] = []

    def new_figure() -> Figure:
        figure = Figure(figsize=axes.SIZE, layout="constrained")
        made.append(figure)
        return figure

    monkeypatch.setattr(axes, "new_figure", new_figure)
    monkeypatch.setattr(tune, "TEMPERATURES", [0.5, 1.0])
    monkeypatch.setattr(tune, "TOP_PS", [0.6, 0.8, 1.0])
    run("--evaluations", 3, "--seed", 1, "--jobs", 2, "--out", tmp_path / "tuning.png")
    assert (tmp_path / "tuning.png").read_bytes().startswith(b"\x89PNG")
    ax = made[-1].axes[0]
    cells = ax.collections[0].get_array().reshape(2, 3)
    assert cells.tolist() == tuning.sweep([0.5, 1.0], [0.6, 0.8, 1.0], rng=1).tolist()
    assert [line.get_label() for line in ax.lines] == ["3 trials", "start", "optimum"]
    assert [float(line.get_ydata()[0]) for line in ax.lines[:2]] == [1.0, 1.0]


def test_a_file_that_can_not_be_drawn_is_refused_before_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "optimize_params", None)
    with pytest.raises(ValueError, match=r"--out must end in one of .*\.png.*, got 'tuning.txt'"):
        run("--out", "tuning.txt")


def test_a_start_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"initial_temp must be from 0\.1 to 2, got 5"):
        run("--temperature", 5)
