"""The prompt: a word of the command line, or what comes through a pipe."""

import argparse
import sys

from thermonucleus.cli.values import check_text

__all__ = ["STDIN", "add_prompt", "piped", "read_prompt"]

STDIN = "-"
"""What stands for standard input where a text or a file is asked for."""


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Add the argument."""
    parser.add_argument(
        "prompt",
        nargs="?",
        metavar="PROMPT",
        help=f"the text to go on from, in quotes; {STDIN}, or none at all, reads it from a pipe",
    )


def read_prompt(options: argparse.Namespace) -> str:
    """Return the prompt; raise ValueError if there is none, or if it is not text."""
    if options.prompt not in (None, STDIN):
        return check_text(options.prompt, "PROMPT")
    if sys.stdin is None or (options.prompt is None and sys.stdin.isatty()):
        raise ValueError(
            'PROMPT must be given, in quotes, or come through a pipe, as in: thermonucleus generate "Once upon a time"'
        )
    text = piped("PROMPT")
    if not text and options.prompt is None:
        raise ValueError("PROMPT must be given, in quotes, or come through a pipe, and standard input has nothing")
    return check_text(text.rstrip("\r\n"), "PROMPT")  # as the shell's $(...) does


def piped(name: str) -> str:
    """Return all of standard input; raise ValueError by name if it is not text."""
    try:
        return sys.stdin.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(f"{name} must be text in {error.encoding}, got the byte 0x{byte:x} on standard input") from error
