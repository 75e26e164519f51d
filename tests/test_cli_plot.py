"""`thermonucleus plot --out`: which picture it draws of what, and what it refuses."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

import thermonucleus as tn
from thermonucleus.cli import main
from thermonucleus.plots import axes
from thermonucleus.text import LanguageModel

PROMPT = "The future of artificial intelligence is"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the list that every figure of the command is put in."""
    made: list[Any] = []

    def new_figure() -> Figure:
        figure = Figure(figsize=axes.SIZE, layout="constrained")
        made.append(figure)
        return figure

    monkeypatch.setattr(axes, "new_figure", new_figure)
    return made


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, language_model: LanguageModel) -> list[LanguageModel]:
    """Put a model that is trained already in the place of the built-in one; return the list of those that were asked for."""
    asked: list[LanguageModel] = []

    def builtin_model() -> LanguageModel:
        asked.append(language_model)
        return language_model

    monkeypatch.setattr("thermonucleus.text.loading.builtin_model", builtin_model)
    return asked


def run(*arguments: object) -> None:
    assert main(["plot", *map(str, arguments)]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return what is said of arguments that are refused."""
    with pytest.raises(SystemExit) as stop:
        main(["plot", *map(str, arguments)])
    assert stop.value.code == 2
    usage, said = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: thermonucleus plot ")
    return said.split(": error: ")[1]


def heights(ax: Any, label: str) -> Any:
    return next(line.get_ydata() for line in ax.lines if line.get_label() == label)


def names(ax: Any) -> list[str]:
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("kind", ["temperature", "comparison", "tokens", "heatmap"])
def test_a_picture_is_as_wide_as_a_page(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    run(kind, "--out", file)
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width == pytest.approx(830, abs=1)
    assert height == pytest.approx(460, abs=1)
    assert len(content) < 120_000


def test_pyplot_and_its_backend_are_left_alone(tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from thermonucleus.cli import main
        sys.stdout = None
        main(["plot", "tokens"])
        assert "matplotlib" not in sys.modules
        main(["plot", "tokens", "--out", {str(tmp_path / "a.png")!r}])
        assert "matplotlib" in sys.modules
        assert "matplotlib.pyplot" not in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")])
def test_the_ending_says_what_is_written(ending: str, start: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"picture.{ending}"
    run("temperature", "--out", file)
    assert file.read_bytes().startswith(start)


def test_temperatures_of_the_slide_or_of_ones_own(tmp_path: Path, figures: list[Any]) -> None:
    run("temperature", "--out", tmp_path / "a.png")
    run("temperature", "--out", tmp_path / "b.png", "--temperature", "0.7", "3")
    slide, own = (figure.axes[0] for figure in figures)
    assert slide.get_title() == "Logits 1, 2, 3, 4, 5"
    assert [line.get_label() for line in slide.lines] == [f"temperature {value}" for value in ("0.1", "0.5", "1", "2")]
    assert [line.get_label() for line in own.lines] == ["temperature 0.7", "temperature 3"]
    np.testing.assert_array_equal(heights(own, "temperature 3"), tn.apply_temperature([1, 2, 3, 4, 5], 3.0))


def test_a_comparison_takes_one_of_each(tmp_path: Path, figures: list[Any]) -> None:
    run("comparison", "--out", tmp_path / "a.png", "--temperature", "2", "--top-p", "0.8")
    (ax,) = figures[0].axes
    np.testing.assert_array_equal(heights(ax, "temperature 2"), tn.apply_temperature([1, 2, 3, 4, 5], 2.0))
    np.testing.assert_array_equal(
        heights(ax, "top-p 0.8 (2 of 5 kept; the kept grow by 14.9%)"), tn.probabilities([1, 2, 3, 4, 5], top_p=0.8)
    )


def test_tokens_have_bars_for_each_setting(tmp_path: Path, figures: list[Any]) -> None:
    run("tokens", "--out", tmp_path / "a.png", "--temperature", "0.5", "2", "--top-p", "0.5")
    (ax,) = figures[0].axes
    assert names(ax) == list("abcdefghi")
    assert [bars.get_label() for bars in ax.containers][:4] == [
        "original (all 9 tokens)",
        "temperature 0.5 (all 9 tokens)",
        "temperature 2 (all 9 tokens)",
        "top-p 0.5\n(3 of 9 kept, 2 of them equal to the last)",
    ]


def test_a_heatmap_has_the_grid_of_the_library_or_ones_own(tmp_path: Path, figures: list[Any]) -> None:
    from thermonucleus.plots import plot_heatmap

    run("heatmap", "--out", tmp_path / "a.png")
    run("heatmap", "--out", tmp_path / "b.png", "--temperature", "0.5", "1", "--top-p", "0.5", "0.8", "1")
    default, own = (figure.axes[0].collections[0] for figure in figures)
    expected: Any = plot_heatmap([1, 2, 3, 4, 5], ax=Figure().add_subplot()).collections[0]
    np.testing.assert_array_equal(default.get_array(), expected.get_array())
    np.testing.assert_array_equal(default.get_coordinates(), expected.get_coordinates())
    assert np.shape(own.get_array()) == (2, 3)


def test_a_prompt_shows_what_the_language_model_expects(
    tmp_path: Path, figures: list[Any], trained: list[LanguageModel], language_model: LanguageModel
) -> None:
    run("tokens", "--out", tmp_path / "a.png", "--prompt", PROMPT, "--top-p", "0.4")
    (ax,) = figures[0].axes
    assert len(trained) == 1
    logits = language_model(language_model.tokenizer.encode(PROMPT))
    order = np.argsort(-logits, kind="stable")[:12]
    expected = tn.probabilities(logits)[order]
    np.testing.assert_array_equal([bar.get_height() for bar in ax.containers[0]], expected)
    assert [language_model.names[token] for token in order] == names(ax)
    assert ax.get_title() == f"Next token after “{PROMPT}”"
    assert ax.get_xlabel() == f"token (12 most probable of {len(logits) - 2:,} that can follow; 2 cannot)"


@pytest.mark.parametrize("kind", ["temperature", "comparison", "heatmap"])
def test_every_kind_takes_a_prompt_of_any_text(kind: str, tmp_path: Path, figures: list[Any], trained: list[LanguageModel]) -> None:
    run(kind, "--out", tmp_path / "a.png", "--prompt", "costs $5, or $x$" + " and so on" * 30)
    title = figures[0].axes[0].get_title()
    assert title.startswith("Next token after “…")
    assert len(title) < 90
    run(kind, "--out", tmp_path / "b.png", "--prompt", "")
    assert figures[1].axes[0].get_title() == "Next token after “”"


def test_top_k_and_min_p_have_bars_too(tmp_path: Path, figures: list[Any]) -> None:
    run("tokens", "--out", tmp_path / "a.png", "--top-k", "3", "1", "--min-p", "0.5")
    (ax,) = figures[0].axes
    labels = [re.split(r"\s\(", str(bars.get_label()))[0] for bars in ax.containers]
    assert [label for label in labels if not label.startswith("_")] == [
        *("original", "temperature 0.5", "top-k 3", "top-k 1", "top-p 0.9", "min-p 0.5"),
    ]


@pytest.mark.parametrize("name", ["picture.bmpp", "picture", "png", ""])
def test_an_ending_that_cannot_be_written_is_refused_before_any_work(
    name: str, tmp_path: Path, trained: list[LanguageModel], capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / name) if name else ""
    said = refused(capsys, "tokens", "--prompt", PROMPT, "--out", file)
    assert re.fullmatch(rf"--out must end in one of .*\.pdf, .*\.png, .*\.svg.*, got {re.escape(repr(file))}", said)
    assert trained == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, trained: list[LanguageModel], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    nowhere = tmp_path / "nowhere" / "a.png"
    asked = ("temperature", "--prompt", PROMPT, "--out")
    assert refused(capsys, *asked, nowhere) == f"--out must be in a folder that is there, got '{nowhere}'"
    assert refused(capsys, *asked, folder) == f"--out must be a file, got the folder '{folder}'"
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    assert refused(capsys, *asked, tmp_path / "b.png") == f"--out must be a file that can be written, got '{tmp_path / 'b.png'}'"
    assert trained == []
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("temperature", "--temperature", "-1"), "--temperature must be a finite number, 0 or more, got -1"),
        (("comparison", "--top-p", "1.5"), "--top-p must be a number from 0 to 1, got 1.5"),
        (("tokens", "--top-p", "0.5", "nan"), "--top-p must be a number from 0 to 1, got nan"),
        (("tokens", "--top-k", "2.5"), "--top-k must be an integer, 0 or more, got '2.5'"),
        (("tokens", "--prompt", "a\udcff"), "--prompt must be text in UTF-8, got the byte 0xff as character 2"),
        (("heatmap", "--temperature", "1"), "--temperature must be two or more numbers, each above the one before, got 1"),
        (("heatmap", "--top-p", "0.5", "0.4"), "--top-p must be two or more numbers, each above the one before, got 0.5 0.4"),
    ],
)
@pytest.mark.parametrize("out", [("--out", "a.png"), ()])
def test_a_setting_out_of_range_is_named_and_nothing_drawn(
    arguments: tuple[str, ...],
    message: str,
    out: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, *arguments, *out) == message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("landscape", "--out", "a.png"),
        ("temperature", "--out", "a.png", "--top-p", "0.5"),
        ("comparison", "--out", "a.png", "--top-p", "0.5", "0.9"),
        ("heatmap", "--out", "a.png", "--temperature", "hot"),
    ],
    ids=str,
)
def test_what_cannot_be_understood_shows_the_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["plot", *arguments])
    assert stop.value.code == 2
    assert "plot" in capsys.readouterr().err
