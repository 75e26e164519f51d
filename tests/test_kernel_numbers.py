"""Random numbers by the short way: those of `Generator.random`, whoever else draws from the generator, and whatever it is."""

import ctypes
import pickle
import threading
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.kernel.numbers import RandomNumbers

BIT_GENERATORS: list[Callable[[int], np.random.BitGenerator]] = [
    np.random.PCG64,
    np.random.PCG64DXSM,
    np.random.MT19937,
    np.random.Philox,
    np.random.SFC64,
]
MANY = 1000
FLAT = np.zeros(1 << 20, np.float32)
"""A row whose token says what number it was drawn with."""


@pytest.fixture(params=BIT_GENERATORS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Callable[[int], np.random.BitGenerator]:
    """Each of NumPy's bit generators in turn."""
    found: Callable[[int], np.random.BitGenerator] = request.param
    return found


def same_position(one: np.random.Generator, other: np.random.Generator) -> bool:
    return repr(one.bit_generator.state) == repr(other.bit_generator.state)


def test_the_stream_is_that_of_the_method(kind: Callable[[int], np.random.BitGenerator]) -> None:
    generator, twin = np.random.Generator(kind(1)), np.random.Generator(kind(1))
    numbers = RandomNumbers(generator)
    assert [next(numbers) for _ in range(MANY)] == twin.random(MANY).tolist()
    assert same_position(generator, twin)


def test_whoever_draws_from_the_generator_takes_turns(kind: Callable[[int], np.random.BitGenerator]) -> None:
    generator, twin = np.random.Generator(kind(1)), np.random.Generator(kind(1))
    numbers = RandomNumbers(generator)
    uses: list[Callable[[np.random.Generator], object]] = [
        lambda one: one.random(3).tolist(),
        lambda one: one.integers(7, dtype=np.uint32),  # of 32 bits: the other half of a number is kept for the next
        lambda one: one.standard_normal(),
        lambda one: one.bit_generator.random_raw(),
        lambda one: one.permutation(5).tolist(),
    ]
    for use in uses * 3:
        assert use(generator) == use(twin)
        assert next(numbers) == twin.random()
        assert same_position(generator, twin)


def test_the_state_may_be_set_at_any_time(kind: Callable[[int], np.random.BitGenerator]) -> None:
    generator = np.random.Generator(kind(1))
    numbers = RandomNumbers(generator)
    position = deepcopy(generator.bit_generator.state)
    first = [next(numbers) for _ in range(5)]
    generator.bit_generator.state = position
    assert [next(numbers) for _ in range(5)] == first
    generator.bit_generator.state = kind(9).state
    assert next(numbers) == np.random.Generator(kind(9)).random()


def test_a_sampler_and_its_copies_go_on_from_where_it_was(kind: Callable[[int], np.random.BitGenerator]) -> None:
    sampler, twin = tn.Sampler(rng=kind(3)), np.random.Generator(kind(3))

    def wanted() -> int:
        return int(twin.random() * len(FLAT))

    assert [sampler(FLAT), sampler(FLAT)] == [wanted(), wanted()]
    assert sampler.generator.random() == twin.random()
    again, deep = pickle.loads(pickle.dumps(sampler)), deepcopy(sampler)
    following = wanted()
    assert [sampler(FLAT), again(FLAT), deep(FLAT)] == [following] * 3
    assert sampler.replace(temperature=0.5)(FLAT) == wanted()
    assert sampler(FLAT) == wanted()
    assert sampler.replace(rng=kind(5))(FLAT) == int(np.random.Generator(kind(5)).random() * len(FLAT))
    assert sampler(FLAT) == wanted()
    assert same_position(sampler.generator, twin)
    again.generator.random()
    assert not same_position(again.generator, sampler.generator)


def test_a_row_that_is_refused_takes_no_number(kind: Callable[[int], np.random.BitGenerator]) -> None:
    sampler, twin = tn.Sampler(rng=kind(3)), np.random.Generator(kind(3))
    with pytest.raises(ValueError, match="index 1"):
        sampler(np.array([0, np.nan], np.float32))
    assert same_position(sampler.generator, twin)


def run_together(*tasks: Callable[[], object]) -> None:
    """Run each in a thread, all of them from the same moment on."""
    ready = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> None:
        ready.wait()
        task()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_that_share_a_generator_lose_no_number_and_double_none(kind: Callable[[int], np.random.BitGenerator]) -> None:
    # NumPy fills arrays without the GIL: the generator's lock alone keeps others out meanwhile.
    generator = np.random.Generator(kind(1))
    numbers, more = RandomNumbers(generator), RandomNumbers(generator)
    drawn: list[list[float]] = [[], []]
    filled: list[NDArray[np.float64]] = []
    run_together(
        lambda: drawn[0].extend(next(numbers) for _ in range(20_000)),
        lambda: drawn[1].extend(next(more) for _ in range(20_000)),
        lambda: filled.extend(generator.random(200_000) for _ in range(10)),
    )
    everything = np.concatenate([*drawn, *filled])
    np.testing.assert_array_equal(np.sort(everything), np.sort(np.random.Generator(kind(1)).random(len(everything))))


def test_samplers_in_two_threads_draw_the_tokens_of_one_stream() -> None:
    generator, count = np.random.default_rng(1), 3000
    row = np.zeros(1000, np.float32)
    samplers = [tn.Sampler(rng=generator), tn.Sampler(rng=generator)]
    drawn: list[list[int]] = [[], []]
    run_together(*(lambda i=i: drawn[i].extend(samplers[i](row) for _ in range(count)) for i in range(2)))
    assert Counter(drawn[0] + drawn[1]) == Counter((np.random.default_rng(1).random(2 * count) * 1000).astype(int).tolist())


def test_the_lock_is_free_after_a_number_and_is_waited_for_before() -> None:
    generator = np.random.default_rng(1)
    numbers, drawn = RandomNumbers(generator), threading.Event()

    def draw() -> None:
        next(numbers)
        drawn.set()

    thread = threading.Thread(target=draw)
    with generator.bit_generator.lock:
        thread.start()
        assert not drawn.wait(0.1)
    thread.join()
    assert drawn.is_set()
    with generator.bit_generator.lock:
        pass


# ---- generators that are not, or not only, NumPy's


class Counting(np.random.Generator):
    """A generator of a user's own."""

    count = 0

    def random(self, *arguments: Any, **options: Any) -> Any:
        self.count += 1
        return super().random(*arguments, **options) / 2


def test_a_generator_of_another_class_is_asked_by_its_method(monkeypatch: pytest.MonkeyPatch) -> None:
    generator, twin = Counting(np.random.PCG64(1)), np.random.default_rng(1)
    sampler = tn.Sampler(rng=generator)
    assert [sampler(FLAT) for _ in range(4)] == [int(twin.random() / 2 * len(FLAT)) for _ in range(4)]
    assert generator.count == 4
    monkeypatch.setattr(generator, "random", lambda: 0.75)
    assert sampler(FLAT) == len(FLAT) * 3 // 4


def test_what_the_method_raises_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Counting(np.random.PCG64(1))
    sampler = tn.Sampler(rng=generator)
    with monkeypatch.context() as patch:
        patch.setattr(generator, "random", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            sampler(FLAT)
    assert sampler(FLAT) == int(np.random.default_rng(1).random() / 2 * len(FLAT))


class Own(np.random.PCG64):
    """A bit generator of another class, which may draw in ways of its own."""


def test_a_bit_generator_of_another_class_draws_its_stream() -> None:
    sampler, twin = tn.Sampler(rng=np.random.Generator(Own(1))), np.random.Generator(Own(1))
    assert [sampler(FLAT) for _ in range(9)] == [int(u * len(FLAT)) for u in twin.random(9)]


class Functions(ctypes.Structure):
    """What a bit generator's capsule holds: its functions call Python here."""

    _fields_ = (
        ("state", ctypes.c_void_p),
        ("next_uint64", ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)),
        ("next_uint32", ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)),
        ("next_double", ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p)),
        ("next_raw", ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)),
    )


class InPython:
    """A bit generator that is none of NumPy's."""

    NAME = b"BitGenerator"

    def __init__(self, draw: Callable[[], float]) -> None:
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        kinds = dict(Functions._fields_)
        self.functions = Functions(None, next_double=kinds["next_double"](lambda state: draw()))  # type: ignore[operator]
        self.capsule = new(ctypes.addressof(self.functions), self.NAME, None)
        self.lock = threading.Lock()


def test_a_bit_generator_that_calls_python_is_asked_by_the_method() -> None:
    uniforms = [0.25, 0.5, 0.75]
    left = list(uniforms)
    generator = np.random.Generator(InPython(lambda: left.pop(0)))  # type: ignore[arg-type]
    sampler = tn.Sampler(rng=generator)
    assert [sampler(FLAT) for _ in uniforms] == [int(u * len(FLAT)) for u in uniforms]
    assert left == []


def test_a_generator_is_kept_alive() -> None:
    numbers = RandomNumbers(np.random.default_rng(1))
    assert [next(numbers) for _ in range(MANY)] == np.random.default_rng(1).random(MANY).tolist()
