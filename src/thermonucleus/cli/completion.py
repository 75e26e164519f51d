"""What a shell is to know of the commands, so that its Tab key completes them: a script that shtab writes."""

import argparse
from collections.abc import Iterator

try:
    import shtab
except ImportError as error:
    raise ImportError('completion needs shtab: pip install "thermonucleus[completion]"') from error

__all__ = ["completion"]

FILES = {"--out", "--corpus", "--texts", "--model"}
"""The options that take a file."""


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script for a shell."""
    for action in _actions(parser):
        if not FILES.isdisjoint(action.option_strings):
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # which is how shtab is told
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield what a parser takes, and what those of its commands do."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
