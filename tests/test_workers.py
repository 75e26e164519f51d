"""Workers: threads change nothing but the time, wherever the batch is cut."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.workers import check_workers, for_ranges

Rows = NDArray[np.float32]

SETTING: dict[str, Any] = {"temperature": 0.8, "top_k": 200, "top_p": 0.95, "min_p": 0.001}


def rows(seed: int, count: int, size: int) -> Rows:
    return np.random.default_rng(seed).normal(0, 3, (count, size)).astype(np.float32)


@pytest.mark.parametrize("workers", [0, -2, -100, np.int64(0)])
def test_a_number_of_workers_out_of_range_is_refused_with_its_value(workers: int) -> None:
    message = f"^workers must be 1 or more, or -1 for all cores, got {workers}$"
    for logits in (np.zeros(3), np.zeros((2, 3)), np.zeros((0, 3))):
        with pytest.raises(ValueError, match=message):
            tn.sample(logits, workers=workers)
        with pytest.raises(ValueError, match=message):
            tn.probabilities(logits, workers=workers)
    with pytest.raises(ValueError, match=message):
        tn.Sampler(workers=workers)


@pytest.mark.parametrize("workers", [1.0, True, None, "2", [2], np.float64(2), np.True_], ids=repr)
def test_workers_that_are_no_integer_are_refused_with_value_and_type(workers: Any) -> None:
    for call in (lambda: tn.sample([1, 2], workers=workers), lambda: tn.Sampler(workers=workers)):
        with pytest.raises(TypeError, match=rf"^workers must be an integer, got .* of type {type(workers).__name__}$"):
            call()


def test_minus_1_is_one_worker_for_each_core_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 5}, raising=False)
    assert check_workers(-1) == 4
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert check_workers(-1) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert check_workers(-1) == 1


def test_the_number_of_workers_is_an_int_of_any_kind() -> None:
    for value in (3, np.int8(3), np.uint64(3)):
        assert type(check_workers(value)) is int  # type: ignore[arg-type]
        assert check_workers(value) == 3  # type: ignore[arg-type]


@given(rows=st.integers(0, 50), workers=st.sampled_from([1, 2, 3, 7]))
def test_the_ranges_cover_the_rows_once_and_in_order(rows: int, workers: int) -> None:
    ranges = for_ranges(lambda start, stop: list(range(start, stop)), rows, workers)
    assert [row for part in ranges for row in part] == list(range(rows))
    assert min(rows, workers) <= len(ranges) <= max(1, rows)
    lengths = [len(part) for part in ranges]
    assert max(lengths) - min(lengths) <= 1


def test_ranges_run_at_the_same_time_in_the_callers_thread_and_in_others() -> None:
    # Each waits for two others: one after the other they would break the barrier.
    barrier = threading.Barrier(3)

    def task(start: int, stop: int) -> str:
        barrier.wait(20)
        return threading.current_thread().name

    names = set(for_ranges(task, 3, 3))
    assert len(names) == 3
    assert threading.current_thread().name in names
    assert sum(name.startswith("thermonucleus") for name in names) == 2


def test_a_worker_that_is_busy_leaves_its_ranges_to_the_others() -> None:
    # Whoever takes the first range keeps it until all the others are done.
    left = threading.Semaphore(0)

    def task(start: int, stop: int) -> int:
        if start == 0:
            for _ in range(7):
                assert left.acquire(timeout=20)
        else:
            left.release()
        return threading.get_ident()

    threads = for_ranges(task, 8, 2)
    assert len(threads) == 8
    assert len(set(threads[1:])) == 1
    assert threads[0] != threads[1]


def test_one_worker_is_the_thread_of_the_caller() -> None:
    assert for_ranges(lambda start, stop: threading.get_ident(), 10, 1) == [threading.get_ident()]
    assert for_ranges(lambda start, stop: threading.get_ident(), 1, 7) == [threading.get_ident()]


def test_what_goes_wrong_in_a_thread_reaches_the_caller() -> None:
    def task(start: int, stop: int) -> None:
        if start:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match=r"no room"):
        for_ranges(task, 10, 2)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 12), size=st.integers(1, 1500), num_samples=st.none() | st.integers(0, 3))
def test_tokens_and_probabilities_are_the_same_for_any_number_of_workers(
    seed: int, count: int, size: int, num_samples: int | None
) -> None:
    logits = rows(seed, count, size)
    tokens = tn.sample(logits, rng=seed, num_samples=num_samples, **SETTING)
    p = tn.probabilities(logits, **SETTING)
    for workers in (2, 3, 7, -1):
        np.testing.assert_array_equal(tn.sample(logits, rng=seed, num_samples=num_samples, workers=workers, **SETTING), tokens)
        sampler = tn.Sampler(rng=seed, workers=workers, **SETTING)
        np.testing.assert_array_equal(sampler(logits, num_samples=num_samples), tokens)
        np.testing.assert_array_equal(tn.probabilities(logits, workers=workers, **SETTING), p)


@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**32), count=st.integers(1, 12), size=st.integers(1, 1500), workers=st.integers(1, 4))
def test_a_row_has_its_token_at_any_place_in_any_batch(data: st.DataObject, seed: int, count: int, size: int, workers: int) -> None:
    logits = rows(seed, count, size)
    rng = np.random.default_rng(seed)
    u, temperature, top_p = rng.random(count), rng.uniform(0.1, 2, count), rng.uniform(0, 1, count)
    alone = [tn.sample(*at[:1], u=at[1], temperature=at[2], top_p=at[3]) for at in zip(logits, u, temperature, top_p, strict=True)]
    p = np.stack([tn.probabilities(*at[:1], temperature=at[1], top_p=at[2]) for at in zip(logits, temperature, top_p, strict=True)])
    order = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=20)))
    cut = data.draw(st.integers(0, len(order)))
    for some in (order, order[:cut], order[cut:]):
        setting: dict[str, Any] = {"temperature": temperature[some], "top_p": top_p[some], "workers": workers}
        np.testing.assert_array_equal(tn.sample(logits[some], u=u[some], **setting), np.array(alone)[some])
        np.testing.assert_array_equal(tn.probabilities(logits[some], **setting), p[some])


def test_settings_for_each_row_stay_with_their_rows_in_threads() -> None:
    logits = np.tile(np.arange(10.0), (7, 1))
    kept = np.count_nonzero(tn.probabilities(logits, top_k=np.arange(1, 8), workers=3), axis=1)
    assert kept.tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("workers", [2, 3, 7, 20])
@pytest.mark.parametrize("faulty", [(0, 9), (3, 4), (5, 2, 8), (9,), (4, 0)], ids=str)
def test_of_faulty_rows_in_different_threads_the_first_is_named(faulty: tuple[int, ...], workers: int) -> None:
    logits = rows(0, 10, 600)
    for row in faulty:
        logits[row, 599 - row] = np.nan
    first = min(faulty)
    for call in (tn.sample, tn.probabilities):
        with pytest.raises(ValueError, match=rf"^logits must be finite or -inf, got nan at row {first}, index {599 - first}$"):
            call(logits, workers=workers)


def test_threads_of_the_caller_share_the_workers() -> None:
    batches = [rows(seed, 9, 800) for seed in range(12)]
    want = [np.asarray(tn.sample(batch, rng=1, **SETTING)).tolist() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda batch: np.asarray(tn.sample(batch, rng=1, workers=3, **SETTING)).tolist(), batches))
    assert got == want


FORK = """
import os, signal
import numpy as np
import thermonucleus as tn

logits = np.random.default_rng(0).normal(0, 3, (9, 800))
want = tn.sample(logits, rng=1, workers=3)
child = os.fork()
if child == 0:
    signal.alarm(15)  # a pool without threads would wait for ever
    os._exit(0 if np.array_equal(tn.sample(logits, rng=1, workers=3), want) else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert np.array_equal(tn.sample(logits, rng=1, workers=3), want)
raise SystemExit(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_of_a_process_that_used_workers_can_use_workers() -> None:
    # From Python 3.12 on, a fork of a process with threads is warned about: that it works here is what is tested.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK]
    done = subprocess.run(command, timeout=40, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
