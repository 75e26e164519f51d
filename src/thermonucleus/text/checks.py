"""What callers hand to language models: texts, token ids and functions, of the right type or refused by name."""

import operator
from collections.abc import Iterable
from typing import SupportsIndex

import numpy as np

__all__ = ["check_callable", "check_text", "check_texts", "check_token", "check_tokens"]


def check_text(value: object, *, name: str) -> str:
    """Return a text as it is; raise TypeError if it is no str, ValueError if it has a NUL, as UTF-16 read as UTF-8 does."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {value!r}")
    place = value.find("\0")
    if place >= 0:
        line, column = value.count("\n", 0, place) + 1, place - value.rfind("\n", 0, place)
        raise ValueError(
            f"{name} must be text without NULs, got one at character {column} of line {line}: it looks like UTF-16, not UTF-8"
        )
    return value


def check_texts(values: Iterable[str], *, name: str) -> list[str]:
    """Return texts as a list; raise TypeError or ValueError, as `check_text` does for each."""
    if isinstance(values, str | bytes):
        raise TypeError(f"{name} must be several texts, got a single {type(values).__name__}: put it in a list")
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be an iterable of texts, got {values!r} of type {type(values).__name__}")
    return [check_text(value, name=f"{name}[{i}]") for i, value in enumerate(values)]


def check_token(value: object, *, name: str, size: int | None = None) -> int:
    """Return a token id as an int, of a vocabulary of so many if a size is given; raise TypeError or ValueError.

    Here it is decided what a token id is: an int, an integer of NumPy, or whatever else stands for an integer (has ``__index__``),
    as the arrays and tensors of shape () do that some samplers return. A bool is none.
    """
    shape = getattr(value, "shape", ())
    if len(shape) > 0:
        raise ValueError(f"{name} must be a token id, got an array of shape {tuple(shape)}")
    if isinstance(value, bool | np.bool_) or not isinstance(value, SupportsIndex):
        raise TypeError(f"{name} must be a token id, got {value!r} of type {type(value).__name__}")
    try:
        token = operator.index(value)
    except TypeError as error:  # an array of shape () that is no integer
        raise TypeError(f"{name} must be a token id, got {value!r}") from error
    if size is not None and not 0 <= token < size:
        raise ValueError(f"{name} must be a token id from 0 to {size - 1}, got {token}")
    return token


def check_tokens(values: Iterable[SupportsIndex], *, name: str, size: int | None = None) -> list[int]:
    """Return token ids as a list of int; raise TypeError or ValueError, as `check_token` does for each."""
    if isinstance(values, str | bytes | bytearray):
        raise TypeError(f"{name} must be token ids, got {values!r}: encode it to token ids first")
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be an iterable of token ids, got {values!r} of type {type(values).__name__}")
    tokens: list[int] = []
    for value in values:
        plain = type(value) is int and (size is None or 0 <= value < size)
        tokens.append(value if plain else check_token(value, name=f"{name}[{len(tokens)}]", size=size))  # type: ignore[arg-type]
    return tokens


def check_callable(value: object, *, name: str) -> None:
    """Raise TypeError if a value cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} must be callable, got {value!r} of type {type(value).__name__}")
