"""`thermonucleus tune`: what it asks for, prints and draws, and what it refuses before it starts."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from talker import Talker

pytest.importorskip("scipy")
pytest.importorskip("joblib")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from thermonucleus.cli import main, progress, tune
from thermonucleus.plots import axes
from thermonucleus.text import tuning
from thermonucleus.text.tuning import Trial, Tuning

HUMAN = {"zipf": 0.9}
START, BEST = Trial(1.0, 0.9, 2.0, {"zipf": 0.7}), Trial(0.8, 0.95, 1.5, {"zipf": 0.8})


class Library:
    """Stands in for the search: says what it was asked for, and finds what it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.trials: tuple[Trial, ...] = (START, BEST)
        self.judged = {START.temperature: 3.0, BEST.temperature: 2.5}

    def optimize_params(self, *point: float, **options: Any) -> Tuning:
        self.asked.append(("optimize_params", point, options))
        return Tuning(self.trials, HUMAN)

    def judge(self, temperature: float, top_p: float, **options: Any) -> Trial:
        self.asked.append(("judge", (temperature, top_p), options))
        return Trial(temperature, top_p, self.judged[temperature], {"zipf": 0.8})

    def sweep(self, temperatures: list[float], top_ps: list[float], **options: Any) -> Any:
        self.asked.append(("sweep", (), options))
        return [[1.0] * len(top_ps)] * len(temperatures)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    for name in ("optimize_params", "judge", "sweep"):
        monkeypatch.setattr(tuning, name, getattr(library, name))
    return library


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as stop:
        main(["tune", *map(str, arguments)])
    output = capsys.readouterr()
    assert (stop.value.code, output.out) == (2, "")
    usage, said = output.err.splitlines()
    assert usage == "usage: thermonucleus tune [options]"
    return said.removeprefix("thermonucleus tune: error: ")


def test_the_start_and_the_optimum_are_searched_for_judged_and_printed(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "--temperature", "1.2", "--top-p", "0.8", "--evaluations", "7", "--seed", "3"]) == 0
    common = {"model": None, "texts": None, "rng": 3, "progress": True}
    assert library.asked == [
        ("optimize_params", (1.2, 0.8), common | {"evaluations": 7}),
        ("judge", (1.0, 0.9), common),
        ("judge", (0.8, 0.95), common),
    ]
    assert (
        capsys.readouterr().out
        == """\
                   start  optimum    human
temperature        1.000    0.800        -
top_p              0.900    0.950        -
loss               2.000    1.500        -
zipf               0.700    0.800    0.900

On text that the search has not seen, the loss is 3.000 at the start and 2.500 at the optimum.
"""
    )


@pytest.mark.parametrize("judged", [3.0, 3.5])
def test_what_is_no_better_is_said_to_be_so(judged: float, library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    library.judged[BEST.temperature] = judged
    assert main(["tune"]) == 0
    assert capsys.readouterr().out.endswith(
        f"the loss is 3.000 at the start and {judged:.3f} at the optimum:\nno better than where you began.\n"
    )


def test_a_search_that_stays_where_it_began_is_judged_once(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    library.trials = (START, Trial(0.8, 0.95, 2.5, {"zipf": 0.8}))
    assert main(["tune"]) == 0
    assert [name for name, *_ in library.asked] == ["optimize_params", "judge"]
    assert capsys.readouterr().out.endswith("no better than where you began.\n")


def test_a_model_is_loaded_once_and_half_of_the_texts_kept_for_the_judgement(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Talker()
    loaded: list[str] = []

    def load(name: str) -> Talker:
        loaded.append(name)
        return model

    monkeypatch.setattr("thermonucleus.cli.models.load_model", load)
    texts = tmp_path / "texts.txt"
    texts.write_text("One.\n\nTwo.\n\nThree.\n\nFour.\n", encoding="utf-8")
    assert main(["tune", "--model", "x.gguf", "--texts", str(texts), "--out", str(tmp_path / "a.png"), "--jobs", "2"]) == 0
    assert loaded == ["x.gguf"]
    assert [(name, options["texts"]) for name, _, options in library.asked] == [
        ("optimize_params", ["One.", "Three."]),
        ("judge", ["Two.", "Four."]),
        ("judge", ["Two.", "Four."]),
        ("sweep", ["One.", "Three."]),
    ]
    assert all(options["model"] is model for _, _, options in library.asked)
    assert library.asked[-1][2]["n_jobs"] == 2
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    library.asked.clear()
    assert main(["tune", "--texts", str(texts)]) == 0  # the built-in model learns from a part of them
    assert all(options["texts"] == ["One.", "Two.", "Three.", "Four."] for _, _, options in library.asked)
    assert len(library.asked) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "tuning.txt"), "--out must end in one of "),
        (("--out", "nowhere/tuning.png"), "--out must be in a folder that is there, got 'nowhere/tuning.png'"),
        (("--jobs", "0"), "--jobs must be 1 or more, or -1 for one a core, got 0"),
        (("--jobs", "two"), "--jobs must be an integer, got 'two'"),
        (("--evaluations", "0"), "--evaluations must be 1 or more, got 0"),
        (("--temperature", "5"), "--temperature must be from 0.1 to 2, got 5"),
        (("--top-p", "0"), "--top-p must be from 0.1 to 1, got 0"),
        (("--seed", "-1"), "--seed must be 0 or more, got -1"),
    ],
)
def test_what_is_wrong_is_refused_before_any_work(
    arguments: tuple[str, ...],
    message: str,
    library: Library,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, *arguments).startswith(message)
    assert library.asked == []


def test_texts_that_are_not_there_are_named_before_any_work(
    library: Library, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["tune", "--texts", str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err
    assert library.asked == []


def test_missing_packages_are_named_before_any_work(
    library: Library, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert main(["tune"]) == 1
    assert capsys.readouterr().err == 'thermonucleus: tune needs SciPy, joblib and tqdm: pip install "thermonucleus[tune]"\n'
    assert library.asked == []


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_a_minute_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from tqdm import tqdm

    clock = [1000.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress_in_lines():
        for _ in tqdm(range(10), mininterval=0, unit="trial"):
            clock[0] += 25
        print("a warning", file=sys.stderr)
    assert sys.stderr is stream
    lines = stream.getvalue().splitlines()
    assert [line.split("|")[-1].split()[0] for line in lines[:-1]] == ["0/10", "3/10", "6/10", "9/10", "10/10"]
    assert lines[-1] == "a warning"
    assert "\r" not in stream.getvalue()
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress_in_lines():
        assert sys.stderr is terminal


@pytest.mark.usefixtures("thorough")
def test_the_table_shows_what_the_library_finds(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--temperature", "0.5", "--top-p", "0.7", "--evaluations", "5", "--seed", "3")
    assert main(["tune", *asked]) == 0
    header, *lines = (line.split() for line in capsys.readouterr().out.splitlines()[:-2])
    assert header == ["start", "optimum", "human"]
    table = {name: numbers for name, *numbers in lines}
    found = tuning.optimize_params(0.5, 0.7, evaluations=5, rng=3, progress=False)
    assert table["temperature"] == ["0.500", f"{found.temperature:.3f}", "-"]
    assert table["top_p"] == ["0.700", f"{found.top_p:.3f}", "-"]
    assert table["loss"] == [f"{found.start.loss:.3f}", f"{found.loss:.3f}", "-"]
    for name, human in found.human.items():
        assert table[name] == [f"{number:.3f}" for number in (found.start.measures[name], found.best.measures[name], human)]
    assert len(table) == 3 + len(found.human)


@pytest.mark.usefixtures("thorough")
def test_the_picture_shows_the_sweep_and_the_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Any] = []

    def new_figure() -> Figure:
        figure = Figure(figsize=axes.SIZE, layout="constrained")
        made.append(figure)
        return figure

    monkeypatch.setattr(axes, "new_figure", new_figure)
    monkeypatch.setattr(tune, "TEMPERATURES", [0.5, 1.0])
    monkeypatch.setattr(tune, "TOP_PS", [0.6, 0.8, 1.0])
    picture = tmp_path / "tuning.png"
    assert main(["tune", "--evaluations", "3", "--seed", "1", "--jobs", "2", "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    ax = made[-1].axes[0]
    cells = ax.collections[0].get_array().reshape(2, 3)
    assert cells.tolist() == tuning.sweep([0.5, 1.0], [0.6, 0.8, 1.0], rng=1).tolist()
    assert [line.get_label() for line in ax.lines] == ["3 trials", "start", "optimum"]
    assert [float(line.get_ydata()[0]) for line in ax.lines[:2]] == [1.0, 1.0]
