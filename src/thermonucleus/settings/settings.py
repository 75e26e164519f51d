"""What each setting is, said once: its type, default, range and meaning."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self, TypedDict, Unpack

from thermonucleus.settings.checks import COUNT, FLAG, FRACTION, NON_NEGATIVE, Column, Flag, Flags, Numbers, Range

__all__ = ["SETTINGS", "Keywords", "Setting", "Settings", "setting_named"]


def entry(default: float, kind: Range | Flag, says: str, *more: str, hint: str = "", common: bool = False) -> Any:
    """Make a field of `Settings`, and all that is known of it.

    Parameters
    ----------
    default : float, int or bool
        The value with which it is off: it changes nothing then. Its type is that of the field.
    kind : Range or Flag
        The values that are allowed.
    says : str
        What it does, in one sentence.
    *more : str
        What else there is to know, line by line.
    hint : str
        What to say to who gives a negative number, which other libraries have for "off".
    common : bool
        Whether a signature shows it.
    """
    return dataclasses.field(default=default, metadata={"kind": kind, "says": says, "more": more, "hint": hint, "common": common})


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """The settings of one request: what a row of logits is drawn with.

    Values are checked, and kept as plain numbers, so that equal settings are equal and have the same hash. None stands for the
    default of a setting, with which it is off.

    Parameters
    ----------
    **values
        Any of the attributes, by name.

    Attributes
    ----------
    <all settings>

    Raises
    ------
    ValueError, TypeError
        If a setting has the wrong type or range; the message names it and its value.

    See Also
    --------
    thermonucleus.sample : Takes them, one for all rows or one for each, or a setting by its name.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> settings = tn.Settings(temperature=0.8, top_p=0.95)
    >>> settings
    Settings(temperature=0.8, top_p=0.95)
    >>> settings.replace(top_p=None, top_k=50)
    Settings(temperature=0.8, top_k=50)
    >>> tn.sample([1.0, 2.0, 3.0], settings, u=0.5)
    2
    """

    temperature: float = entry(
        1.0,
        NON_NEGATIVE,
        "Divide the logits by this; 0 takes the most probable token.",
        "0 or more; where several logits are largest, 0 takes the lowest index. Others count as at least 1e-37 and at most",
        "1e33, which float32 logits have no use for.",
        common=True,
    )
    top_k: int = entry(
        0,
        COUNT,
        "Keep this many of the most probable tokens, and those equal to the last of them; 0 keeps all.",
        "V and more keep all too.",
        hint="0 keeps all",
        common=True,
    )
    top_p: float = entry(
        1.0,
        FRACTION,
        "Keep the smallest set of most probable tokens whose probabilities sum to this; 1 keeps all.",
        "From 0 to 1; 0 keeps the most probable. Those equal to the last one kept are kept too. A sum that falls short by less",
        "than 1e-6 has reached it.",
        hint="1 keeps all",
        common=True,
    )
    min_p: float = entry(
        0.0,
        FRACTION,
        "Keep tokens at least this many times as probable as the most probable one; 0 keeps all.",
        "From 0 to 1. A probability that falls short by less than one part in a million has reached it.",
        hint="0 keeps all",
        common=True,
    )
    temperature_last: bool = entry(
        False,
        FLAG,
        "Cut at temperature 1, and apply the temperature to the tokens that are left, as llama.cpp does by default.",
        "A high temperature then makes no more tokens possible.",
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            value = getattr(self, setting.name)
            if value is not setting.default:
                object.__setattr__(self, setting.name, setting.plain(setting.check(value)))

    def replace(self, **changes: "Unpack[Keywords]") -> Self:
        """Return these settings with some of them changed.

        Parameters
        ----------
        **changes
            Single values of settings, by name.

        Returns
        -------
        Settings

        Raises
        ------
        ValueError, TypeError
            As from `Settings`.

        Examples
        --------
        >>> Settings(temperature=0.8).replace(top_k=50)
        Settings(temperature=0.8, top_k=50)
        """
        for name in changes:
            setting_named(name)
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]  # values of each row are refused there

    def __repr__(self) -> str:
        given = ((name, getattr(self, name), setting.default) for name, setting in SETTINGS.items())
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value, default in given if value != default)})"


class Keywords(TypedDict, total=False):
    """The same settings as keywords of a call: a value for all rows, or one for each. For type checkers, which compute nothing."""

    temperature: Numbers | None
    top_k: Numbers | None
    top_p: Numbers | None
    min_p: Numbers | None
    temperature_last: Flags | None


class Setting:
    """A field of `Settings`, as the code that goes through all of them reads it."""

    def __init__(self, index: int, field: "dataclasses.Field[Any]") -> None:
        self.index = index
        """Its column in the kernel's table."""
        self.name = field.name
        self.default: Any = field.default
        self.says: str = field.metadata["says"]
        self.more: tuple[str, ...] = field.metadata["more"]
        self.common: bool = field.metadata["common"]
        self._kind: Range | Flag = field.metadata["kind"]
        self._hint: str = field.metadata["hint"]

    def check(self, value: object, rows: int | None = None) -> Column:
        """Return a value as a number, or values of shape (rows,) as an array of them; raise TypeError or ValueError by name."""
        if value is None:
            return float(self.default)
        return self._kind(value, rows, name=self.name, none=float(self.default), hint=self._hint)

    def plain(self, number: Any) -> Any:
        """Return a checked number as a value of the field's type, an array as an array of it."""
        kind = type(self.default)
        return kind(number) if isinstance(number, float) else number.astype(kind)


SETTINGS: Mapping[str, Setting] = {field.name: Setting(i, field) for i, field in enumerate(dataclasses.fields(Settings))}
"""All settings by name, in the order of the kernel's table."""


def setting_named(name: str) -> Setting:
    """Return a setting; raise a TypeError that lists them where there is none of that name."""
    try:
        return SETTINGS[name]
    except KeyError:
        raise TypeError(f"unexpected keyword {name!r}: the settings are {', '.join(SETTINGS)}") from None
