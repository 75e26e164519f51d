"""Shell completion: what bash makes of the script that the command prints, and what is said where it cannot be printed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from _thermonucleus_command.commands import COMMANDS, SHELLS
from thermonucleus.cli import main
from thermonucleus.settings import SETTINGS
from thermonucleus.text import PERSONALITIES


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the script for bash."""
    pytest.importorskip("shtab")
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    done = subprocess.run(
        [sys.executable, "-m", "thermonucleus", "--print-completion", "bash"],
        timeout=60,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    file = tmp_path_factory.mktemp("completion") / "thermonucleus.bash"
    file.write_text(done.stdout, encoding="utf-8")
    return file


def completed(script: Path, *words: str) -> set[str]:
    """Return what bash offers for the last of the words."""
    ask = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        complete -p thermonucleus >/dev/null
        _shtab_thermonucleus thermonucleus "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "-euc", ask, "bash", str(script), "thermonucleus", *words],
        cwd=script.parent,
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_completes_commands_and_their_options(script: Path) -> None:
    assert completed(script, "") >= set(COMMANDS)
    assert completed(script, "ge") == {"generate"}
    settings = {f"--{name.replace('_', '-')}" for name in SETTINGS}
    assert completed(script, "generate", "--") >= settings | {"--model", "--seed", "--corpus"}
    assert completed(script, "plot", "") >= {"temperature", "comparison", "tokens", "heatmap"}
    assert completed(script, "plot", "tokens", "--min") == {"--min-p"}
    assert completed(script, "chat", "--personality", "") == {*PERSONALITIES, "both"}


def test_bash_completes_files_where_an_option_takes_one(script: Path) -> None:
    (script.parent / "tale.txt").touch()
    for words in (("generate", "--corpus"), ("plot", "tokens", "--out"), ("tune", "--texts"), ("generate", "--model")):
        assert "tale.txt" in completed(script, *words, "ta")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as stop:
        main(["--print-completion", shell])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "thermonucleus" in text
    assert "heatmap" in text


def test_a_missing_shtab_is_named_with_the_extra(tmp_path: Path) -> None:
    (tmp_path / "shtab.py").write_text("raise ImportError('there is none')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "thermonucleus", "--print-completion", "bash"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'thermonucleus: completion needs shtab: pip install "thermonucleus[completion]"\n'
