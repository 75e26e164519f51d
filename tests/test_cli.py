"""The command line: what is printed, piece by piece, and how it ends."""

import io
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thermonucleus as tn
from _thermonucleus_command.commands import COMMANDS
from thermonucleus.cli import main
from thermonucleus.settings import SETTINGS
from thermonucleus.text import AdaptiveSampler, LanguageModel

TALE = """The cat sat on the mat. The dog sat on the cat. The mat was red.

A dog ran to the red house. The cat ran from the dog. A house was on the hill.
"""


@pytest.fixture
def tale(tmp_path: Path) -> str:
    path = tmp_path / "tale.txt"
    path.write_text(TALE, encoding="utf-8")
    return str(path)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(arguments, timeout=60, check=False, capture_output=True, text=True)


def test_info_names_versions_and_instruction_levels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    fields = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(fields) == ["thermonucleus", "target", "targets", "numpy", "python", "platform"]
    assert fields["thermonucleus"] == tn.__version__
    assert fields["target"] == tn.target
    assert fields["targets"].split() == list(tn.targets())
    assert fields["numpy"] == np.__version__
    assert fields["python"] == ".".join(map(str, sys.version_info[:3]))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said of arguments that are refused, after a line on how the command is used."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    output = capsys.readouterr()
    assert (stop.value.code, output.out) == (2, "")
    usage, said = output.err.splitlines()
    assert usage.startswith("usage: thermonucleus ")
    program, message = said.split(": error: ")
    assert program in usage
    return message


def generated(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["generate", *arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_the_same_seed_gives_the_same_text(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    first = generated(capsys, "The cat", "--corpus", tale, "--seed", "3")
    assert generated(capsys, "The cat", "--corpus", tale, "--seed", "3") == first
    assert first.startswith("The cat")
    assert first.endswith("\n")
    assert len(first.split()) > 30


def test_different_seeds_and_no_seed_give_different_texts(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    seeded = {generated(capsys, "The", "--corpus", tale, "--seed", str(seed)) for seed in range(4)}
    unseeded = {generated(capsys, "The", "--corpus", tale) for _ in range(4)}
    assert len(seeded) == len(unseeded) == 4


def test_the_text_is_what_the_library_draws(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    text = generated(
        capsys,
        *("A dog", "--corpus", tale, "--seed", "5", "--max-tokens", "20"),
        *("--temperature", "1.5", "--top-k", "9", "--top-p", "0.9", "--min-p", "0.01"),
    )
    model = LanguageModel.train([part.replace("\n", " ").strip() for part in TALE.split("\n\n")])
    sampler: Any = tn.Sampler(temperature=1.5, top_k=9, top_p=0.9, min_p=0.01, rng=5)
    assert text == "A dog" + "".join(model.stream("A dog", sampler=sampler, max_tokens=20)) + "\n"


def test_the_temperature_may_come_last(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    settings = ("--temperature", "30", "--top-p", "0.5")
    text = generated(capsys, "A dog", "--corpus", tale, "--seed", "5", "--max-tokens", "20", *settings, "--temperature-last")
    model = LanguageModel.train([part.replace("\n", " ").strip() for part in TALE.split("\n\n")])
    sampler: Any = tn.Sampler(temperature=30, top_p=0.5, temperature_last=True, rng=5)
    assert text == "A dog" + "".join(model.stream("A dog", sampler=sampler, max_tokens=20)) + "\n"
    assert text != generated(capsys, "A dog", "--corpus", tale, "--seed", "5", "--max-tokens", "20", *settings)


def test_an_option_for_each_setting_reaches_the_sampler(monkeypatch: pytest.MonkeyPatch, tale: str) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("thermonucleus.cli.generate.Sampler", lambda **settings: made.append(settings))
    monkeypatch.setattr(LanguageModel, "stream", lambda *arguments, **options: iter(()))
    special = {
        "order": (["top_k, temperature"], ("top_k", "temperature")),
        "mirostat": (["2"], 2),
        "smoothing_curve": (["2.5"], 2.5),
        "temperature_last": ([], True),
        "p_less": (["norm"], "norm"),
    }
    for name, setting in SETTINGS.items():
        words, value = special.get(name, (["3"], 3) if setting.kind.form == "int" else (["0.25"], 0.25))
        assert main(["generate", "The", "--corpus", tale, f"--{name.replace('_', '-')}", *words]) == 0
        assert made[-1] == {name: value, "rng": None}
        assert type(made[-1][name]) is type(value)
    assert main(["generate", "The", "--corpus", tale, "--order", "llama.cpp", "--p-less", "True"]) == 0
    assert (made[-1]["order"], made[-1]["p_less"]) == ("llama.cpp", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chat", "--seed", "-1"), "--seed must be 0 or more, got -1"),
        (("chat", "--top-p", "2"), "--top-p must be a number from 0 to 1, got 2"),
        (("chat", "--max-tokens", "0"), "--max-tokens must be 1 or more, got 0"),
        (("tune", "--temperature", "5"), "--temperature must be from 0.1 to 2, got 5"),
        (("tune", "--top-p", "0"), "--top-p must be from 0.1 to 1, got 0"),
        (
            ("plot", "temperature", "--out", "a.png", "--temperature", "-1"),
            "--temperature must be a finite number, 0 or more, got -1",
        ),
        (("bench", "--min-p", "2"), "--min-p must be a number from 0 to 1, got 2"),
        (("bench", "--size", "0"), "--size must be 1 or more, got 0"),
    ],
)
def test_every_command_names_its_options(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert refused(capsys, *arguments) == message


@pytest.mark.parametrize(
    "greedy", [("--temperature", "0"), ("--temperature", "1e-6"), ("--top-k", "1"), ("--top-p", "0"), ("--min-p", "1")]
)
def test_every_setting_reaches_the_sampler(capsys: pytest.CaptureFixture[str], tmp_path: Path, greedy: tuple[str, str]) -> None:
    # One token is the most probable by far at each step, and others are possible.
    path = tmp_path / "corpus.txt"
    path.write_text("one two three. " * 20 + "one three. two one. three two one. ", encoding="utf-8")
    texts = {
        generated(capsys, "one", "--corpus", str(path), "--seed", str(seed), "--max-tokens", "12", *greedy) for seed in range(5)
    }
    assert len(texts) == 1
    assert (
        len({generated(capsys, "one", "--corpus", str(path), "--seed", str(seed), "--temperature", "9") for seed in range(5)}) == 5
    )


def test_max_tokens_limits_the_text(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    assert generated(capsys, "The cat", "--corpus", tale, "--max-tokens", "0") == "The cat\n"
    assert len(generated(capsys, "The cat", "--corpus", tale, "--max-tokens", "3").split()) <= 5


def test_words_come_from_the_corpus(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    words = generated(capsys, "The", "--corpus", tale, "--max-tokens", "200", "--seed", "0").lower().replace(".", " ").split()
    assert set(words) <= set(TALE.lower().replace(".", " ").split())


def test_without_a_corpus_the_built_in_one_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    text = generated(capsys, "The value", "--seed", "1", "--max-tokens", "12")
    assert generated(capsys, "The value", "--seed", "1", "--max-tokens", "12") == text
    assert len(text.split()) > 6


class Recorder(io.StringIO):
    """A stream that remembers what it held each time it was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def flush(self) -> None:
        self.seen.append(self.getvalue())


def test_each_piece_is_flushed_before_the_next_is_drawn(monkeypatch: pytest.MonkeyPatch, tale: str) -> None:
    stdout = Recorder()
    shown: list[str] = []

    def stream(self: LanguageModel, prompt: str, **arguments: object) -> Iterator[str]:
        for piece in (" one", " two", "."):
            shown.append(stdout.seen[-1])
            yield piece

    monkeypatch.setattr(LanguageModel, "stream", stream)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(["generate", "Count:", "--corpus", tale]) == 0
    assert shown == ["Count:", "Count: one", "Count: one two"]
    assert stdout.getvalue() == "Count: one two.\n"


VLLM = "temperature, --min-p, --top-k, --top-p"
MIROSTAT = "--mirostat takes temperature and smoothing alone beside it, not --top-k or --min-p"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--temperature", "-1"), "--temperature must be a finite number, 0 or more, got -1"),
        (("--temperature", "nan"), "--temperature must be a finite number, 0 or more, got nan"),
        (("--top-k", "-1"), "--top-k must be an integer, 0 or more (0 keeps all), got -1"),
        (("--top-p", "1.5"), "--top-p must be a number from 0 to 1, got 1.5"),
        (("--min-p", "-0.5"), "--min-p must be a number from 0 to 1 (0 keeps all), got -0.5"),
        (("--seed", "-1"), "--seed must be 0 or more, got -1"),
        (("--seed", "1.5"), "--seed must be an integer, got '1.5'"),
        (("--top-k", "1.5"), "--top-k must be an integer, 0 or more, got '1.5'"),
        (("--top-p", "most"), "--top-p must be a number from 0 to 1, got 'most'"),
        (("--p-less", "yes"), "--p-less must be True, False or 'norm', got 'yes'"),
        (
            ("--order", "random"),
            "--order must be one of 'default', 'transformers', 'llama.cpp', 'vllm', 'mlx-lm' or names of stages with commas "
            "between them, got 'random'",
        ),
        (("--mirostat", "3"), "--mirostat must be 0, 1 or 2, got 3"),
        (("--top-h", "0"), "--top-h must be a number above 0 and at most 1, got 0"),
        (("--mirostat", "2", "--top-k", "5", "--min-p", "0.1"), MIROSTAT),
        (
            ("--order", "vllm", "--tfs", "0.9"),
            "--tfs is on, but order 'vllm' has no such stage: it has temperature, --min-p, --top-k, --top-p",
        ),
        (("--max-tokens", "-1"), "--max-tokens must be 0 or more, got -1"),
    ],
)
def test_a_setting_out_of_range_ends_with_2_and_says_why(
    capsys: pytest.CaptureFixture[str], tale: str, arguments: tuple[str, str], message: str
) -> None:
    assert refused(capsys, "generate", "The cat", "--corpus", tale, *arguments) == message


def test_a_corpus_that_cannot_be_read_ends_with_1_and_names_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.txt", tmp_path / "binary.txt"
    empty.write_text("\n\n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\xfa")
    for path, message in (
        (tmp_path / "none.txt", "No such file"),
        (tmp_path, "directory"),
        (empty, "no text"),
        (binary, "not UTF-8"),
    ):
        assert main(["generate", "The", "--corpus", str(path)]) == 1
        output = capsys.readouterr()
        assert output.err.startswith("thermonucleus: ")
        assert output.err.count("\n") == 1
        assert str(path) in output.err
        assert message in output.err
        assert output.out == ""


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, tale: str) -> None:
    def stream(self: LanguageModel, prompt: str, **arguments: object) -> Iterator[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(LanguageModel, "stream", stream)
    assert main(["generate", "The", "--corpus", tale]) == 130


@pytest.mark.parametrize(
    "arguments",
    [
        ("conjure",),
        ("plot",),
        ("generate", "The", "--seed"),
        ("generate", "The", "end"),
        ("info", "--loud"),
    ],
    ids=str,
)
def test_what_cannot_be_understood_ends_with_2_and_shows_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert "usage: thermonucleus" in output.err
    assert output.out == ""


def test_help_lists_the_commands_and_so_does_no_argument_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    listed = [line.split()[0] for line in text.splitlines() if line.startswith("    ") and len(line.split()) > 1]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert main([]) == 0
    assert capsys.readouterr().out == text


def test_the_module_is_the_command_line(tale: str) -> None:
    text = run(sys.executable, "-m", "thermonucleus", "generate", "The cat", "--corpus", tale, "--seed", "3", "--max-tokens", "9")
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout.startswith("The cat")
    wrong = run(sys.executable, "-m", "thermonucleus", "generate", "The", "--top-p", "2")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--top-p must be" in wrong.stderr
    unknown = run(sys.executable, "-m", "thermonucleus", "conjure")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "conjure" in unknown.stderr


def test_the_script_is_installed_and_is_the_same() -> None:
    script = Path(sysconfig.get_path("scripts"), "thermonucleus")
    assert script.exists()
    done = run(str(script), "info")
    assert done.returncode == 0
    assert done.stdout == run(sys.executable, "-m", "thermonucleus", "info").stdout
    assert done.stdout.startswith("thermonucleus ")


def test_settings_that_follow_the_text(capsys: pytest.CaptureFixture[str], tale: str) -> None:
    text = generated(capsys, "A dog", "--corpus", tale, "--seed", "5", "--adaptive", "--temperature", "0.9", "--top-p", "0.8")
    model = LanguageModel.train([part.replace("\n", " ").strip() for part in TALE.split("\n\n")])
    sampler = AdaptiveSampler(0.9, 0.8, context=model.tokenizer.encode("A dog"), rng=5)
    assert text == "A dog" + "".join(model.stream("A dog", sampler=sampler, max_tokens=60)) + "\n"
    said = "--adaptive must be with no settings but --temperature and --top-p, got "
    for option in (("--top-k", "9"), ("--min-p", "0.1"), ("--temperature-last",)):
        assert refused(capsys, "generate", "A dog", "--adaptive", *option) == said + option[0]
    assert refused(capsys, "generate", "A dog", "--adaptive", "--min-p", "0.1", "--top-k", "9") == f"{said}--top-k and --min-p"


def test_bench_times_each_kind_of_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--size", "700", "--calls", "3", "--top-k", "9", "--temperature", "0.5"]) == 0
    head, blank, names, *lines = capsys.readouterr().out.splitlines()
    assert head == f"Sampler(temperature=0.5, top_k=9, top_p=0.95), V = 700, {tn.target}"
    assert blank == ""
    assert names.split() == ["row", "np.max,", "us", "a", "draw,", "us", "ratio"]
    assert [line[:16].strip() for line in lines] == ["language model", "flat", "peaked"]
    assert all(float(number) > 0 for line in lines for number in line[16:].split())
    assert main(["bench", "--size", "700", "--calls", "3", "--temperature-last"]) == 0
    assert capsys.readouterr().out.startswith("Sampler(temperature=0.8, top_p=0.95, temperature_last=True), V = 700, ")
    for wrong in (("--size", "0"), ("--calls", "0"), ("--top-p", "2")):
        assert refused(capsys, "bench", *wrong).startswith(f"{wrong[0]} must be")
