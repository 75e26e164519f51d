"""What a language model of text is here, whoever computes its logits."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from thermonucleus.text.checks import check_text, check_tokens
from thermonucleus.text.generation import generate

__all__ = ["Message", "Row", "TextModel"]

Row = NDArray[np.float32]

Message = Mapping[str, str]
"""A turn of a talk, as chat templates take it: its ``role``, "system", "user" or "assistant", and its ``content``."""


class TextModel(ABC):
    """A language model: text to tokens, tokens to the logits of the next one, tokens to text.

    Attributes
    ----------
    name : str
        What it was loaded by.
    size : int
        The size of its vocabulary, V.
    begin : tuple of int
        The tokens that come before any text. It is empty for a model that knows none.
    ends : frozenset of int
        The tokens after which a text is over. It is empty for a model that goes on for ever.
    context : int or None
        How many tokens a text may have at most; None where it may have any number of them.

    See Also
    --------
    thermonucleus.text.load_model : Makes one of a name.
    """

    name: str
    size: int
    begin: tuple[int, ...]
    ends: frozenset[int]
    context: int | None = None

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """The V tokens as they are read: as text, with the space before a word where that belongs to the token."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text that may go on, after those of `begin`; of an empty text at least one, whatever it is."""

    @abstractmethod
    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        """Return a function that takes the tokens after the known ones, in turn, and returns what each adds to the text."""

    def pieces_after(self, prompt: str, known: Sequence[int]) -> Callable[[int], str]:
        """Return a function as `pieces` does, for the tokens after a prompt, which the known ones are of."""
        return self.pieces(known)

    @abstractmethod
    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        """Return the logits of the token after each of several texts.

        Parameters
        ----------
        texts : sequence of sequence of int
            Token ids, at least one a text.

        Returns
        -------
        ndarray of float32, shape (B, V)
            The caller's own. What a model remembers of earlier calls makes texts that go on from theirs cheap.

        Raises
        ------
        ValueError
            If there is no text, or one is empty, too long for the model or has a token that it does not know.
        """

    def __call__(self, tokens: Sequence[int]) -> Row:
        """Return the logits of the token that follows, shape (V,), as `rows` does for several texts."""
        row: Row = self.rows([tokens])[0]
        return row

    def forget(self) -> None:  # noqa: B027  # most models have nothing to forget
        """Forget what was computed of earlier texts.

        A model that goes on from there may round in another way than one that begins anew, which changes its logits a little.
        """

    def logprobs(self, tokens: Sequence[int], start: int = 1) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each token from a place on, given all before it.

        Parameters
        ----------
        tokens : sequence of int
            A text.
        start : int, default 1
            The first place that is asked about, 1 or more: what begins a text is not predicted.

        Returns
        -------
        ndarray of float64, shape (len(tokens) - start,)
        """
        return np.array([log_softmax(self(tokens[:i]))[tokens[i]] for i in range(start, len(tokens))], np.float64)

    def next_logits(self, prompt: str) -> Row:
        """Return the logits of the token that follows a text, shape (V,)."""
        return self(self.encode(prompt))

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a talk, by the model's own template, up to where the assistant is to speak.

        Raises
        ------
        ValueError
            If the model has no template: it was not made to talk.
        """
        raise ValueError(f"model must have a chat template, and {self.name} has none: it continues texts")

    def unknown_words(self, text: str) -> list[str]:
        """Return the words of a text that the model cannot tell from any other unknown one, each once."""
        return []

    def stream(self, prompt: str, *, sampler: Callable[[Row], SupportsIndex], max_tokens: int) -> Iterator[str]:
        """Continue a text, piece by piece.

        Parameters
        ----------
        prompt : str
            The text to go on from, which may be empty or end within a sentence.
        sampler : callable
            Takes a row of logits and returns a token id: a `thermonucleus.Sampler`, or any function that does this.
        max_tokens : int
            How many tokens to draw at most.

        Returns
        -------
        iterator of str
            What comes after the prompt, with the spaces that belong there: put together, prompt and pieces are the text. It ends
            early where the model ends it.

        Raises
        ------
        TypeError, ValueError
            Where an argument is not as described: at the call, before the first piece.
        """
        known = self.encode(check_text(prompt, name="prompt"))
        self.forget()  # the same seed is to give the same text, whatever came before it
        drawn = generate(self, known, sampler=sampler, max_tokens=max_tokens, stop_tokens=self.ends)
        return self._text_of(self.pieces_after(prompt, known), drawn)

    def _checked(self, tokens: Sequence[int]) -> list[int]:
        """Return the tokens of a text as a list; raise ValueError or TypeError if they are too many, or not of the model."""
        if self.context is not None and len(tokens) > self.context:
            raise ValueError(f"a text must be of at most {self.context:,} tokens for {self.name}, got {len(tokens):,}")
        return check_tokens(tokens, name="tokens", size=self.size)

    def _text_of(self, piece_of: Callable[[int], str], drawn: Iterator[int]) -> Iterator[str]:
        for token in drawn:
            if token not in self.ends and (piece := piece_of(token)):
                yield piece


def log_softmax(row: Row) -> NDArray[np.float64]:
    """Return the natural logarithms of the probabilities of a row at temperature 1."""
    shifted = row.astype(np.float64) - row.max()
    logs: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return logs
