"""The settings of a draw on the command line, and its words for what is wrong with them."""

import argparse
import re
from collections.abc import Mapping
from typing import Any

from thermonucleus.settings import ORDERS, SETTINGS, Setting

NUMBERS = {"float": float, "int": int}


def add_settings(parser: argparse.ArgumentParser, **defaults: float) -> None:
    """Add an option for each setting; these are the defaults of some of them."""
    for setting in SETTINGS.values():
        says = setting.says[0].lower() + setting.says[1:].rstrip(".").replace("%", "%%").replace("`", "")
        # What is off by default and has no number for it shows none.
        default = argparse.SUPPRESS if setting.default is None else setting.default
        parser.add_argument(option_of(setting.name), **_kind(setting), default=defaults.get(setting.name, default), help=says)


def _kind(setting: Setting) -> dict[str, Any]:
    """Return what argparse is to make of the words after an option."""
    if setting.name == "order":
        return {"type": _order, "metavar": "NAME"}
    if setting.kind.form == "bool":
        return {"action": "store_true"}
    if setting.kind.form not in NUMBERS:
        return {"type": _word, "choices": [False, True, "norm"]}
    return {"type": NUMBERS[setting.kind.form]}


def _order(text: str) -> str | tuple[str, ...]:
    """Read the name of an order, or the names of stages with commas between them."""
    return text if text in ORDERS or "," not in text else tuple(part.strip() for part in text.split(","))


def _word(text: str) -> bool | str:
    """Read a switch that has more than two ways."""
    return {"True": True, "False": False}.get(text, text)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings as `thermonucleus.Sampler` takes them."""
    return {name: getattr(options, name) for name in SETTINGS if hasattr(options, name)}


def option_of(name: str) -> str:
    """Return the option that an argument is given by."""
    return f"--{name.replace('_', '-')}"


def in_words_of_options(message: str, options: argparse.Namespace) -> str:
    """Put options in place of the names of arguments in a message: of the first word, and of all that are no words of prose.

    What an option is called in Python is in ``options.names`` where it is not the same.

    Examples
    --------
    >>> in_words_of_options("rng must be 0 or more, got -1", argparse.Namespace(seed=-1, names={"rng": "seed"}))
    '--seed must be 0 or more, got -1'
    >>> in_words_of_options("mirostat takes no order beside it, and no top_k", argparse.Namespace(mirostat=1, order=None, top_k=3))
    '--mirostat takes no order beside it, and no --top-k'
    """
    names: Mapping[str, str] = {name: name for name in vars(options)} | getattr(options, "names", {})

    def in_words(found: "re.Match[str]") -> str:
        return option_of(names[found[0]]) if found[0] in names else found[0]

    return re.sub(r"^[a-z_]+\b|\b[a-z]+_[a-z_]+\b", in_words, message)
