"""The command line: text from the built-in language model, and what this installation is."""

import argparse
import platform
import sys
from collections.abc import Sequence

import numpy as np

import thermonucleus


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, or 1 with a message on what was wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (OSError, TypeError, ValueError) as error:
        print(f"thermonucleus: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thermonucleus", description="Temperature and top-p sampling on the CPU.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    generate = commands.add_parser(
        "generate",
        help="continue a text with the built-in language model",
        description="Continue a text with an n-gram language model, trained on the spot. The same seed gives the same text.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    generate.set_defaults(run=_generate)
    generate.add_argument("prompt", help="the text to go on from")
    generate.add_argument("--temperature", type=float, default=1.0, help="0 takes the most probable token each time")
    generate.add_argument("--top-k", type=int, default=0, help="keep this many tokens; 0 keeps all")
    generate.add_argument("--top-p", type=float, default=1.0, help="keep the most probable tokens that sum to this")
    generate.add_argument("--min-p", type=float, default=0.0, help="keep tokens at least this probable relative to the first")
    generate.add_argument("--max-tokens", type=int, default=60, help="number of tokens (words and marks) to draw")
    generate.add_argument("--seed", type=int, help="an integer; without it each text differs")
    generate.add_argument("--corpus", metavar="FILE", help="text to train on instead of Python's own reference")
    info = commands.add_parser("info", help="print versions and the instruction level that runs")
    info.set_defaults(run=_info)
    return parser


def _generate(options: argparse.Namespace) -> None:
    from thermonucleus.text import LanguageModel, read_corpus

    sampler = thermonucleus.Sampler(
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        min_p=options.min_p,
        rng=options.seed,
    )
    model = LanguageModel.train(None if options.corpus is None else read_corpus(options.corpus))
    pieces = model.stream(options.prompt, sampler=sampler, max_tokens=options.max_tokens)
    print(options.prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()


def _info(options: argparse.Namespace) -> None:
    for name, value in (
        ("thermonucleus", thermonucleus.__version__),
        ("target", thermonucleus.target),
        ("targets", " ".join(thermonucleus.targets())),
        ("numpy", np.__version__),
        ("python", platform.python_version()),
        ("platform", platform.platform()),
    ):
        print(f"{name:<14} {value}")
