"""What the page asks: JSON that has been read becomes a question that has been checked, or is refused by the name of a field."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from thermonucleus.settings import SETTINGS, Settings
from thermonucleus.text.checks import check_text

__all__ = ["DrawsQuestion", "FindQuestion", "MapQuestion", "NextQuestion", "QuestionError", "TextsQuestion", "with_changes"]

LONGEST_PROMPT = 4000
"""Characters. Chosen: some 1,000 tokens of English, which a small model reads in a few seconds."""

LONGEST_NAME = 200
"""Characters of a text to look for. Chosen: no token of the models here is longer."""

MOST_ROWS, MOST_FOUND, MOST_DRAWS, MOST_TEXTS, MOST_TOKENS, MOST_ALTERNATIVES = 200, 200, 100_000, 8, 100, 20
"""Chosen: what a page can show, and a second or two can compute."""

LARGEST_SEED = 2**53 - 1
"""Exact: the largest of JavaScript's integers that is no neighbour's too."""

SIDES = ("A", "B")
"""What the two sets of settings that are compared are called."""

MISSING: Any = object()


class QuestionError(Exception):
    """A question that is not answered, and why.

    Attributes
    ----------
    setting : str or None
        The setting that is to blame, if one is.
    status : int
        Of HTTP.
    """

    def __init__(self, message: str, *, setting: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.setting = setting
        self.status = status


class Fields:
    """The fields of a JSON object, each read with a check."""

    def __init__(self, body: object) -> None:
        if not isinstance(body, dict):
            raise QuestionError(f"body must be a JSON object, got {_kind(body)}")
        self._body: dict[str, Any] = body
        self._read: set[str] = set()

    def text(self, name: str, longest: int, *, least: int = 0) -> str:
        """Return a text of so many characters; half of a pair of surrogates, which is none, becomes U+FFFD as in a browser."""
        value = self._value(name, MISSING)
        if not isinstance(value, str):
            raise QuestionError(f"{name} must be a text, got {_kind(value)}")
        if not least <= len(value) <= longest:
            raise QuestionError(f"{name} must be a text of {least} to {longest:,} characters, got {len(value):,}")
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def prompt(self) -> str:
        """Return the prompt, which no model takes with a NUL in it."""
        text = self.text("prompt", LONGEST_PROMPT)
        try:
            return check_text(text, name="prompt")
        except ValueError as error:
            raise QuestionError(str(error)) from error

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return an integer between two ends, which belong to it."""
        return _integer(name, self._value(name, default), low, high)

    def integers(self, name: str, high: int, most: int) -> list[int]:
        """Return a list of different integers from 0 on."""
        values = self._value(name, MISSING)
        if not isinstance(values, list):
            raise QuestionError(f"{name} must be a list of integers, got {_kind(values)}")
        if len(values) > most:
            raise QuestionError(f"{name} must be at most {most}, got {len(values):,}")
        integers = [_integer(f"{name}[{i}]", value, 0, high) for i, value in enumerate(values)]
        if len(set(integers)) < len(integers):
            raise QuestionError(f"{name} must be different integers, got one twice")
        return integers

    def settings(self, name: str = "settings") -> Settings:
        """Return settings."""
        return _settings(name, self._value(name, {}))

    def sides(self, name: str) -> dict[str, Settings]:
        """Return the settings of each side that is asked for."""
        values = self._value(name, MISSING)
        if not isinstance(values, dict) or not values or not set(values) <= set(SIDES):
            raise QuestionError(f"{name} must be an object with settings for {' or '.join(SIDES)}, got {_kind(values)}")
        return {side: _settings(f"{name}.{side}", values[side]) for side in SIDES if side in values}

    def end(self) -> None:
        """Refuse a field that nothing has read: it would have no effect."""
        odd = next((name for name in self._body if name not in self._read), None)
        if odd is not None:
            raise QuestionError(f"body must have no fields but {', '.join(sorted(self._read))}, got {odd[:LONGEST_NAME]!r}")

    def _value(self, name: str, default: Any) -> Any:
        self._read.add(name)
        value = self._body.get(name, default)
        if value is MISSING:
            raise QuestionError(f"{name} must be given")
        return value


@dataclass(frozen=True)
class MapQuestion:
    """What a grid of temperatures and top-p makes of the next token, under settings."""

    model: str
    prompt: str
    settings: Settings

    @classmethod
    def read(cls, body: object) -> Self:
        """Check the fields of a JSON object."""
        fields = Fields(body)
        question = cls(**_common(fields))
        fields.end()
        return question


@dataclass(frozen=True)
class NextQuestion:
    """What settings make of the next token; `rows` most probable ones are shown. The seed is that of the continuations."""

    model: str
    prompt: str
    settings: Settings
    rows: int
    seed: int

    @classmethod
    def read(cls, body: object) -> Self:
        """Check the fields of a JSON object."""
        fields = Fields(body)
        question = cls(**_common(fields), rows=fields.integer("rows", 1, MOST_ROWS, 24), seed=_seed(fields))
        fields.end()
        return question


@dataclass(frozen=True)
class FindQuestion:
    """What settings make of the tokens whose name has a text in it."""

    model: str
    prompt: str
    settings: Settings
    text: str
    limit: int

    @classmethod
    def read(cls, body: object) -> Self:
        """Check the fields of a JSON object."""
        fields = Fields(body)
        text = fields.text("text", LONGEST_NAME, least=1)
        question = cls(**_common(fields), text=text, limit=fields.integer("limit", 1, MOST_FOUND, 10))
        fields.end()
        return question


@dataclass(frozen=True)
class DrawsQuestion:
    """How often the tokens of `ids` come up in `count` draws of the next token."""

    model: str
    prompt: str
    settings: Settings
    seed: int
    count: int
    ids: list[int]

    @classmethod
    def read(cls, body: object) -> Self:
        """Check the fields of a JSON object."""
        fields = Fields(body)
        count = fields.integer("count", 1, MOST_DRAWS, 1000)
        question = cls(**_common(fields), seed=_seed(fields), count=count, ids=fields.integers("ids", LARGEST_SEED, MOST_ROWS))
        fields.end()
        return question


@dataclass(frozen=True)
class TextsQuestion:
    """`count` continuations under the settings of each side, with `alternatives` to each of their tokens."""

    model: str
    prompt: str
    sides: Mapping[str, Settings]
    seed: int
    count: int
    tokens: int
    alternatives: int

    @classmethod
    def read(cls, body: object) -> Self:
        """Check the fields of a JSON object."""
        fields = Fields(body)
        question = cls(
            model=fields.text("model", LONGEST_PROMPT),
            prompt=fields.prompt(),
            sides=fields.sides("sides"),
            seed=_seed(fields),
            count=fields.integer("count", 1, MOST_TEXTS, 4),
            tokens=fields.integer("tokens", 1, MOST_TOKENS, 25),
            alternatives=fields.integer("alternatives", 0, MOST_ALTERNATIVES, 10),
        )
        fields.end()
        return question


def _common(fields: Fields) -> dict[str, Any]:
    return {
        "model": fields.text("model", LONGEST_PROMPT),
        "prompt": fields.prompt(),
        "settings": fields.settings(),
    }


def _seed(fields: Fields) -> int:
    return fields.integer("seed", 0, LARGEST_SEED, 1)


def _integer(name: str, value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise QuestionError(f"{name} must be an integer from {low} to {high:,}, got {_kind(value)}")
    if not low <= value <= high:
        raise QuestionError(f"{name} must be an integer from {low} to {high:,}, got {_shown(value)}")
    return value


def _settings(name: str, values: object) -> Settings:
    """Have `Settings` check values, and say which setting it refuses."""
    if not isinstance(values, dict):
        raise QuestionError(f"{name} must be an object of settings by name, got {_kind(values)}")
    for setting, value in values.items():
        if setting not in SETTINGS:
            raise QuestionError(f"{name} must be of {', '.join(SETTINGS)}, got {setting[:LONGEST_NAME]!r}")
        if not _is_short(value, lists=setting == "order"):
            raise QuestionError(f"{setting} must be {SETTINGS[setting].kind.expected}, got {_kind(value)}", setting=setting)
    return with_changes(Settings(), values)


def with_changes(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """Change settings, and say which of the values is to blame where they are refused."""
    try:
        return settings.replace(**values)
    except (TypeError, ValueError) as error:
        raise QuestionError(str(error), setting=_named(str(error), values)) from error


def _is_short(value: object, *, lists: bool = False) -> bool:
    """Say whether a value is a single one, or a list of texts, that a message may repeat."""
    if isinstance(value, list):
        return lists and len(value) <= len(SETTINGS) and all(isinstance(one, str) and _is_short(one) for one in value)
    return not isinstance(value, dict) and len(str(value)) <= LONGEST_NAME


def _named(message: str, given: Collection[str]) -> str | None:
    """Return the first setting that a message speaks of: of those given, if it speaks of one of them."""
    words = [word for word in re.findall(r"[a-z_]+", message) if word in SETTINGS]
    return next((word for word in words if word in given), words[0] if words else None)


def _kind(value: object) -> str:
    """Say what a JSON value is, in few words however long it is."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: str(value).lower(), type(None): "null"}
    return kinds[type(value)] if type(value) in kinds else _shown(value)


def _shown(number: object) -> str:
    digits = str(number)
    return digits if len(digits) <= LONGEST_NAME else f"one of {len(digits):,} digits"
