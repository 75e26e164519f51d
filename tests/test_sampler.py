"""`Sampler`: `sample` with its settings and its generator kept."""

import pickle
import re
import subprocess
import sys
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
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
        "Sampler(temperature=0, top_k=50, workers=-1)",
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
    with pytest.raises(TypeError, match=r"^settings must be .*, got 0\.8 of type float \(a single setting is given by its name, "):
        tn.Sampler(0.8)  # type: ignore[arg-type]


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


# ---- settings that can be read


def test_settings_can_be_read_together_and_by_name() -> None:
    sampler = tn.Sampler(tn.Settings(temperature=0.5, top_p=0.9), top_k=Fraction(6, 2), top_p=None, rng=1, workers=-1)
    assert sampler.settings == tn.Settings(temperature=0.5, top_k=3)
    assert (sampler.temperature, sampler.top_k, sampler.top_p, sampler.min_p, sampler.temperature_last) == (0.5, 3, 1.0, 0.0, False)
    assert type(sampler.top_k) is int
    assert sampler.workers == -1
    assert repr(sampler) == "Sampler(temperature=0.5, top_k=Fraction(3, 1), workers=-1)"
    assert tn.Sampler().settings == tn.Settings()


def test_settings_of_each_row_can_be_read_as_arrays() -> None:
    sampler = tn.Sampler(temperature=[0.5, 1], top_k=[None, 3], min_p=0.1, temperature_last=[True, False])
    assert sampler.settings == (
        tn.Settings(temperature=0.5, min_p=0.1, temperature_last=True),
        tn.Settings(top_k=3, min_p=0.1),
    )
    assert sampler.temperature.tolist() == [0.5, 1.0]
    assert sampler.top_k.tolist() == [0, 3]
    assert sampler.top_k.dtype == np.int64
    assert sampler.temperature_last.tolist() == [True, False]
    assert (sampler.top_p, sampler.min_p) == (1.0, 0.1)
    sampler.temperature[:] = 7
    assert sampler.temperature.tolist() == [0.5, 1.0]


def test_a_request_for_each_row_serves_batches_of_as_many_rows() -> None:
    requests = [tn.Settings(temperature=0.5), tn.Settings(top_k=2)]
    sampler = tn.Sampler(requests, rng=3, min_p=0.1)
    assert sampler.settings == tuple(request.replace(min_p=0.1) for request in requests)
    assert sampler.top_k.tolist() == [0, 2]
    assert repr(sampler) == "Sampler([Settings(temperature=0.5), Settings(top_k=2)], min_p=0.1)"
    want = tn.sample(BATCH, requests, rng=3, num_samples=20, min_p=0.1)
    np.testing.assert_array_equal(sampler(BATCH, num_samples=20), want)
    with pytest.raises(ValueError, match=r"^logits must be a batch of 2 rows"):
        sampler(ROW)
    with pytest.raises(ValueError, match=r"^top_p must be a number, or one for each of the 2 rows"):
        tn.Sampler(requests, top_p=[0.5, 0.5, 0.5])


def tensor(values: list[float]) -> Any:
    return pytest.importorskip("torch").tensor(values)


def series(values: list[float]) -> Any:
    return pytest.importorskip("pandas").Series(values)


class Foreign:
    """An array of another library, which NumPy reads by asking it."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[Any]:
        return np.array(self.values)


@pytest.mark.parametrize("form", [Foreign, tensor, series, lambda v: array("d", v), lambda v: memoryview(array("d", v))])
def test_settings_for_each_row_come_in_whatever_sample_takes(form: Callable[[list[float]], Any]) -> None:
    sampler = tn.Sampler(temperature=form([0.5, 1.0]), top_p=form([0.9, 0.8]), rng=3)
    want = tn.sample(BATCH, temperature=[0.5, 1.0], top_p=[0.9, 0.8], rng=3, num_samples=20)
    np.testing.assert_array_equal(sampler(BATCH, num_samples=20), want)


# ---- settings that do not change


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("temperature", "temperature"),
        ("temperature_last", "temperature_last"),
        ("settings", "settings"),
        ("generator", "rng"),
        ("workers", "workers"),
    ],
)
def test_assigning_says_to_replace(name: str, argument: str) -> None:
    sampler = tn.Sampler(temperature=0.8, rng=1)
    with pytest.raises(AttributeError, match=rf"^{name} of a Sampler cannot be assigned to: sampler\.replace\({argument}=\.\.\.\)"):
        setattr(sampler, name, getattr(sampler, name))


def test_a_name_that_is_no_setting_cannot_be_assigned_to_either() -> None:
    with pytest.raises(AttributeError, match="temprature"):
        tn.Sampler().temprature = 0.5  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="temprature"):
        _ = tn.Sampler().temprature


class Counting(tn.Sampler):
    """A sampler of a user's own."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.count = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.count += 1
        return super().__call__(*arguments, **options)


def test_a_subclass_has_attributes_of_its_own_that_its_copies_have_too() -> None:
    sampler = Counting(rng=1, temperature=0.5)
    sampler(ROW)
    for again in (pickle.loads(pickle.dumps(sampler)), copy(sampler), deepcopy(sampler), sampler.replace(temperature=0.5)):
        assert type(again) is Counting
        assert again.count == 1
        again(ROW)
    assert sampler.count == 1
    assert repr(sampler) == "Counting(temperature=0.5)"


def test_a_replacement_shares_the_generator_and_leaves_the_sampler_as_it_is() -> None:
    sampler = tn.Sampler(temperature=0.5, top_p=0.9, rng=4, workers=2)
    other = sampler.replace(temperature=2, top_p=None)
    assert repr(other) == "Sampler(temperature=2, workers=2)"
    assert other.generator is sampler.generator
    u = np.random.default_rng(4).random(4)
    assert [sampler(ROW), other(ROW), sampler(ROW), other(ROW)] == [
        tn.sample(ROW, u=u[0], temperature=0.5, top_p=0.9),
        tn.sample(ROW, u=u[1], temperature=2),
        tn.sample(ROW, u=u[2], temperature=0.5, top_p=0.9),
        tn.sample(ROW, u=u[3], temperature=2),
    ]
    assert repr(sampler) == "Sampler(temperature=0.5, top_p=0.9, workers=2)"


def test_generator_workers_and_all_settings_can_be_replaced() -> None:
    sampler = tn.Sampler(temperature=0.5, rng=4, workers=2)
    other = sampler.replace(rng=5, workers=1, settings=tn.Settings(top_p=0.9), min_p=0.1)
    assert repr(other) == "Sampler(top_p=0.9, min_p=0.1)"
    assert other.generator.random() == np.random.default_rng(5).random()
    assert sampler.replace(rng=None).generator is not sampler.generator
    assert repr(sampler.replace(settings=None)) == "Sampler(workers=2)"


def test_a_replacement_may_be_for_other_rows() -> None:
    sampler = tn.Sampler(temperature=[0.5, 1.0], top_p=0.9, rng=4)
    assert sampler.replace(temperature=0)(ROW) == 3
    assert repr(sampler.replace(top_k=[1, 2])) == "Sampler(temperature=[0.5, 1.0], top_k=[1, 2], top_p=0.9)"
    assert np.asarray(sampler.replace(temperature=[0, 0, 0])([ROW, ROW, ROW])).tolist() == [3, 3, 3]
    with pytest.raises(ValueError, match=r"^top_k must be a number, or one for each of the 2 rows, got an array of shape \(3,\)$"):
        sampler.replace(top_k=[1, 2, 3])
    requests = tn.Sampler([tn.Settings(top_k=1), tn.Settings()], rng=4)
    assert repr(requests.replace(top_p=0.9)) == "Sampler([Settings(top_k=1), Settings()], top_p=0.9)"


def test_a_replacement_is_checked() -> None:
    sampler = tn.Sampler(rng=4)
    with pytest.raises(ValueError, match=r"^top_k must be an integer, 0 or more \(0 keeps all\), got -1$"):
        sampler.replace(top_k=-1)
    with pytest.raises(ValueError, match=r"^workers must be 1 or more"):
        sampler.replace(workers=0)
    with pytest.raises(TypeError, match=r"^unexpected keyword 'temprature': the settings are temperature, "):
        sampler.replace(temprature=1)  # type: ignore[call-arg]


# ---- copies


COPIES: dict[str, Callable[[tn.Sampler], tn.Sampler]] = {
    "pickle": lambda sampler: pickle.loads(pickle.dumps(sampler)),
    "the oldest pickle": lambda sampler: pickle.loads(pickle.dumps(sampler, protocol=0)),
    "deepcopy": deepcopy,
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"temperature": 0.8, "top_p": 0.95, "workers": 2},
        {"temperature": [0.5, 1.0]},
        {"settings": [tn.Settings(top_k=2), tn.Settings()]},
    ],
    ids=str,
)
def test_a_copy_draws_the_same_stream_from_where_it_was(name: str, setting: dict[str, Any]) -> None:
    sampler = tn.Sampler(rng=1, **setting)
    logits = np.zeros((2, 1000), np.float32)
    sampler(logits if np.ndim(sampler.temperature) else logits[0])
    if not np.ndim(sampler.temperature):
        logits = logits[0]
    again = COPIES[name](sampler)
    assert repr(again) == repr(sampler)
    assert again.settings == sampler.settings
    want = [np.asarray(sampler(logits)).tolist() for _ in range(5)]
    assert [np.asarray(again(logits)).tolist() for _ in range(5)] == want


def test_a_shallow_copy_shares_the_generator() -> None:
    sampler = tn.Sampler(rng=1)
    assert copy(sampler).generator is sampler.generator
    assert [copy(sampler)(ROW), sampler(ROW)] == [2, 3]


def test_a_sampler_goes_to_other_processes() -> None:
    program = """
import multiprocessing
import numpy as np
import thermonucleus as tn
from joblib import Parallel, delayed

row = np.zeros(1000, np.float32)
sampler = tn.Sampler(temperature=0.8, rng=1)
sampler(row)
want = tn.Sampler(rng=1)(row, num_samples=4)[1:].tolist()

def drawn(queue):
    queue.put([sampler(row) for _ in range(3)])

for method in "spawn", "fork":
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(sampler, (row,)) == want[0], method
context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
for _ in range(2):
    child = context.Process(target=drawn, args=(queue,))
    child.start()
    assert queue.get() == want
    child.join()
assert Parallel(n_jobs=2)(delayed(sampler)(row) for _ in range(2)) == [want[0]] * 2
assert [sampler(row) for _ in range(3)] == want
print("all")
"""
    result = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=300)
    assert result.stdout == "all\n", result.stderr
