"""`Sampler`: `sample` with its settings and its generator kept."""

import re
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn

ROW = np.log([0.1, 0.2, 0.3, 0.4])
BATCH = np.stack([ROW, ROW[::-1]])

SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0},
    {"temperature": 0.7, "top_p": 0.9},
    {"top_k": 3, "min_p": 0.1},
    {"top_k": None, "workers": 2},
]


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    setting=st.sampled_from(SETTINGS),
    shapes=st.lists(st.tuples(st.integers(1, 30)) | st.tuples(st.integers(0, 4), st.integers(1, 30)), max_size=4),
    num_samples=st.none() | st.integers(0, 3),
)
def test_a_sampler_draws_what_sample_draws_from_the_same_generator(
    seed: int, setting: dict[str, Any], shapes: list[tuple[int, ...]], num_samples: int | None
) -> None:
    sampler = tn.Sampler(rng=seed, **setting)
    generator = np.random.default_rng(seed)
    for shape in shapes:
        logits = np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)
        token, wanted = (
            sampler(logits, num_samples=num_samples),
            tn.sample(logits, rng=generator, num_samples=num_samples, **setting),
        )
        assert type(token) is type(wanted)
        np.testing.assert_array_equal(token, wanted)
    assert sampler.generator.bit_generator.state == generator.bit_generator.state


def test_a_seed_gives_one_stream_from_call_to_call() -> None:
    flat = np.zeros(1000, np.float32)
    want = (np.random.default_rng(4).random(5) * 1000).astype(int).tolist()
    for _ in range(2):
        sampler = tn.Sampler(rng=4)
        assert [sampler(flat) for _ in range(5)] == want


def test_the_generator_is_an_attribute_and_the_very_one_that_was_given() -> None:
    generator = np.random.default_rng(4)
    assert tn.Sampler(rng=generator).generator is generator
    assert isinstance(tn.Sampler().generator, np.random.Generator)
    assert tn.Sampler(rng=7).generator.random() == np.random.default_rng(7).random()


def test_samplers_that_share_a_generator_take_turns() -> None:
    generator = np.random.default_rng(4)
    first, second = tn.Sampler(rng=generator), tn.Sampler(rng=generator, top_p=0.999)
    flat = np.zeros(1000, np.float32)
    want = (np.random.default_rng(4).random(6) * 1000).astype(int).tolist()
    assert [sampler(flat) for _ in range(3) for sampler in (first, second)] == want


def test_samplers_without_a_seed_differ() -> None:
    flat = np.zeros(1000, np.float32)
    first, second = (np.asarray(tn.Sampler()(flat, num_samples=50)).tolist() for _ in range(2))
    assert first != second


def test_uniforms_of_the_caller_leave_the_generator_where_it_is() -> None:
    sampler = tn.Sampler(rng=4, top_p=0.9)
    before = deepcopy(sampler.generator.bit_generator.state)
    assert sampler(ROW, u=0.5) == tn.sample(ROW, u=0.5, top_p=0.9)
    u = [[0.1, 0.9], [0.1, 0.9]]
    np.testing.assert_array_equal(sampler(BATCH, u=u, num_samples=2), tn.sample(BATCH, u=u, num_samples=2, top_p=0.9))
    assert sampler.generator.bit_generator.state == before
    sampler(ROW)
    assert sampler.generator.bit_generator.state != before


@pytest.mark.parametrize(
    "text",
    [
        "Sampler()",
        "Sampler(temperature=0.8, top_p=0.95)",
        "Sampler(top_k=40, min_p=0.05, temperature_last=True)",
        "Sampler(temperature=0, top_k=None, workers=-1)",
        "Sampler(temperature=[0.5, 1], top_k=(1, 0), top_p=0.95, min_p=0.05, temperature_last=[True, False], workers=2)",
        "Sampler(temperature=[1.0], temperature_last=array([False]))",
    ],
)
def test_the_repr_says_how_to_make_it(text: str) -> None:
    assert repr(eval(text, {"Sampler": tn.Sampler, "array": np.array})) == text


def test_the_repr_says_what_differs_from_the_defaults_in_the_order_of_the_signature() -> None:
    defaults: dict[str, Any] = {"temperature": 1, "top_k": 0, "top_p": np.float64(1), "min_p": 0, "temperature_last": np.False_}
    assert repr(tn.Sampler(**defaults, rng=3, workers=1)) == "Sampler()"
    assert repr(tn.Sampler(workers=2, rng=3, min_p=0.5, temperature=0.5)) == "Sampler(temperature=0.5, min_p=0.5, workers=2)"
    exact: Any = Fraction(123456789, 12345678901)
    assert repr(tn.Sampler(top_p=exact)) == "Sampler(top_p=Fraction(123456789, 12345678901))"


def test_the_repr_of_a_long_array_is_short() -> None:
    values = np.linspace(0, 1, 5000)
    for form in (values, values.tolist(), tuple(values.tolist())):
        text = repr(tn.Sampler(temperature=form, top_k=np.arange(5000), temperature_last=values > 0.5))
        assert len(text) < 400
        assert "\n" not in text
        assert text.startswith("Sampler(temperature=")
        assert all(f"{name}=" in text for name in ("temperature", "top_k", "temperature_last"))
        assert text.count("...") == 3


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"temperature": -1}, ValueError, "temperature must be .*, got -1"),
        ({"top_k": -1}, ValueError, "top_k must be .*, got -1"),
        ({"top_p": 1.5}, ValueError, r"top_p must be .*, got 1\.5"),
        ({"min_p": np.nan}, ValueError, "min_p must be .*, got nan"),
        ({"temperature": "1"}, TypeError, "temperature must be .*, got '1'"),
        ({"top_p": [0.5, 2]}, ValueError, r"top_p\[1\] must be .*, got 2"),
        ({"temperature": [1, 1], "top_p": [0.5] * 3}, ValueError, r"top_p must be .* each of the 2 rows, .* shape \(3,\)"),
        ({"temperature": [1, 1], "top_p": [0.5]}, ValueError, r"top_p must be .* each of the 2 rows, .* shape \(1,\)"),
        ({"min_p": [[0.5, 0.5]]}, ValueError, r"min_p must be .* shape \(1, 2\)"),
        ({"rng": "1"}, TypeError, "rng must be .*, got '1'"),
        ({"rng": -1}, ValueError, "rng must be .*, got -1"),
        ({"workers": 0}, ValueError, "workers must be .*, got 0"),
        ({"workers": 1.5}, TypeError, r"workers must be .*, got 1\.5"),
    ],
    ids=str,
)
def test_settings_are_checked_when_the_sampler_is_made(setting: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        tn.Sampler(**setting)


def test_settings_are_given_by_name() -> None:
    with pytest.raises(TypeError, match=r"positional argument"):
        tn.Sampler(0.8)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "setting", [{"temperature": [0.5, 0.0]}, {"top_k": [3, 1]}, {"top_p": [0.5, 0.9]}, {"min_p": np.array([0.5, 1])}], ids=str
)
def test_settings_for_each_row_serve_batches_of_as_many_rows(setting: dict[str, Any]) -> None:
    sampler = tn.Sampler(rng=3, **setting)
    np.testing.assert_array_equal(sampler(BATCH, num_samples=20), tn.sample(BATCH, rng=3, num_samples=20, **setting))


@pytest.mark.parametrize("rows", [2, 3], ids=str)
@pytest.mark.parametrize("shape", [(4,), (0, 4), (1, 4), (2, 4), (3, 4), (5, 4)], ids=str)
@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "min_p"])
def test_settings_for_each_row_serve_no_other_logits(name: str, shape: tuple[int, ...], rows: int) -> None:
    setting: dict[str, Any] = {name: [1] * rows}
    sampler = tn.Sampler(**setting)
    logits = np.zeros(shape, np.float32)
    if shape[:-1] == (rows,):
        assert np.asarray(sampler(logits)).shape == (rows,)
    else:
        with pytest.raises(ValueError, match=rf"^logits must be a batch of {rows} rows?, .* got shape {re.escape(str(shape))}$"):
            sampler(logits)


def test_settings_for_a_batch_of_one_row_serve_no_other_logits() -> None:
    sampler = tn.Sampler(temperature=[0])
    assert np.asarray(sampler([ROW])).tolist() == [3]
    for logits in (ROW, BATCH, np.zeros((0, 4))):
        with pytest.raises(ValueError, match=r"^logits must be a batch of 1 row"):
            sampler(logits)


def test_settings_for_no_rows_serve_an_empty_batch_alone() -> None:
    sampler = tn.Sampler(temperature=[])
    assert np.asarray(sampler(np.zeros((0, 4), np.float32))).shape == (0,)
    with pytest.raises(ValueError, match=r"^logits must be a batch of 0 rows, .* got shape \(2, 4\)$"):
        sampler(BATCH)


def test_settings_are_those_of_the_moment_the_sampler_was_made() -> None:
    temperature: NDArray[np.float64] = np.array([0.0, 0.0])
    sampler = tn.Sampler(temperature=temperature)
    temperature[:] = 100
    assert np.asarray(sampler(BATCH, num_samples=30)).tolist() == [[3] * 30, [0] * 30]
    assert "array([0., 0.])" in repr(sampler)


def test_logits_are_checked_at_each_call_and_a_fault_leaves_the_sampler_usable() -> None:
    sampler, twin = tn.Sampler(rng=3), tn.Sampler(rng=3)
    with pytest.raises(ValueError, match=r"row 0, index 1"):
        sampler([0.0, np.nan])
    with pytest.raises(TypeError, match=r"logits must be real numbers"):
        sampler("text")  # type: ignore[arg-type]
    assert [sampler(ROW) for _ in range(20)] == [twin(ROW) for _ in range(20)]


def test_one_sampler_serves_rows_of_any_size_in_any_order() -> None:
    rng = np.random.default_rng(2)
    sampler = tn.Sampler(top_p=0.9, rng=7)
    u = np.random.default_rng(7)
    for size in (5, 40_000, 3, 1000, 1025, 40_000, 70_001, 1):
        row = rng.normal(0, 3, size).astype(np.float32)
        assert sampler(row) == tn.sample(row, top_p=0.9, u=u.random())


def test_one_sampler_may_be_called_by_many_threads() -> None:
    rows = [np.random.default_rng(seed).normal(0, 1, size).astype(np.float32) for seed, size in enumerate([7, 900, 30_000] * 20)]
    sampler = tn.Sampler(temperature=0.001, top_p=0.9, rng=1)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(sampler, rows * 5))
    assert tokens == [int(row.argmax()) for row in rows * 5]


def test_a_temperature_that_comes_last_is_kept_and_told() -> None:
    sampler = tn.Sampler(temperature=0.5, top_p=0.9, temperature_last=True, rng=1)
    assert repr(sampler) == "Sampler(temperature=0.5, top_p=0.9, temperature_last=True)"
    row = np.random.default_rng(0).normal(0, 2, 900).astype(np.float32)
    wanted = [tn.sample(row, temperature=0.5, top_p=0.9, temperature_last=True, u=u) for u in np.random.default_rng(1).random(50)]
    assert [sampler(row) for _ in range(50)] == wanted
    batch = tn.Sampler(temperature=0.5, top_p=0.9, temperature_last=[True, False], rng=1)
    assert np.shape(batch(np.stack([row, row]))) == (2,)
