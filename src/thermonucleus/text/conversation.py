"""A talk with a language model that was made to talk: its template, and what has been said."""

from collections.abc import Callable, Generator
from typing import SupportsIndex

from thermonucleus.settings import check_integer
from thermonucleus.text.checks import check_text
from thermonucleus.text.generation import generate
from thermonucleus.text.model import Row, TextModel

__all__ = ["Conversation"]

MAX_TOKENS = 512
"""Chosen: some 350 words."""


class Conversation:
    """A talk with a model, which is told all that was said before each reply.

    Parameters
    ----------
    model : TextModel
        A model with a chat template.
    sampler : callable
        Takes a row of logits and returns a token id: a `thermonucleus.Sampler`, or any function that does this.
    system : str, optional
        What the model is told before anything is said. Without it, some templates say something of their own.
    max_tokens : int, default 512
        How many tokens a reply may have at most. In the model's context, so many are kept free for it, but no more than a half.

    Attributes
    ----------
    messages : list of dict
        What has been said, as `TextModel.encode_chat` takes it; the system's message, if there is one, is the first.
    forgotten : int
        How many of the oldest messages have been dropped, because there was no room for them and a reply in the model's context.
    finished : bool
        Whether the last reply came to the end that the model gave it: not if it was interrupted, had `max_tokens`, or filled the
        context.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the model has no template.

    Examples
    --------
    >>> import thermonucleus as tn
    >>> from thermonucleus.text import load_model
    >>> from thermonucleus.text.conversation import Conversation
    >>> Conversation(load_model("builtin"), tn.Sampler(temperature=0.8))
    Traceback (most recent call last):
    ValueError: model must have a chat template, and builtin has none: it continues texts
    """

    def __init__(
        self,
        model: TextModel,
        sampler: Callable[[Row], SupportsIndex],
        *,
        system: str | None = None,
        max_tokens: int = MAX_TOKENS,
    ) -> None:
        if not isinstance(model, TextModel):
            raise TypeError(f"model must be a TextModel, as load_model returns it, got {model!r}")
        if not callable(sampler):
            raise TypeError(f"sampler must be callable, got {sampler!r}")
        self._model, self._sampler = model, sampler
        self._max_tokens = check_integer(max_tokens, name="max_tokens", least=1)
        context = model.context
        self._room = None if context is None else context - min(self._max_tokens, context // 2)
        self.messages: list[dict[str, str]] = []
        if system is not None:
            self.messages.append({"role": "system", "content": check_text(system, name="system")})
        self.forgotten = 0
        self.finished = True
        self._reply: Generator[str, None, None] | None = None
        self._model.encode_chat([*self.messages, {"role": "user", "content": ""}])  # which refuses one that was not made to talk

    def say(self, text: str) -> Generator[str, None, None]:
        """Say something, and return the reply, piece by piece.

        Parameters
        ----------
        text : str
            What is said.

        Returns
        -------
        iterator of str
            The pieces of the reply as they are drawn. Once it is at its end, or closed before, what was said and as much of the
            reply as there is are part of `messages`; if the model fails, they are as before.

        Raises
        ------
        TypeError, ValueError
            If it is no string, or too long for the model even where all that was said before is forgotten.
        """
        if self._reply is not None:
            self._reply.close()
        messages = [*self.messages, {"role": "user", "content": check_text(text, name="text")}]
        known, forgotten = self._fitted(messages)
        self._reply = self._drawn(messages, known, forgotten)
        return self._reply

    def _drawn(self, messages: list[dict[str, str]], known: list[int], forgotten: int) -> Generator[str, None, None]:
        piece_of = self._model.pieces(known)
        said: list[str] = []
        finished = False
        context = self._model.context
        most = self._max_tokens if context is None else min(self._max_tokens, context - len(known))
        try:
            for token in generate(self._model, known, sampler=self._sampler, max_tokens=most, stop_tokens=self._model.ends):
                if token in self._model.ends:
                    finished = True
                elif piece := piece_of(token):
                    said.append(piece)
                    yield piece
        except (GeneratorExit, KeyboardInterrupt):
            self._remember(messages, "".join(said), forgotten, finished=False)
            raise
        self._remember(messages, "".join(said), forgotten, finished=finished)

    def _remember(self, messages: list[dict[str, str]], reply: str, forgotten: int, *, finished: bool) -> None:
        self.messages = [*messages, {"role": "assistant", "content": reply}]
        self.forgotten += forgotten
        self.finished = finished

    def _fitted(self, messages: list[dict[str, str]]) -> tuple[list[int], int]:
        """Return the tokens of messages, and how many of the oldest had to be taken out of the list to leave room for a reply."""
        first = 1 if messages[0]["role"] == "system" else 0
        before = len(messages)
        while True:
            last = len(messages) - first < 3
            try:
                tokens = self._model.encode_chat(messages)
                if self._room is None or len(tokens) <= self._room:
                    return tokens, before - len(messages)
                if last:
                    raise ValueError(
                        f"text must be shorter: it takes {len(tokens):,} tokens, and {self._model.name} has room for {self._room:,}"
                    )
            except ValueError:  # some models refuse what is longer than their context
                if last:
                    raise
            del messages[first : first + 2]  # a question and its reply: templates may ask for both
