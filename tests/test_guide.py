"""Every block of the guide does what it shows: Python by doctest, commands by a shell, and its pictures and links are there."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def long(page: Path) -> list[pytest.MarkDecorator]:
    """Mark the page whose searches take hundreds of trials; test_text_tuning.py and test_cli_tune.py do the same with a few."""
    return [pytest.mark.sweep] if page.stem == "tuning" else []


COMMANDS = [
    pytest.param(block, id=f"{page.stem}: {block.splitlines()[0]}", marks=long(page))
    for page in PAGES
    for language, block in BLOCK.findall(page.read_text(encoding="utf-8"))
    if language == "bash"
]


def test_there_are_pages_and_commands() -> None:
    assert [page.name for page in PAGES] == ["README.md", "explore.md", "glossary.md", "sampling.md", "text.md", "tuning.md"]
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_block_is_python_a_command_or_output(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for language, block in BLOCK.findall(text):
        assert language in {"python", "bash", "text"}
        assert language != "python" or block.startswith(">>> ")
    assert text.count("```") == 2 * len(BLOCK.findall(text))


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem, marks=long(page)) for page in PAGES[1:]])
def test_the_python_of_a_page_prints_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where its pictures go
    pytest.importorskip("matplotlib")
    pytest.importorskip("scipy")
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(command: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in re.findall(r"--out (\S+)", command):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
