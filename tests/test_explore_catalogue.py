"""What the page is built from: all that it says of settings is in their table, and every preset can be asked for."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from exploring import TinyModel, ask, client
from starlette.testclient import TestClient

import thermonucleus as tn
from thermonucleus.explore import Models, explorer
from thermonucleus.explore.models import OfferedModel
from thermonucleus.settings import ORDERS, PRESETS, SETTINGS, STAGES
from thermonucleus.text import PERSONALITIES
from thermonucleus.text.loading import installed_models


@pytest.fixture(scope="module")
def page() -> Iterator[TestClient]:
    with client(TinyModel()) as opened:
        yield opened


@pytest.fixture(scope="module")
def about(page: TestClient) -> Any:
    return page.get("/api/about").json()


def test_all_settings_are_there_in_their_order_with_what_is_said_of_them(about: Any) -> None:
    assert [entry["name"] for entry in about["settings"]] == list(SETTINGS)
    for entry in about["settings"]:
        setting = SETTINGS[entry["name"]]
        assert (entry["says"], tuple(entry["more"]), entry["common"]) == (setting.says, setting.more, setting.common)
        assert entry["default"] == setting.default
        assert entry["expected"] == setting.kind.expected
        assert tn.Settings(**{entry["name"]: entry["default"]}) == tn.Settings()


def test_the_kind_of_a_setting_says_what_may_be_entered(about: Any) -> None:
    kinds = {entry["name"]: (entry["kind"], entry["choices"]) for entry in about["settings"]}
    assert kinds.pop("p_less") == ("choice", [False, True, "norm"])
    assert kinds.pop("order") == ("order", None)
    assert kinds.pop("temperature_last") == ("bool", None)
    assert {name for name, kind in kinds.items() if kind == ("int", None)} == {"top_k", "mirostat", "mirostat_m"}
    assert set(kinds.values()) == {("int", None), ("float", None)}


def test_the_ends_of_a_range_belong_to_it_and_nothing_beyond_does(about: Any) -> None:
    ended = 0
    for entry in about["settings"]:
        check, step = SETTINGS[entry["name"]].check, 1 if entry["kind"] == "int" else 0
        for end, beyond in ((entry["low"], -math.inf), (entry["high"], math.inf)):
            if end is None:
                continue
            check(end)
            outside = end + math.copysign(step, beyond) if step else math.nextafter(end, beyond)
            with pytest.raises(ValueError, match=f"^{entry['name']} must be"):
                check(int(outside) if step else outside)
            ended += 1
    assert ended > 25
    ranges = {entry["name"]: (entry["low"], entry["high"]) for entry in about["settings"]}
    assert ranges["temperature"] == (0, None)
    assert ranges["top_k"] == (0, None)
    assert ranges["top_p"] == (0, 1)
    assert ranges["top_n_sigma"] == (None, None)


def test_each_setting_is_in_the_stage_that_reads_it(about: Any) -> None:
    for entry in about["settings"]:
        if entry["stage"] is None:
            assert entry["name"] in ("temperature_last", "order")
        else:
            assert entry["name"] in STAGES[entry["stage"]].settings


def test_names_are_written_as_in_prose(about: Any) -> None:
    labels = {entry["name"]: entry["label"] for entry in about["settings"]}
    wanted = {
        "temperature": "Temperature",
        "top_k": "Top-k",
        "typical_p": "Typical-p",
        "top_n_sigma": "Top-n-sigma",
        "p_less": "P-less",
        "tfs": "TFS",
        "xtc_threshold": "XTC threshold",
        "eta_cutoff": "Eta cutoff",
        "mirostat_tau": "Mirostat tau",
    }
    assert wanted.items() <= labels.items()
    assert len(set(labels.values())) == len(SETTINGS)
    assert {stage["name"]: stage["label"] for stage in about["stages"]}["top_h_of_100"] == "Top-h of 100"


def test_each_order_can_be_asked_for_by_its_name_and_by_its_stages(page: TestClient, about: Any) -> None:
    assert {name: tuple(stages) for name, stages in about["orders"].items()} == ORDERS
    named = {stage["name"] for stage in about["stages"]}
    for name, stages in about["orders"].items():
        assert set(stages) <= named
        for order in (name, stages):
            ask(page, "/api/next", model="tiny", prompt="x", settings={"order": order, "top_p": 0.9, "temperature": 0.5})
    last = ask(page, "/api/next", model="tiny", prompt="x", settings={"temperature_last": True, "top_p": 0.9, "temperature": 0.5})
    on = [stage["stage"] for stage in last["stages"]]
    assert on == [name for name in about["temperature_last"] if name in on] == ["top_p", "temperature"]


def test_sliders_span_settings_that_are_allowed(page: TestClient, about: Any) -> None:
    assert list(about["sliders"]) == [entry["name"] for entry in about["settings"] if entry["common"]]
    for name, slider in about["sliders"].items():
        for end in (slider["low"], 12 if slider["high"] is None else slider["high"]):
            ask(page, "/api/next", model="tiny", prompt="x", settings={name: end})
        assert slider["scale"] in ("linear", "log")
        assert (slider["high"] is None) == (slider["scale"] == "log") == (name == "top_k")


def test_every_preset_can_be_asked_for_and_says_what_it_is(page: TestClient, about: Any) -> None:
    presets = {preset["name"]: preset["settings"] for preset in about["presets"]}
    assert len(presets) == len(about["presets"])
    for preset in about["presets"]:
        assert preset["says"].endswith(".")
        ask(page, "/api/next", model="tiny", prompt="x", settings=preset["settings"])
        assert all(SETTINGS[name].default != value for name, value in preset["settings"].items())
    assert presets.pop("default") == {}
    assert tn.Settings(**presets.pop("greedy")) == tn.Settings(temperature=0)
    for name in PRESETS:
        if name != "default":
            assert tn.Settings(**presets.pop(name)) == tn.Settings.preset(name)
    for name, voice in PERSONALITIES.items():
        assert presets.pop(f"slide 11, {name}") == voice
    assert presets == {
        "slide 5, temperature": {"temperature": 0.5},
        "slide 5, top-p": {"top_p": 0.9},
        "slide 10": {"temperature": 0.8, "top_p": 0.9},
    }


def test_the_version_is_that_of_the_library(about: Any) -> None:
    assert about["version"] == tn.__version__


def test_models_are_offered_with_the_first_one_first_and_say_whether_they_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, loads = TinyModel(), []

    def load(name: str) -> TinyModel:
        loads.append(name)
        return tiny

    monkeypatch.setattr("thermonucleus.explore.models.load_model", load)
    monkeypatch.setattr("thermonucleus.explore.models.installed_models", lambda: ("builtin", "smollm2"))
    models = Models.beginning_with("folder/of/mine")
    assert [(model.name, model.loaded) for model in models.offered] == [
        ("folder/of/mine", True),
        ("builtin", False),
        ("smollm2", False),
    ]
    assert [model.name for model in Models.beginning_with("smollm2").offered] == ["smollm2", "builtin"]
    assert [model.name for model in Models.beginning_with().offered] == ["builtin", "smollm2"]
    assert loads == ["folder/of/mine", "smollm2", "builtin"]
    for _ in range(2):
        models["smollm2"].read("x")
    assert loads[3:] == ["smollm2"]
    assert models["smollm2"].loaded


def test_a_model_that_cannot_be_loaded_says_why() -> None:
    app = explorer(Models(OfferedModel("none.gguf")))
    with TestClient(app, base_url="http://127.0.0.1:8123", raise_server_exceptions=False) as page:
        answer = page.post(
            "/api/next", content=json.dumps({"model": "none.gguf", "prompt": ""}), headers={"content-type": "application/json"}
        )
    assert answer.status_code == 500
    assert "none.gguf" in answer.json()["error"] or "llama-cpp" in answer.json()["error"]


def test_the_builtin_model_is_always_installed() -> None:
    assert installed_models()[0] == "builtin"
