"""What each setting is, said once: its type, default, range and meaning."""

import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, Self, TypedDict, Unpack

import numpy as np

from thermonucleus.settings.chain import chain
from thermonucleus.settings.checks import (
    COUNT,
    FINITE,
    FLAG,
    FRACTION,
    FRACTION_ABOVE_0,
    FRACTION_BELOW_1,
    LARGEST_COUNT,
    NON_NEGATIVE,
    POSITIVE,
    Column,
    Flags,
    Kind,
    Numbers,
    Range,
    Switch,
    Switches,
)
from thermonucleus.settings.orders import ORDER, PRESETS, Order, PossibleStep

__all__ = ["DEFAULTS", "SETTINGS", "Keywords", "Setting", "Settings", "setting_named"]


def entry(default: Any, kind: Kind, says: str, *more: str, hint: str = "", common: bool = False) -> Any:
    """Make a field of `Settings`, and all that is known of it.

    Parameters
    ----------
    default : float, int, bool, str or None
        The value with which it is off, or that it has where nothing asks for another.
    kind : Kind
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
    typical_p: float = entry(
        1.0,
        FRACTION_ABOVE_0,
        "Keep the tokens whose surprise is nearest to the entropy, until their probabilities sum to this; 1 keeps all.",
        "Above 0, at most 1. The most probable may be cut. Meister et al. (2022), arXiv:2202.00666: locally typical.",
        hint="1 keeps all",
    )
    epsilon_cutoff: float = entry(
        0.0,
        FRACTION_BELOW_1,
        "Keep tokens of at least this probability; 0 keeps all.",
        "From 0 to less than 1, usually 3e-4 to 9e-4. Hewitt, Manning, Liang (2022), arXiv:2210.15191.",
        hint="0 keeps all",
    )
    eta_cutoff: float = entry(
        0.0,
        FRACTION_BELOW_1,
        "Keep tokens of at least this probability, or of its square root times exp(-entropy) where that is less; 0 keeps all.",
        "From 0 to less than 1, usually 3e-4 to 4e-3. Hewitt, Manning, Liang (2022), arXiv:2210.15191.",
        hint="0 keeps all",
    )
    tfs: float = entry(
        1.0,
        FRACTION_ABOVE_0,
        "Keep the head of the sorted probabilities, which ends where their second differences sum to this part; 1 keeps all.",
        "Above 0, at most 1, usually 0.95. Tail-free sampling (community, 2019), aligned as text-generation-webui has it.",
        hint="1 keeps all",
    )
    top_a: float = entry(
        0.0,
        NON_NEGATIVE,
        "Keep tokens of at least this times the square of the largest probability; 0 keeps all.",
        "Usually 0.1 to 0.3 (community, 2021).",
        hint="0 keeps all",
    )
    top_n_sigma: float | None = entry(
        None,
        FINITE,
        "Keep logits within this many of their standard deviations from the largest; None, or 0 and less, keeps all.",
        "Usually 1. Tang et al. (2024), arXiv:2411.07641.",
    )
    top_h: float | None = entry(
        None,
        FRACTION_ABOVE_0,
        "Keep the most probable tokens while their part of the entropy is at most this; None keeps all.",
        "Above 0, at most 1, usually 0.4. Baghaei Potraghloo et al. (2025), arXiv:2509.02510. The order of transformers has it on",
        "the 100 most probable.",
        hint="None keeps all",
    )
    p_less: bool | Literal["norm"] = entry(
        False,
        Switch("norm"),
        "Keep tokens of at least the sum of the squared probabilities, or with 'norm' a lower bar; False keeps all.",
        "Tan, Wu, Howard (2025), arXiv:2509.23234.",
    )
    min_k: float | None = entry(
        None,
        NON_NEGATIVE,
        "Keep the tokens above the steepest relative fall of the sorted logits; None keeps all.",
        "0 or more, usually 3: where the logits range over less than this, more tokens stay. Ding et al. (2026), arXiv:2604.11012:",
        "its tau, which is of the logits before any temperature.",
        hint="None keeps all",
    )
    xtc_probability: float = entry(
        0.0,
        FRACTION,
        "Cut, with this probability, the tokens of at least `xtc_threshold` but for the least probable of them; 0 cuts none.",
        "From 0 to 1. Exclude top choices (community, 2024). The same uniform number decides and draws.",
        hint="0 is off",
    )
    xtc_threshold: float = entry(
        0.1,
        FRACTION,
        "Which tokens `xtc_probability` is about: those of at least this probability.",
        "From 0 to 1; above 0.5 nothing is cut.",
    )
    dynatemp_range: float = entry(
        0.0,
        NON_NEGATIVE,
        "Let the temperature rise with the entropy, from this below `temperature` to this above it; 0 is off.",
        "Dynamic temperature (community, 2023).",
        hint="0 is off",
    )
    dynatemp_low: float | None = entry(
        None,
        NON_NEGATIVE,
        "Let the temperature rise with the entropy from this to `dynatemp_high`, in place of `temperature`; None is off.",
        "0 or more.",
        hint="None is off",
    )
    dynatemp_high: float | None = entry(
        None,
        NON_NEGATIVE,
        "The temperature that `dynatemp_low` leads to where all tokens are as probable; None is off.",
        "`dynatemp_low` or more.",
        hint="None is off",
    )
    dynatemp_exponent: float = entry(
        1.0,
        NON_NEGATIVE,
        "The power of the entropy, as a part of the largest there could be, with which a dynamic temperature rises.",
        "0 or more.",
    )
    smoothing_factor: float = entry(
        0.0,
        NON_NEGATIVE,
        "Bend the logits, so that those near the largest come nearer to it and those further off go further; 0 is off.",
        "Usually 0.1 to 1. Quadratic smoothing (community, 2024).",
        hint="0 is off",
    )
    smoothing_curve: float = entry(
        1.0,
        Range("a number from 1 to 3", 1, 3),
        "How far `smoothing_factor` bends by the third power of the distance, rather than the second.",
        "From 1, the second alone, to 3; other curves would change which token is the more probable.",
    )
    mirostat: int = entry(
        0,
        Range("0, 1 or 2", 0, 2, integral=True),
        "Keep the surprise of the tokens drawn near `mirostat_tau`, by version 1 or 2 of mirostat; 0 is off.",
        "It takes the place of all truncations, and needs a Sampler. Basu et al. (2020), arXiv:2007.14966.",
        hint="0 is off",
    )
    mirostat_tau: float = entry(5.0, POSITIVE, "The surprise that mirostat aims at, in bits.", "Above 0.")
    mirostat_eta: float = entry(
        0.1, NON_NEGATIVE, "The part of a difference from it that the next draw makes up for.", "0 or more."
    )
    mirostat_m: int = entry(
        100,
        Range("an integer, 2 or more", 2, LARGEST_COUNT, integral=True),
        "The number of most probable tokens that version 1 of mirostat measures.",
        "2 or more.",
    )
    adaptive_target: float | None = entry(
        None,
        Range("a number of at most 1", -sys.float_info.max, 1),
        "Make tokens the more probable the nearer their probability is to this, adapted to earlier draws; None is off.",
        "From 0 to 1; below 0 it is off too. It needs a Sampler, and a truncation such as min_p before it.",
        "Adaptive-p (community, 2025).",
    )
    adaptive_decay: float = entry(
        0.9,
        Range("a number from 0 to 0.99", 0, 0.99),
        "What part of the draws before counts still at each draw, for `adaptive_target`.",
        "From 0 to 0.99.",
    )
    temperature_last: bool = entry(
        False,
        FLAG,
        "Cut at temperature 1, and apply the temperature to the tokens that are left, as llama.cpp does by default.",
        "A high temperature then makes no more tokens possible. It is an order, and there is no other beside it.",
    )
    order: str | tuple[str, ...] = entry(
        "default",
        ORDER,
        "The order of the stages: 'default', that of another system, or the names of stages in a tuple.",
        "'transformers', 'llama.cpp', 'vllm' and 'mlx-lm' are orders alone; `Settings.preset` has the systems' defaults too. There",
        "is one for a call. A setting that is on and has no stage in it is an error.",
    )

    def __post_init__(self) -> None:
        values = vars(self)
        for name, value in values.items():
            if value is not VALUES[name]:
                values[name] = SETTINGS[name].plain(SETTINGS[name].check(value))
        self._steps  # noqa: B018  # which refuses what cannot be on together

    @cached_property
    def _columns(self) -> Mapping[str, Column | Order]:
        """The numbers of those that are not at their default."""
        values = vars(self)
        return {name: SETTINGS[name].check(values[name]) for name, default in VALUES.items() if values[name] != default}

    @cached_property
    def _steps(self) -> list[PossibleStep]:
        """The steps that they ask for."""
        return chain(self._columns, {**DEFAULTS, **self._columns})

    @cached_property
    def _lines(self) -> list[tuple[float, ...]]:
        """The same as lines of a plan."""
        return [step[1:] for step in self._steps]

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SETTINGS}  # without what is computed of them

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the settings that another system has by default, in its order.

        Parameters
        ----------
        name : {"default", "transformers", "llama.cpp", "vllm", "mlx-lm"}
            The system. "default" is this library.

        Returns
        -------
        Settings

        Raises
        ------
        ValueError
            If there is no such system.

        Examples
        --------
        >>> Settings.preset("llama.cpp")
        Settings(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, order='llama.cpp')
        """
        if name not in PRESETS:
            raise ValueError(f"name must be one of {', '.join(map(repr, PRESETS))}, got {name!r}")
        return cls(**PRESETS[name], order=name)

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
    typical_p: Numbers | None
    epsilon_cutoff: Numbers | None
    eta_cutoff: Numbers | None
    tfs: Numbers | None
    top_a: Numbers | None
    top_n_sigma: Numbers | None
    top_h: Numbers | None
    p_less: Switches | None
    min_k: Numbers | None
    xtc_probability: Numbers | None
    xtc_threshold: Numbers | None
    dynatemp_range: Numbers | None
    dynatemp_low: Numbers | None
    dynatemp_high: Numbers | None
    dynatemp_exponent: Numbers | None
    smoothing_factor: Numbers | None
    smoothing_curve: Numbers | None
    mirostat: Numbers | None
    mirostat_tau: Numbers | None
    mirostat_eta: Numbers | None
    mirostat_m: Numbers | None
    adaptive_target: Numbers | None
    adaptive_decay: Numbers | None
    temperature_last: Flags | None
    order: str | Sequence[str] | None


class Setting:
    """A field of `Settings`, as the code that goes through all of them reads it."""

    def __init__(self, field: "dataclasses.Field[Any]") -> None:
        self.name = field.name
        self.default: Any = field.default
        self.says: str = field.metadata["says"]
        self.more: tuple[str, ...] = field.metadata["more"]
        self.common: bool = field.metadata["common"]
        self.kind: Kind = field.metadata["kind"]
        self.off: Any = math.nan if field.default is None else self.kind(field.default, name=field.name)
        """The default as a number, or an order."""
        self._hint: str = field.metadata["hint"]

    def check(self, value: object, rows: int | None = None, *, name: str | None = None) -> Any:
        """Return a value as a number, or values of shape (rows,) as an array of them; raise TypeError or ValueError by name."""
        if value is None:
            return self.off
        return self.kind(value, rows, name=name or self.name, none=self.off, hint=self._hint)

    def plain(self, column: Any) -> Any:
        """Return a checked number as a value of the field's type, an array as an array of it."""
        return self.kind.plain(column)

    def joined(self, values: Sequence[Any]) -> Any:
        """Return values of the field's type, one for each row, as an array of them; orders, as a list."""
        if isinstance(self.off, str):
            return list(values)
        return self.plain(np.array([self.check(value) for value in values], np.float64))


SETTINGS: Mapping[str, Setting] = {field.name: Setting(field) for field in dataclasses.fields(Settings)}
"""All settings by name."""

VALUES: Mapping[str, Any] = {name: setting.default for name, setting in SETTINGS.items()}
"""The default of each."""

DEFAULTS: Mapping[str, Any] = {name: setting.off for name, setting in SETTINGS.items()}
"""The same as numbers, where none is given."""


def setting_named(name: str) -> Setting:
    """Return a setting; raise a TypeError that lists them where there is none of that name."""
    try:
        return SETTINGS[name]
    except KeyError:
        raise TypeError(f"unexpected keyword {name!r}: the settings are {', '.join(SETTINGS)}") from None
