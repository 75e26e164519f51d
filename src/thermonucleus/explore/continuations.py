"""Continuations of a prompt under one or two settings, token by token, with what else could have come at each place."""

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from thermonucleus.explore.models import OfferedModel, Rounds
from thermonucleus.explore.next_token import most_probable
from thermonucleus.explore.questions import QuestionError, TextsQuestion
from thermonucleus.explore.stages import stateful_setting
from thermonucleus.sampler import Sampler
from thermonucleus.sampling import probabilities
from thermonucleus.settings import Settings
from thermonucleus.text.model import Row

__all__ = ["stream_texts"]

Line = dict[str, Any]

logger = logging.getLogger(__name__)


def stream_texts(question: TextsQuestion, model: OfferedModel, stopping: threading.Event) -> Iterator[str]:
    """Yield lines of JSON, side by side: those of the next token of all texts at a time, until they end or the server is to stop.

    What goes wrong on the way is a line too, as the answer has begun by then.
    """
    try:
        for side, settings in question.sides.items():
            for lines in _of_side(question, model, settings):
                yield _joined([_told_of(side, line) for line in lines])
                if stopping.is_set():
                    return
        yield _joined([{"done": True}])
    except QuestionError as error:
        yield _joined([{"error": str(error)}])
    except Exception as error:
        logger.exception("the continuations of a prompt failed")
        yield _joined([{"error": f"{type(error).__name__}: {error}"}])


def _of_side(question: TextsQuestion, model: OfferedModel, settings: Settings) -> Iterator[list[Line]]:
    """Yield what is told of the texts under settings, place by place: what is kept, if they have been asked for before.

    Each side begins anew, so that it does not depend on the other: models may round otherwise beside other texts.
    """
    key = (question.prompt, settings, question.seed, question.count, question.tokens, question.alternatives)
    kept = model.continued.get(key)
    if kept is not None:
        yield from kept
        return
    told: Rounds = []
    for lines in _rounds(question, model, settings):
        told.append(lines)
        yield lines
    model.continued[key] = told


def _rounds(question: TextsQuestion, model: OfferedModel, settings: Settings) -> Iterator[list[Line]]:
    known = model.begin(question.prompt)
    texts = [Text(question, model, known, settings, number) for number in range(question.count)]
    for _ in range(question.tokens):
        going = [text for text in texts if not text.ended]
        if not going:
            return
        # Texts that are the same so far are one to the model, and so are all at first.
        different = list(dict.fromkeys(text.tokens for text in going))
        rows = model.rows(different)
        of_text = {tokens: (row, p) for tokens, row, p in zip(different, rows, probabilities(rows), strict=True)}
        yield [line for text in going for line in text.advance(*of_text[text.tokens])]


class Text:
    """A continuation on its way."""

    def __init__(self, question: TextsQuestion, model: OfferedModel, known: Sequence[int], settings: Settings, number: int) -> None:
        self.ended = False
        self._question, self._model, self._known, self._settings, self._number = question, model, known, settings, number
        self._drawn: list[int] = []
        self._stateful = stateful_setting(settings) is not None
        # The number of the text is in its seed, and the side is not: both sides draw with the same random numbers.
        self._sampler = Sampler(settings, rng=[question.seed, number])

    @property
    def tokens(self) -> tuple[int, ...]:
        """The prompt and what has been drawn."""
        return (*self._known, *self._drawn)

    def advance(self, logits: Row, p: Row) -> Iterator[Line]:
        """Draw a token, and yield what is told of it; `p` are the model's own probabilities."""
        token = self._sampler(logits)
        q = None if self._stateful else probabilities(logits, self._settings)
        yield {
            "text": self._number,
            "place": len(self._drawn),
            **self._token(token, p, q),
            "alternatives": [self._token(int(other), p, q) for other in most_probable(logits, self._question.alternatives)],
        }
        self._drawn.append(token)
        if token in self._model.model.ends:
            self.ended = True
            yield {"end": {"text": self._number}}

    def _token(self, token: int, p: Row, q: Row | None) -> Line:
        return {
            "id": token,
            "name": self._model.names[token],
            "piece": self._piece(token),
            "p": float(p[token]),
            "q": None if q is None else float(q[token]),
        }

    def _piece(self, token: int) -> str:
        """Return what a token would add to the text, which goes through all of it anew: a model's pieces have no way back."""
        model = self._model.model
        if token in model.ends:
            return ""
        piece_of = model.pieces_after(self._question.prompt, self._known)
        for earlier in self._drawn:
            piece_of(earlier)
        return piece_of(token)


def _told_of(side: str, line: Line) -> Line:
    return {"end": {"side": side, **line["end"]}} if "end" in line else {"side": side, **line}


def _joined(lines: Sequence[Line]) -> str:
    return "".join(json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n" for line in lines)
