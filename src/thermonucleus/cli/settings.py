"""The settings of a draw on the command line, and its words for what is wrong with them."""

import argparse
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from thermonucleus.cli.values import SWITCHES, as_setting
from thermonucleus.settings import SETTINGS, Setting
from thermonucleus.settings.checks import Switch

__all__ = ["add_settings", "in_words_of_options", "option_of", "refusing", "settings_of"]


def add_settings(parser: argparse.ArgumentParser, *, note: str | None = None, **defaults: float) -> None:
    """Add an option for each setting, the common ones first.

    Parameters
    ----------
    parser : ArgumentParser
        What they are added to.
    note : str, optional
        What is to be said of all of them.
    **defaults
        Defaults of some of them. The others are no attributes of the options unless they are given.
    """
    groups = parser.add_argument_group("settings", note), parser.add_argument_group("more settings", "Rarely needed.")
    for setting in SETTINGS.values():
        default = defaults.get(setting.name, argparse.SUPPRESS)
        group = groups[0] if setting.common else groups[1]
        group.add_argument(option_of(setting.name), **_form(setting), default=default, help=_says(setting, default))


def _form(setting: Setting) -> dict[str, Any]:
    """Return what argparse is to make of the word after an option, if there is one."""
    if setting.kind.form == "bool":
        return {"action": "store_true"}
    if isinstance(setting.kind, Switch):
        metavar = "|".join((*SWITCHES, *setting.kind.words))
    else:
        metavar = {"int": "N", "float": "X"}.get(setting.kind.form, "NAME")
    return {"type": as_setting(setting, option_of(setting.name)), "metavar": metavar}


def _says(setting: Setting, default: object) -> str:
    """Return the sentence on a setting in the words of the shell, and its default."""
    says = re.sub(r"`([a-z_]+)`", lambda found: option_of(found[1]), setting.says.rstrip("."))
    says = re.sub(r"; None\b.*$", "", says)  # to be off, it is left out
    says = says.replace("in a tuple", "with commas between them").replace("%", "%%")
    value = setting.default if default is argparse.SUPPRESS else default
    if value is not None and value is not False:
        says += f" (default: {value:g})" if isinstance(value, float) else f" (default: {value})"
    return says[0].lower() + says[1:]


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that are given or have a default of the command, as `thermonucleus.Sampler` takes them."""
    return {name: getattr(options, name) for name in SETTINGS if hasattr(options, name)}


def option_of(name: str) -> str:
    """Return the option that an argument is given by."""
    return f"--{name.replace('_', '-')}"


@contextmanager
def refusing(options: argparse.Namespace) -> Iterator[None]:
    """Have what is wrong with arguments end the command as what cannot be understood does: with the usage, and status 2."""
    try:
        yield
    except (TypeError, ValueError) as error:
        options.parser.error(in_words_of_options(str(error), options))


def in_words_of_options(message: str, options: argparse.Namespace) -> str:
    """Put options in place of the names of settings in a message: of the first word, and of all that are no words of prose.

    What another option is called in Python is in ``options.names``.

    Examples
    --------
    >>> in_words_of_options("initial_temp must be from 0.1 to 2, got 5", argparse.Namespace(names={"initial_temp": "temperature"}))
    '--temperature must be from 0.1 to 2, got 5'
    >>> in_words_of_options("mirostat takes no order beside it, and no top_k", argparse.Namespace())
    '--mirostat takes no order beside it, and no --top-k'
    """
    names: Mapping[str, str] = {name: name for name in SETTINGS} | getattr(options, "names", {})

    def in_words(found: "re.Match[str]") -> str:
        return option_of(names[found[0]]) if found[0] in names else found[0]

    return re.sub(r"^[a-z_]+\b|\b[a-z]+_[a-z_]+\b", in_words, message)
