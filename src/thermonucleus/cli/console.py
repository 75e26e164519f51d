"""What is printed on: how wide it is, and which characters it has."""

import shutil
import sys
import unicodedata
from dataclasses import dataclass
from typing import Self

__all__ = ["Console", "columns", "fitted"]

EIGHTHS = " ▏▎▍▌▋▊▉"
FULL, SPACE, MORE = "█", "␣", "..."


@dataclass(frozen=True)
class Console:
    """What is drawn on.

    Parameters
    ----------
    width : int
        Its columns.
    blocks : bool
        Whether it has the characters of blocks; else bars are of ``#``.
    """

    width: int
    blocks: bool

    @classmethod
    def of_output(cls) -> Self:
        """Return what standard output is."""
        try:
            (FULL + EIGHTHS + SPACE).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            return cls(shutil.get_terminal_size().columns, blocks=False)
        return cls(shutil.get_terminal_size().columns, blocks=True)

    def bar(self, part: float, width: int) -> str:
        """Return a bar that is a part of a width.

        Examples
        --------
        >>> Console(80, True).bar(0.55, 5), Console(80, False).bar(0.55, 5)
        ('██▊', '###')
        """
        if not self.blocks:
            return "#" * round(part * width)
        whole, eighths = divmod(round(part * width * 8), 8)
        return FULL * whole + EIGHTHS[eighths].strip()

    def name(self, token: str) -> str:
        r"""Return a token so that all of it is seen: a space at either end too.

        Examples
        --------
        >>> [Console(80, True).name(token) for token in ("the", " the", "\n")], Console(80, False).name(" the")
        (['the', '␣the', "'\\n'"], "' the'")
        """
        if token and token.isprintable():
            if token == token.strip(" "):
                return token
            if self.blocks:
                left = len(token) - len(token.lstrip(" "))
                inner = token.strip(" ")
                return SPACE * left + inner + SPACE * (len(token) - left - len(inner))
        return repr(token)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> columns("cat"), columns("猫")
    (3, 2)
    """
    return sum(0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def fitted(text: str, width: int) -> str:
    """Return a text in a number of columns: filled up, or without its end.

    Examples
    --------
    >>> fitted("cat", 5), fitted("catalogue", 6)
    ('cat  ', 'cat...')
    """
    if columns(text) > width:
        while columns(text) > width - len(MORE):
            text = text[:-1]
        text += MORE
    return text + " " * (width - columns(text))
