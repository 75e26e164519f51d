"""Numbers as callers give them, one for a call or one a row: of the right type, shape and range, or refused by name."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Column",
    "as_array",
    "check_flag",
    "check_fraction",
    "check_integer",
    "check_several",
    "check_temperature",
    "check_top_k",
]

Column = float | NDArray[np.float64]  # one number for all rows, or one for each


def check_temperature(value: ArrayLike, rows: int | None = None, *, name: str = "temperature") -> Column:
    """Return a temperature of 0 or more, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return _check(name, value, rows, "a finite number, 0 or more", lambda x: (x >= 0) & (x < math.inf))


def check_top_k(value: ArrayLike | None, rows: int | None = None, *, name: str = "top_k") -> Column:
    """Return a count of 0 or more, None as 0, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return _check(name, 0 if value is None else value, rows, "an integer, 0 or more", lambda x: x >= 0, integral=True)


def check_fraction(value: ArrayLike, rows: int | None = None, *, name: str) -> Column:
    """Return a number from 0 to 1, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return _check(name, value, rows, "a number from 0 to 1", lambda x: (x >= 0) & (x <= 1))


def check_flag(value: ArrayLike, rows: int | None = None, *, name: str) -> Column:
    """Return False as 0 and True as 1, or an array of them of shape (rows,); raise TypeError or ValueError."""
    if isinstance(value, bool | np.bool_):
        return float(value)
    return _per_row(name, value, rows, "True or False", "b")


def check_several(check: Callable[..., Column], values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Return numbers (n,), a single one as an array of it, that a check of this module passes; raise TypeError or ValueError."""
    array = as_array(values, name)
    if array.ndim > 1:
        raise ValueError(f"{name} must be numbers in a row (n,), got an array of shape {array.shape}")
    return np.atleast_1d(check(values, array.size, name=name))


def check_integer(value: object, *, name: str, least: int | None = 0) -> int:
    """Return an integer of `least` or more, any if that is None, as an int; raise TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if least is not None and value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}")
    return int(value)


def as_array(values: ArrayLike, name: str, expected: str = "an array of numbers") -> NDArray[Any]:
    """Return what NumPy reads, of whatever type that is; raise TypeError or ValueError by name where it reads nothing."""
    try:
        return np.asarray(values)
    except (RuntimeError, TypeError, ValueError) as error:
        # RuntimeError is PyTorch's; the exceptions of others may take other arguments than a message.
        kind = ValueError if isinstance(error, ValueError) else TypeError
        hint = " (NumPy has no such type: convert to float32 first)" if "bfloat16" in str(error).lower() else ""
        raise kind(f"{name} cannot be read as {expected}: {error}{hint}") from error


def _check(
    name: str,
    value: ArrayLike,
    rows: int | None,
    expected: str,
    allowed: Callable[[Any], Any],
    *,
    integral: bool = False,
) -> Column:
    if isinstance(value, Integral if integral else Real) and not isinstance(value, bool):
        column: Column = _as_float(value)
    else:
        column = _per_row(name, value, rows, expected, "iu" if integral else "iuf")
    if isinstance(column, float):
        if not allowed(column):
            raise ValueError(f"{name} must be {expected}, got {_shown(column)}")
        return column
    wrong = ~allowed(column)
    if wrong.any():
        at = int(wrong.argmax())
        raise ValueError(f"{name}[{at}] must be {expected}, got {_shown(float(column[at]))}")
    return column


def _as_float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return math.inf if value >= 0 else -math.inf  # type: ignore[operator]


def _per_row(name: str, value: ArrayLike, rows: int | None, expected: str, kinds: str) -> Column:
    array = as_array(value, name, expected)
    if array.dtype.kind not in kinds and array.size:
        raise TypeError(f"{name} must be {expected}, got {value!r} of type {type(value).__name__}")
    if array.ndim == 0:
        return float(array)
    if array.shape != (rows,):
        wanted = "a single number for a single row" if rows is None else f"a number, or one for each of the {rows} rows"
        raise ValueError(f"{name} must be {wanted}, got an array of shape {array.shape}")
    return array.astype(np.float64)


def _shown(number: float) -> float:
    return int(number) if number.is_integer() else number
