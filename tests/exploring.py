"""The explorer's app under test, and a model of a dozen tokens whose every answer can be said beforehand."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx2
import numpy as np
import pytest
from starlette.testclient import TestClient

from thermonucleus.explore import Models, explorer
from thermonucleus.explore.models import OfferedModel
from thermonucleus.text import TextModel
from thermonucleus.text.loading import installed_models, load_model
from thermonucleus.text.model import Row

HOST = "http://127.0.0.1:8123"

NAMES = ("<end>", "<b>&\"'", "\0", " a", " b", "é", "😀", "A", " A", "  ", "zz", "B")
"""Of the tokens of `TinyModel`: text that is markup, quotes, a NUL, and names that differ in case or spaces alone."""

LOGITS = np.array([-np.inf, 2.0, 1.0, 3.0, 2.0, 0.0, 1.0, -3.0, 1.0, -3.0, -np.inf, 0.5], np.float32)
"""Of `TinyModel` after any text of less than three tokens; then the text ends."""


class TinyModel(TextModel):
    """A model of the tokens `NAMES`, to which a text is as many tokens 1 as it has characters."""

    name = "tiny"
    size = len(NAMES)
    begin = ()
    ends = frozenset({0})

    def __init__(self, *, seconds: float = 0.0, length: int = 3) -> None:
        self.asked: list[list[tuple[int, ...]]] = []
        self.at_once = 0
        self.forgot = 0
        self._seconds = seconds
        self._length = length
        self._busy = threading.Lock()

    @property
    def names(self) -> Sequence[str]:
        return NAMES

    def encode(self, text: str) -> list[int]:
        return [1] * max(len(text), 1)

    def forget(self) -> None:
        self.forgot += 1

    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        # What a token adds depends on all tokens before it, as in models whose tokens are parts of characters.
        tokens = list(known)

        def piece(token: int) -> str:
            tokens.append(token)
            return f"{NAMES[token]}{len(tokens)}"

        return piece

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        if not self._busy.acquire(blocking=False):
            self.at_once += 1
            raise RuntimeError("asked by two threads at once")
        try:
            self.asked.append([tuple(text) for text in texts])
            time.sleep(self._seconds)
            if any(len(text) > 3000 for text in texts):
                raise ValueError("a text must be of at most 3,000 tokens for tiny")
            return np.stack([self._row(text) for text in texts])
        finally:
            self._busy.release()

    def _row(self, text: Sequence[int]) -> Row:
        row = LOGITS.copy()
        if len(text) >= self._length:
            row[0] = 9.0
        return row


class Remembered(TextModel):
    """A model that says the same whenever it is asked: llama.cpp's logits depend on what it computes beside them."""

    def __init__(self, model: TextModel) -> None:
        self.name, self.size, self.begin, self.ends = model.name, model.size, model.begin, model.ends
        self._model = model
        self._rows: dict[tuple[int, ...], Row] = {}

    @property
    def names(self) -> Sequence[str]:
        return self._model.names

    def encode(self, text: str) -> list[int]:
        return self._model.encode(text)

    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        return self._model.pieces(known)

    def pieces_after(self, prompt: str, known: Sequence[int]) -> Callable[[int], str]:
        return self._model.pieces_after(prompt, known)

    def unknown_words(self, text: str) -> list[str]:
        return self._model.unknown_words(text)

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        new = [text for text in texts if tuple(text) not in self._rows]
        if new:
            self._rows.update(zip(map(tuple, new), self._model.rows(new), strict=True))
        return np.stack([self._rows[tuple(text)] for text in texts])


def installed(name: str, *, remembered: bool = True) -> TextModel:
    """Return a model, or skip the test that needs it where it is not installed."""
    if name not in installed_models():
        pytest.skip(f"{name} is not installed")
    return Remembered(load_model(name)) if remembered else load_model(name)


def client(*models: TextModel) -> TestClient:
    """Return a client of the app with these models, which are offered by their names."""
    offered = (OfferedModel(model.name, model) for model in models)
    return TestClient(explorer(Models(*offered)), base_url=HOST, raise_server_exceptions=False)


def ask(page: TestClient, path: str, *, status: int = 200, **body: Any) -> Any:
    """Post a question as a browser does, with surrogates as escapes, and return the JSON of the answer."""
    answer = page.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    return answer.json()


def lines_of(answer: httpx2.Response) -> list[Any]:
    """Return the lines of a stream."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def texts(page: TestClient, **body: Any) -> list[Any]:
    """Ask for continuations, and return the lines of the answer."""
    return lines_of(page.post("/api/texts", json=body))


def tokens_in(lines: Iterable[Any], side: str, text: int) -> list[Any]:
    """Return the lines of the tokens of one continuation."""
    return [line for line in lines if "piece" in line and (line["side"], line["text"]) == (side, text)]
