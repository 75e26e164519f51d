"""The compiled call of a sampler: the answers, the errors and the looks of the method that it stands before."""

import ctypes
import gc
import inspect
import pickle
import typing
import weakref
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.kernel import dispatch, quick_call
from thermonucleus.kernel.bridge import Kernel

ROW = np.log([0.1, 0.2, 0.3, 0.4]).astype(np.float32)


def shifted(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the same at an address that is no multiple of a float's size."""
    memory = np.zeros(row.nbytes + 1, np.uint8)
    found = memory[1:].view(np.float32)
    found[:] = row
    assert not found.flags.aligned
    return found


def read_only(row: NDArray[np.float32]) -> NDArray[np.float32]:
    row = row.copy()
    row.flags.writeable = False
    return row


FORMS: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "plain": lambda row: row,
    "read-only": read_only,
    "a part": lambda row: np.concatenate([row, row])[len(row) :],
    "strided": lambda row: np.repeat(row, 2)[::2],
    "backward": lambda row: row[::-1].copy()[::-1],
    "misaligned": shifted,
    "of the other byte order": lambda row: row.astype(">f4"),
    "of a type that was unpickled": lambda row: row.astype(pickle.loads(pickle.dumps(np.dtype(np.float32)))),
    "of a type with metadata": lambda row: row.astype(np.dtype(np.float32, metadata={"a": 1})),
    "float64": lambda row: row.astype(np.float64),
    "of a subclass": lambda row: row.view(np.recarray),
    "a list": lambda row: row.tolist(),
    "a memoryview": lambda row: row.data,
    "a row of a batch": lambda row: np.stack([row, row])[1],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 4, 1000, 3000])
def test_rows_in_memory_of_any_kind_give_the_same_tokens(form: str, size: int) -> None:
    row = np.random.default_rng(size).normal(0, 2, size).astype(np.float32)
    sampler = tn.Sampler(top_p=0.9, rng=1)
    given = FORMS[form](row)
    assert [sampler(given) for _ in range(20)] == [tn.sample(row, top_p=0.9, u=u) for u in np.random.default_rng(1).random(20)]


def test_other_shapes_are_no_rows() -> None:
    sampler, generator = tn.Sampler(rng=1), np.random.default_rng(1)
    assert np.asarray(sampler(ROW[np.newaxis])).shape == (1,)
    generator.random()
    for wrong, message in [(ROW[:0], "at least one token"), (ROW[0:1].reshape(()), "a row"), (ROW[None, None], "a row")]:
        with pytest.raises(ValueError, match=message):
            sampler(wrong)
    assert sampler.generator.bit_generator.state == generator.bit_generator.state


def test_arrays_are_laid_out_as_this_version_of_numpy_says() -> None:
    assert quick_call.is_laid_out_as_known()


def test_the_logits_may_be_named_and_options_given() -> None:
    sampler, twin = tn.Sampler(rng=1), tn.Sampler(rng=1)
    assert [sampler(logits=ROW) for _ in range(9)] == [twin(ROW, u=None, num_samples=None) for _ in range(9)]
    assert sampler(logits=ROW, u=0.99) == 3
    assert np.asarray(sampler(ROW, num_samples=2)).shape == (2,)
    call: Callable[..., Any] = sampler
    wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((), {}), ((ROW, 0.5), {}), ((ROW,), {"v": 1})]
    for arguments, options in wrong:
        with pytest.raises(TypeError, match=r"__call__\(\) "):
            call(*arguments, **options)


def test_it_looks_like_the_method() -> None:
    call: Any = tn.Sampler.__call__
    assert list(inspect.signature(call).parameters) == ["self", "logits", "u", "num_samples"]
    assert list(inspect.signature(tn.Sampler()).parameters) == ["logits", "u", "num_samples"]
    assert (call.__name__, call.__qualname__, call.__module__) == ("__call__", "Sampler.__call__", "thermonucleus.sampler")
    assert call.__doc__.startswith("Draw a token from a row of logits")
    assert len(typing.get_overloads(call)) == 6
    assert "def __call__" in inspect.getsource(call)


def test_a_bound_call_can_be_pickled_and_goes_on() -> None:
    sampler = tn.Sampler(rng=1)
    again = pickle.loads(pickle.dumps(sampler.__call__))
    assert [again(ROW) for _ in range(9)] == [sampler(ROW) for _ in range(9)]


class Doubling(tn.Sampler):
    """A sampler of a user's own, whose call is not the one it inherits."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return 2 * super().__call__(*arguments, **options)


class Plain(tn.Sampler):
    """One whose call is."""


def test_a_subclass_may_have_a_call_of_its_own() -> None:
    own, plain, sampler = Doubling(rng=1), Plain(rng=1), tn.Sampler(rng=1)
    drawn = [sampler(ROW) for _ in range(20)]
    assert [own(ROW) for _ in range(20)] == [2 * token for token in drawn]
    assert [plain(ROW) for _ in range(20)] == drawn


def test_a_call_may_be_put_in_place_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = tn.Sampler(rng=1)
    monkeypatch.setattr(tn.Sampler, "__call__", lambda self, logits: -5)
    assert sampler(ROW) == -5
    monkeypatch.undo()
    assert sampler(ROW) == 2


def capsule(function: Any, name: bytes) -> Any:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(ctypes.cast(function, ctypes.c_void_p), name, None)


DRAW = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_double)


def test_a_sampler_that_there_is_goes_through_the_level_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    # All levels draw the same, so that only one that does not can be told from the others.
    capi = dict(import_module("thermonucleus.kernel.row_kernel_generic").__pyx_capi__)
    name = str(capi["draw_token"]).split('"')[1].encode()
    first = DRAW(lambda reading, running, u: 0)
    other = Kernel("other", SimpleNamespace(__pyx_capi__=capi | {"draw_token": capsule(first, name)}))  # type: ignore[arg-type]
    sampler = tn.Sampler(temperature=0, rng=1)
    assert sampler(ROW) == 3
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "kernel", lambda level: other)
        with dispatch.using("other"):
            assert sampler(ROW) == 0
    assert sampler(ROW) == 3


def test_a_sampler_in_a_ring_with_its_generator_is_let_go_of() -> None:
    class Knowing(np.random.Generator):
        pass

    generator: Any = Knowing(np.random.PCG64(1))
    generator.sampler = tn.Sampler(rng=generator)
    generator.sampler(ROW)
    gone = weakref.ref(generator.sampler)
    del generator
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    "make",
    [
        ROW.copy,
        lambda: np.array([np.nan], np.float32),
        lambda: np.zeros((2, 3), np.float32)[:, 1],
        lambda: np.zeros(3, np.dtype(np.float32, metadata={"a": 1})),
    ],
)
def test_a_row_is_let_go_of_after_a_call_and_after_an_error(make: Callable[[], NDArray[np.float32]]) -> None:
    sampler, row = tn.Sampler(rng=1), make()
    gone = weakref.ref(row)
    try:
        sampler(row)
    except ValueError as error:
        error.__traceback__ = None
    del row
    assert gone() is None
