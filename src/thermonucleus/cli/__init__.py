"""The command line: one file a command, each with its arguments and what it runs."""

import argparse
import sys
from collections.abc import Sequence

from thermonucleus.cli import bench, chat, generate, info, plot, tune
from thermonucleus.cli.settings import in_words_of_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, or 1 with a message on what was wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ImportError, OSError) as error:
        print(f"thermonucleus: {error}", file=sys.stderr)
        return 1
    except (TypeError, ValueError) as error:
        print(f"thermonucleus: {in_words_of_options(str(error), options)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thermonucleus", description="Temperature and top-p sampling on the CPU.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (generate, chat, plot, tune, bench, info):
        command.add_to(commands)
    return parser
