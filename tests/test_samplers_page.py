"""The page on samplers says what is so: defaults, ranges, orders and examples, and its pictures are those that the script draws."""

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sampler_pictures
from same_sets import steps_of

from thermonucleus import Settings
from thermonucleus.reference import apply_steps
from thermonucleus.reference.stages import STAGES
from thermonucleus.settings import ORDERS, SETTINGS

PAGE = Path(__file__).parent.parent / "docs" / "samplers.md"
TEXT = PAGE.read_text(encoding="utf-8")


def table(header: str) -> list[list[str]]:
    """Return the cells of all rows of all tables under a header that begins so."""
    rows = []
    for block in re.findall(rf"^\| {re.escape(header)}.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE):
        rows += [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
    assert rows
    return rows


# ---- settings

RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "0 or more": ([0, 1e-9, 1e6], [-1e-9]),
    "0 to 1": ([0, 1], [-1e-9, 1 + 1e-9]),
    "0 to 0.99": ([0, 0.99], [-1e-9, 0.991]),
    "0 to less than 1": ([0, 1 - 1e-9], [-1e-9, 1]),
    "1 to 3": ([1, 3], [1 - 1e-9, 3 + 1e-9]),
    "above 0": ([1e-9, 1e6], [0, -1]),
    "above 0, to 1": ([1e-9, 1], [0, 1 + 1e-9]),
    "at most 1": ([-1, 0, 1], [1 + 1e-9]),
    "any number": ([-1e6, 0, 1e6], [np.inf]),
    "an integer, 0 or more": ([0, 10**6], [-1]),
    "an integer, 2 or more": ([2, 10**6], [1]),
    "0, 1, 2": ([0, 1, 2], [-1, 3]),
    '`True`, `False`, `"norm"`': ([True, False, "norm"], ["other"]),
}
"""What may be given, and what may not, for each way in which the page says it."""

SAID_ELSEWHERE = {"temperature_last", "order"}
"""The orders have a section of their own."""

DESCRIBED = {name: row for row in table("setting | what it ") for name in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in SAID_ELSEWHERE])
def test_a_setting_has_the_default_and_the_range_that_the_page_says(name: str) -> None:
    _, _, default, values, _ = DESCRIBED[name]
    assert default == f"`{SETTINGS[name].default!r}`"
    allowed, refused = RANGES[values]
    for value in allowed:
        SETTINGS[name].check(value)
    for value in refused:
        with pytest.raises((ValueError, TypeError), match=f"^{name} must be "):
            Settings(**{name: value})


def test_every_way_to_say_a_range_is_known_and_used() -> None:
    assert {row[3] for row in DESCRIBED.values()} == set(RANGES)


def test_every_setting_is_described_once_and_looked_for_elsewhere_by_its_name() -> None:
    names = [name for row in table("setting | what it ") for name in re.findall(r"`(\w+)`", row[0])]
    assert len(set(names)) == len(names)
    elsewhere = {name for row in table("here | ") for name in re.findall(r"`(\w+)`", row[0])}
    assert set(names) - elsewhere == {"p_less", "min_k"}
    assert elsewhere <= set(names)
    for name in SAID_ELSEWHERE:
        assert f"`{name}=" in TEXT


# ---- orders


def steps_in(order: str, settings: str) -> list[Any]:
    """Lay out settings as they stand on the page in an order as it stands there, without the system in brackets."""
    values = {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", settings)}
    return steps_of(tuple(re.sub(r" \(.*\)", "", order).split(", ")), values)


@pytest.mark.parametrize("row", table("settings | one order"), ids=lambda row: row[0])
def test_the_order_decides_as_the_page_says(row: list[str]) -> None:
    settings, one, keeps, other, others_keeps = row
    p = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
    for order, want in ((one, keeps), (other, others_keeps)):
        kept = np.flatnonzero(apply_steps(p, steps_in(order, settings)) > -np.inf)
        assert ", ".join(map(str, kept)) == want
        system = re.search(r"\((.*)\)", order)
        if system:
            assert is_part_of(order.split(" (")[0], ON_PAGE[system[1].lower()])


def is_part_of(part: str, order: str) -> bool:
    """Say whether stages stand in an order in the same sequence."""
    places = [order.split(", ").index(stage) for stage in part.split(", ")]
    return places == sorted(places)


ON_PAGE = {name.strip('`"'): stages for name, stages, _ in table("order | stages")}

AS_THEIRS = {"top_h_of_100": "top_h", "mirostat_instead": "mirostat"}
"""What a system has in its own way stands on the page by its name, and the way in the text below."""


def test_the_orders_of_the_page_are_those_of_the_library() -> None:
    assert {name: ", ".join(AS_THEIRS.get(stage, stage) for stage in stages) for name, stages in ORDERS.items()} == ON_PAGE


@pytest.mark.parametrize(("name", "defaults"), [(row[0].strip('`"'), row[2]) for row in table("order | stages")])
def test_a_preset_has_the_defaults_that_the_page_says(name: str, defaults: str) -> None:
    values: dict[str, Any] = {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", defaults)}
    assert values or defaults == "all off"
    assert Settings.preset(name) == Settings(**values, order=name)


def test_the_examples_of_the_page_hold() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0


# ---- pictures


def test_the_pictures_are_those_that_the_script_draws() -> None:
    drawn = {f"{name}.svg": sampler_pictures.picture(*about) for name, about in sampler_pictures.PICTURES.items()}
    there = {file.name: file.read_text(encoding="utf-8") for file in sampler_pictures.FOLDER.iterdir()}
    assert there == drawn, "run python docs/pictures/sampler_pictures.py"


def test_every_stage_has_a_picture_and_every_picture_is_shown() -> None:
    assert {step[0] for _, step in sampler_pictures.PICTURES.values()} == set(STAGES)
    shown = re.findall(r"\(pictures/samplers/(.*?)\.svg\)", TEXT)
    assert sorted(shown) == sorted(sampler_pictures.PICTURES)


def test_every_cut_of_a_picture_shows_something_cut_and_something_kept() -> None:
    for _, step in sampler_pictures.PICTURES.values():
        if step[0] not in sampler_pictures.MOVES:
            assert 1 < np.count_nonzero(sampler_pictures.kept(step)) < len(sampler_pictures.ROW)


def test_what_the_page_links_to_is_there() -> None:
    headings = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (target[1:] in headings) if target.startswith("#") else (PAGE.parent / target).exists(), target
