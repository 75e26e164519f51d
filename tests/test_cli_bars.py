"""`thermonucleus plot` without a file: bars and tables in the terminal, whatever characters and columns it has."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import thermonucleus as tn
from thermonucleus.cli import main
from thermonucleus.cli.bars import bars, largest
from thermonucleus.cli.console import Console, columns, fitted

KINDS = ["temperature", "comparison", "tokens", "heatmap"]
PEAK = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1], np.float32)


@pytest.fixture(params=[40, 80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many columns the terminal has, each in turn."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prompt", [(), ("--prompt", "Once upon a time")], ids=["logits", "prompt"])
def test_no_line_is_wider_than_the_terminal(
    kind: str, prompt: tuple[str, ...], width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", kind, *prompt]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    lines = output.out.splitlines()
    logits = "1, 2, 3, 4, 5, 4, 3, 2, 1" if kind == "tokens" else "1, 2, 3, 4, 5"
    assert lines[0] == ('Next token after "Once upon a time"' if prompt else f"Logits {logits}")
    assert max(map(columns, lines)) <= width
    if kind != "heatmap":
        assert max(map(columns, lines[4:])) == width  # the largest bar fills it


def test_tokens_have_a_row_for_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "tokens", "--temperature", "2", "--top-k", "1", "3", "--top-p", "0.9", "--min-p", "0.2"]) == 0
    title, blank, *lines = capsys.readouterr().out.splitlines()
    assert (title, blank) == ("Logits 1, 2, 3, 4, 5, 4, 3, 2, 1", "")
    labels = ["original", "temperature 2", "top-k 1", "top-k 3", "top-p 0.9", "min-p 0.2"]
    settings = [{}, {"temperature": 2.0}, {"top_k": 1}, {"top_k": 3}, {"top_p": 0.9}, {"min_p": 0.2}]
    each = [tn.probabilities(PEAK, **setting) for setting in settings]  # type: ignore[arg-type]
    groups = [lines[i * 7 : i * 7 + 6] for i in range(9)]
    for token, group in enumerate(groups):
        assert group[0].startswith("abcdefghi"[token])
        for line, label, distribution in zip(group, labels, each, strict=True):
            number = f"{distribution[token]:.1%}" if distribution[token] else "cut"
            assert line[3:].split(number)[0].strip() == label
    assert lines[63:] == [
        *("top-k 1 keeps 1 of 9 tokens.", "top-k 3 keeps 3 of 9 tokens."),
        *("top-p 0.9 keeps 5 of 9 tokens.", "min-p 0.2 keeps 3 of 9 tokens."),
    ]


def test_bars_are_as_long_as_the_probabilities_say() -> None:
    row = np.log(np.array([0.5, 0.25, 0.125, 0.125], np.float32))
    lines = bars(row, {"original": {}}, None, Console(20 + 40, blocks=True))
    assert lines == [
        f"0  original   50.0% {'█' * 40}",
        f"1  original   25.0% {'█' * 20}",
        *(f"{token}  original   12.5% {'█' * 10}" for token in (2, 3)),
    ]
    row[3] = np.log(0.13)
    assert bars(row, {"original": {}}, None, Console(60, blocks=True))[3].endswith("█" * 10 + "▍")
    ascii_lines = bars(row, {"original": {}}, None, Console(60, blocks=False))
    assert [line.count("#") for line in ascii_lines] == [40, 20, 10, 10]


def test_of_many_tokens_the_most_probable_are_shown_and_none_that_cannot_follow() -> None:
    row = np.full(50, -np.inf, np.float32)
    row[10:15] = [1, 5, 3, 4, 2]
    names = [f"t{i}" for i in range(50)]
    lines = bars(row, {"temperature 1": {"temperature": 1.0}}, names, Console(60, blocks=True))
    assert lines[:2] == ["The 5 most probable of 5 tokens:", ""]
    assert [line.split()[0] for line in lines[2:]] == ["t11", "t13", "t12", "t14", "t10"]
    row[:] = np.arange(50)
    assert len(bars(row, {"temperature 1": {"temperature": 1.0}}, names, Console(60, blocks=True))) == 2 + 12


def test_a_temperature_cuts_nothing_however_small_a_probability() -> None:
    lines = bars(np.array([0, 500], np.float32), {"temperature 0.1": {"temperature": 0.1}}, None, Console(60, blocks=False))
    assert lines[0] == "0  temperature 0.1    0.0%"
    assert len(lines) == 2


def test_a_name_can_be_seen_and_stays_in_its_column() -> None:
    names = ["the", " the", "\n", "", "  ", "猫", "extraordinarily long", "e\u0301"]
    row = np.arange(8, dtype=np.float32)
    lines = bars(row, {"original": {}}, names, Console(80, blocks=True))
    assert [line.split("  original")[0].rstrip() for line in lines] == [
        *("the", "␣the", "'\\n'", "''", "␣␣", "猫", "extraordinari...", "e\u0301"),
    ]
    assert {columns(line.split("original")[0]) for line in lines} == {18}
    plain = bars(row, {"original": {}}, names, Console(80, blocks=False))
    assert plain[1].startswith("' the'  ")
    assert fitted("猫猫猫", 5) == "猫..."


def test_a_table_has_the_largest_probability_of_each_cell() -> None:
    row = np.array([1, 2, 3, 4, 5], np.float32)
    temperatures, top_ps = [0.5, 1.0, 2.0], [0.125, 0.5, 0.9, 1.0]
    lines = largest(row, temperatures, top_ps, Console(80, blocks=True))
    assert lines[3].split() == ["temperature", "0.125", "0.5", "0.9", "1"]
    for line, temperature in zip(lines[4:], temperatures, strict=True):
        want = [f"{100 * tn.probabilities(row, temperature=temperature, top_p=top_p).max():.0f}" for top_p in top_ps]
        assert line.split() == [f"{temperature:g}", *want]
    narrow = largest(row, temperatures, top_ps, Console(24, blocks=True))
    assert [line.split() for line in narrow if line.startswith("temperature")] == [
        ["temperature", "0.125", "0.5"],
        ["temperature", "0.9", "1"],
    ]


def test_a_grid_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "heatmap", "--temperature", "0.5", "1", "--top-p", "0.9", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[5:]] == [["temperature", "0.9", "1"], ["0.5", "88", "86"], ["1", "67", "64"]]


def test_blocks_are_drawn_only_where_the_encoding_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, blocks in (("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert Console.of_output().blocks == blocks
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # which has no encoding
    assert Console.of_output().blocks


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_on_a_console_of_ascii_and_matplotlib_is_not_needed(kind: str, tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('there is none')", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(tmp_path), "COLUMNS": "72"}
    done = subprocess.run(
        [sys.executable, "-m", "thermonucleus", "plot", kind],
        *(),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\" not in done.stdout
    picture = subprocess.run(
        [sys.executable, "-m", "thermonucleus", "plot", kind, "--out", str(tmp_path / "a.png")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (picture.returncode, picture.stdout) == (1, "")
    assert picture.stderr == 'thermonucleus: thermonucleus.plots needs matplotlib: pip install "thermonucleus[plots]"\n'
