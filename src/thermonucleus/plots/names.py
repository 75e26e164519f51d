"""The names of tokens as they stand below an axis: all that is in them can be seen, and told apart."""

import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from thermonucleus.plots import fonts

__all__ = ["SPACE", "check_names", "readable", "write_names"]

SPACE = "␣"
"""A space at either end of a token: " the" and "the" are two tokens."""

LONGEST = 24
"""Characters of a name that are shown. Chosen: some vocabularies have tokens of dozens of spaces or dashes."""

POINTS_A_CHARACTER = 6.5
"""The width of a character at matplotlib's font size of 10 points, and a little air."""


def check_names(tokens: Sequence[str] | None, count: int) -> None:
    """Raise TypeError or ValueError if there are names of tokens, but not one for each."""
    if tokens is None:
        return
    if len(tokens) != count:
        raise ValueError(f"tokens must name each of the {count:,} tokens, got {len(tokens):,} names")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"tokens must be strings, got {token!r} of type {type(token).__name__}")


def readable(names: Sequence[str], *, stacklevel: int) -> list[str]:
    r"""Return names as they are shown, and warn once of all characters that the font lacks.

    Parameters
    ----------
    names : sequence of str
        The tokens.
    stacklevel : int
        The caller that is told, as in `warnings.warn`.

    Returns
    -------
    list of str
        The token itself where all of it can be seen, with a mark for a space at either end. Else it stands in quotes: line breaks
        and the like as Python writes them, and what the font lacks by its number. Only the beginning of a long one.

    Examples
    --------
    >>> readable(["the", " the", "\n", ""], stacklevel=1)
    ['the', '␣the', "'\\n'", "''"]
    """
    lacks = frozenset(fonts.lacking("".join([*names, SPACE])))
    unseen = [one for one in dict.fromkeys("".join(names)) if one in lacks and one.isprintable()]
    if unseen:
        warnings.warn(fonts.hint(unseen), UserWarning, stacklevel=stacklevel + 1)
    return [_shortened(_readable(name, lacks)) for name in names]


def write_names(ax: Axes, places: NDArray[np.int64], names: Sequence[str]) -> None:
    """Write names, which `readable` made so, below the axes; aslant where there is no room for them side by side."""
    room = ax.bbox.width / ax.figure.dpi * 72 / POINTS_A_CHARACTER / len(names)
    ax.set_xticks(places, names, parse_math=False)  # a dollar is a token, not mathematics
    ax.tick_params(axis="x", length=0, pad=8)
    if max(map(len, names)) > room:
        for label in ax.get_xticklabels():
            label.set(rotation=50, ha="right", rotation_mode="anchor")


def _readable(token: str, lacks: frozenset[str]) -> str:
    inner = token.strip(" ")
    before = len(token) - len(token.lstrip(" "))
    marked = SPACE * before + inner + SPACE * (len(token) - before - len(inner))
    if token and token.isprintable() and lacks.isdisjoint(marked):
        return marked
    return "".join(one.encode("unicode_escape").decode() if one in lacks else one for one in repr(token))


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."
