"""The pictures of the guide: the script that makes them, and the files that it made."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")

import guide_pictures
from guide_pictures import FIGURES, FOLDER, TUNING

from thermonucleus.text import LanguageModel

GUIDE = FOLDER.parent / "guide"
IN_PAGES = re.compile(r"pictures/((?!explore-)[\w-]+)\.png\)")  # those of the explorer are made in a browser
SHOWN = {name for page in GUIDE.glob("*.md") for name in IN_PAGES.findall(page.read_text(encoding="utf-8"))}


def test_every_picture_of_the_guide_is_made_and_every_one_made_is_shown() -> None:
    assert {*FIGURES, TUNING} == SHOWN


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_made_of_a_model_and_is_small(name: str, tmp_path: Path, language_model: LanguageModel) -> None:
    guide_pictures.save(name, language_model, tmp_path)
    check((tmp_path / f"{name}.png").read_bytes())


@pytest.mark.parametrize("name", FIGURES)
def test_the_picture_that_is_there_is_small(name: str) -> None:
    check((FOLDER / f"{name}.png").read_bytes())


def check(content: bytes) -> None:
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == pytest.approx((830, 460), abs=1)
    assert len(content) < 60_000


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_has_a_title_and_no_text_outside(name: str, language_model: LanguageModel) -> None:
    figure = FIGURES[name](language_model)
    figure.draw_without_rendering()
    frame = figure.bbox.padded(1)
    everything: list[Any] = [*figure.axes, *(inner for ax in figure.axes for inner in ax.child_axes)]
    assert any(ax.get_title() for ax in everything)
    for ax in everything:
        box = ax.get_tightbbox()
        assert box is None or (frame.contains(*box.min) and frame.contains(*box.max))


def test_the_names_of_pictures_to_make_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(guide_pictures, "save", lambda name, _: made.append(name))
    monkeypatch.setattr(guide_pictures, "builtin_model", lambda: None)
    guide_pictures.main(["adaptive", "prompt-kept"])
    assert made == ["adaptive", "prompt-kept"]
    with pytest.raises(SystemExit, match=r"NAME must be one of slide-02.*, tuning, got 'slide-99'"):
        guide_pictures.main(["slide-99"])
