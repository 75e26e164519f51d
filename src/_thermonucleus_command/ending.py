"""How the command ends: in order, with a line on what failed, or without a word where nobody reads on."""

import contextlib
import os
import sys
from collections.abc import Sequence

from _thermonucleus_command import escapes
from _thermonucleus_command.commands import options_of
from _thermonucleus_command.messages import complain, notice

PIPE_CLOSED = 141
"""Exact: 128 and the number of SIGPIPE, what a shell reports of a program that this signal ends."""


def run(arguments: Sequence[str] | None) -> int:
    """Run a command and flush what it printed; return the exit status."""
    escaped = escapes.allow()
    try:
        try:
            return _status(sys.argv[1:] if arguments is None else list(arguments))
        finally:
            if sys.stdout is not None:  # as under a shell's >&-
                sys.stdout.flush()
            if escaped:
                notice(escapes.advice(escaped))
    except BrokenPipeError:
        _silence_output()
        return PIPE_CLOSED
    except OSError as error:  # the disk is full
        _silence_output()
        complain(error)
        return 1


def _status(words: Sequence[str]) -> int:
    try:
        options = options_of(words)
        options.run(options)
    except BrokenPipeError:
        raise
    except (ImportError, MemoryError, OSError, RuntimeError, ValueError) as error:
        complain(error)
        return 1
    return 0


def _silence_output() -> None:
    """Let what is still to be written go nowhere: Python flushes standard output once more as it ends, and would complain."""
    with contextlib.suppress(OSError, ValueError):  # a stream without a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
