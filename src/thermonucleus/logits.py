"""Logits as callers have them, to the contiguous float32 rows that the kernel reads."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermonucleus.kernel.bridge import changed
from thermonucleus.settings import SupportsArray, as_array

__all__ = [
    "AnyAxes",
    "Batch",
    "Foreign",
    "Logits",
    "Row",
    "as_real_array",
    "as_rows",
    "explain_fault",
    "explain_values",
    "is_sound",
]

Float32Rows = NDArray[np.float32]

Real: TypeAlias = "float | np.floating[Any] | np.integer[Any]"
Row: TypeAlias = "np.ndarray[tuple[int], np.dtype[Any]] | Sequence[Real]"
Batch: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[Any]] | Sequence[Sequence[Real]] | Sequence[NDArray[Any]]"
AnyAxes: TypeAlias = "np.ndarray[tuple[int, int, int], np.dtype[Any]]"
Foreign: TypeAlias = "SupportsArray | Sequence[SupportsArray]"
Logits: TypeAlias = "Row | Batch | AnyAxes | Foreign"
"""What a type checker can tell of logits: a row, a batch, or what may be either.

NDArray says nothing of the axes, so it fits an array with any number of them. Overloads have `AnyAxes` first, whose three axes it
fits too. What is known to be a row then gives an int, what is known to be a batch an array, and the rest Any.
"""

FLOAT32 = np.dtype(np.float32)

AT_A_TIME = 1 << 17
"""Logits that are converted at a time, if rows are no longer. Chosen: a few hundred kilobytes fit any L2 cache."""


def as_rows(logits: object) -> Float32Rows:
    """Return a row (V,) or a batch (B, V) as C-contiguous float32, without a copy if it is that already.

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        float32, or any other real type, which is converted: what float32 holds, exactly; else, the row's maximum is subtracted
        first, which changes no probability and keeps the precision where the probability is.

    Returns
    -------
    ndarray of float32
        Of the same shape. It may share memory with `logits` and is not written to.

    Raises
    ------
    TypeError
        If logits are not real numbers.
    ValueError
        If there are no logits in a row, or another number of axes.
    """
    if type(logits) is np.ndarray and logits.dtype is FLOAT32 and logits.ndim in (1, 2) and logits.shape[-1]:
        flags = logits.flags
        if flags.c_contiguous and flags.aligned:
            return logits  # in a quarter of the time that the questions below take
    array = as_real_array(logits, "logits")
    if array.dtype != np.float32:
        array = _to_float32(array)
    return np.require(array, np.float32, ["C", "A"])


def as_real_array(values: object, name: str) -> NDArray[np.generic]:
    """Return a row or a batch of rows of real numbers as an array of the type it has; raise TypeError or ValueError by name."""
    array = as_array(values, name)
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: fill it, with what says 'never this token'")
    # bfloat16 and its kin are void to NumPy; the packages that define them name them so.
    if array.dtype.kind not in "fiu" and not array.dtype.name.startswith(("bfloat", "float")):
        raise TypeError(f"{name} must be real numbers, got dtype {array.dtype}")
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must be a row (V,) or a batch of rows (B, V), got shape {array.shape}")
    if array.shape[-1] == 0:
        raise ValueError(f"{name} must hold at least one token a row, got shape {array.shape}")
    return array


def is_sound(rows: Float32Rows) -> NDArray[np.bool_]:
    """Say of each row whether a token can be drawn from it: its largest value is NaN if any of them is."""
    return np.asarray(np.isfinite(rows.max(axis=-1)))


def _to_float32(array: NDArray[np.generic]) -> Float32Rows:
    rows: Float32Rows = np.empty(array.shape, np.float32)
    if array.ndim == 1:
        rows[:] = _converted(array[np.newaxis])
        return rows
    # Some rows at a time: Ctrl-C need not wait for all of them, and what is worked out on the way stays in the cache.
    step = max(AT_A_TIME // array.shape[1], 1)
    for start in range(0, len(array), step):
        rows[start : start + step] = _converted(array[start : start + step])
    return rows


def _converted(array: NDArray[np.generic]) -> Float32Rows:
    with np.errstate(over="ignore", invalid="ignore"):
        rows = array.astype(np.float32)
        if array.dtype.itemsize > 2:
            # Row by row: what becomes of a row must not depend on the batch it is in.
            rounded = ~_held_by_float32(array, rows)
            if rounded.any():
                rows[rounded] = _below_maximum(array[rounded]).astype(np.float32)
    return rows


def _held_by_float32(array: NDArray[np.generic], rows: Float32Rows) -> NDArray[np.bool_]:
    """Say of each row whether its conversion lost nothing."""
    if array.dtype.kind in "iu":
        limit = 2**24  # and not a comparison with `rows`, which would be made in float64
        return np.asarray((array.max(axis=-1) <= limit) & (array.min(axis=-1) >= -limit))
    return np.asarray(((rows == array) | (array != array)).all(axis=-1))


def _below_maximum(array: NDArray[Any]) -> NDArray[Any]:
    """Subtract each row's maximum, without rounding what is close to it."""
    if array.dtype.kind in "iu":
        # Two's complement: as unsigned numbers the difference is exact, however far apart they are.
        unsigned = array.astype(np.uint64)
        distance: NDArray[Any] = array.max(axis=-1, keepdims=True).astype(np.uint64) - unsigned
        return -distance.astype(np.float64)
    highest = array.max(axis=-1, keepdims=True)
    below: NDArray[Any] = array - np.where(np.isfinite(highest), highest, 0)
    return below


def explain_fault(logits: object, row: int) -> ValueError | RuntimeError:
    """Return the error for a row that the kernel refused: it names row, index and value.

    A RuntimeError if nothing is wrong with the row as it stands: it has changed since.
    """
    rows = np.atleast_2d(np.asarray(logits))
    fault = explain_values("logits", "finite or -inf", rows, row, lambda x: x < np.inf)
    if fault is None and (rows[row] == -np.inf).all():
        fault = ValueError(f"logits must leave a token to draw, got -inf at every index of row {row}")
    return fault or changed(row)


def explain_values(
    name: str, expected: str, rows: NDArray[np.generic], row: int, allowed: Callable[[NDArray[Any]], NDArray[np.bool_]]
) -> ValueError | None:
    """Return the error that names the first value of a row that is not allowed, None if all are."""
    wrong = ~allowed(rows[row])
    if not wrong.any():
        return None
    at = int(wrong.argmax())
    more = int(wrong.sum()) - 1
    also = f" (and {more} more in this row)" if more else ""
    return ValueError(f"{name} must be {expected}, got {rows[row, at]} at row {row}, index {at}{also}")
