"""The file of a picture: one that cannot be written is refused before any work is done."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from _thermonucleus_command.interrupts import loading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["add_out", "check_out", "save"]

DOTS_AN_INCH = 100


def add_out(parser: argparse.ArgumentParser, says: str) -> None:
    """Add the option."""
    parser.add_argument("--out", metavar="FILE", help=f"{says}: .png, .svg, .pdf or what else matplotlib writes")


def check_out(file: str) -> None:
    """Raise ValueError if matplotlib writes no files with this ending, or there can be no such file."""
    with loading():
        from thermonucleus.plots.axes import file_endings

    path, endings = Path(file), file_endings()
    if path.suffix[1:].lower() not in endings:
        raise ValueError(f"--out must end in one of {', '.join(f'.{ending}' for ending in endings)}, got {file!r}")
    if not path.parent.is_dir():
        raise ValueError(f"--out must be in a folder that is there, got {file!r}")
    if path.is_dir():
        raise ValueError(f"--out must be a file, got the folder {file!r}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"--out must be a file that can be written, got {file!r}")


def save(figure: "Figure", file: str) -> None:
    """Write the picture."""
    figure.savefig(file, dpi=DOTS_AN_INCH)
