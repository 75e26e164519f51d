"""Orders: where each setting's stage stands, what a plan has then, and which settings cannot be on together."""

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.reference.stages import STAGES as REFERENCE_STAGES
from thermonucleus.settings import ORDERS, PRESETS, SETTINGS, STAGES, STEPS, as_plan, plan, steps_in, steps_of

ON: dict[str, Any] = {
    "temperature": 0.5,
    "smoothing_factor": 0.3,
    "top_n_sigma": 1.0,
    "min_k": 3.0,
    "top_h": 0.4,
    "top_k": 50,
    "top_p": 0.9,
    "min_p": 0.05,
    "typical_p": 0.95,
    "epsilon_cutoff": 3e-4,
    "eta_cutoff": 4e-3,
    "tfs": 0.95,
    "top_a": 0.2,
    "p_less": True,
    "xtc_probability": 0.5,
}
"""Settings that turn a stage on each, of all but those with state, in our order."""

TRUNCATIONS = {name: value for name, value in ON.items() if name not in ("temperature", "smoothing_factor")}
CHAIN = ["temperature", "smoothing", *list(TRUNCATIONS)[:-1], "xtc"]

STEP_OF: dict[str, list[tuple[dict[str, Any], list[tuple[Any, ...]]]]] = {
    "temperature": [
        ({"temperature": 0.5}, [("temperature", 0.5)]),
        ({"temperature": 0}, [("temperature", 0.0)]),
        ({"temperature": 2.0, "dynatemp_range": 0.5}, [("dynamic_temperature", 1.5, 2.5, 1.0)]),
        ({"temperature": 0.3, "dynatemp_range": 0.5, "dynatemp_exponent": 2}, [("dynamic_temperature", 0.0, 0.8, 2.0)]),
        ({"dynatemp_low": 0.5, "dynatemp_high": 1.5}, [("dynamic_temperature", 0.5, 1.5, 1.0)]),
        ({"temperature": 0.7, "dynatemp_low": 0, "dynatemp_high": 0}, [("dynamic_temperature", 0.0, 0.0, 1.0)]),
    ],
    "smoothing": [({"smoothing_factor": 0.3, "smoothing_curve": 2}, [("smoothing", 0.3, 2.0)])],
    "p_less": [({"p_less": True}, [("p_less",)]), ({"p_less": "norm"}, [("p_less_norm",)])],
    "xtc": [({"xtc_probability": 0.5}, [("xtc", 0.5, 0.1)]), ({"xtc_probability": 1, "xtc_threshold": 0.5}, [("xtc", 1.0, 0.5)])],
    "mirostat": [
        ({"mirostat": 1, "mirostat_m": 50}, [("mirostat_1", 10.0, 50.0)]),
        ({"mirostat": 2, "mirostat_tau": 3}, [("mirostat_2", 6.0)]),
    ],
    "adaptive_p": [({"adaptive_target": 0.3, "min_p": 0.1}, [("min_p", 0.1), ("adaptive_p", 0.3)])],
}
for _name, _value in TRUNCATIONS.items():
    STEP_OF.setdefault({"xtc_probability": "xtc"}.get(_name, _name), [({_name: _value}, [(_name, float(_value))])])


@pytest.mark.parametrize(("settings", "steps"), [case for of in STEP_OF.values() for case in of], ids=str)
def test_settings_ask_for_steps(settings: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    assert steps_of(**settings) == steps_of(tn.Settings(**settings)) == steps
    assert steps_of(tn.Settings(**settings), order=None) == steps


def test_every_stage_and_step_is_asked_for_and_the_reference_has_each() -> None:
    assert set(STEP_OF) == set(STAGES)
    assert {step[0] for cases in STEP_OF.values() for _, steps in cases for step in steps} == set(STEPS) == set(REFERENCE_STAGES)


OFF: list[dict[str, Any]] = [
    {},
    {"temperature": 1},
    {"top_k": None},
    {"top_n_sigma": 0},
    {"top_n_sigma": -1},
    {"adaptive_target": -1},
    {"xtc_threshold": 0.2},
    {"xtc_probability": 0.5, "xtc_threshold": 0.51},
    {"xtc_probability": 0, "xtc_threshold": 0.1},
    {"dynatemp_exponent": 2},
    {"smoothing_curve": 2},
    {"mirostat_tau": 3, "mirostat_eta": 0.2, "mirostat_m": 5},
    {"adaptive_decay": 0.5},
    {"p_less": False},
    {"mirostat": 0, "top_k": 0},
    {"order": "transformers"},
    {"temperature_last": True},
]


@pytest.mark.parametrize("settings", OFF, ids=str)
def test_what_is_off_is_not_in_a_plan(settings: dict[str, Any]) -> None:
    assert as_plan(None, settings).shape == (1, 0, 4)
    assert as_plan(tn.Settings(**settings), {}).shape == (1, 0, 4)


def test_the_default_order_has_everything_once() -> None:
    assert [step[0] for step in steps_of(**ON)] == CHAIN
    assert [step[0] for step in steps_of(**dict(reversed(ON.items())))] == CHAIN
    assert ORDERS["default"] == (*CHAIN, "mirostat", "adaptive_p")
    last = [*CHAIN[2:], *CHAIN[:2]]
    assert [step[0] for step in steps_of(**ON, temperature_last=True)] == last
    assert [step[0] for step in steps_of(**ON, adaptive_target=0.5, temperature_last=True)] == [*last, "adaptive_p"]
    assert [step[0] for step in steps_of(mirostat=2, temperature=0.5, temperature_last=True)] == ["temperature", "mirostat_2"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_the_order_and_the_defaults_of_its_system(name: str) -> None:
    settings = tn.Settings.preset(name)
    assert settings == tn.Settings(**PRESETS[name], order=name)
    stages = [stage for stage in ORDERS[name] if not stage.startswith(("mirostat", "adaptive"))]
    switch = {"smoothing": "smoothing_factor", "xtc": "xtc_probability", "top_h_of_100": "top_h"}
    on = {setting: ON[setting] for setting in (switch.get(stage, stage) for stage in stages)}
    steps = [part for stage in stages for part in (["top_k", "top_h"] if stage == "top_h_of_100" else [stage])]
    assert [step[0] for step in steps_of(order=name, **on)] == steps
    for setting in set(ON) - set(on):
        with pytest.raises(ValueError, match=rf"^{setting} is on, but order '{name}' has no such stage: it has temp|min_p|top"):
            steps_of(order=name, **{setting: ON[setting]})


def test_presets_are_those_systems_chains() -> None:
    assert steps_of(tn.Settings.preset("transformers"), top_h=0.4, temperature=0.5) == [
        ("temperature", 0.5),
        ("top_k", 100.0),
        ("top_h", 0.4),
        ("top_k", 50.0),
    ]
    assert steps_of(tn.Settings.preset("llama.cpp"), top_n_sigma=1) == [
        ("top_n_sigma", 1.0),
        ("top_k", 40.0),
        ("top_p", 0.95),
        ("min_p", 0.05),
        ("temperature", 0.8),
    ]
    assert steps_of(tn.Settings.preset("vllm")) == []
    assert steps_of(tn.Settings.preset("mlx-lm")) == [("temperature", 0.0)]
    with pytest.raises(ValueError, match=r"^name must be one of 'default', 'transformers', .*, got 'webui'$"):
        tn.Settings.preset("webui")


def test_mirostat_replaces_truncations_in_the_order_of_llama_cpp() -> None:
    llama = tn.Settings.preset("llama.cpp")
    assert steps_of(llama, mirostat=2) == [("temperature", 0.8), ("mirostat_2", 10.0)]
    assert steps_of(llama, mirostat=1, adaptive_target=0.5, xtc_probability=0.5) == [
        ("temperature", 0.8),
        ("mirostat_1", 10.0, 100.0),
    ]
    sampler = tn.Sampler(llama, mirostat=[2, 0])
    assert [settings.mirostat for settings in sampler.settings] == [2, 0]  # type: ignore[union-attr]


def test_mirostat_takes_the_temperature_itself_in_place_of_a_dynamic_one_in_the_order_of_llama_cpp() -> None:
    llama = tn.Settings.preset("llama.cpp").replace(dynatemp_range=0.5)
    assert steps_of(llama, mirostat=2) == [("temperature", 0.8), ("mirostat_2", 10.0)]
    assert steps_of(llama, mirostat=2, temperature=1) == [("mirostat_2", 10.0)]
    plan = tn.Sampler(llama, mirostat=[0, 2, 1], dynatemp_range=[0.5, 0.5, 0])._plan
    assert [steps_in(row) for row in plan] == [
        [("top_k", 40.0), ("top_p", 0.95), ("min_p", 0.05), ("dynamic_temperature", 0.8 - 0.5, 1.3, 1.0)],
        [("temperature", 0.8), ("mirostat_2", 10.0)],
        [("temperature", 0.8), ("mirostat_1", 10.0, 100.0)],
    ]


def test_an_order_is_a_sequence_of_stages() -> None:
    order = ["min_p", "temperature", "top_k"]
    on: dict[str, Any] = {"temperature": 0.5, "top_k": 3, "min_p": 0.1}
    steps = [("min_p", 0.1), ("temperature", 0.5), ("top_k", 3.0)]
    for form in (order, tuple(order), np.array(order).tolist()):
        assert steps_of(**on, order=form) == steps
    settings = tn.Settings(**on, order=order)  # type: ignore[arg-type]
    assert settings.order == tuple(order)
    assert hash(settings) == hash(tn.Settings(**on, order=tuple(order)))
    assert repr(settings) == "Settings(temperature=0.5, top_k=3, min_p=0.1, order=('min_p', 'temperature', 'top_k'))"
    for again in (pickle.loads(pickle.dumps(settings)), copy.copy(settings), copy.deepcopy(settings)):
        assert again == settings
        assert steps_of(again) == steps
    assert steps_of(order=()) == []


@pytest.mark.parametrize(
    ("order", "error", "message"),
    [
        ("webui", ValueError, r"order must be one of 'default', 'transformers', .* or a sequence of stages, got 'webui'"),
        (("top_k", "top"), ValueError, r"order has 'top', which is no stage: the stages are temperature, smoothing, .*adaptive_p"),
        (("top_k", "top_p", "top_k"), ValueError, r"order has top_k and top_k, where each stage may be once: the stages are temp"),
        (("top_h_of_100", "top_h"), ValueError, r"order has top_h_of_100 and top_h, where each stage may be once"),
        (("adaptive_p", "top_k"), ValueError, r"order must have adaptive_p last"),
        (1, TypeError, r"order must be one of .*, got 1 of type int"),
        ([1], TypeError, r"order must be one of .*, got \[1\] of type list"),
        ({"top_k"}, TypeError, r"order must be one of .*, got \{'top_k'\} of type set"),
    ],
    ids=str,
)
def test_what_is_no_order_is_refused(order: Any, error: type[Exception], message: str) -> None:
    for make in (tn.Settings, steps_of, lambda **settings: tn.sample([1.0, 2.0], **settings), tn.Sampler):
        with pytest.raises(error, match=rf"^{message}"):
            make(order=order)


TOGETHER: list[tuple[dict[str, Any], str]] = [
    (
        {"tfs": 0.9, "order": "transformers"},
        "tfs is on, but order 'transformers' has no such stage: it has temperature, top_h_of",
    ),
    ({"temperature": 0.5, "order": ("top_k",)}, r"temperature is on, but order \('top_k',\) has no such stage: it has top_k$"),
    ({"xtc_threshold": 0.2, "xtc_probability": 0.5, "order": "vllm"}, "xtc_probability is on, but order 'vllm' has"),
    ({"dynatemp_range": 0.5, "order": ("top_k",)}, "dynatemp_range is on, but order"),
    ({"mirostat": 2, "order": "vllm"}, "mirostat is on, but order 'vllm' has"),
    ({"adaptive_target": 0.5, "top_k": 5, "order": "mlx-lm"}, "adaptive_target is on, but order 'mlx-lm' has"),
    ({"mirostat": 2, "top_k": 50}, "mirostat takes temperature and smoothing alone beside it, not top_k$"),
    ({"mirostat": 1, "xtc_probability": 0.5, "min_p": 0.1}, "mirostat takes .* alone beside it, not min_p or xtc_probability$"),
    ({"mirostat": 1, "adaptive_target": 0.5}, "mirostat takes .* alone beside it, not adaptive_target$"),
    (
        {"dynatemp_range": 0.5, "dynatemp_low": 0.5, "dynatemp_high": 1},
        "dynatemp_range and dynatemp_low with dynatemp_high are",
    ),
    ({"dynatemp_range": 0.5, "dynatemp_low": 0.5}, "dynatemp_range and dynatemp_low with dynatemp_high are"),
    ({"dynatemp_low": 0.5}, "dynatemp_low and dynatemp_high must be given together"),
    ({"dynatemp_high": 0.5, "temperature": 0.5}, "dynatemp_low and dynatemp_high must be given together"),
    ({"dynatemp_low": 1, "dynatemp_high": 0.5}, "dynatemp_low must be at most dynatemp_high, got 1.* and 0.5"),
    ({"temperature_last": True, "order": "llama.cpp"}, "temperature_last is an order of its own: .* order is 'llama.cpp'"),
    ({"temperature_last": True, "order": ("top_k",)}, "temperature_last is an order of its own"),
]


@pytest.mark.filterwarnings("ignore:adaptive_target is on")
@pytest.mark.parametrize(("settings", "message"), TOGETHER, ids=str)
def test_settings_that_cannot_be_together_are_refused(settings: dict[str, Any], message: str) -> None:
    *first, last = settings.items()
    entrances: list[Any] = [
        lambda: tn.Settings(**settings),
        lambda: plan(**settings),
        lambda: tn.sample([1.0, 2.0], **settings),
        lambda: tn.Sampler(**settings),
    ]
    if len(first) == 1 and "dynatemp" not in last[0]:
        entrances.append(lambda: tn.Settings(**dict(first)).replace(**dict([last])))
        entrances.append(lambda: tn.Sampler(**dict(first)).replace(**dict([last])))
    for enter in entrances:
        with pytest.raises(ValueError, match=rf"^{message}"):
            enter()
    # In any row of a batch.
    off = {name: SETTINGS[name].default for name in settings}
    batch: dict[str, Any] = {name: [off[name], value] for name, value in settings.items() if name != "order"}
    order = {"order": settings["order"]} if "order" in settings else {}
    with pytest.raises(ValueError, match=f"^{message}".split(", got")[0]):
        as_plan(None, batch | order, 2)


def test_settings_that_are_on_in_different_rows_are_not_together() -> None:
    sampler = tn.Sampler(mirostat=[2, 0], top_k=[0, 50], dynatemp_range=[0.5, 0], dynatemp_low=[None, 0.5], dynatemp_high=[None, 1])
    assert [steps_of(settings) for settings in sampler.settings] == [  # type: ignore[union-attr]
        [("dynamic_temperature", 0.5, 1.5, 1.0), ("mirostat_2", 10.0)],
        [("dynamic_temperature", 0.5, 1.0, 1.0), ("top_k", 50.0)],
    ]
    with pytest.raises(ValueError, match=r"^mirostat takes"):
        tn.Sampler([tn.Settings(mirostat=2), tn.Settings()], top_k=[5, 0])
    tn.Sampler([tn.Settings(mirostat=2), tn.Settings()], top_k=[0, 5])


@pytest.mark.parametrize("settings", [{"mirostat": 1}, {"mirostat": 2}, {"adaptive_target": 0.5, "top_k": 50}], ids=str)
def test_what_depends_on_draws_before_needs_a_sampler(settings: dict[str, Any]) -> None:
    message = rf"^{next(iter(settings))} depends on the draws before: it needs a thermonucleus\.Sampler"
    row = [1.0, 2.0]
    for function in (tn.sample, tn.probabilities, reference.sample, reference.probabilities):
        calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
            (row, (), settings),
            (row, (tn.Settings(**settings),), {}),
            ([row, row], ([tn.Settings(), tn.Settings(**settings)],), {}),
            ([row, row], (), settings | {"temperature": [1, 0.5]}),
        ]
        for logits, requests, keywords in calls:
            with pytest.raises(ValueError, match=message):
                function(logits, *requests, **keywords)
    with pytest.raises(ValueError, match=message):
        plan(**settings)


ALONE: list[dict[str, Any]] = [
    {"adaptive_target": 0.5},
    {"adaptive_target": 0.5, "temperature": 0.5, "xtc_probability": 0.5},
    {"adaptive_target": 0, "smoothing_factor": 1, "order": ("smoothing", "adaptive_p")},
]


@pytest.mark.parametrize("settings", ALONE, ids=str)
def test_adaptive_p_warns_of_the_tail(settings: dict[str, Any]) -> None:
    for make in (tn.Settings, tn.Sampler):
        with pytest.warns(UserWarning, match=r"^adaptive_target is on without a truncation such as min_p or top_k: ") as caught:
            make(**settings)
        assert [one.filename for one in caught] == [__file__]
    with pytest.warns(UserWarning, match=r"^adaptive_target is on"):
        tn.Sampler(adaptive_target=[0.5, -1], min_p=[0, 0.1])
    tn.Sampler(adaptive_target=[0.5, -1], min_p=[0.1, 0])
    tn.Settings(**settings | {"adaptive_target": None})


# ---- plans


def test_a_plan_has_the_kernels_numbers() -> None:
    assert list(STEPS) == list(REFERENCE_STAGES)
    steps = as_plan(None, {"top_k": 3, "temperature": 0.5, "xtc_probability": 0.5})
    assert steps.tolist() == [[[1, 0.5, 0, 0], [4, 3, 0, 0], [17, 0.5, 0.1, 0]]]
    assert steps.dtype == np.float64
    assert steps.flags.c_contiguous


def test_a_plan_is_one_for_all_rows_where_nothing_differs() -> None:
    assert as_plan(None, {"top_k": 3}, 7).shape == (1, 1, 4)
    assert as_plan(tn.Settings(top_k=3), {}, 7).shape == (1, 1, 4)
    assert as_plan(None, {"top_k": [3] * 7}, 7).shape == (7, 1, 4)
    assert as_plan(None, {"top_k": []}, 0).shape == (0, 0, 4)
    assert as_plan([], {}, 0).shape == (0, 0, 4)


def test_numbers_that_are_alike_are_told_apart() -> None:
    # What was made before is kept by its values, and 1, 1.0 and True are equal.
    as_plan(None, {"temperature_last": True})
    as_plan(None, {"top_k": 1})
    for name, value in (("temperature_last", 1), ("top_k", True)):
        with pytest.raises(TypeError, match=rf"^{name} must be "):
            as_plan(None, {name: value})


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "temperature": st.sampled_from([None, 0, 0.5, 1, 2]),
    "top_k": st.sampled_from([None, 0, 3]),
    "top_p": st.sampled_from([None, 1, 0.5]),
    "min_p": st.sampled_from([None, 0, 0.1]),
    "typical_p": st.sampled_from([None, 1, 0.5]),
    "epsilon_cutoff": st.sampled_from([None, 0, 0.1]),
    "eta_cutoff": st.sampled_from([None, 0, 0.1]),
    "tfs": st.sampled_from([None, 1, 0.5]),
    "top_a": st.sampled_from([None, 0, 0.1]),
    "top_n_sigma": st.sampled_from([None, -1, 0, 1]),
    "top_h": st.sampled_from([None, 0.5]),
    "p_less": st.sampled_from([None, False, True, "norm"]),
    "min_k": st.sampled_from([None, 0, 3]),
    "xtc_probability": st.sampled_from([None, 0, 0.5, 1]),
    "xtc_threshold": st.sampled_from([None, 0.2, 0.6]),
    "dynatemp_range": st.sampled_from([None, 0, 0.5]),
    "dynatemp_exponent": st.sampled_from([None, 2]),
    "smoothing_factor": st.sampled_from([None, 0, 0.5]),
    "smoothing_curve": st.sampled_from([None, 2]),
    "temperature_last": st.sampled_from([None, False, True]),
}


@given(requests=st.lists(st.fixed_dictionaries({}, optional=VALUES), max_size=4))
def test_rows_have_the_steps_that_they_would_have_alone(requests: list[dict[str, Any]]) -> None:
    want = [steps_of(**request) for request in requests]
    by_request = as_plan([tn.Settings(**request) for request in requests], {}, len(requests))
    assert [steps_in(row) for row in by_request] == want
    names = {name for request in requests for name in request}
    columns = {name: [request.get(name) for request in requests] for name in names}
    by_name = as_plan(None, columns, len(requests))
    assert [steps_in(row) for row in by_name] == want or (not names and by_name.shape == (1, 0, 4))
    over = as_plan([tn.Settings()] * len(requests), columns, len(requests))
    assert [steps_in(row) for row in over] == want


@given(request=st.fixed_dictionaries({}, optional=VALUES), changes=st.fixed_dictionaries({}, optional=VALUES))
def test_keywords_and_replacements_are_one(request: dict[str, Any], changes: dict[str, Any]) -> None:
    want = steps_of(**request | changes)
    assert steps_of(tn.Settings(**request), **changes) == want
    assert steps_of(tn.Settings(**request).replace(**changes)) == want
    assert eval(repr(tn.Settings(**request)), {"Settings": tn.Settings}) == tn.Settings(**request)


def mixed_orders() -> Iterator[tn.Settings]:
    yield tn.Settings.preset("llama.cpp")
    yield tn.Settings(temperature=0.5, order=("top_k", "temperature"))
    yield tn.Settings(adaptive_target=0.5, min_p=0.1)


def test_rows_may_have_different_orders_and_adaptive_p_is_last_in_each() -> None:
    requests = list(mixed_orders())
    sampler = tn.Sampler(requests)
    assert sampler.settings == tuple(requests)
    assert sampler.order == ["llama.cpp", ("top_k", "temperature"), "default"]
    rows = sampler._plan
    assert [steps_in(row) for row in rows] == [steps_of(request) for request in requests]
    assert rows[:, -1, 0].tolist() == [1, 1, 20]
