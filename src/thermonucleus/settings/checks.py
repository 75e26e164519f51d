"""Numbers as callers give them, one for a call or one a row: of the right type, shape and range, or refused by name."""

import math
import sys
from collections.abc import Callable, Sequence
from numbers import Complex, Integral, Number, Real
from typing import Any, Literal, Protocol, SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "COUNT",
    "FINITE",
    "FLAG",
    "FRACTION",
    "FRACTION_ABOVE_0",
    "FRACTION_BELOW_1",
    "LARGEST_COUNT",
    "LEAST",
    "NON_NEGATIVE",
    "POSITIVE",
    "Column",
    "Flags",
    "Kind",
    "Numbers",
    "Range",
    "SupportsArray",
    "Switch",
    "Switches",
    "as_array",
    "check_flag",
    "check_fraction",
    "check_integer",
    "check_several",
    "check_temperature",
    "check_top_k",
]


class SupportsArray(Protocol):
    """What NumPy reads by asking it: arrays and numbers of NumPy, PyTorch, JAX, pandas and others."""

    def __array__(self) -> NDArray[Any]: ...


# A string is a sequence of strings and ArrayLike takes it; it is no sequence of what has a float.
Numbers: TypeAlias = SupportsFloat | SupportsArray | Sequence[SupportsFloat | None]
Flags: TypeAlias = bool | np.bool_ | SupportsArray | Sequence[bool | np.bool_ | None]
Switches: TypeAlias = Flags | Literal["norm"] | Sequence[bool | np.bool_ | Literal["norm"] | None]

Column: TypeAlias = float | NDArray[np.float64]
"""One number for all rows, or one for each."""

LARGEST_COUNT = 2**53
"""Larger counts count as this one: float64 holds all integers up to it, and no row has as many tokens."""


class Kind(Protocol):
    """What a setting may be: a check by which its values become numbers, and back."""

    expected: str
    """What a value must be, in words that follow "must be"."""
    form: str
    """Its type, as docstrings have it."""

    def __call__(self, value: object, rows: int | None = None, *, name: str, none: Any = None, hint: str = "") -> Any:
        """Return a value as a number, values of shape (rows,) as float64; raise TypeError or ValueError by name."""
        ...

    def plain(self, column: Any) -> Any:
        """Return a number as a value of its type, an array of them as an array of it."""
        ...


class Range:
    """The numbers between two ends, which belong to it.

    Attributes
    ----------
    low, high : float
        The ends; the largest and smallest finite numbers, or `LARGEST_COUNT`, where there is none.
    """

    def __init__(self, expected: str, low: float, high: float, *, integral: bool = False) -> None:
        self.expected = expected
        self.form = "int" if integral else "float"
        self.low = low
        self.high = high
        self._integral = integral

    def __call__(self, value: object, rows: int | None = None, *, name: str, none: float | None = None, hint: str = "") -> Column:
        """Return a number as a float, or an array of shape (rows,) as float64; raise TypeError or ValueError.

        Elements that are None count as the number `none`, if there is one; it may be NaN, which else is in no range. The hint
        follows what was expected where a number is negative.
        """
        kind = type(value)
        if (kind is int or (kind is float and not self._integral)) and self.low <= value <= self.high:  # type: ignore[operator]
            return float(value)  # type: ignore[arg-type]
        column = _read(value, rows, name, self.expected, _as_counts if self._integral else _as_numbers, none)
        wrong = ~np.logical_and(self.low <= column, column <= self.high)
        if none is not None and math.isnan(none) and wrong.any():
            given = [one is not None for one in np.asarray(value).astype(object).flat]
            wrong &= np.reshape(given, wrong.shape)
        if not wrong.any():
            return column
        if isinstance(column, float):
            raise self._error(name, column, hint)
        at = int(wrong.argmax())
        raise self._error(f"{name}[{at}]", float(column[at]), hint)

    def plain(self, column: Any) -> Any:
        """Return a number as an int or float, NaN as None; an array as an array of them, with NaN."""
        if isinstance(column, float):
            return None if math.isnan(column) else int(column) if self._integral else column
        return column.astype(int) if self._integral else column.copy()

    def _error(self, name: str, number: float, hint: str) -> ValueError:
        also = f" ({hint})" if hint and number < 0 else ""
        return ValueError(f"{name} must be {self.expected}{also}, got {_shown(number)}")


class Switch:
    """False and True, and words for other ways of being on: as 0, 1 and what follows."""

    def __init__(self, *words: str) -> None:
        names = ["True", "False", *map(repr, words)]
        self.expected = f"{', '.join(names[:-1])} or {names[-1]}"
        self.form = " or ".join(["bool", *map(repr, words)])
        self.words = words

    def __call__(self, value: object, rows: int | None = None, *, name: str, none: float | None = None, hint: str = "") -> Column:
        """Return a switch as a float, or an array of shape (rows,) as float64; raise TypeError or ValueError."""
        if value is True or value is False:
            return float(value)
        return _read(value, rows, name, self.expected, lambda array, none: self._from(value, array, none), none)

    def plain(self, column: Any) -> Any:
        """Return a number as a switch, an array as an array of them."""
        if isinstance(column, float):
            return (False, True, *self.words)[int(column)]
        return np.array([self.plain(float(one)) for one in column], object) if self.words else column.astype(bool)

    def _from(self, value: object, array: NDArray[Any], none: float | None) -> NDArray[np.float64] | None:
        """Convert switches to float64, the array that has been read of them; None if that is not what they are."""
        if array.dtype.kind == "b":
            return array.astype(np.float64)
        if array.dtype.kind == "U" and isinstance(value, Sequence):
            array = np.array(value, object)  # flags beside words are read as words
        return _from_objects(array.astype(object), none, self._is_one, self._number)

    def _is_one(self, value: Any) -> bool:
        return isinstance(value, bool | np.bool_) or (isinstance(value, str) and value in self.words)

    def _number(self, value: Any) -> float:
        return 2.0 + self.words.index(value) if isinstance(value, str) else float(value)


LEAST = math.ulp(0.0)
"""The least number above 0."""

NON_NEGATIVE = Range("a finite number, 0 or more", 0, sys.float_info.max)
POSITIVE = Range("a finite number above 0", LEAST, sys.float_info.max)
FINITE = Range("a finite number", -sys.float_info.max, sys.float_info.max)
COUNT = Range("an integer, 0 or more", 0, LARGEST_COUNT, integral=True)
FRACTION = Range("a number from 0 to 1", 0, 1)
FRACTION_ABOVE_0 = Range("a number above 0 and at most 1", LEAST, 1)
FRACTION_BELOW_1 = Range("a number from 0 to less than 1", 0, math.nextafter(1, 0))
FLAG = Switch()


def check_temperature(value: object, rows: int | None = None, *, name: str = "temperature") -> Column:
    """Return a number of 0 or more, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return NON_NEGATIVE(value, rows, name=name)


def check_top_k(value: object, rows: int | None = None, *, name: str = "top_k") -> Column:
    """Return a count of 0 or more, None as 0, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return COUNT(0 if value is None else value, rows, name=name)


def check_fraction(value: object, rows: int | None = None, *, name: str) -> Column:
    """Return a number from 0 to 1, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return FRACTION(value, rows, name=name)


def check_flag(value: object, rows: int | None = None, *, name: str) -> Column:
    """Return False as 0 and True as 1, or an array of them of shape (rows,); raise TypeError or ValueError."""
    return FLAG(value, rows, name=name)


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


def as_array(values: object, name: str, expected: str = "an array of numbers") -> NDArray[Any]:
    """Return what NumPy reads, of whatever type that is; raise TypeError or ValueError by name where it reads nothing."""
    try:
        return np.asarray(values)
    except (RuntimeError, TypeError, ValueError) as error:
        # RuntimeError is PyTorch's; the exceptions of others may take other arguments than a message.
        kind = ValueError if isinstance(error, ValueError) else TypeError
        hint = " (NumPy has no such type: convert to float32 first)" if "bfloat16" in str(error).lower() else ""
        raise kind(f"{name} cannot be read as {expected}: {error}{hint}") from error


def _read(
    value: object,
    rows: int | None,
    name: str,
    expected: str,
    convert: Callable[[NDArray[Any], float | None], NDArray[np.float64] | None],
    none: float | None,
) -> Column:
    array = as_array(value, name, expected)
    column = convert(array, none) if array.size else array.astype(np.float64)
    if column is None:
        raise TypeError(f"{name} must be {expected}, got {value!r} of type {type(value).__name__}")
    if column.ndim == 0:
        return float(column)
    if column.shape != (rows,):
        wanted = "a single number for a single row" if rows is None else f"a number, or one for each of the {rows} rows"
        raise ValueError(f"{name} must be {wanted}, got an array of shape {column.shape}")
    return column


def _as_numbers(array: NDArray[Any], none: float | None) -> NDArray[np.float64] | None:
    """Convert real numbers of any type to float64; None if that is not what they are."""
    # The packages that define bfloat16 and its kin, which are void to NumPy, name them so.
    if array.dtype.kind in "iuf" or (array.dtype.kind == "V" and array.dtype.name.startswith(("bfloat", "float", "int", "uint"))):
        with np.errstate(over="ignore"):  # of a wider type
            return array.astype(np.float64)
    return _from_objects(array, none, _is_real, _as_float)


def _as_counts(array: NDArray[Any], none: float | None) -> NDArray[np.float64] | None:
    """Convert integers, which may be floats, to float64, those that no row has as many tokens as to `LARGEST_COUNT`; else None."""
    numbers = _as_numbers(array, none)
    if numbers is None or (numbers != np.floor(numbers)).any():
        return None
    # An integer may be too large for a float; else what is infinite is no integer.
    if not all(isinstance(one, Integral) for one in array[np.isinf(numbers)].flat):
        return None
    return np.minimum(numbers, LARGEST_COUNT)


def _from_objects(
    array: NDArray[Any], none: float | None, allowed: Callable[[Any], bool], convert: Callable[[Any], float]
) -> NDArray[np.float64] | None:
    """Convert an array of Python's objects one by one; None if one of them is not allowed."""
    if array.dtype.kind != "O":
        return None
    column = np.empty(array.shape)
    for at, one in np.ndenumerate(array):
        if one is None and none is not None:
            column[at] = none
        elif allowed(one):
            column[at] = convert(one)
        else:
            return None
    return column


def _is_real(value: object) -> bool:
    # decimal.Decimal is a Number and, unlike all other real ones, no Complex.
    return isinstance(value, Real if isinstance(value, Complex) else Number) and not isinstance(value, bool)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return math.inf if value >= 0 else -math.inf
    except ValueError:  # a signaling NaN of decimal
        return math.nan


def _shown(number: float) -> float:
    return int(number) if number.is_integer() else number
