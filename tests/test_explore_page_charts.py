"""The explorer's map, what it saves and copies, and its address."""

import csv
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Row
from explorer_page import Explorer, probabilities_of
from matplotlib.image import imread

from thermonucleus.text import load_model

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

PROMPT = "Once upon a time"


MEASURES: Mapping[str, Callable[[Row], str]] = {
    "kept": lambda p: f"{(p > 0).sum():,}",
    "largest": lambda p: f"{p.max():.1%}".replace("100.0", "100"),
    "entropy": lambda p: f"{abs((p[p > 0].astype(float) * np.log2(p[p > 0].astype(float))).sum()):.2f}",
}
"""What the map can show, as it is written in its table."""


def cell_of(explorer: Explorer, temperature: float, top_p: float) -> dict[str, float]:
    """Return where in the window the middle of a cell of the map is."""
    at: dict[str, float] = explorer.at("#map-chart").evaluate(
        """(chart, [temperature, topP]) => {
          chart.scrollIntoView({ block: "center" });
          const ticks = (axis, value) => axis.tickvals[axis.ticktext.indexOf(String(value))];
          const { xaxis, yaxis } = chart._fullLayout;
          const box = chart.getBoundingClientRect();
          return {
            x: box.left + xaxis._offset + xaxis.d2p(ticks(xaxis, topP)),
            y: box.top + yaxis._offset + yaxis.d2p(ticks(yaxis, temperature)),
          };
        }""",
        [temperature, top_p],
    )
    return at


def dots(explorer: Explorer) -> dict[str, Any]:
    """Return the dots of the map: their texts, and their places in cells."""
    found: dict[str, Any] = explorer.at("#map-chart").evaluate("({ data }) => ({ text: data[1].text, x: data[1].x, y: data[1].y })")
    return found


def test_the_map_is_of_the_probabilities_at_each_temperature_and_top_p(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, min_p=0.01)
    explorer.at("#map-table-toggle summary").click()
    for measure, of in MEASURES.items():
        explorer.at(f"input[value={measure}]").check(force=True)
        rows = explorer.cells("#map-table-frame tr")
        columns = rows[0].index("top-p 0.5"), rows[0].index("top-p 0.9")
        row = next(row for row in rows if row[0] == "T 1.2")
        expected = [of(probabilities_of(PROMPT, temperature=1.2, top_p=top_p, min_p=0.01)) for top_p in (0.5, 0.9)]
        assert [row[column] for column in columns] == expected


def test_a_click_on_the_map_goes_there(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    at = cell_of(explorer, 1.4, 0.7)
    explorer.page.mouse.move(at["x"] - 2, at["y"])
    explorer.page.mouse.move(at["x"], at["y"])
    explorer.page.wait_for_timeout(200)
    explorer.page.mouse.down()
    explorer.page.mouse.up()
    explorer.settled()
    possible = (probabilities_of(PROMPT) > 0).sum()
    assert (explorer.value("temperature"), explorer.value("top_p")) == ("1.4", "0.7")
    assert explorer.kept() == (probabilities_of(PROMPT, temperature=1.4, top_p=0.7) > 0).sum()
    assert explorer.text("#map-sentence") == f"Here: {explorer.kept():,} tokens kept. Over the map: from 1 to {possible:,}."


def test_the_arrow_keys_choose_a_place_on_the_map_and_enter_goes_there(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=1.4, top_p=0.5).at("#map").focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        explorer.page.keyboard.press(key)
    kept = (probabilities_of(PROMPT, temperature=1.6, top_p=0.55) > 0).sum()
    assert explorer.text("#map-place") == f"Temperature 1.6, top-p 0.55: {kept:,} tokens kept."
    explorer.press("Enter")
    assert (explorer.value("temperature"), explorer.value("top_p")) == ("1.6", "0.55")
    assert explorer.kept() == kept


def test_dots_are_where_a_and_b_are(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.5, top_p=0.5)
    assert dots(explorer) == {"text": [""], "x": [9], "y": [4]}
    explorer.at("#pin").click()
    explorer.settled().set("#temperature-number", 0.25)
    explorer.page.wait_for_timeout(300)
    assert dots(explorer) == {"text": ["A", "B"], "x": [9, 9], "y": [4, 1.5]}


def test_the_map_is_asked_for_only_when_other_settings_change(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    asked: list[str] = []
    explorer.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/api/map") else None)
    explorer.set("#temperature-number", 0.5).set("#top_p-number", 0.5)
    assert asked == []
    explorer.set("#top_k-number", 5)
    assert len(asked) == 1
    explorer.set("#prompt", "The")
    assert len(asked) == 2


def saved(explorer: Explorer, button: str) -> Path:
    """Return the file that a button saves."""
    with explorer.page.expect_download() as download:
        explorer.at(button).click()
    assert download.value.suggested_filename.startswith("thermonucleus-")
    return Path(download.value.path())


def test_the_table_is_saved_as_csv_with_all_digits(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.8, top_k=10)
    file = saved(explorer, "#bars-csv")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    before, after = probabilities_of(PROMPT), probabilities_of(PROMPT, temperature=0.8, top_k=10)
    assert [int(row["id"]) for row in rows] == np.argsort(-before, kind="stable")[:24].tolist()
    for rank, row in enumerate(rows, 1):
        token = int(row["id"])
        assert row["name"] == load_model("builtin").names[token]
        assert (int(row["rank"]), float(row["before"]), float(row["after"])) == (rank, float(before[token]), float(after[token]))
        assert row["cut_by"] == ("" if after[token] else "top_k")


def test_draws_are_saved_too(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=10).at("#draw").click()
    explorer.settled()
    with saved(explorer, "#bars-csv").open(encoding="utf-8", newline="") as lines:
        assert sum(int(row["drawn"]) for row in csv.DictReader(lines)) == 1000


@pytest.mark.parametrize("chart", ["bars", "map"])
def test_charts_are_saved_as_png_and_svg(explorer: Explorer, chart: str) -> None:
    explorer.open(p=PROMPT, temperature=0.8, top_k=10)
    pixels = imread(saved(explorer, f"#{chart}-png"), format="png")
    assert min(pixels.shape[:2]) >= 1000
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 10
    svg = ET.fromstring(saved(explorer, f"#{chart}-svg").read_text(encoding="utf-8"))
    texts = ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert any(PROMPT in text and "temperature 0.8, top-k 10" in text for text in texts)
    if chart == "bars":
        best = np.argsort(-probabilities_of(PROMPT), kind="stable")[:24]
        assert {load_model("builtin").names[token] for token in best} <= set(texts)
        assert "✕ top-k" in texts
    else:
        assert {"temperature", "top-p", "tokens kept"} <= set(texts)


def test_the_link_that_is_copied_opens_the_same_page(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.8, top_h=0.5, A="", A__top_k=3, s=5)
    before = explorer.text("#texts"), explorer.text("#bars")
    explorer.at("#copy-link").click()
    expect(explorer.at("#copied")).to_have_text("Link copied.")
    link = explorer.page.evaluate("navigator.clipboard.readText()")
    explorer.page.goto("about:blank")
    explorer.page.goto(link)
    explorer.settled()
    assert (explorer.text("#texts"), explorer.text("#bars")) == before


def test_the_python_that_is_copied_runs_and_prints_the_first_continuation(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.8, top_k=10, s=4)
    explorer.at("#copy-python").click()
    expect(explorer.at("#copied")).to_have_text("Python copied.")
    program = explorer.page.evaluate("navigator.clipboard.readText()")
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    words = explorer.at('li[aria-label="B, text 1"] .word:not(.silent)').evaluate_all("all => all.map(one => one.textContent)")
    assert printed == PROMPT + "".join(words) + "\n"


def test_back_and_forward_go_through_the_changes(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    explorer.at("#preset").select_option("greedy")
    explorer.settled().set("#prompt", "Once upon a")
    explorer.at("#model").evaluate("menu => menu.focus()")
    explorer.page.go_back()
    explorer.settled()
    assert (explorer.at("#prompt").input_value(), explorer.value("temperature")) == (PROMPT, "0")
    assert explorer.kept() == 1
    explorer.page.go_back()
    assert explorer.settled().value("temperature") == "1"
    assert explorer.kept() == (probabilities_of(PROMPT) > 0).sum()
    explorer.page.go_forward()
    explorer.page.go_forward()
    explorer.settled()
    assert (explorer.at("#prompt").input_value(), explorer.value("temperature")) == ("Once upon a", "0")


def test_a_slider_that_is_moved_is_one_step_back(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=1.5).at("#temperature").focus()
    for _ in range(30):
        explorer.page.keyboard.press("ArrowLeft")
    assert explorer.settled().address()["temperature"] == "1.2"
    explorer.page.go_back()
    assert explorer.settled().value("temperature") == "1.5"


def test_what_an_address_has_that_is_unknown_or_wrong_is_said(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, warmth=2, top_p="much", s="x")
    assert explorer.text("#notice") == "The link has warmth, s, which this page cannot read."
    assert explorer.text("#top_p-error").endswith("got 'much' of type str")
    assert explorer.value("top_p") == ""


def test_an_order_of_stages_is_in_the_address(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=2, top_k=9, min_p=0.1, order="min_p,temperature,top_k,top_p")
    order = ("min_p", "temperature", "top_k", "top_p")
    assert explorer.kept() == (probabilities_of(PROMPT, temperature=2.0, top_k=9, min_p=0.1, order=order) > 0).sum()
    assert explorer.at("#order").evaluate("menu => menu.selectedOptions[0].text") == "an order of your own"


def test_an_order_without_the_maps_own_stages_has_no_map(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=9, order="top_k,")
    assert explorer.text("#map-error").startswith("temperature is on, but order ('top_k',) has no such stage")
    assert explorer.kept() == (probabilities_of(PROMPT, top_k=9) > 0).sum()
    explorer.at('[aria-label="Reset Order"]').click()
    assert explorer.settled().text("#map-error") == ""
