"""The command on a terminal: arrow keys and Ctrl-C in a chat, and a prompt that is missing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="terminals can be made on POSIX systems alone")

TESTS = Path(__file__).parent

WITH_TALKER = """if True:
    import sys, time
    sys.path.insert(0, sys.argv.pop(1))
    from talker import Talker
    from thermonucleus.cli import main, models

    class Slow(Talker):
        def rows(self, texts):
            time.sleep(0.05)
            return super().rows(texts)

    models.load_model = lambda name: Slow()
    sys.exit(main())
"""


class Terminal:
    """A command with a terminal in front of it."""

    def __init__(self, *command: str) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "COLUMNS": "80"}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True, close_fds=True
        )
        os.close(slave)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, times: int = 1) -> None:
        """Read until it has shown a text so many times."""
        end = time.monotonic() + 60
        while self.shown.count(text) < times:
            assert time.monotonic() < end, self.shown
            try:
                self.shown += os.read(self._master, 4096).decode()
            except OSError:  # the command has ended
                break
        assert self.shown.count(text) >= times, self.shown

    def end(self) -> int:
        """Return the exit status."""
        status = self.process.wait(timeout=60)
        try:
            while more := os.read(self._master, 4096):
                self.shown += more.decode()
        except OSError:  # all has been read
            pass
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def toy() -> Iterator[Terminal]:
    terminal = Terminal(sys.executable, "-m", "thermonucleus", "chat", "--personality", "creative", "--seed", "1")
    yield terminal
    terminal.close()


@pytest.fixture
def talker() -> Iterator[Terminal]:
    terminal = Terminal(sys.executable, "-c", WITH_TALKER, str(TESTS), "chat", "--model", "x", "--temperature", "0")
    yield terminal
    terminal.close()


def test_the_arrow_up_brings_back_what_was_said(toy: Terminal) -> None:
    pytest.importorskip("readline")
    toy.wait_for("you: ")
    toy.type("Hello\n")
    toy.wait_for("creative: ", 1)
    toy.wait_for("you: ", 2)
    toy.type("\x1b[A\n")
    toy.wait_for("creative: ", 2)
    toy.wait_for("you: ", 3)
    toy.type("quit\n")
    assert toy.end() == 0
    assert "^[[A" not in toy.shown
    assert toy.shown.count("greeting") == 2


def test_ctrl_c_where_a_line_is_awaited_ends_the_talk_without_a_word(toy: Terminal) -> None:
    toy.wait_for("you: ")
    # One that comes after the prompt and before Python waits for a line is seen with the next.
    for _ in range(100):
        toy.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            toy.process.wait(timeout=0.5)
            break
    assert toy.end() == 130
    assert "Traceback" not in toy.shown
    assert toy.shown.rstrip().endswith("you:")


def test_ctrl_c_stops_a_reply_and_what_there_is_of_it_is_remembered(talker: Terminal) -> None:
    talker.wait_for("you: ")
    talker.type("a very long thing to say, of which not all is to be repeated\n")
    talker.wait_for("custom: 1a v")
    talker.process.send_signal(signal.SIGINT)
    talker.wait_for("[...]")
    talker.wait_for("you: ", 2)
    talker.type("x\n")
    talker.wait_for("custom: 3x")
    talker.wait_for("you: ", 3)
    talker.type("/reset\nx\n")
    talker.wait_for("custom: 1x")
    talker.type("quit\n")
    assert talker.end() == 0
    assert "Traceback" not in talker.shown


def test_a_prompt_that_is_missing_is_asked_for() -> None:
    terminal = Terminal(sys.executable, "-m", "thermonucleus", "generate")
    try:
        assert terminal.end() == 2
        assert "PROMPT must be given, in quotes, or come through a pipe" in terminal.shown
    finally:
        terminal.close()
