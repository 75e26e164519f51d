"""What the page may ask: each field has its bounds, and what is refused is named."""

import json
from typing import Any

import pytest
from exploring import TinyModel, ask, client

import thermonucleus as tn
from thermonucleus.explore.questions import (
    DrawsQuestion,
    FindQuestion,
    MapQuestion,
    NextQuestion,
    QuestionError,
    TextsQuestion,
)

COMMON: dict[str, Any] = {"model": "tiny", "prompt": "x"}

QUESTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "next": (NextQuestion, COMMON),
    "map": (MapQuestion, COMMON),
    "find": (FindQuestion, {**COMMON, "text": "a"}),
    "draws": (DrawsQuestion, {**COMMON, "ids": [1, 3]}),
    "texts": (TextsQuestion, {**COMMON, "sides": {"A": {}, "B": {"top_p": 0.5}}}),
}


def refusal(kind: str, body: object) -> QuestionError:
    with pytest.raises(QuestionError) as caught:
        QUESTIONS[kind][0].read(body)
    assert caught.value.status == 400
    return caught.value


def test_what_is_not_given_has_a_default() -> None:
    read = {kind: question.read(body) for kind, (question, body) in QUESTIONS.items()}
    assert read["next"] == NextQuestion("tiny", "x", tn.Settings(), rows=24, seed=1)
    assert read["map"] == MapQuestion("tiny", "x", tn.Settings())
    assert read["find"] == FindQuestion("tiny", "x", tn.Settings(), text="a", limit=10)
    assert read["draws"] == DrawsQuestion("tiny", "x", tn.Settings(), seed=1, count=1000, ids=[1, 3])
    sides = {"A": tn.Settings(), "B": tn.Settings(top_p=0.5)}
    assert read["texts"] == TextsQuestion("tiny", "x", sides, seed=1, count=4, tokens=25, alternatives=10)


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("body", [[], "text", 3, None, True])
def test_a_question_is_an_object(kind: str, body: object) -> None:
    assert str(refusal(kind, body)).startswith("body must be a JSON object, got ")


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, (_, body) in QUESTIONS.items() for name in body],
)
def test_what_is_needed_is_named_where_it_is_missing(kind: str, name: str) -> None:
    body = {key: value for key, value in QUESTIONS[kind][1].items() if key != name}
    assert str(refusal(kind, body)) == f"{name} must be given"


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_field_without_effect_is_refused(kind: str) -> None:
    message = str(refusal(kind, {**QUESTIONS[kind][1], "temprature": 1}))
    assert message.startswith("body must have no fields but ")
    assert message.endswith(", got 'temprature'")


BOUNDS = [
    ("next", "rows", 1, 200),
    ("next", "seed", 0, 2**53 - 1),
    ("find", "limit", 1, 200),
    ("draws", "count", 1, 100_000),
    ("draws", "seed", 0, 2**53 - 1),
    ("texts", "seed", 0, 2**53 - 1),
    ("texts", "count", 1, 8),
    ("texts", "tokens", 1, 100),
    ("texts", "alternatives", 0, 20),
]


@pytest.mark.parametrize(("kind", "name", "low", "high"), BOUNDS)
def test_numbers_have_bounds(kind: str, name: str, low: int, high: int) -> None:
    question, body = QUESTIONS[kind]
    for value in (low, high):
        assert getattr(question.read({**body, name: value}), name) == value
    for wrong, shown in [
        (low - 1, low - 1),
        (high + 1, high + 1),
        (1.5, 1.5),
        (True, "true"),
        (None, "null"),
        ("3", "a text"),
        ([3], "a list"),
    ]:
        message = f"{name} must be an integer from {low} to {high:,}, got {shown}"
        assert str(refusal(kind, {**body, name: wrong})) == message


def test_a_number_of_many_digits_is_not_repeated() -> None:
    assert str(refusal("next", {**COMMON, "rows": 10**4000})) == "rows must be an integer from 1 to 200, got one of 4,001 digits"


@pytest.mark.parametrize(
    ("kind", "name", "least", "most"), [("next", "prompt", 0, 4000), ("find", "text", 1, 200), ("texts", "model", 0, 4000)]
)
def test_texts_have_bounds(kind: str, name: str, least: int, most: int) -> None:
    question, body = QUESTIONS[kind]
    for length in (least, most):
        assert getattr(question.read({**body, name: "é" * length}), name) == "é" * length
    wrong = [most + 1, *([least - 1] if least else [])]
    for length in wrong:
        message = f"{name} must be a text of {least} to {most:,} characters, got {length:,}"
        assert str(refusal(kind, {**body, name: "x" * length})) == message
    others: list[tuple[object, str]] = [(7, "7"), (None, "null"), (["x"], "a list"), ({}, "an object")]
    for value, shown in others:
        assert str(refusal(kind, {**body, name: value})) == f"{name} must be a text, got {shown}"


def test_a_prompt_has_no_nul() -> None:
    for kind in QUESTIONS:
        message = str(refusal(kind, {**QUESTIONS[kind][1], "prompt": "nul \0 inside"}))
        assert message.startswith("prompt must be text without NULs, got one at character 5 of line 1")


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("12", "ids must be a list of integers, got a text"),
        ([1, 1], "ids must be different integers, got one twice"),
        ([-1], "ids[0] must be an integer from 0 to 9,007,199,254,740,991, got -1"),
        ([3, 1.0], "ids[1] must be an integer from 0 to 9,007,199,254,740,991, got 1.0"),
        (list(range(201)), "ids must be at most 200, got 201"),
    ],
)
def test_ids_are_different_integers(ids: object, message: str) -> None:
    assert str(refusal("draws", {**COMMON, "ids": ids})) == message


def test_ids_are_tokens_of_the_model() -> None:
    with client(TinyModel()) as page:
        assert ask(page, "/api/draws", **COMMON, ids=[11])["counts"] != []
        answer = ask(page, "/api/draws", status=400, **COMMON, ids=[3, 12])
    assert answer["error"] == "ids must be tokens of the model, from 0 to 11, got 12"


@pytest.mark.parametrize("sides", [{}, [], None, {"C": {}}, {"A": {}, "b": {}}, "A"])
def test_sides_are_a_and_b(sides: object) -> None:
    assert str(refusal("texts", {**COMMON, "sides": sides})).startswith("sides must be an object with settings for A or B, got ")


@pytest.mark.parametrize("side", ["A", "B"])
def test_the_settings_of_each_side_are_checked(side: str) -> None:
    error = refusal("texts", {**COMMON, "sides": {"A": {}, "B": {}, side: {"top_p": 2}}})
    assert (str(error), error.setting) == ("top_p must be a number from 0 to 1, got 2", "top_p")
    assert str(refusal("texts", {**COMMON, "sides": {side: 3}})) == f"sides.{side} must be an object of settings by name, got 3"


WRONG: list[tuple[dict[str, Any], str | None, str]] = [
    ({"top_p": 1.5}, "top_p", "top_p must be a number from 0 to 1, got 1.5"),
    ({"temperature": -1}, "temperature", "temperature must be a finite number, 0 or more, got -1"),
    ({"temperature": "hot"}, "temperature", "temperature must be a finite number, 0 or more, got 'hot' of type str"),
    ({"temperature": True}, "temperature", "temperature must be a finite number, 0 or more, got True of type bool"),
    ({"temperature": {}}, "temperature", "temperature must be a finite number, 0 or more, got an object"),
    ({"temperature": [1.0]}, "temperature", "temperature must be a finite number, 0 or more, got a list"),
    ({"temperature": "x" * 201}, "temperature", "temperature must be a finite number, 0 or more, got a text"),
    ({"top_k": 1.5}, "top_k", "top_k must be an integer, 0 or more, got 1.5 of type float"),
    ({"top_k": -1}, "top_k", "top_k must be an integer, 0 or more (0 keeps all), got -1"),
    ({"p_less": "other"}, "p_less", "p_less must be True, False or 'norm', got 'other' of type str"),
    ({"order": "ollama"}, "order", "order must be one of 'default'"),
    ({"order": ["top_p", "top_q"]}, "order", "order has 'top_q', which is no stage"),
    ({"order": [1]}, "order", "order must be one of"),
    ({"order": ["top_p"] * 200}, "order", "order must be one of"),
    ({"order": "vllm", "typical_p": 0.5}, "typical_p", "typical_p is on, but order 'vllm' has no such stage"),
    ({"temperature_last": True, "order": "vllm"}, "temperature_last", "temperature_last is an order of its own"),
    ({"mirostat": 1, "top_k": 5}, "mirostat", "mirostat takes temperature and smoothing alone beside it, not top_k"),
    ({"dynatemp_low": 0.5}, "dynatemp_low", "dynatemp_low and dynatemp_high must be given together"),
    ({"temprature": 1}, None, "settings must be of temperature, top_k"),
    ({"__class__": 1}, None, "settings must be of temperature, top_k"),
]


@pytest.mark.parametrize(("settings", "setting", "message"), WRONG)
def test_a_setting_that_is_refused_is_named(settings: dict[str, Any], setting: str | None, message: str) -> None:
    with client(TinyModel()) as page:
        answer = ask(page, "/api/next", status=400, **COMMON, settings=settings)
    assert answer["setting"] == setting
    assert answer["error"].startswith(message)


@pytest.mark.parametrize("settings", [[], "top_p", 3, True])
def test_settings_are_an_object(settings: object) -> None:
    assert str(refusal("next", {**COMMON, "settings": settings})).startswith("settings must be an object of settings by name, got ")


def test_settings_may_be_null_where_they_are_off() -> None:
    settings = {"top_p": None, "top_k": None, "order": None, "min_p": 0.25}
    assert NextQuestion.read({**COMMON, "settings": settings}).settings == tn.Settings(min_p=0.25)


@pytest.mark.parametrize("path", ["/api/next", "/api/map", "/api/find", "/api/draws", "/api/texts"])
@pytest.mark.parametrize("name", ["smollm2", "/etc/passwd", "gpt2", "../model.gguf", "", "TINY"])
def test_no_model_is_loaded_but_those_that_are_offered(path: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermonucleus.explore.models.load_model", None)
    body = {**QUESTIONS[path.removeprefix("/api/")][1], "model": name}
    with client(TinyModel()) as page:
        answer = ask(page, path, status=400, **body)
    assert answer == {"error": f"model must be 'tiny', got {name!r}", "setting": None}


def test_half_a_pair_of_surrogates_is_read_as_browsers_read_it() -> None:
    halves = json.loads('"\\ud83d a \\ude00 \\ud83d\\ude00 b \\ud83d"')
    read = NextQuestion.read({**COMMON, "prompt": halves})
    assert read.prompt == "\ufffd a \ufffd 😀 b \ufffd"
