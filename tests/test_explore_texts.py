"""The explorer's continuations: what `stream` draws, with what else could have come at each place."""

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from exploring import TinyModel, ask, client, installed, texts, tokens_in
from starlette.testclient import TestClient

import thermonucleus as tn
from thermonucleus.explore.continuations import stream_texts
from thermonucleus.explore.models import OfferedModel
from thermonucleus.explore.questions import TextsQuestion
from thermonucleus.text import TextModel

SIDES: dict[str, dict[str, Any]] = {"A": {"temperature": 0.7}, "B": {"top_p": 0.6, "order": "llama.cpp"}}


@pytest.fixture(scope="module", params=["builtin", "smollm2"])
def model(request: pytest.FixtureRequest) -> TextModel:
    """Return each model that is installed."""
    return installed(request.param)


@pytest.fixture(scope="module")
def page(model: TextModel) -> Iterator[TestClient]:
    with client(model) as opened:
        yield opened


@pytest.mark.parametrize("prompt", ["The value of", "The value of ", "", '("Ça va? 😀" '])
def test_a_continuation_is_the_text_that_stream_draws(page: TestClient, model: TextModel, prompt: str) -> None:
    lines = texts(page, model=model.name, prompt=prompt, sides=SIDES, seed=3, count=2, tokens=9)
    assert lines[-1] == {"done": True}
    for side, settings in SIDES.items():
        for text in range(2):
            told = tokens_in(lines, side, text)
            assert [line["place"] for line in told] == list(range(len(told)))
            sampler = tn.Sampler(**settings, rng=[3, text])
            want = "".join(model.stream(prompt, sampler=sampler, max_tokens=9))
            assert "".join(line["piece"] for line in told) == want
            assert len(told) == 9 or told[-1]["id"] in model.ends


def test_each_token_comes_with_its_probabilities_and_those_of_the_others(page: TestClient, model: TextModel) -> None:
    prompt = "The value of"
    lines = texts(page, model=model.name, prompt=prompt, sides=SIDES, seed=4, count=2, tokens=6, alternatives=7)
    known = model.encode(prompt)
    for side, settings in SIDES.items():
        tokens = list(known)
        for line in tokens_in(lines, side, 1):
            logits = model(tokens)
            p, q = tn.probabilities(logits), tn.probabilities(logits, **settings)
            for told in (line, *line["alternatives"]):
                token = told["id"]
                assert (told["name"], told["p"], told["q"]) == (model.names[token], float(p[token]), float(q[token]))
            assert [told["id"] for told in line["alternatives"]] == np.argsort(-logits, kind="stable")[:7].tolist()
            assert line["q"] > 0
            tokens.append(line["id"])


class Forced:
    """A sampler that draws what it is told to."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = iter(tokens)

    def __call__(self, row: object) -> int:
        return next(self._tokens)


@pytest.mark.parametrize("prompt", ["It is", "It is "])
def test_a_piece_is_what_the_token_would_add_to_the_text(page: TestClient, model: TextModel, prompt: str) -> None:
    lines = texts(page, model=model.name, prompt=prompt, sides={"A": {"temperature": 1.5}}, count=1, tokens=6, alternatives=4)
    told = tokens_in(lines, "A", 0)
    for place, line in enumerate(told):
        before = "".join(earlier["piece"] for earlier in told[:place])
        for other in line["alternatives"]:
            drawn = [*(earlier["id"] for earlier in told[:place]), other["id"]]
            text = "".join(model.stream(prompt, sampler=Forced(drawn), max_tokens=place + 1))
            assert text == before + other["piece"]


def test_both_sides_draw_with_the_same_random_numbers(page: TestClient, model: TextModel) -> None:
    settings = {"temperature": 1.1}
    lines = texts(page, model=model.name, prompt="The", sides={"A": settings, "B": settings}, count=3, tokens=5)
    for text in range(3):
        a, b = (tokens_in(lines, side, text) for side in "AB")
        assert [{**line, "side": ""} for line in a] == [{**line, "side": ""} for line in b]
    assert len({line["piece"] for line in lines if "piece" in line}) > 3


@pytest.mark.parametrize("settings", [{"mirostat": 2, "mirostat_tau": 3.0}, {"adaptive_target": 0.2, "min_p": 0.01}])
def test_settings_that_depend_on_earlier_draws_are_followed(page: TestClient, model: TextModel, settings: dict[str, Any]) -> None:
    lines = texts(page, model=model.name, prompt="The", sides={"B": settings}, seed=2, count=2, tokens=8)
    for text in range(2):
        told = tokens_in(lines, "B", text)
        sampler = tn.Sampler(**settings, rng=[2, text])
        assert "".join(line["piece"] for line in told) == "".join(model.stream("The", sampler=sampler, max_tokens=8))
        assert all(other["q"] is None for line in told for other in (line, *line["alternatives"]))
        assert all(line["p"] > 0 for line in told)


def test_a_text_that_the_model_ends_says_so_and_the_others_go_on() -> None:
    tiny = TinyModel()
    with client(tiny) as page:
        lines = texts(page, model="tiny", prompt="x", sides={"A": {"temperature": 0}, "B": {"min_p": 0}}, count=2, tokens=6)
    told = tokens_in(lines, "A", 0)
    assert [line["id"] for line in told] == [3, 3, 0]
    assert (told[-1]["name"], told[-1]["piece"]) == ("<end>", "")
    assert [other["piece"] for other in told[2]["alternatives"]][:2] == ["", " a4"]
    ends = [line["end"] for line in lines if "end" in line]
    assert sorted(ends, key=str) == sorted(({"side": side, "text": text} for side in "AB" for text in (0, 1)), key=str)
    assert lines[-1] == {"done": True}


def test_texts_that_are_the_same_so_far_are_asked_about_once() -> None:
    tiny = TinyModel(length=99)
    with client(tiny) as page:
        texts(page, model="tiny", prompt="xyz", sides={"A": {"temperature": 0}, "B": {"top_k": 1}}, count=8, tokens=4)
    assert [len(batch) for batch in tiny.asked] == [1] * 8


def test_what_was_computed_is_told_again_and_nothing_is_computed() -> None:
    tiny = TinyModel(length=99)
    question: dict[str, Any] = {"model": "tiny", "prompt": "xyz", "sides": SIDES, "seed": 6, "tokens": 4}
    with client(tiny) as page:
        first = texts(page, **question)
        asked = len(tiny.asked)
        assert texts(page, **question) == first
        swapped = texts(page, **{**question, "sides": {"A": SIDES["B"], "B": SIDES["A"]}})
        assert len(tiny.asked) == asked
        for side, other in ("AB", "BA"):
            assert [{**line, "side": side} for line in tokens_in(swapped, other, 1)] == tokens_in(first, side, 1)
        changes: list[dict[str, Any]] = [
            {"seed": 7},
            {"prompt": "xy"},
            {"count": 3},
            {"tokens": 5},
            {"alternatives": 3},
            {"sides": {"A": {}}},
        ]
        for change in changes:
            texts(page, **{**question, **change})
            assert len(tiny.asked) > asked
            asked = len(tiny.asked)


def test_each_side_and_each_prompt_begins_with_a_model_that_has_forgotten_what_it_computed() -> None:
    tiny = TinyModel(length=99)
    with client(tiny) as page:
        texts(page, model="tiny", prompt="xyz", sides=SIDES, tokens=3)
        assert tiny.forgot == 2
        for _ in range(2):
            ask(page, "/api/next", model="tiny", prompt="xyz")
        assert tiny.forgot == 3


def test_real_models_answer_the_same_whatever_was_asked_before() -> None:
    model = installed("smollm2", remembered=False)
    question: dict[str, Any] = {
        "model": "smollm2",
        "prompt": "Once upon a time there was",
        "sides": SIDES,
        "count": 3,
        "tokens": 12,
    }

    def answers(*before: str) -> list[Any]:
        with client(model) as page:  # which has nothing kept
            for prompt in before:
                ask(page, "/api/next", model="smollm2", prompt=prompt)
                texts(page, model="smollm2", prompt=prompt, sides={"A": {}}, tokens=3)
            return [ask(page, "/api/next", model="smollm2", prompt=question["prompt"]), texts(page, **question)]

    assert answers() == answers("Once upon", "Once upon a time", "The weather is")


def test_alternatives_may_be_none_and_sides_one() -> None:
    with client(TinyModel(length=99)) as page:
        lines = texts(page, model="tiny", prompt="", sides={"B": {}}, count=1, tokens=2, alternatives=0)
    assert [line["alternatives"] for line in tokens_in(lines, "B", 0)] == [[], []]
    assert len(lines) == 3


def test_the_stream_is_lines_of_json_in_ascii() -> None:
    with client(TinyModel()) as page:
        body = {"model": "tiny", "prompt": "x", "sides": {"A": {}}, "tokens": 2}
        response = page.post("/api/texts", json=body)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["cache-control"] == "no-store"
    assert response.content.isascii()
    assert response.content.endswith(b"\n")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("texts must be shorter"), "texts must be shorter"),
        (RuntimeError("llama_decode returned 1"), "RuntimeError: llama_decode returned 1"),
    ],
)
def test_what_fails_on_the_way_is_said_in_the_stream(error: Exception, message: str, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(TinyModel):
        def rows(self, texts: Any) -> Any:
            if len(self.asked) == 2:
                raise error
            return super().rows(texts)

    with client(Failing(length=99)) as page:
        lines = texts(page, model="tiny", prompt="x", sides={"A": {}}, count=1)
    assert len(tokens_in(lines, "A", 0)) == 2
    assert lines[-1] == {"error": message}
    assert ("failed" in caplog.text) == isinstance(error, RuntimeError)


def test_a_server_that_is_to_stop_ends_the_stream_after_the_tokens_on_their_way() -> None:
    stopping = threading.Event()
    tiny = TinyModel(length=99)
    question = TextsQuestion.read({"model": "tiny", "prompt": "x", "sides": {"A": {}}, "count": 2, "tokens": 50})
    stream = stream_texts(question, OfferedModel("tiny", tiny), stopping)
    assert len(next(stream).splitlines()) == 2
    stopping.set()
    assert [json.loads(line)["place"] for part in stream for line in part.splitlines()] in ([], [1, 1])
    assert len(tiny.asked) <= 2
