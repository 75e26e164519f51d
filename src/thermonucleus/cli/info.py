"""`thermonucleus info`: what this installation is."""

import argparse
import platform

import numpy as np

import thermonucleus


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes: nothing."""
    parser.description = "Print versions, and the level of instructions that runs."
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Print names and values."""
    for name, value in (
        ("thermonucleus", thermonucleus.__version__),
        ("target", thermonucleus.target),
        ("targets", " ".join(thermonucleus.targets())),
        ("numpy", np.__version__),
        ("python", platform.python_version()),
        ("platform", platform.platform()),
    ):
        print(f"{name:<14} {value}")
