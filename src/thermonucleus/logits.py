"""Logits as callers have them, to the contiguous float32 rows that the kernel reads."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_rows", "explain_fault"]

Rows = NDArray[np.float32]


def as_rows(logits: ArrayLike) -> Rows:
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
    array = _as_real_array(logits)
    if array.ndim not in (1, 2):
        raise ValueError(f"logits must be a row (V,) or a batch of rows (B, V), got shape {array.shape}")
    if array.shape[-1] == 0:
        raise ValueError(f"logits must hold at least one token a row, got shape {array.shape}")
    if array.dtype != np.float32:
        array = _to_float32(array)
    return np.require(array, np.float32, ["C", "A"])


def _as_real_array(logits: ArrayLike) -> NDArray[np.generic]:
    try:
        array = np.asarray(logits)
    except (TypeError, ValueError) as error:
        raise type(error)(f"logits cannot be read as an array of numbers: {error}") from error
    if isinstance(logits, np.ma.MaskedArray):
        raise TypeError("logits must not be a masked array: give masked tokens the logit -inf")
    # bfloat16 and its kin are void to NumPy; the packages that define them name them so.
    if array.dtype.kind not in "fiu" and not array.dtype.name.startswith(("bfloat", "float")):
        raise TypeError(f"logits must be real numbers, got dtype {array.dtype}")
    return array


def _to_float32(array: NDArray[np.generic]) -> Rows:
    with np.errstate(over="ignore", invalid="ignore"):
        rows = array.astype(np.float32)
        if array.dtype.itemsize <= 2 or not array.size or np.array_equal(rows, array, equal_nan=True):
            return rows
        wide = array.astype(np.float64)
        highest = wide.max(axis=-1, keepdims=True)
        return (wide - np.where(np.isfinite(highest), highest, 0.0)).astype(np.float32)


def explain_fault(logits: ArrayLike, row: int) -> ValueError:
    """Return the error for a row that the kernel refused: it names row, index and value."""
    values = np.atleast_2d(np.asarray(logits))[row].astype(np.float64)
    wrong = np.isnan(values) | (values == np.inf)
    if wrong.any():
        at = int(wrong.argmax())
        more = int(wrong.sum()) - 1
        also = f" (and {more} more in this row)" if more else ""
        return ValueError(f"logits must be finite or -inf, got {values[at]} at row {row}, index {at}{also}")
    return ValueError(f"logits must leave a token to draw, got -inf at every index of row {row}")
