"""That grid.py measures every cell it says, finds a cliff where there is one, and draws its picture."""

import json
from pathlib import Path

import pytest

pytest.importorskip("tqdm")

import grid

from thermonucleus.rows import KINDS


def test_every_cell_is_measured_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(grid, "SIZES", [500, 3000])
    grid.main(["--quick", "--size", "2000", "--json", str(tmp_path / "cells.json"), "--plot", str(tmp_path / "grid.png")])
    cells = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert len(cells) == 4 * len(grid.grid(quick=True)) + 4 * 2
    assert all(cell["seconds"] > 0 for cell in cells)
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "| half masked" in printed
    assert "times the dearest reference" in printed
    assert "| xtc" in printed
    assert "are above 2 times their goal" in printed


def test_a_cliff_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    usual = [grid.Cell(kind, 100, grid.REFERENCE, 1e-6, 1e-6) for kind in KINDS]
    grid.print_dearest([grid.Cell("flat", 100, {**grid.REFERENCE, "top_p": 0.5}, 3e-6, 1e-6)], usual, 100)
    assert "- flat, temperature=0.8, top_p=0.5: 3.0 µs" in capsys.readouterr().out


def test_the_grid_is_that_of_the_specification() -> None:
    settings = grid.grid(quick=False)
    assert len(settings) == len(grid.TEMPERATURE) * len(grid.TOP_K) * len(grid.TOP_P) * len(grid.MIN_P) * 2
    assert {"temperature": 3.0, "top_k": 50_000, "top_p": 0.999, "min_p": 0.05, "temperature_last": True} in settings
