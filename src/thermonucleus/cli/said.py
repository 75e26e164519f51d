"""What a person says in a chat: lines, on a terminal or from a pipe, some of which are commands."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from thermonucleus.cli.values import check_text

__all__ = ["is_terminal", "said"]

HELP = """\
/help   shows this
/reset  forgets what has been said
quit    ends the talk, as the end of the input does; on a terminal, Ctrl-C stops a reply"""


def is_terminal() -> bool:
    """Say whether someone sits in front of it."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def said(greeting: str, reset: Callable[[], str]) -> Iterator[str]:
    """Yield the lines of standard input that say something, until it ends or one says quit.

    Parameters
    ----------
    greeting : str
        What is printed first, on a terminal.
    reset : callable
        Forgets what has been said, and returns what to print then.
    """
    talk = is_terminal()
    if talk:
        with suppress(ImportError):  # there is none on Windows
            importlib.import_module("readline")  # which makes `input` heed the arrow keys
        print(f"{greeting}\n")
    while True:
        try:
            text = check_text(input("you: " if talk else "").strip(), "what is said")
        except EOFError:
            if talk:
                print()  # the shell's prompt is not to stand behind ours
            return
        except UnicodeDecodeError as error:
            raise ValueError(
                f"what is said must be text in {error.encoding}, got the byte 0x{error.object[error.start]:x}"
            ) from error
        command = text.casefold()
        if command in ("quit", "/quit"):
            return
        if command == "/help":
            print(f"{HELP}\n", flush=True)
        elif command == "/reset":
            print(f"{reset()}\n", flush=True)
        elif re.fullmatch(r"/\w+", command):
            print(f"There is no command {text}. These there are:\n{HELP}\n", flush=True)
        elif text:
            yield text
