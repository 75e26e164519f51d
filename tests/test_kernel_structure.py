"""What the kernel's folders promise and no compiler checks: one reader of logits, and imports that run downward."""

import re
from pathlib import Path

import pytest

KERNEL = Path(__file__).parent.parent / "src" / "thermonucleus" / "kernel"
FILES = sorted(path for path in KERNEL.rglob("*.p*") if path.suffix in {".pxd", ".pyx"})

# From the ground up. A room may use what stands in its own layer or below it.
LAYERS = [
    ["array", "check", "float_mode", "numbers", "watch"],
    ["row"],
    ["weights"],
    ["search"],
    ["stages", "draw"],
    ["row_kernel"],
    ["bridge"],
    ["cython_api", "followed", "quick_call"],
]


def room_of(path: Path) -> str:
    return path.relative_to(KERNEL).with_suffix("").parts[0]


def layer_of(room: str) -> int:
    (found,) = (number for number, rooms in enumerate(LAYERS) if room in rooms)
    return found


def test_there_are_files() -> None:
    assert len(FILES) > 20
    assert {room_of(path) for path in FILES} - {"cpu"} == {room for rooms in LAYERS for room in rooms}


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.relative_to(KERNEL).parts))
def test_logits_are_read_in_one_place(path: Path) -> None:
    # An edit, a mask or another type of float is then a matter of that place alone.
    if path != KERNEL / "row" / "source.pxd":
        assert re.search(r"\bsource\.values\b", path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "cpu"], ids=lambda path: "/".join(path.parts[-2:]))
def test_imports_run_downward(path: Path) -> None:
    used = re.findall(r"^from thermonucleus\.kernel\.(\w+)\S* cimport", path.read_text(encoding="utf-8"), re.MULTILINE)
    for room in used:
        assert layer_of(room) <= layer_of(room_of(path)), f"{path.name} uses {room}, which is above it"
