"""What `help` shows of functions that take settings: the common ones in the signature, what the table says in the docstring."""

import inspect
from collections.abc import Callable
from typing import TypeVar

from thermonucleus.settings.settings import SETTINGS, Setting, Settings

__all__ = ["takes_settings"]

Function = TypeVar("Function", bound=Callable[..., object])

ROWS = "<common settings>"
ALL_ROWS = "<all settings>"


def takes_settings(function: Function) -> Function:
    """Give a function that takes settings as ``**keywords`` a signature with the common ones, and their rows in its docstring.

    Annotations are left out of the signature: types for people stand in the docstring, those for type checkers in the source.
    """
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in inspect.signature(function).parameters.values()]
    first = next(i for i, parameter in enumerate(bare) if parameter.kind >= inspect.Parameter.KEYWORD_ONLY)
    common = [
        inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=setting.default)
        for setting in SETTINGS.values()
        if setting.common
    ]
    function.__signature__ = inspect.Signature([*bare[:first], *common, *bare[first:]])  # type: ignore[attr-defined]
    function.__doc__ = _filled(function.__doc__)
    return function


def _filled(doc: str | None) -> str | None:
    """Put the rows of settings in place of the words that stand for them."""
    if doc is None:  # python -OO
        return None
    for mark in (ROWS, ALL_ROWS):
        before, found, after = doc.partition(mark)
        if found:
            indent = before[before.rindex("\n") :]  # none from Python 3.13 on, whose compiler takes it off
            shown = [setting for setting in SETTINGS.values() if setting.common or mark == ALL_ROWS]
            doc = before + indent.join(line for setting in shown for line in _row(setting, batch=mark == ROWS)) + after
    return doc


def _row(setting: Setting, *, batch: bool) -> list[str]:
    """Describe a setting as a docstring does a parameter."""
    form = setting.kind.form + (" or array_like of shape (B,)" if batch else "")
    return [f"{setting.name} : {form}, default {setting.default}", *(f"    {line}" for line in (setting.says, *setting.more))]


Settings.__doc__ = _filled(Settings.__doc__)
