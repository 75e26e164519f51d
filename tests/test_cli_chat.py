"""The chat with the built-in chatbot: what it prints for each line, on a terminal and from a pipe, and how it ends."""

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from thermonucleus.cli import chat, main
from thermonucleus.cli.replies import table
from thermonucleus.cli.said import HELP
from thermonucleus.text import PERSONALITIES, Choice, chatbot_choice
from thermonucleus.text.chatbot import REPLIES

Talk = Callable[..., str]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Return a function that pipes a text into the chat and returns what it prints."""

    def talk(text: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(["chat", *arguments]) == 0
        return capsys.readouterr().out

    return talk


def test_the_table_says_what_each_voice_made_of_the_scores() -> None:
    logits = (0.0, 1.0, 2.0)
    voices = {"one": {"temperature": 0.5, "top_p": 0.9}, "other": {"temperature": 2.0, "top_p": 1.0}}
    choices = {
        "one": Choice("letters", ("A.", "Bb.", "C."), logits, (0.0, 0.12, 0.88), "C."),
        "other": Choice("letters", ("A.", "Bb.", "C."), logits, (0.2, 0.3, 0.5), "A."),
    }
    want = """\
letters     T=1    one                             other
                   T=0.5, top-p=0.9                T=2, top-p=1
A.         9.0%       cut                        >  20.0% ####
Bb.       24.5%     12.0% ###                       30.0% ######
C.        66.5%  >  88.0% ##################        50.0% ##########"""
    assert table(choices, voices) == want  # type: ignore[arg-type]


@pytest.mark.parametrize("category", REPLIES)
def test_no_table_is_wider_than_a_terminal(category: str) -> None:
    replies = REPLIES[category]
    choice = Choice(category, replies, (0.0,) * len(replies), (1.0,) * len(replies), replies[0])
    for voices in (PERSONALITIES, {"creative": PERSONALITIES["creative"]}):
        widths = [len(line) for line in table(dict.fromkeys(voices, choice), voices).splitlines()]
        assert 75 <= max(widths) <= 79


def test_both_personalities_reply_to_each_line(talk: Talk) -> None:
    lines = talk("Hello\nWhat is a list?\n", "--seed", "1").splitlines()
    assert lines == talk("Hello\nWhat is a list?\n", "--seed", "1", "--personality", "both").splitlines()
    for name, voice in PERSONALITIES.items():
        replies = [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{name}:")]
        kept = [chatbot_choice(text, **voice) for text in ("Hello", "What is a list?")]
        assert len(replies) == 2
        assert all(
            reply in [candidate for candidate, p in zip(choice.candidates, choice.probabilities, strict=True) if p]
            for reply, choice in zip(replies, kept, strict=True)
        )
    assert sum(">" in line for line in lines) >= 2
    assert [line.split()[0] for line in lines if "T=1 " in line] == ["greeting", "unknown"]


def test_voices_of_the_same_settings_say_the_same(talk: Talk) -> None:
    lines = talk("Hello\n" * 8, "--personality", "both", "--temperature", "2", "--top-p", "1").splitlines()
    replies = [[line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{name}:")] for name in PERSONALITIES]
    assert replies[0] == replies[1]
    assert len(set(replies[0])) > 1


def test_a_seed_says_what_is_drawn(talk: Talk) -> None:
    talks = {talk("Hello\n" * 12, "--seed", str(seed), "--personality", "creative") for seed in (1, 1, 2)}
    assert len(talks) == 2


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        ((None, {}), PERSONALITIES),
        (("both", {}), PERSONALITIES),
        (("creative", {}), {"creative": {"temperature": 1.5, "top_p": 0.7}}),
        (("creative", {"top_p": 0.2}), {"creative": {"temperature": 1.5, "top_p": 0.2}}),
        (
            ("both", {"temperature": 0.0}),
            {"conservative": {"temperature": 0.0, "top_p": 0.9}, "creative": {"temperature": 0.0, "top_p": 0.7}},
        ),
        (("creative", {"top_k": 5}), {"creative": {"temperature": 1.5, "top_p": 0.7, "top_k": 5}}),
        ((None, {"temperature": 0.8}), {"custom": {"temperature": 0.8}}),
        ((None, {"min_p": 0.1}), {"custom": {"min_p": 0.1}}),
    ],
)
def test_settings_of_ones_own_take_the_place_of_a_personalitys(arguments: tuple[str | None, dict[str, Any]], want: object) -> None:
    assert chat.chosen_voices(*arguments) == want


def test_settings_reach_the_draw(talk: Talk) -> None:
    output = talk("hi\n", "--temperature", "0")
    assert output.startswith("custom: Hi there!\n\n")
    assert "T=0, top-p=1" in output
    assert output.count("cut") == len(REPLIES["greeting"]) - 1
    assert "> 100.0% ####" in output


@pytest.mark.parametrize("ending", ["", "\n", "\nquit\nHello\n", "\n  QUIT  \nHello"])
def test_the_talk_ends_with_the_input_or_with_quit(talk: Talk, ending: str) -> None:
    output = talk("\n\n  \nHello" + ending, "--temperature", "0")
    assert output.count("custom: ") == 1
    assert talk(ending.removeprefix("\n").removesuffix("Hello").removesuffix("Hello\n")) == ""


def test_only_a_terminal_is_prompted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal("Hello\n"))
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["chat", "--personality", "creative"]) == 0
    lines = terminal.getvalue().splitlines()
    assert "quit" in lines[0]
    assert lines[2].startswith("you: creative: ")
    assert lines[-1] == "you: "  # and the shell's prompt begins a line of its own
    assert terminal.getvalue().endswith("\n")
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdin", Terminal("Hello\n"))
    monkeypatch.setattr(sys, "stdout", file)
    assert main(["chat", "--personality", "creative"]) == 0
    assert file.getvalue().startswith("creative: ")
    assert "you:" not in file.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--temperature", "-1"), "--temperature must be a finite number, 0 or more, got -1"),
        (("--personality", "both", "--top-p", "2"), "--top-p must be a number from 0 to 1, got 2"),
        (("--personality", "grumpy"), "argument --personality: invalid choice: 'grumpy' (choose from"),
        (("--seed", "-1"), "--seed must be 0 or more"),
        (("--top-k", "3"), "--top-k must be with a --model that talks, such as smollm2: the built-in chatbot picks one of a few"),
        (("--mirostat", "2"), "--mirostat must be with a --model that talks"),
        (("--system", "Be brief."), "--system must be with a --model that talks"),
        (("--max-tokens", "9"), "--max-tokens must be with a --model that talks"),
        (("--mirostat", "2", "--min-p", "0.1"), "--mirostat takes temperature and smoothing alone beside it, not --min-p"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\n"))
    with pytest.raises(SystemExit) as stop:
        main(["chat", *arguments])
    assert stop.value.code == 2
    assert sys.stdin.read() == "Hello\n"
    output = capsys.readouterr()
    assert output.out == ""
    assert f"thermonucleus chat: error: {message}" in output.err


def test_commands_are_obeyed_and_not_replied_to(talk: Talk) -> None:
    assert talk("/help\n") == f"{HELP}\n\n"
    assert talk("/HELP\n  /reset \n/quit\nHello\n") == f"{HELP}\n\nThere is nothing to forget: each reply is to one line alone.\n\n"
    assert talk("/sing\n") == f"There is no command /sing. These there are:\n{HELP}\n\n"
    assert talk("/usr/bin is a folder\n/\n", "--temperature", "0").count("custom: ") == 2


@pytest.mark.parametrize(
    ("said", "message"),
    [("a\0b\n", "what is said must be text, got NUL as character 2"), ("\udcff\n", "the byte 0xff")],
)
def test_what_is_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, message: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    assert main(["chat"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9\n"), encoding="utf-8"))
    assert main(["chat"]) == 1
    assert capsys.readouterr().err == "thermonucleus: what is said must be text in utf-8, got the byte 0xe9\n"
