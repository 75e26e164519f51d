"""The axis of tokens: which of them are shown, in which order, under which names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from thermonucleus.settings import check_top_k

WHOLE = 40
"""A vocabulary of more tokens than this is not shown whole, unless this is asked for."""
MOST = 12
"""How many of its tokens are shown then."""

POINTS_A_CHARACTER = 6.5
"""The width of a character at matplotlib's font size of 10 points, and a little air."""


@dataclass(frozen=True)
class TokenAxis:
    """The tokens that are shown.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Their indices in the row of logits, in the order in which they are shown.
    names : list of str
        What stands below each of them.
    title : str
        What stands below all of them.
    """

    ids: NDArray[np.int64]
    names: list[str]
    title: str

    @classmethod
    def choose(cls, row: NDArray[np.float32], tokens: Sequence[str] | None, most: int | None) -> Self:
        """Choose the tokens of a row: all of them in the order of their indices, or the most probable first."""
        count = len(row)
        check_names(tokens, count)
        limit = MOST if most is None else int(check_top_k(most, name="most")) or count
        title = "token index" if tokens is None else "token"
        if most is None and count <= WHOLE:
            ids = np.arange(count)
        else:
            ids = np.argsort(-row, kind="stable")[:limit]
            title += f" ({len(ids):,} most probable of {count:,})"
        return cls(ids, [str(i) if tokens is None else tokens[i] for i in ids.tolist()], title)

    def label(self, ax: Axes) -> None:
        """Write the names and the title below the axes."""
        ax.set_xlabel(self.title)
        write_names(ax, np.arange(len(self.ids)), self.names)


def check_names(tokens: Sequence[str] | None, count: int) -> None:
    """Raise TypeError or ValueError if there are names of tokens, but not one for each."""
    if tokens is None:
        return
    if len(tokens) != count:
        raise ValueError(f"tokens must name each of the {count:,} tokens, got {len(tokens):,} names")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"tokens must be strings, got {token!r} of type {type(token).__name__}")


def write_names(ax: Axes, places: NDArray[np.int64], names: Sequence[str]) -> None:
    """Write names below the axes, aslant where there is no room for them side by side."""
    readable = [_readable(name) for name in names]
    room = ax.bbox.width / ax.figure.dpi * 72 / POINTS_A_CHARACTER / len(readable)
    ax.set_xticks(places, readable, parse_math=False)  # a dollar is a token, not mathematics
    ax.tick_params(axis="x", length=0, pad=8)
    if max(map(len, readable)) > room:
        for label in ax.get_xticklabels():
            label.set(rotation=50, ha="right", rotation_mode="anchor")


def _readable(token: str) -> str:
    """Return the token itself if it can be seen, a line break and the like as Python writes them."""
    return token if token.isprintable() and token.strip() else repr(token)
