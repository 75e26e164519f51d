"""The benchmarks that print tables, and those of pytest-benchmark, run at a small size: that they run, and what they print."""

import subprocess
import sys
from pathlib import Path

import pytest

import thermonucleus as tn

ROOT = Path(__file__).parent.parent
FUNCTIONS = {
    "adaptive_sampling",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "get_token_probs",
    "sample_with_temperature",
    "token_probabilities",
    "top_p_sampling",
}


def run(*arguments: str) -> str:
    """Run Python in the repository's root and return what it printed."""
    command = [sys.executable, "-X", "utf8", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def table(text: str) -> list[list[str]]:
    """Cells of the lines of a Markdown table; the line under its header must fit, and is left out."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line.startswith("|")]
    header, rule, *body = lines
    assert all(cell.strip("-:") == "" for cell in rule)
    assert {len(line) for line in lines} == {len(header)}
    assert all(cell for line in lines for cell in line)
    return [header, *body]


@pytest.fixture(scope="module")
def slides() -> list[list[str]]:
    return table(run("benchmarks/slides.py", "500"))


def test_slides_has_a_row_for_each_function(slides: list[list[str]]) -> None:
    assert sorted(row[0].strip("`") for row in slides[1:]) == sorted(FUNCTIONS)
    assert len(slides[0]) == 7


def test_slides_finds_the_naive_way_wrong_and_ours_exact(slides: list[list[str]]) -> None:
    found = {row[0].strip("`"): row[2] for row in slides[1:]}
    assert "all NaN on large logits" in found["apply_temperature"]
    assert "OverflowError on integers" in found["top_p_sampling"]
    assert "writes into its input" in found["top_p_sampling"]
    assert "writes into its input" in found["apply_top_p"]
    assert "IndexError on p = 1" in found["token_probabilities"]
    assert "ZeroDivisionError on an empty context" in found["adaptive_sampling"]
    assert all(row[3].startswith("exact on all ") for row in slides[1:])


def test_slides_gives_times(slides: list[list[str]]) -> None:
    assert slides[0][4:] == ["naive, µs", "here, µs", "naive / here"]
    assert all(float(cell.replace(",", "")) > 0 for row in slides[1:] for cell in row[4:])


def test_slides_says_what_it_ran_on() -> None:
    first = run("benchmarks/slides.py", "100").splitlines()[0]
    assert first.startswith("V = 100 on ")
    assert f"level {tn.target}, Python {sys.version_info.major}." in first


def test_pytest_benchmarks_run() -> None:
    pytest.importorskip("pytest_benchmark")
    printed = run("-m", "pytest", "benchmarks", "--benchmark-disable", "-q", "-k", "1000", "-p", "no:cacheprovider")
    assert " passed" in printed
    assert "failed" not in printed
    assert "error" not in printed


def test_softmax_times_every_way_on_every_kind_of_row() -> None:
    header, *body = table(run("benchmarks/softmax.py", "2000"))
    assert header == ["softmax", "language model", "flat", "peaked"]
    assert [line[0].partition("(")[0] for line in body][:2] == ["np.copyto and np.exp", "probabilities"]
    assert all(float(cell.replace(",", "")) > 0 for line in body for cell in line[1:])
