"""A small language model with a chat template and known replies: how much it was told, and the last of it once more."""

from collections.abc import Callable, Sequence

import numpy as np

from thermonucleus.text.model import Message, Row, TextModel

ROLES = ("system", "user", "assistant")
END, FIRST_ROLE = 128, 129
SIZE = FIRST_ROLE + len(ROLES)


class Talker(TextModel):
    """Knows the characters of ASCII, a token for each role and one for the end of a message.

    To the last of three messages "x" it replies "3x" with a probability near 1. As a text, without roles, it goes on with "!".
    """

    name = "talker"
    size = SIZE
    begin = ()
    ends = frozenset({END})

    def __init__(self, context: int | None = None) -> None:
        self.context = context

    @property
    def names(self) -> Sequence[str]:
        return (*map(chr, range(END)), "end", *ROLES)

    def encode(self, text: str) -> list[int]:
        return [*text.encode("ascii")] or [END]

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        said = [[FIRST_ROLE + ROLES.index(one["role"]), *self.encode(one["content"]), END] for one in messages]
        return [*(token for message in said for token in message), FIRST_ROLE + ROLES.index("assistant")]

    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        return chr

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        rows = np.zeros((len(texts), self.size), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[self._next(list(text))] = 50.0
        return rows

    def unknown_words(self, text: str) -> list[str]:
        return [word for word in text.split() if word.isupper()]

    def _next(self, text: list[int]) -> int:
        starts = [place for place, token in enumerate(text) if token >= FIRST_ROLE]
        if not starts:
            return ord("!")
        *said, reply = (text[start:stop] for start, stop in zip(starts, [*starts[1:], len(text)], strict=True))
        whole: list[int] = [*str(len(said)).encode(), *said[-1][1:]]
        return whole[min(len(reply), len(whole)) - 1]
