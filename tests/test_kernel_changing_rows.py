"""Logits that change during a call, written to by another thread: any answer or an error, and never a token that is none."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thermonucleus as tn
from thermonucleus.kernel import dispatch
from thermonucleus.kernel.bridge import Batch, SingleRow
from thermonucleus.logits import explain_fault
from thermonucleus.settings import as_plan

RACE = Path(__file__).with_name("race.py")
MESSAGE = (
    r"^logits changed while they were being read: row {} no longer has a token to draw\. Nothing may write to them during a call"
)

NOTHING_LEFT: dict[str, Callable[[Any], None]] = {
    "all below the cutoff": lambda row: row.fill(-1e30),
    "all masked": lambda row: row.fill(-np.inf),
    "all NaN": lambda row: row.fill(np.nan),
}


@pytest.fixture(params=NOTHING_LEFT)
def empty(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """What another thread writes to a row between its reading and the draw, so that no token is left."""
    return NOTHING_LEFT[request.param]


def planned(**settings: Any) -> Any:
    return as_plan(None, {"top_p": 0.9} | settings)


@pytest.mark.parametrize("size", [5, 700, 3000])
@pytest.mark.usefixtures("level")
def test_a_row_that_has_no_token_left_when_it_is_drawn_from_is_named(empty: Callable[[Any], None], size: int) -> None:
    rows = np.zeros((3, size), np.float32)
    batch = Batch(dispatch.active(), rows, planned())
    assert batch.read(0, 3) == -1
    empty(rows[1])
    tokens = np.full(6, 77)
    with pytest.raises(RuntimeError, match=MESSAGE.format(1)):
        batch.draw(np.full(6, 0.5), tokens, 0, 3)
    # The row before it has its tokens; nothing that is none was written.
    assert ((tokens[:2] >= 0) & (tokens[:2] < size)).all()
    assert (tokens[2:] == 77).all()


@pytest.mark.parametrize("size", [5, 700, 3000])
@pytest.mark.usefixtures("level")
def test_so_is_a_single_row(empty: Callable[[Any], None], size: int) -> None:
    row = np.zeros(size, np.float32)
    batch = Batch(dispatch.active(), row, planned())
    assert batch.read(0, 1) == -1
    empty(row)
    with pytest.raises(RuntimeError, match=MESSAGE.format(0)):
        batch.draw_one(0.5)


@pytest.mark.parametrize("size", [5, 700, 3000])
@pytest.mark.usefixtures("level")
def test_so_is_a_row_that_changes_before_its_number_is_drawn(empty: Callable[[Any], None], size: int) -> None:
    row = np.zeros(size, np.float32)

    class Emptying(np.random.Generator):
        def random(self, *arguments: Any) -> Any:  # type: ignore[override]
            empty(row)
            return 0.5

    with pytest.raises(RuntimeError, match=MESSAGE.format(0)):
        SingleRow(planned(), Emptying(np.random.PCG64(1))).draw(dispatch.active(), row)


def test_a_row_that_was_refused_and_is_sound_by_now_has_changed() -> None:
    error = explain_fault(np.zeros((2, 5), np.float32), 1)
    assert isinstance(error, RuntimeError)
    assert "row 1 no longer" in str(error)


def test_a_greedy_token_is_the_one_that_was_the_largest_when_the_row_was_read() -> None:
    row = np.array([0, 3, 1], np.float32)
    batch = Batch(dispatch.active(), row, planned(temperature=0.0))
    assert batch.read(0, 1) == -1
    row[:] = np.nan
    assert batch.draw_one(0.5) == 1


@pytest.mark.parametrize("level", tn.targets())
def test_calls_live_through_a_thread_that_writes_all_the_time(level: str) -> None:
    # A process of its own: before loops were bounded, it died within seconds.
    command = [sys.executable, str(RACE), "--seconds", "2"]
    done = subprocess.run(command, env={"THERMONUCLEUS_TARGET": level}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "calls on rows that change" in done.stdout
    assert "'answers': " in done.stdout
