"""Which commands there are. A command's own arguments are added by its module of `thermonucleus.cli`, if it is the one to run."""

import argparse
import re
import textwrap
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any, NoReturn

from _thermonucleus_command.interrupts import loading

COMMANDS = {
    "generate": "continue a text with a language model",
    "chat": "talk to a chatbot, and see what its settings do to its replies",
    "explore": "see in the browser what settings do to the next token and to whole texts",
    "plot": "draw what settings do to the probabilities of the next token",
    "tune": "search for the temperature and top-p whose text is most like people's",
    "bench": "time draws on this machine",
    "info": "print versions and the instruction level that runs",
}
"""What they do, by the names of their modules in `thermonucleus.cli`."""

SHELLS = ("bash", "zsh", "tcsh")


class Help(argparse.HelpFormatter):
    """Help that does not break the name of an option at its hyphens."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


class Parser(argparse.ArgumentParser):
    """A parser whose errors name an option as it is typed, after one line on how the command is used."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=Help, **settings)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and exit with status 2."""
        # What begins with the option itself needs no other beginning.
        message = re.sub(r"^argument \S+: (?=--)", "", message)
        self.exit(2, f"{self.format_usage()}{self.prog}: error: {message}\n")


class _Version(argparse.Action):
    """Print the version: that of the installed package, without importing it."""

    def __call__(self, parser: argparse.ArgumentParser, *others: Any) -> None:
        from importlib.metadata import version

        print(f"{parser.prog} {version(parser.prog)}")
        parser.exit()


class _Completion(argparse.Action):
    """Print what a shell is to know of the commands and their options."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, shell: Any, *others: Any) -> None:
        from thermonucleus.cli.completion import completion

        print(completion(_parser(COMMANDS), shell))
        parser.exit()


def options_of(words: Sequence[str]) -> argparse.Namespace:
    """Return what the words ask for; exit with status 2 if they cannot be understood."""
    with loading():
        parser = _parser(words[:1])
    options, unknown = parser.parse_known_args(words)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _parser(filled: Collection[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="thermonucleus",
        usage="thermonucleus COMMAND ...",
        description="Temperature and top-p sampling on the CPU. 'thermonucleus COMMAND --help' says more of a command.",
    )
    parser.set_defaults(run=lambda options: parser.print_help(), parser=parser)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.add_argument(
        "--print-completion",
        action=_Completion,
        choices=SHELLS,
        help="print a script with which a shell completes commands and options",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=parser.prog)
    for name, says in COMMANDS.items():
        command = commands.add_parser(name, help=says)
        if name in filled:
            import_module(f"thermonucleus.cli.{name}").add_arguments(command)
    return parser
