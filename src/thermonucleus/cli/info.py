"""`thermonucleus info`: what this installation is."""

import argparse
import platform

import numpy as np

import thermonucleus


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    commands.add_parser("info", help="print versions and the instruction level that runs").set_defaults(run=run)


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
