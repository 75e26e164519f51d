"""Pictures for a terminal: a bar of characters for each probability, or a table of numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.cli.console import Console, columns, fitted
from thermonucleus.sampling import probabilities
from thermonucleus.settings import Settings

__all__ = ["bars", "largest"]

MOST = 12
"""Tokens of a larger vocabulary that are shown. Chosen: three bars for each of them fill two screens."""

LONGEST = 16
"""Columns for the name of a token. Chosen: few are longer."""

NUMBER = 6
"""Exact: columns of a probability, such as 100.0%."""

SIDE, TOP, CELL = "temperature", "top-p", 5
"""What stands over the rows and the columns of the table, and the least width of these."""


def bars(
    row: NDArray[np.float32], settings: Mapping[str, Mapping[str, Any]], names: Sequence[str] | None, console: Console
) -> list[str]:
    r"""Draw a bar for each of the tokens under each of several settings.

    Parameters
    ----------
    row : ndarray of float32, shape (V,)
        The logits.
    settings : mapping of str to mapping
        Labels to settings by name.
    names : sequence of str, optional
        The V tokens; their indices by default.
    console : Console
        What is drawn on.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    >>> print(*bars(row, {"original": {}, "top-p 0.5": {"top_p": 0.5}}, ["a", "b", "c"], Console(40, False)), sep="\n")
    a  original    50.0% ##########
       top-p 0.5  100.0% ###################
    <BLANKLINE>
    b  original    30.0% ######
       top-p 0.5     cut
    <BLANKLINE>
    c  original    20.0% ####
       top-p 0.5     cut
    <BLANKLINE>
    top-p 0.5 keeps 1 of 3 tokens.
    """
    each = probabilities(np.broadcast_to(row, (len(settings), len(row))), [Settings(**setting) for setting in settings.values()])
    possible = np.count_nonzero(row > -np.inf)
    shown = np.arange(len(row)) if len(row) <= MOST else np.argsort(-row, kind="stable")[: min(MOST, possible)]
    lines = [] if len(shown) == len(row) else [f"The {len(shown)} most probable of {possible:,} tokens:", ""]
    labels = [str(token) if names is None else console.name(names[token]) for token in shown.tolist()]
    first = min(max(map(columns, labels)), LONGEST, console.width // 4)
    second = max(map(len, settings))
    room = max(console.width - first - second - NUMBER - 5, 1)
    highest = float(each[:, shown].max())
    for label, token in zip(labels, shown.tolist(), strict=True):
        beside = fitted(label, first)
        for (name, setting), probability in zip(settings.items(), each[:, token].tolist(), strict=True):
            cut = probability == 0 and row[token] > -np.inf and _cuts(setting)
            number = "cut" if cut else f"{probability:.1%}"
            lines.append(f"{beside}  {name:{second}}  {number:>{NUMBER}} {console.bar(probability / highest, room)}".rstrip())
            beside = " " * first
        if len(settings) > 1:
            lines.append("")
    kept = [f"{np.count_nonzero(distribution):,} of {possible:,} tokens" for distribution in each]
    return lines + [
        f"{name} keeps {count}." for (name, setting), count in zip(settings.items(), kept, strict=True) if _cuts(setting)
    ]


def _cuts(setting: Mapping[str, Any]) -> bool:
    return bool(setting.keys() - {"temperature"})


def largest(row: NDArray[np.float32], temperatures: Sequence[float], top_ps: Sequence[float], console: Console) -> list[str]:
    r"""Write the largest token probability over temperature and top-p.

    Parameters
    ----------
    row : ndarray of float32, shape (V,)
        The logits.
    temperatures, top_ps : sequence of float
        A row each, a column each; as many columns side by side as there is room for, the others below them.
    console : Console
        What is drawn on.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> print(*largest(np.float32([1, 2, 3, 4, 5]), [0.5, 1, 2], [0.5, 0.9, 1], Console(80, True)), sep="\n")
    Largest token probability, in per cent:
    <BLANKLINE>
                 top-p
    temperature  0.5  0.9    1
            0.5  100   88   86
              1  100   67   64
              2   62   46   43
    """
    rows = np.broadcast_to(row, (len(top_ps), len(row)))
    highest = [probabilities(rows, temperature=temperature, top_p=top_ps).max(axis=-1).tolist() for temperature in temperatures]
    heads = [f"{top_p:g}" for top_p in top_ps]
    cell = max(CELL, 1 + max(map(len, heads)))
    fit = max((console.width - len(SIDE)) // cell, 1)
    lines = ["Largest token probability, in per cent:"]
    for start in range(0, len(top_ps), fit):
        part = slice(start, start + fit)
        lines += ["", f"{'':{len(SIDE) + 2}}{TOP}", SIDE + "".join(f"{head:>{cell}}" for head in heads[part])]
        lines += [
            f"{temperature:{len(SIDE)}g}" + "".join(f"{100 * probability:{cell}.0f}" for probability in line[part])
            for temperature, line in zip(temperatures, highest, strict=True)
        ]
    return lines
