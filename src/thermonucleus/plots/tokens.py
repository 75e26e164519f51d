"""The axis of tokens: which of them are shown, in which order, under which names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from thermonucleus.plots.names import check_names, readable, write_names
from thermonucleus.settings import check_top_k

__all__ = ["WHOLE", "TokenAxis"]

WHOLE = 40
"""A vocabulary of more tokens than this is not shown whole, unless this is asked for."""
MOST = 12
"""How many of its tokens are shown then."""


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
        What stands below all of them: which they are, and how many tokens cannot follow.
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
        possible = np.count_nonzero(row > -np.inf)
        if most is None and count <= WHOLE:
            ids = np.arange(count)
            notes = [f"{count - possible:,} of {count:,} cannot follow"] if possible < count else []
        else:
            ids = np.argsort(-row, kind="stable")[: min(limit, possible)]
            notes = [f"{len(ids):,} most probable of {possible:,}"]
            if possible < count:
                notes = [f"{notes[0]} that can follow", f"{count - possible:,} cannot"]
        title = "token index" if tokens is None else "token"
        # The one who is told of missing characters called a function that called this one.
        names = readable([str(i) if tokens is None else tokens[i] for i in ids.tolist()], stacklevel=3)
        return cls(ids, names, f"{title} ({'; '.join(notes)})" if notes else title)

    def label(self, ax: Axes) -> None:
        """Write the names and the title below the axes."""
        ax.set_xlabel(self.title)
        write_names(ax, np.arange(len(self.ids)), self.names)
