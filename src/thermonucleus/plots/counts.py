"""How many tokens settings keep, in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.reference import apply_steps
from thermonucleus.settings import Settings, Step, steps_of

__all__ = ["count_kept", "of_possible"]

BENDING = {"temperature", "dynamic_temperature", "smoothing"}
"""The steps that make other tokens the more probable, and cut none."""


def count_kept(row: NDArray[np.float32], setting: Mapping[str, Any]) -> str:
    """Say how many tokens are kept, and where there are cuts how many are equal to the last, which is kept or cut with its equals.

    Parameters
    ----------
    row : ndarray of float32, shape (V,)
        The logits.
    setting : mapping of str to value
        Settings by name.

    Examples
    --------
    >>> row = np.array([-np.inf, 1, 2, 1], np.float32)
    >>> count_kept(row, {"temperature": 0.01})
    'all 3 that can follow'
    >>> count_kept(row, {"top_k": 1})
    '1 of 3 kept'
    >>> count_kept(np.array([1, 2, 1, 0], np.float32), {"top_k": 2})
    '3 of 4 kept, 2 of them equal to the last'
    """
    steps = list(filter(_is_certain, steps_of(Settings(**setting))))
    # Not the probabilities that are not 0: float32 has no number for the least of them.
    kept = row[apply_steps(row.astype(np.float64), steps) > -np.inf]
    possible = np.count_nonzero(row > -np.inf)
    words = f"all {of_possible(row)}" if len(kept) == possible else f"{len(kept):,} of {possible:,} kept"
    equal = np.count_nonzero(kept == kept.min())
    cuts = any(name not in BENDING for name, *_ in steps)
    return f"{words}, {equal:,} of them equal to the last" if cuts and equal > 1 else words


def _is_certain(step: Step) -> bool:
    """Say whether a step is taken at each draw: where XTC may not be, any token may follow."""
    name, *numbers = step
    return name != "xtc" or numbers[0] == 1


def of_possible(row: NDArray[np.float32]) -> str:
    """Say how many tokens can follow.

    Examples
    --------
    >>> of_possible(np.array([0, 1])), of_possible(np.array([-np.inf, 0, 1]))
    ('2 tokens', '2 that can follow')
    """
    possible = np.count_nonzero(row > -np.inf)
    return f"{possible:,} tokens" if possible == len(row) else f"{possible:,} that can follow"
