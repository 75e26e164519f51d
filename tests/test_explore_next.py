"""What the explorer says of the next token: the numbers of `probabilities` and `sample`, whatever the model and the settings."""

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from exploring import LOGITS, NAMES, TinyModel, ask, client, installed, texts, tokens_in
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import thermonucleus as tn
from thermonucleus.explore.models import REMEMBERED, OfferedModel, Read
from thermonucleus.explore.settings_map import FINE
from thermonucleus.settings import PRESETS
from thermonucleus.text import TextModel, builtin_model

PROMPT = "The value of an object"

# Settings, and the stages that they turn on with the settings of each, in their order.
CHAINS: list[tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = [
    ({}, []),
    ({"smoothing_curve": 2.0, "xtc_threshold": 0.2, "mirostat_tau": 3.0}, []),
    ({"temperature": 0}, [("temperature", {"temperature": 0.0})]),
    (
        {"min_p": 0.02, "temperature": 0.8, "top_p": 0.95, "top_k": 400},
        [("temperature", {"temperature": 0.8}), ("top_k", {"top_k": 400}), ("top_p", {"top_p": 0.95}), ("min_p", {"min_p": 0.02})],
    ),
    (
        {"temperature": 1.7, "temperature_last": True, "top_p": 0.7},
        [("top_p", {"top_p": 0.7}), ("temperature", {"temperature": 1.7})],
    ),
    (
        {"order": "llama.cpp", "temperature": 0.8, "top_k": 90, "typical_p": 0.9, "xtc_probability": 0.5, "xtc_threshold": 0.01},
        [
            ("top_k", {"top_k": 90}),
            ("typical_p", {"typical_p": 0.9}),
            ("xtc", {"xtc_probability": 0.5, "xtc_threshold": 0.01}),
            ("temperature", {"temperature": 0.8}),
        ],
    ),
    ({"order": "transformers", "top_h": 0.4}, [("top_h_of_100", {"top_h": 0.4})]),
    (
        {"order": ["min_p", "temperature"], "min_p": 0.1, "dynatemp_low": 0.5, "dynatemp_high": 2, "dynatemp_exponent": 2},
        [("min_p", {"min_p": 0.1}), ("temperature", {"dynatemp_low": 0.5, "dynatemp_high": 2.0, "dynatemp_exponent": 2.0})],
    ),
    ({"p_less": "norm", "tfs": 0.97}, [("tfs", {"tfs": 0.97}), ("p_less", {"p_less": "norm"})]),
    ({"xtc_probability": 1, "xtc_threshold": 0.01}, [("xtc", {"xtc_probability": 1.0, "xtc_threshold": 0.01})]),
]


@pytest.fixture(scope="module", params=["builtin", "smollm2"])
def model(request: pytest.FixtureRequest) -> TextModel:
    """Return each model that is installed."""
    return installed(request.param)


@pytest.fixture(scope="module")
def page(model: TextModel) -> Iterator[TestClient]:
    with client(model) as opened:
        yield opened


def asked(page: TestClient, path: str, model: TextModel, **body: Any) -> Any:
    return ask(page, path, **{"model": model.name, "prompt": PROMPT, **body})


def entropy(p: Any) -> float:
    """In bits, summed exactly."""
    return -math.fsum(x * math.log2(x) for x in p.tolist() if x > 0)


@pytest.mark.parametrize(("settings", "chain"), CHAINS)
def test_each_number_is_that_of_probabilities(
    page: TestClient, model: TextModel, settings: dict[str, Any], chain: list[tuple[str, dict[str, Any]]]
) -> None:
    logits = model.next_logits(PROMPT)
    before, after = tn.probabilities(logits), tn.probabilities(logits, **settings)
    answer = asked(page, "/api/next", model, settings=settings, rows=40)
    ids = [row["id"] for row in answer["rows"]]
    assert ids == np.argsort(-logits, kind="stable")[:40].tolist()
    for place, row in enumerate(answer["rows"], 1):
        token = row["id"]
        assert row == {
            "id": token,
            "name": model.names[token],
            "rank": place,
            "before": float(before[token]),
            "after": float(after[token]),
            "cut_by": row["cut_by"],
        }
    assert answer["size"] == model.size
    assert answer["possible"] == np.count_nonzero(logits > -np.inf)
    assert answer["before"] == {"entropy": pytest.approx(entropy(before), abs=1e-9), "largest": before.max()}
    kept = np.count_nonzero(after)
    assert answer["after"] == {"entropy": pytest.approx(entropy(after), abs=1e-9), "largest": after.max(), "kept": kept}
    others = np.setdiff1d(np.arange(model.size), ids)
    assert answer["rest"] == {
        "count": answer["possible"] - 40,
        "before": pytest.approx(before[others].astype(float).sum(), abs=1e-12),
        "after": pytest.approx(after[others].astype(float).sum(), abs=1e-12),
        "kept": np.count_nonzero(after[others]),
    }
    assert [(stage["stage"], stage["settings"]) for stage in answer["stages"]] == chain


@pytest.mark.parametrize(("settings", "chain"), CHAINS)
def test_a_stage_keeps_what_it_and_those_before_it_keep_alone(
    page: TestClient, model: TextModel, settings: dict[str, Any], chain: list[tuple[str, dict[str, Any]]]
) -> None:
    logits = model.next_logits(PROMPT)
    answer = asked(page, "/api/next", model, settings=settings, rows=200)
    order = {name: settings[name] for name in ("order", "temperature_last") if name in settings}
    each = [tn.probabilities(logits)]
    for end in range(1, len(chain) + 1):
        so_far = {name: value for _, own in chain[:end] for name, value in own.items()}
        each.append(tn.probabilities(logits, **order, **so_far))
    for stage, was, now in zip(answer["stages"], each[:-1], each[1:], strict=True):
        kept = logits[now > 0]
        assert stage["kept"] == len(kept)
        least = int((kept == kept.min()).sum())
        assert stage["ties"] == (least if len(kept) < np.count_nonzero(was) and least > 1 else 0)
    for row in answer["rows"]:
        gone = [name for (name, _), p in zip(chain, each[1:], strict=True) if p[row["id"]] == 0]
        assert row["cut_by"] == (gone[0] if row["after"] == 0 else None)


@pytest.fixture
def tiny() -> Iterator[TestClient]:
    with client(TinyModel()) as opened:
        yield opened


def next_of_tiny(tiny: TestClient, **body: Any) -> Any:
    return ask(tiny, "/api/next", **{"model": "tiny", "prompt": "x", **body})


def test_all_is_said_of_a_row_that_is_known(tiny: TestClient) -> None:
    answer = next_of_tiny(tiny, settings={"top_k": 4, "top_p": 0.7}, rows=4)
    assert answer["special"] == ["<end>", "zz"]
    assert (answer["size"], answer["possible"]) == (12, 10)
    assert [(row["id"], row["name"], row["rank"], row["cut_by"]) for row in answer["rows"]] == [
        (3, " a", 1, None),
        (1, "<b>&\"'", 2, None),
        (4, " b", 3, None),
        (2, "\0", 4, "top_p"),
    ]
    assert answer["stages"] == [
        {"stage": "top_k", "settings": {"top_k": 4}, "kept": 6, "ties": 3},
        {"stage": "top_p", "settings": {"top_p": 0.7}, "kept": 3, "ties": 2},
    ]
    weights = np.sort(np.exp(LOGITS.astype(float)))
    before = pytest.approx(weights[:-4].sum() / weights.sum(), abs=1e-6)
    assert answer["rest"] == {"count": 6, "before": before, "after": 0, "kept": 0}
    assert answer["sentence"] == "3 of 10 tokens kept; the most probable, ' a', has 58%."
    assert answer["unknown"] == []
    cut = next_of_tiny(tiny, settings={"top_k": 4, "top_p": 0.7}, rows=200)["rows"]
    assert [row["cut_by"] for row in cut] == [None] * 3 + ["top_p"] * 3 + ["top_k"] * 4


def test_no_ties_are_counted_where_the_last_token_stands_alone_or_nothing_is_cut(tiny: TestClient) -> None:
    # The least probable two are as probable as each other.
    for settings, kept in [({"top_k": 1}, 1), ({"top_k": 9}, 10), ({"top_k": 8}, 8), ({"temperature": 2}, 10)]:
        (stage,) = next_of_tiny(tiny, settings=settings)["stages"]
        assert (stage["kept"], stage["ties"]) == (kept, 0)


def test_a_certain_token_has_no_entropy(tiny: TestClient) -> None:
    answer = next_of_tiny(tiny, settings={"temperature": 0})
    assert str(answer["after"]["entropy"]) == "0.0"
    assert answer["sentence"] == "1 of 10 tokens kept; the most probable, ' a', has 100%."


def test_a_probability_that_is_too_small_for_a_number_on_its_way_is_not_cut() -> None:
    class Steep(TinyModel):
        name, size = "steep", 2
        names = ("likely", "unlikely")

        def _row(self, text: object) -> Any:
            return np.array([0.0, -120.0], np.float32)

    with client(Steep()) as page:
        answer = ask(
            page, "/api/next", model="steep", prompt="x", settings={"top_k": 5, "temperature": 10, "temperature_last": True}
        )
    assert [(row["before"] > 0, row["after"] > 0, row["cut_by"]) for row in answer["rows"]] == [
        (True, True, None),
        (False, True, None),
    ]
    assert [(stage["stage"], stage["kept"]) for stage in answer["stages"]] == [("top_k", 1), ("temperature", 2)]


def test_small_percentages_are_not_said_to_be_nothing() -> None:
    class Flat(TinyModel):
        name, size = "flat", 5000
        names = tuple(map(str, range(5000)))

        def _row(self, text: object) -> Any:
            row = np.zeros(5000, np.float32)
            row[7] = self.most
            return row

        most = 0.0

    for most, end in [(0.0, "has less than 0.1%."), (3.0, "has 0.4%."), (7.5, "has 27%.")]:
        Flat.most = most
        with client(Flat()) as page:
            assert ask(page, "/api/next", model="flat", prompt="x")["sentence"].endswith(end)


def test_unknown_words_of_a_prompt_are_named() -> None:
    with client(builtin_model()) as page:
        assert ask(page, "/api/next", model="builtin", prompt="The zebra, 'quagga'!")["unknown"] == ["zebra", "quagga"]


ODD = [
    "\"quotes\" 'and' `more`",
    "<script>alert(1)</script> &amp;",
    "half \ud800 a pair \udc00",
    "😀 👩‍👩‍👧",
    "\u2028\u202e\r\n\t",
]


@pytest.mark.parametrize("prompt", ["", *ODD])
def test_text_of_any_kind_comes_back_as_text(page: TestClient, model: TextModel, prompt: str) -> None:
    answer = asked(page, "/api/next", model, prompt=prompt)
    sane = prompt.replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")
    logits = model.next_logits(sane)
    assert answer["rows"][0]["before"] == tn.probabilities(logits).max()
    assert answer["unknown"] == model.unknown_words(sane)
    assert repr(sane) in answer["python"]


@given(prompt=st.text(st.characters(exclude_categories=(), exclude_characters="\0"), max_size=40))
def test_any_prompt_is_answered(prompt: str) -> None:
    with client(builtin_model()) as page:
        answer = ask(page, "/api/next", model="builtin", prompt=prompt)
    assert len(answer["rows"]) == 24


def test_names_of_any_kind_come_back_as_text(tiny: TestClient) -> None:
    response = tiny.post("/api/next", json={"model": "tiny", "prompt": "x"})
    assert response.headers["content-type"] == "application/json"
    assert response.content.isascii()
    assert {row["name"] for row in response.json()["rows"]} == set(NAMES) - {"<end>", "zz"}


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7, "top_p": 0.9, "order": "vllm"}, {"p_less": "norm", "top_k": 40}])
def test_the_program_prints_the_first_continuation(
    page: TestClient,
    model: TextModel,
    settings: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("thermonucleus.text.load_model", {model.name: model}.__getitem__)
    prompt = 'The "value" of\n'
    program = asked(page, "/api/next", model, prompt=prompt, settings=settings, seed=5)["python"]
    exec(compile(program, "program", "exec"), {})
    lines = texts(page, model=model.name, prompt=prompt, sides={"B": settings}, seed=5, count=1)
    continuation = "".join(line["piece"] for line in tokens_in(lines, "B", 0))
    assert continuation
    assert capsys.readouterr().out == f"{prompt}{continuation}\n"


def test_the_program_of_a_default_says_nothing_of_settings(tiny: TestClient) -> None:
    assert "tn.Sampler(rng=[1, 0])" in next_of_tiny(tiny, settings={"temperature": 1, "top_p": None})["python"]


@pytest.mark.parametrize("settings", [{}, {"min_p": 0.01}, {"typical_p": 0.9, "temperature_last": True}])
def test_each_cell_of_the_map_is_that_of_probabilities(page: TestClient, model: TextModel, settings: dict[str, Any]) -> None:
    answer = asked(page, "/api/map", model, settings={"temperature": 0.4, "top_p": 0.3, **settings})
    logits = model.next_logits(PROMPT)
    temperatures, top_ps = answer["temperatures"], answer["top_ps"]
    assert len(temperatures) == len(top_ps) == (20 if model.size <= FINE else 10)
    assert 1.0 in temperatures
    assert top_ps[-1] == 1
    assert all(np.shape(answer[name]) == (len(temperatures), len(top_ps)) for name in ("kept", "largest", "entropy"))
    for i, j in itertools.product(range(0, len(temperatures), 3), range(0, len(top_ps), 3)):
        cell: dict[str, Any] = {**settings, "temperature": temperatures[i], "top_p": top_ps[j]}
        p = tn.probabilities(logits, **cell)
        assert (answer["kept"][i][j], answer["largest"][i][j]) == (np.count_nonzero(p), p.max())
        assert answer["entropy"][i][j] == pytest.approx(entropy(p), abs=1e-9)


def test_a_large_vocabulary_has_every_second_line_of_the_map(tiny: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = ask(tiny, "/api/map", model="tiny", prompt="x")
    monkeypatch.setattr("thermonucleus.explore.settings_map.FINE", len(LOGITS) - 1)
    coarse = ask(tiny, "/api/map", model="tiny", prompt="x")
    assert (fine["temperatures"][0], fine["temperatures"][-1], fine["top_ps"][0], fine["top_ps"][-1]) == (0.1, 3, 0.05, 1)
    for name in ("temperatures", "top_ps"):
        assert coarse[name] == fine[name][1::2]
    for name in ("kept", "largest", "entropy"):
        assert coarse[name] == [line[1::2] for line in fine[name][1::2]]


def test_a_map_without_a_stage_for_it_is_refused_by_name(tiny: TestClient) -> None:
    answer = ask(tiny, "/api/map", status=400, model="tiny", prompt="x", settings={"order": ["temperature"]})
    assert answer["setting"] == "top_p"


def test_tokens_are_found_by_their_text(page: TestClient, model: TextModel) -> None:
    settings: dict[str, Any] = {"temperature": 0.8, "top_p": 0.95}
    answer = asked(page, "/api/find", model, settings=settings, text="the", limit=200)
    logits = model.next_logits(PROMPT)
    p = tn.probabilities(logits, **settings)
    found = [token for token, name in enumerate(model.names) if "the" in name.casefold()]
    assert answer["count"] == len(found)
    assert len(answer["tokens"]) == min(len(found), 200)
    ranks = np.argsort(np.argsort(-logits, kind="stable")) + 1
    for token in answer["tokens"]:
        assert token["id"] in found
        assert token["name"] == model.names[token["id"]]
        assert token["rank"] == (ranks[token["id"]] if logits[token["id"]] > -np.inf else None)
        assert token["after"] == p[token["id"]]
        assert token["cut_by"] == (None if token["after"] > 0 else "top_p")
    assert answer["tokens"][0]["name"] == "the"
    least_alike = [token["rank"] for token in answer["tokens"] if token["name"].strip().casefold() != "the"]
    assert least_alike == sorted(least_alike)


def test_what_is_found_begins_with_what_is_most_like_it(tiny: TestClient) -> None:
    def found(text: str, **more: Any) -> Any:
        answer = ask(tiny, "/api/find", model="tiny", prompt="x", text=text, **more)
        return [token["id"] for token in answer["tokens"]], answer["count"]

    assert found("a") == ([3, 8, 7], 3)
    assert found("A") == ([7, 3, 8], 3)
    assert found(" A") == ([8, 3], 2)
    assert found("b") == ([4, 11, 1], 3)
    assert found("b", limit=1) == ([4], 3)
    assert found("\0") == ([2], 1)
    assert found("nothing") == ([], 0)
    tokens = ask(tiny, "/api/find", model="tiny", prompt="x", text="b")["tokens"]
    assert [(token["id"], token["rank"]) for token in tokens] == [(4, 3), (11, 7), (1, 2)]
    (token,) = ask(tiny, "/api/find", model="tiny", prompt="x", text="zz")["tokens"]
    assert token == {"id": 10, "name": "zz", "rank": None, "before": 0.0, "after": 0.0, "cut_by": None}


def test_draws_are_those_of_sample(page: TestClient, model: TextModel) -> None:
    settings: dict[str, Any] = {"temperature": 1.2, "top_k": 30}
    logits = model.next_logits(PROMPT)
    drawn = tn.sample(logits, **settings, rng=9, num_samples=5000)
    ids = np.argsort(-logits)[:10].tolist()
    answer = asked(page, "/api/draws", model, settings=settings, seed=9, count=5000, ids=ids)
    assert answer["counts"] == [int((drawn == token).sum()) for token in ids]
    assert answer["other"] == 5000 - sum(answer["counts"]) > 0
    assert asked(page, "/api/draws", model, settings=settings, ids=[]) == {"counts": [], "other": 1000}


@pytest.mark.parametrize("path", ["/api/next", "/api/map", "/api/find", "/api/draws"])
@pytest.mark.parametrize(("setting", "value"), [("mirostat", 2), ("adaptive_target", 0.3)])
def test_what_depends_on_earlier_draws_is_for_the_continuations(tiny: TestClient, path: str, setting: str, value: float) -> None:
    needed: dict[str, dict[str, Any]] = {"/api/find": {"text": "a"}, "/api/draws": {"ids": [1]}}
    more = needed.get(path, {})
    settings = {setting: value, **({"min_p": 0.1} if setting == "adaptive_target" else {})}
    answer = ask(tiny, path, status=400, model="tiny", prompt="x", settings=settings, **more)
    assert answer["setting"] == setting
    assert answer["error"].startswith(f"{setting} must be off here")
    assert "continuations" in answer["error"]


def test_the_defaults_of_other_systems_can_be_asked(page: TestClient, model: TextModel) -> None:
    logits = model.next_logits(PROMPT)
    for name in PRESETS:
        p = tn.probabilities(logits, tn.Settings.preset(name))
        answer = asked(page, "/api/next", model, settings={**PRESETS[name], "order": name})
        assert answer["after"]["kept"] == np.count_nonzero(p)


def test_the_same_answers_come_when_many_ask_at_once(page: TestClient, model: TextModel) -> None:
    questions: list[dict[str, Any]] = [
        {"model": model.name, "prompt": prompt, "settings": {"temperature": temperature, "top_p": 0.9}}
        for prompt in ("", "The", "The value", "A list of", "The value of")
        for temperature in (0.5, 1.0, 1.5)
    ]
    alone = [ask(page, "/api/next", **question) for question in questions]
    with client(model) as fresh, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: ask(fresh, "/api/next", **question), questions * 3)) == alone * 3


def test_a_model_is_asked_by_one_thread_at_a_time_and_once_for_a_prompt() -> None:
    slow = TinyModel(seconds=0.02)
    with client(slow) as page, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: ask(page, "/api/next", model="tiny", prompt="x" * (1 + i % 4)), range(32)))
    assert slow.at_once == 0
    assert len(slow.asked) == 4


def test_the_prompts_asked_last_are_remembered() -> None:
    model = TinyModel()
    offered = OfferedModel("tiny", model)
    first = offered.read("x")
    for length in range(2, REMEMBERED + 1):
        offered.read("x" * length)
    assert offered.read("x") is first
    offered.read("x" * (REMEMBERED + 1))
    assert offered.read("x") is first
    asked = len(model.asked)
    offered.read("xx")  # the one that was asked longest ago
    assert len(model.asked) == asked + 1


def test_what_is_remembered_is_not_written_to() -> None:
    read = OfferedModel("tiny", TinyModel()).read("x")
    assert isinstance(read, Read)
    assert np.array_equal(read.logits, LOGITS)
    with pytest.raises(ValueError, match="read-only"):
        read.logits[0] = 1.0


def test_a_text_that_is_too_long_for_the_model_is_refused_in_its_words(tiny: TestClient) -> None:
    answer = ask(tiny, "/api/next", status=400, model="tiny", prompt="x" * 3001)
    assert answer == {"error": "a text must be of at most 3,000 tokens for tiny", "setting": None}
