"""`thermonucleus bench`: what a draw takes on this machine."""

import argparse

import numpy as np

import thermonucleus
from thermonucleus.cli.settings import add_settings, refusing, settings_of
from thermonucleus.cli.values import as_integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.usage = "thermonucleus bench [options]"
    parser.description = "Time a draw from rows of three kinds, beside np.max, one read of the same row."
    parser.set_defaults(run=run, parser=parser)
    for name, default, metavar, says in (
        ("size", 128_256, "V", "logits in a row"),
        ("calls", 400, "N", "calls of which the median is taken"),
    ):
        option = f"--{name}"
        parser.add_argument(
            option, type=as_integer(option, 1), default=default, metavar=metavar, help=f"{says} (default: %(default)s)"
        )
    add_settings(parser, temperature=0.8, top_p=0.95)


def run(options: argparse.Namespace) -> None:
    """Print a line a kind of row."""
    # No other command has a use for them.
    from thermonucleus.rows import KINDS, pool
    from thermonucleus.timing import median_seconds

    with refusing(options):
        sampler = thermonucleus.Sampler(**settings_of(options), rng=0)
    print(f"{sampler}, V = {options.size:,}, {thermonucleus.target}\n")
    print(f"{'row':16}{'np.max, us':>12}{'a draw, us':>12}{'ratio':>8}")
    for kind in KINDS:
        rows = pool(kind, options.size)
        floor, draw = (median_seconds(call, rows, options.calls) * 1e6 for call in (np.max, sampler))
        print(f"{kind:16}{floor:12.1f}{draw:12.1f}{draw / floor:8.1f}", flush=True)
