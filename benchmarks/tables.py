"""Markdown tables that can be read as they are, and the numbers in them."""

from collections.abc import Sequence


def microseconds(time: float) -> str:
    return f"{time * 1e6:,.0f}" if time > 99.5e-6 else f"{time * 1e6:.1f}"


def ratio(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def print_table(header: Sequence[str], body: Sequence[Sequence[str]], numbers: int) -> None:
    """Print a Markdown table that can be read as it is; its last columns hold numbers and are flush right."""
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    words = len(header) - numbers

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i < words else cell.rjust(width) for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    print(line(header))
    print(line(["-" * width if i < words else "-" * (width - 1) + ":" for i, width in enumerate(widths)]))
    for cells in body:
        print(line(cells))
