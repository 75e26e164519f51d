"""The file of a picture: one that cannot be written is refused before any work is done."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_AN_INCH = 100


def check_out(file: str) -> None:
    """Raise ValueError if matplotlib writes no files with this ending."""
    from thermonucleus.plots.axes import file_endings

    endings = file_endings()
    if Path(file).suffix[1:].lower() not in endings:
        raise ValueError(f"--out must end in one of {', '.join(f'.{ending}' for ending in endings)}, got {file!r}")


def save(figure: "Figure", file: str) -> None:
    """Write the picture."""
    figure.savefig(file, dpi=DOTS_AN_INCH)
