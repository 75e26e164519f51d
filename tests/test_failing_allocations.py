"""Memory that runs out: each allocation that a call makes for the kernel fails in turn, and nothing is lost or held on to."""

import ctypes
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native import load_c
from numpy.typing import NDArray

import thermonucleus as tn

Logits = NDArray[Any]

BATCH = np.random.default_rng(0).normal(0, 3, (3, 2000))
LOGITS: dict[str, Logits] = {
    "float32": BATCH.astype(np.float32),
    "float64": BATCH,
    "float16": BATCH.astype(np.float16),
    "int64": (BATCH * 1e9).astype(np.int64),
    "strided": BATCH.astype(np.float32)[:, ::-1],
}
U, OUT = np.full((3, 4), 0.5), np.zeros((3, 2000), np.float32)
SAMPLER = tn.Sampler(top_p=0.9, rng=1)

CALLS: dict[str, Callable[[Logits], Any]] = {
    "sample a row": lambda logits: tn.sample(logits[0], top_p=0.9, u=0.5),
    "sample a batch": lambda logits: tn.sample(logits, temperature=0.8, top_p=0.9, u=U[:, 0]),
    "sample many, with settings for each row": lambda logits: tn.sample(logits, temperature=[0.5, 1, 0], u=U, num_samples=4),
    "sample from a seed": lambda logits: tn.sample(logits, top_k=1500, rng=7),
    "sample with workers": lambda logits: tn.sample(logits, top_p=0.5, u=U[:, 0], workers=2),
    "probabilities of a row": lambda logits: tn.probabilities(logits[0], top_p=0.9),
    "probabilities of a batch": lambda logits: tn.probabilities(logits, top_p=0.9),
    "probabilities into a row": lambda logits: tn.probabilities(logits[0], top_p=0.9, out=OUT[0]),
    "probabilities into a batch": lambda logits: tn.probabilities(logits, top_p=0.9, out=OUT, workers=2),
    "a Sampler": lambda logits: tn.Sampler(top_p=0.9, rng=1)(logits[0]),
    "a Sampler that was called before": lambda logits: SAMPLER(logits[0], u=0.5),
    "a Sampler of a batch": lambda logits: tn.Sampler(min_p=0.01, rng=1)(logits, num_samples=2),
    "a Sampler that remembers": lambda logits: tn.Sampler(mirostat=2, rng=1)(logits[0]),
    "a Sampler that remembers a batch": lambda logits: tn.Sampler(mirostat=2, rng=1)(logits[:2]),
    "apply_temperature": lambda logits: tn.functional.apply_temperature(logits[0], 0.7),
    "apply_top_p": lambda logits: tn.functional.apply_top_p(tn.functional.apply_temperature(logits[0], 1.0), 0.9),
}


def none_more_than(before: list[int]) -> bool:
    """Say whether nothing has more references than before; a worker may need a moment to let go of what it worked on."""
    end = time.monotonic() + 10
    while any(now > then for now, then in zip(references(), before, strict=True)):
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


MOST = 100
"""More allocations than any call makes for the kernel."""


@pytest.fixture(scope="session")
def raw_memory(tmp_path_factory: pytest.TempPathFactory) -> ctypes.PyDLL:
    return load_c("raw_memory", tmp_path_factory.mktemp("raw_memory"))


def references() -> list[int]:
    return [sys.getrefcount(held) for held in (*LOGITS.values(), U, OUT)]


@pytest.mark.parametrize("kind", LOGITS)
@pytest.mark.parametrize("call", CALLS)
def test_each_allocation_may_fail(raw_memory: ctypes.PyDLL, call: str, kind: str) -> None:
    run, logits = CALLS[call], LOGITS[kind]
    before = references()
    right = np.copy(run(logits))
    raised = 0
    for at in range(MOST):
        OUT[:] = 7
        raw_memory.fail_after(at)
        message, answer = "", None
        try:
            answer = run(logits)
        except MemoryError as error:
            message = str(error)
        failed = raw_memory.has_failed()
        raw_memory.fail_after(-1)
        if message:
            assert message.startswith("no room for ")
            assert call != "probabilities into a batch" or (OUT == 7).all()
            raised += 1
        else:
            np.testing.assert_array_equal(np.asarray(answer), right)
        if not failed:
            break
        del answer
        assert none_more_than(before), f"allocation {at}"
    else:
        pytest.fail(f"more than {MOST} allocations")
    assert raised >= 1 or call == "a Sampler that was called before"
    np.testing.assert_array_equal(np.asarray(run(logits)), right)


@pytest.mark.parametrize("settings", [{"mirostat": 2}, {"adaptive_target": 0.3, "top_k": 50}], ids=str)
def test_a_sampler_that_remembers_is_as_it_was_before_a_call_that_found_no_room(
    raw_memory: ctypes.PyDLL, settings: dict[str, Any]
) -> None:
    sampler, wanted = tn.Sampler(**settings, rng=1), tn.Sampler(**settings, rng=1)
    logits, longer = LOGITS["float32"][0], np.tile(LOGITS["float32"][0], 2)
    assert sampler(logits) == wanted(logits)
    for at in range(MOST):
        raw_memory.fail_after(at)
        try:
            token = sampler(longer)
        except MemoryError:
            token = -1
        failed = raw_memory.has_failed()
        raw_memory.fail_after(-1)
        if not failed:
            break
        assert token == -1
        sampler.accept(at)  # of the draw before
        wanted.accept(at)
        assert repr(sampler.state) == repr(wanted.state)
    assert at == 2  # the copy of the row, and the memory that it is read in
    assert token == wanted(longer)
    raw_memory.fail_after(0)
    token = sampler(longer)
    asked = raw_memory.has_failed()
    raw_memory.fail_after(-1)
    assert token == wanted(longer)
    assert not asked, "a row of the same size asked for memory once more"
