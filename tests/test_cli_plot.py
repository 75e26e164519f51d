"""`thermonucleus plot`: which picture it draws of what, and what it refuses."""

import argparse
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
from thermonucleus.cli import plot
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

    monkeypatch.setattr("thermonucleus.text.builtin_model", builtin_model)
    return asked


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    plot.add_to(parser.add_subparsers())
    options = parser.parse_args(["plot", *map(str, arguments)])
    options.run(options)


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
        import argparse, sys
        from thermonucleus.cli import plot
        parser = argparse.ArgumentParser()
        plot.add_to(parser.add_subparsers())
        assert "matplotlib" not in sys.modules
        options = parser.parse_args(["plot", "tokens", "--out", {str(tmp_path / "a.png")!r}])
        options.run(options)
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
    assert [language_model.tokenizer.vocabulary[token].strip("￭") for token in order] == names(ax)
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


def test_the_names_of_tokens_are_the_words_and_marks(language_model: LanguageModel) -> None:
    logits, tokens = plot.next_token_logits(PROMPT, language_model)
    np.testing.assert_array_equal(logits, language_model(language_model.tokenizer.encode(PROMPT)))
    assert len(tokens) == len(logits)
    assert tokens[:3] == ["<unk>", "<bos>", "<eos>"]
    assert {"the", ".", ","} <= set(tokens)
    assert not any("￭" in token or token == "" for token in tokens)


@pytest.mark.parametrize("name", ["picture.bmpp", "picture", "png", ""])
def test_an_ending_that_cannot_be_written_is_refused_before_any_work(
    name: str, tmp_path: Path, trained: list[LanguageModel]
) -> None:
    file = str(tmp_path / name) if name else ""
    with pytest.raises(ValueError, match=r"--out must end in one of .*\.pdf, .*\.png, .*\.svg.*, got") as caught:
        run("tokens", "--prompt", PROMPT, "--out", file)
    assert repr(file) in str(caught.value)
    assert trained == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("temperature", "--temperature", "-1"), r"temperatures\[0\] must be a finite number, 0 or more, got -1"),
        (("comparison", "--top-p", "1.5"), "top_p must be a number from 0 to 1, got 1.5"),
        (("tokens", "--top-p", "nan"), "top_p must be a number from 0 to 1, got nan"),
        (("heatmap", "--temperature", "1"), "temperatures must be two or more numbers"),
    ],
)
def test_a_setting_out_of_range_is_named_and_nothing_written(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        run(*arguments, "--out", tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        run("temperature", "--out", tmp_path / "nowhere" / "a.png")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("temperature",),
        ("landscape", "--out", "a.png"),
        ("temperature", "--out", "a.png", "--top-p", "0.5"),
        ("comparison", "--out", "a.png", "--top-p", "0.5", "0.9"),
        ("heatmap", "--out", "a.png", "--temperature", "hot"),
    ],
    ids=str,
)
def test_what_cannot_be_understood_shows_the_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2
    assert "plot" in capsys.readouterr().err
