"""`thermonucleus bench`: what a draw takes on this machine."""

import argparse

import numpy as np

import thermonucleus
from thermonucleus.cli.settings import add_settings, settings_of
from thermonucleus.settings import check_integer


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "bench",
        help="time draws on this machine",
        description="Time a draw from rows of three kinds, beside np.max, one read of the same row.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--size", type=int, default=128_256, metavar="V", help="logits in a row")
    parser.add_argument("--calls", type=int, default=400, help="calls of which the median is taken")
    add_settings(parser, temperature=0.8, top_p=0.95)


def run(options: argparse.Namespace) -> None:
    """Print a line a kind of row."""
    # No other command has a use for them.
    from thermonucleus.rows import KINDS, pool
    from thermonucleus.timing import median_seconds

    for name in ("size", "calls"):
        check_integer(getattr(options, name), name=f"--{name}", least=1)
    sampler = thermonucleus.Sampler(**settings_of(options), rng=0)
    print(f"{sampler}, V = {options.size:,}, {thermonucleus.target}\n")
    print(f"{'row':16}{'np.max, us':>12}{'a draw, us':>12}{'ratio':>8}")
    for kind in KINDS:
        rows = pool(kind, options.size)
        floor, draw = (median_seconds(call, rows, options.calls) * 1e6 for call in (np.max, sampler))
        print(f"{kind:16}{floor:12.1f}{draw:12.1f}{draw / floor:8.1f}", flush=True)
