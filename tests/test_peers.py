"""`benchmarks/peers.py` at a small size: what it prints and writes, and that it finds a sampler out that keeps the wrong tokens."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contestants import MODULES, gather
from contestants.contract import Mask, Row, Settings, kept_by_draws
from contestants.naive_numpy import NaiveNumPy
from contestants.tuned_numpy import TunedNumPy
from kept_sets import case, draw_cases, judge, row_cases

import thermonucleus as tn
from thermonucleus.rows import pool

pytest.importorskip("tqdm")

ROOT = Path(__file__).parent.parent
SIZES = [300, 1000]
PEERS = ["thermonucleus", "naive-numpy", "tuned-numpy", "mlx"]
SETTINGS = [Settings(), Settings(top_k=50)]


def peers(*arguments: str, without: Path) -> str:
    """Run the script where `mlx` cannot be imported, and return what it printed."""
    (without / "mlx").mkdir()
    (without / "mlx" / "__init__.py").write_text("raise ImportError('left out for a test')")
    command = [sys.executable, "-X", "utf8", "benchmarks/peers.py", *arguments]
    environment = os.environ | {"PYTHONPATH": str(without)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("peers")
    sizes = [str(size) for size in SIZES]
    limits = ["--sizes", *sizes, "--batches", "1", "2", "--kinds", "flat", "--budget", "0.002", "--no-cold"]
    text = peers(*limits, "--peers", *PEERS, "--json", str(folder / "peers.json"), without=folder)
    return text, json.loads((folder / "peers.json").read_text(encoding="utf-8"))


def tables(text: str) -> dict[str, list[list[str]]]:
    """Cells of each table, by the heading above it."""
    found = {}
    for section in text.split("\n## ")[1:]:
        lines = [line for line in section.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        assert {len(line) for line in cells} == {len(cells[0])}
        found[section.splitlines()[0]] = [cells[0], *cells[2:]]
    return found


def numbers(cell: str) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile of a cell; without quartiles they are the median."""
    found = [float(text.replace(",", "")) for text in re.findall(r"[\d.,]*\d", cell)]
    median, low, high = found if len(found) == 3 else found * 3
    return low, median, high


def test_has_a_table_for_each_setting_and_batch(ran: tuple[str, dict[str, Any]]) -> None:
    headings = [f"{SETTINGS[0]}, B = 1", f"{SETTINGS[0]}, B = 2", f"{SETTINGS[1]}, B = 1"]
    assert list(tables(ran[0])) == ["Systems", *headings]
    for heading in headings:
        header, unit, *body = tables(ran[0])[heading]
        sizes = ["flat, 300", "flat, 1,000"] if heading.endswith("B = 1") else ["flat, 1,000"]
        assert header == ["/ np.max", *sizes, "kept set"]
        assert unit[0] == "np.max, µs"
        assert [line[0] for line in body][-2:] == ["NumPy, naive", "NumPy, tuned"]
        assert all(0 < low <= median <= high for line in body for low, median, high in map(numbers, line[1:-1]))


def test_finds_the_numpy_ways_and_ours_exact(ran: tuple[str, dict[str, Any]]) -> None:
    kept = {line[0]: line[-1] for heading, table in tables(ran[0]).items() if heading != "Systems" for line in table[2:]}
    assert kept["NumPy, tuned"] == "exact"
    assert kept["NumPy, naive"].startswith("exact")
    assert all(text == "exact" for name, text in kept.items() if name.startswith("thermonucleus"))
    assert sum(name.startswith("thermonucleus") for name in kept) == len(tn.targets()) + 1


def test_names_what_is_missing(ran: tuple[str, dict[str, Any]]) -> None:
    assert "Missing: mlx: not installed (left out for a test)" in ran[0]
    assert ran[1]["missing"] == {"mlx": "not installed (left out for a test)"}


def test_json_has_what_the_tables_say(ran: tuple[str, dict[str, Any]]) -> None:
    text, found = ran
    shown = tables(text)[f"{SETTINGS[0]}, B = 1"]
    for name, *cells, _ in shown[2:]:
        ratios = [
            (cell["ratio_quartiles"][0], cell["ratio"], cell["ratio_quartiles"][1])
            for cell in found["cells"]
            if (cell["system"], cell["batch"], cell["settings"]["top_k"], cell["cold"]) == (name, 1, 0, False)
        ]
        np.testing.assert_allclose([numbers(cell) for cell in cells], ratios, rtol=0.06)
    assert {line[0] for line in shown[2:]} < {one["name"] for one in found["systems"]}
    assert {one["text"] for one in found["kept"]} >= {line[-1] for line in shown[2:]}
    assert found["machine"]["Python"] in text


class TooWide(NaiveNumPy):
    """Keeps a token more than it should."""

    def kept(self, row: Row) -> Mask:
        kept = super().kept(row)
        kept[np.where(kept, -np.inf, row).argmax()] = True
        return kept


class TooNarrow(NaiveNumPy):
    """Leaves the most probable token out."""

    def kept(self, row: Row) -> Mask:
        kept = super().kept(row)
        kept[row.argmax()] = False
        return kept


class AtRandom(NaiveNumPy):
    """Draws from everything."""

    def kept(self, row: Row) -> Mask:
        draw = np.random.default_rng(0).integers
        return kept_by_draws(lambda: draw(len(row)), len(row))


class FromDraws(NaiveNumPy):
    def kept(self, row: Row) -> Mask:
        return kept_by_draws(lambda: self.draw(row[None])[0], len(row))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("wrong", [TooWide, TooNarrow])
def test_finds_a_wrong_set_out(wrong: type[NaiveNumPy], settings: Settings) -> None:
    contestant = wrong(settings)
    verdict = judge(contestant, row_cases(settings, 1000), settings)
    assert verdict.word == "not exact"
    assert "differs on" in str(verdict)


def test_counts_tokens() -> None:
    row = np.log(np.array([0.5, 0.3, 0.1, 0.06, 0.04], np.float32))
    settings = Settings(temperature=1.0, top_p=0.85)
    more = judge(TooWide(settings), [case(row, settings)], settings)
    assert (more.rows, more.differ, more.more, more.fewer) == (1, 1, 1, 0)
    assert more.off == pytest.approx(0.05, abs=1e-6)
    assert str(more) == "not a nucleus, sums off by 0.05: differs on 1 of 1 rows, by at most 1 token more"
    fewer = judge(TooNarrow(settings), [case(row, settings)], settings)
    assert str(fewer) == "not a nucleus, not in order: differs on 1 of 1 rows, by at most 1 token fewer"


def test_puts_a_near_tie_down_to_rounding() -> None:
    row = np.log(np.array([0.5, 0.45, 0.05], np.float32))
    nearly = Settings(temperature=1.0, top_p=0.95 + 2e-5)
    verdict = judge(NaiveNumPy(Settings(temperature=1.0, top_p=0.95 - 2e-5)), [case(row, nearly)], nearly)
    assert verdict.word == "rounding"
    assert "sums off by 2e-05" in str(verdict)


def test_tells_of_ties_apart() -> None:
    settings = Settings()
    cases = row_cases(settings, 1000)
    assert sum(one.tied for one in cases) == 1
    assert str(judge(NaiveNumPy(settings), cases, settings)) == "exact; splits ties"
    assert str(judge(TunedNumPy(settings), cases, settings)) == "exact"


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_draws_tell_a_kept_set(settings: Settings) -> None:
    cases = draw_cases(settings)
    assert str(judge(FromDraws(settings), cases, settings, from_draws=True)) == "exact (from draws)"
    assert judge(AtRandom(settings), cases, settings, from_draws=True).word == "not exact"


def test_numba_is_exact() -> None:
    systems, missing = gather(["numba"])
    if missing:
        pytest.skip(missing["numba"])
    for settings in SETTINGS:
        contestant = systems[0].make(settings)
        assert str(judge(contestant, row_cases(settings, 5000), settings)) == "exact"
        rows = pool("language model", 5000, 4)
        tokens = np.array([contestant.draw(contestant.prepare(np.stack(rows))) for _ in range(50)])
        for row, drawn in zip(rows, tokens.T, strict=True):
            assert contestant.kept(row)[drawn].all()
            assert len(set(drawn)) > 1


def test_every_library_has_a_module() -> None:
    folder = ROOT / "benchmarks" / "contestants"
    modules = {f"contestants.{file.stem}" for file in folder.glob("*.py")} - {"contestants.__init__", "contestants.contract"}
    assert modules == set(MODULES.values())
