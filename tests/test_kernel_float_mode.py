"""A thread whose processor flushes subnormals to zero, or rounds upward, as some libraries set it: the same bits, and no endless
search."""

import ctypes

import numpy as np
import pytest
from native import load_c
from test_stored_digest import SETTINGS, rows_of

import thermonucleus as tn

MODES = ["flushing", "rounding_up"]


@pytest.fixture(scope="module")
def thread(tmp_path_factory: pytest.TempPathFactory) -> ctypes.PyDLL:
    library = load_c("float_mode", tmp_path_factory.mktemp("float_mode"))
    for name in ("get_mode", *MODES):
        getattr(library, name).restype = ctypes.c_uint64
    library.set_mode.argtypes = [ctypes.c_uint64]
    return library


def test_a_flushing_thread_takes_subnormals_for_zero(thread: ctypes.PyDLL) -> None:
    usual, tiny = thread.get_mode(), np.full(1, 1e-310)
    thread.set_mode(thread.flushing())
    flushed = not (tiny > 0).any()
    thread.set_mode(usual)
    assert flushed
    assert (tiny > 0).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 100, 1000, 1500, 20_000])
@pytest.mark.usefixtures("level")
def test_the_bits_are_those_of_the_usual_mode_and_the_mode_stays(thread: ctypes.PyDLL, mode: str, size: int) -> None:
    usual, odd, u = thread.get_mode(), getattr(thread, mode)(), np.array([0.1, 0.5, 0.9])
    assert odd != usual
    for row in rows_of(size, size):
        row[0] = 0.0
        for settings in SETTINGS:
            found = []
            for this in (usual, odd):
                thread.set_mode(this)
                probabilities = tn.probabilities(row, **settings)
                tokens = np.asarray(tn.sample(row, u=u, num_samples=3, **settings))
                after = thread.get_mode()
                thread.set_mode(usual)
                assert after == this
                found.append(probabilities.tobytes() + tokens.tobytes())
            assert found[0] == found[1], settings
