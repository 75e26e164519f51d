"""What argparse makes of the word after an option: a value in its range, or a refusal that names the option."""

import argparse
from collections.abc import Callable
from typing import Any

from thermonucleus.settings import ORDERS, Setting, check_integer
from thermonucleus.settings.checks import Switch

__all__ = ["as_integer", "as_setting", "as_text", "check_text"]

SWITCHES = {"True": True, "False": False}


def as_setting(setting: Setting, option: str) -> Callable[[str], Any]:
    """Return a function of a word to a value of a setting."""

    def value(word: str) -> Any:
        try:
            return setting.plain(setting.check(_read(setting, word), name=option))
        except TypeError:  # whose message has Python's types
            raise argparse.ArgumentTypeError(f"{option} must be {setting.kind.expected}, got {word!r}") from None
        except ValueError as error:
            said = str(error).replace("a sequence of stages", "names of stages with commas between them")
            raise argparse.ArgumentTypeError(said) from None

    return value


def _read(setting: Setting, word: str) -> object:
    """Read a word as what a setting may be; what cannot be read stays a word, which is then refused."""
    if setting.name == "order":
        return tuple(part.strip() for part in word.split(",")) if "," in word and word not in ORDERS else word
    if isinstance(setting.kind, Switch):
        return SWITCHES.get(word, word)
    return _number(word)


def as_integer(option: str, least: int | None = 0) -> Callable[[str], int]:
    """Return a function of a word to an integer of `least` or more; any, if that is None."""

    def value(word: str) -> int:
        number = _number(word)
        if not isinstance(number, int):
            raise argparse.ArgumentTypeError(f"{option} must be an integer, got {word!r}")
        try:
            return check_integer(number, name=option, least=least)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def _number(word: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def as_text(option: str) -> Callable[[str], str]:
    """Return a function of a word to the same, if it is text."""

    def value(word: str) -> str:
        try:
            return check_text(word, option)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def check_text(text: str, name: str) -> str:
    r"""Return a text; raise ValueError if it has what no model takes: NUL, or bytes that are no UTF-8.

    Examples
    --------
    >>> check_text("Once upon a time", "the prompt")
    'Once upon a time'
    >>> check_text("Once\0", "the prompt")
    Traceback (most recent call last):
    ValueError: the prompt must be text, got NUL as character 5
    """
    for place, character in enumerate(text):
        if character == "\0":
            raise ValueError(f"{name} must be text, got NUL as character {place + 1}")
        if "\ud800" <= character <= "\udfff":
            code = ord(character)
            # Python puts a byte that it cannot decode among these.
            what = f"the byte 0x{code - 0xDC00:x}" if 0xDC80 <= code <= 0xDCFF else f"half of a character, U+{code:X},"
            raise ValueError(f"{name} must be text in UTF-8, got {what} as character {place + 1}")
    return text
