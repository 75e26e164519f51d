"""The models that the page may ask, each loaded when it is first asked, and asked by one thread at a time."""

import os
import threading
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from thermonucleus.explore.questions import QuestionError
from thermonucleus.explore.recent import Recent
from thermonucleus.text.loading import BUILTIN, installed_models, load_model
from thermonucleus.text.model import Row, TextModel

__all__ = ["Models", "OfferedModel", "Read"]

REMEMBERED = 64
"""Prompts whose logits are kept. Chosen: some minutes of typing, and 13 MB at V = 49,152."""

CONTINUED = 16
"""Sides whose continuations are kept. Chosen: some steps there and back, and a few MB."""

Rounds = list[list[dict[str, Any]]]
"""What is told of the next token of each text, place by place."""


class Read(NamedTuple):
    """A prompt as a model has read it."""

    logits: Row
    """Of the token that follows, shape (V,). Not to be written to."""
    possible: int
    """How many tokens can follow at all."""
    unknown: list[str]
    """The words that the model does not know."""


class OfferedModel:
    """A model by its name: loaded when it is first asked.

    Parameters
    ----------
    name : str
        As `thermonucleus.text.load_model` takes it.
    model : TextModel, optional
        The model, if it is loaded.

    Attributes
    ----------
    continued : Recent
        The continuations that were computed last, by all that they depend on.
    """

    def __init__(self, name: str, model: TextModel | None = None) -> None:
        self.name = name
        self._model = model
        self._names: Sequence[str] | None = None
        self._folded: Sequence[str] | None = None
        self._asking = threading.RLock()  # models are not made for several threads; who asks for what is kept need not wait
        self._read = Recent[str, Read](REMEMBERED)
        self.continued = Recent[Hashable, Rounds](CONTINUED)

    @property
    def loaded(self) -> bool:
        """Say whether it is loaded."""
        return self._model is not None

    @property
    def model(self) -> TextModel:
        """The model itself, for what is not asked of it here."""
        if self._model is None:
            with self._asking:
                self._model = self._model or load_model(self.name)
        return self._model

    @property
    def names(self) -> Sequence[str]:
        """The V tokens as they are read."""
        if self._names is None:
            with self._asking:
                self._names = self.model.names
        return self._names

    @property
    def folded_names(self) -> Sequence[str]:
        """The same without what tells large letters from small ones."""
        if self._folded is None:
            self._folded = tuple(name.casefold() for name in self.names)
        return self._folded

    def read(self, prompt: str) -> Read:
        """Read a prompt, or remember what was read: the same prompt gives the same numbers, whatever was asked before."""
        found = self._read.get(prompt)
        if found is None:
            with self._asking:
                found = self._read.get(prompt) or self._read_anew(prompt)
        return found

    def begin(self, prompt: str) -> list[int]:
        """Return the tokens of a prompt, and have the model forget what it computed before, which has an effect on its rounding.

        Raises
        ------
        QuestionError
            If the model refuses the prompt, as it is too long for it.
        """
        with self._asking:
            model = self.model
            model.forget()
            try:
                return model.encode(prompt)
            except ValueError as error:
                raise QuestionError(str(error)) from error

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        """Return the logits after each of several texts, shape (B, V).

        Raises
        ------
        QuestionError
            If the model refuses them, as they are too long for it.
        """
        with self._asking:
            model = self.model
            try:
                return model.rows(texts)
            except ValueError as error:
                raise QuestionError(str(error)) from error

    def _read_anew(self, prompt: str) -> Read:
        logits = self.rows([self.begin(prompt)])[0]
        logits.flags.writeable = False
        read = Read(logits, int(np.count_nonzero(logits > -np.inf)), self.model.unknown_words(prompt))
        self._read[prompt] = read
        return read


class Models:
    """The models that the page may ask, by name: it can ask for no other.

    Parameters
    ----------
    *offered : OfferedModel
        The models; the first is the one that the page begins with.
    """

    def __init__(self, *offered: OfferedModel) -> None:
        self.offered = offered

    @classmethod
    def beginning_with(cls, name: str | os.PathLike[str] = BUILTIN) -> Self:
        """Load a model, and offer it before those that are installed.

        Raises
        ------
        TypeError, ImportError, OSError, ValueError
            As from `thermonucleus.text.load_model`.
        """
        first = OfferedModel(os.fspath(name), load_model(name))
        return cls(first, *(OfferedModel(other) for other in installed_models() if other != first.name))

    def __getitem__(self, name: str) -> OfferedModel:
        """Return a model by its name; refuse a name that is not offered."""
        found = next((model for model in self.offered if model.name == name), None)
        if found is None:
            raise QuestionError(f"model must be {' or '.join(repr(model.name) for model in self.offered)}, got {name!r}")
        return found
