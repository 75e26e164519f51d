"""The explorer's continuations: A beside B from the same random numbers, and the alternatives to each word."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from explorer_page import Explorer, probabilities_of

import thermonucleus as tn
from thermonucleus.text import load_model

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

PROMPT = "Once upon a time"


def continued(settings: dict[str, Any], seed: Sequence[int]) -> str:
    """Return what the library itself writes: 25 tokens of the built-in model."""
    sampler = tn.Sampler(rng=seed, **settings)
    return "".join(load_model("builtin").stream(PROMPT, sampler=sampler, max_tokens=25))


def written(explorer: Explorer, side: str, text: int) -> str:
    """Return a continuation on the page, without the signs of tokens that are no text."""
    words = explorer.at(f'li[aria-label="{side}, text {text}"] .word:not(.silent)')
    return "".join(words.evaluate_all("all => all.map(one => one.textContent)"))


def test_each_text_is_what_the_library_writes_from_the_seed_and_its_number(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, s=7, temperature=0.8, top_p=0.9)
    for text in range(4):
        assert written(explorer, "B", text + 1) == continued({"temperature": 0.8, "top_p": 0.9}, [7, text])
    assert explorer.text("#texts-sentence") == "4 texts, from seed 7."


def test_settings_are_pinned_as_a_and_both_sides_stand_side_by_side(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, s=2, temperature=0.5).at("#pin").click()
    explorer.settled().set("#temperature-number", 1.5)
    assert explorer.at("#texts h3").all_inner_texts() == ["A: temperature 0.5", "B: temperature 1.5"]
    for text in range(4):
        assert written(explorer, "A", text + 1) == continued({"temperature": 0.5}, [2, text])
        assert written(explorer, "B", text + 1) == continued({"temperature": 1.5}, [2, text])
    boxes = [side.bounding_box() for side in explorer.at("#texts .side").all()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    address = explorer.address()
    assert (address["temperature"], address["A.temperature"], address["A"]) == ("1.5", "0.5", "")


def test_a_and_b_are_swapped_and_a_is_cleared(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, A="", A__top_k=5, temperature=1.5)
    assert explorer.text("#sides-list").split("\n") == ["A, pinned", "top-k 5", "B, now", "temperature 1.5"]
    explorer.at("#swap").click()
    explorer.settled()
    assert (explorer.value("top_k"), explorer.value("temperature")) == ("5", "1")
    assert explorer.at("#texts h3").all_inner_texts() == ["A: temperature 1.5", "B: top-k 5"]
    explorer.at("#clear").click()
    explorer.settled()
    assert explorer.at("#texts .side").count() == 1
    expect(explorer.at("#swap")).to_be_hidden()
    assert explorer.focused() == "pin"
    assert set(explorer.address()) == {"p", "m", "s", "v", "top_k"}


def test_default_settings_can_be_pinned_too(explorer: Explorer) -> None:
    explorer.open(p=PROMPT).at("#pin").click()
    explorer.settled().set("#top_k-number", 1)
    assert explorer.at("#texts h3").all_inner_texts() == ["A: defaults", "B: top-k 1"]
    assert explorer.open(**explorer.address()).at("#texts h3").all_inner_texts() == ["A: defaults", "B: top-k 1"]


def test_words_are_shaded_by_how_probable_the_model_found_them(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    words = explorer.words("B", 1)
    lines = words.evaluate_all("all => all.map(one => [one.line.p, one.className])")
    assert len(lines) == 25
    for p, name in lines:
        shade = next(shade for shade, least in enumerate((0.5, 0.2, 0.05, 0.01, 0)) if p >= least)
        assert f"shade-{shade}" in name
    assert len({name for _, name in lines}) > 2
    token = load_model("builtin").names.index(str(words.first.evaluate("one => one.line.name")))
    assert lines[0][0] == float(probabilities_of(PROMPT)[token])


def test_a_word_that_is_pointed_at_shows_its_ten_alternatives(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.5)
    explorer.words("B", 1).first.hover()
    expect(explorer.at("#alternatives")).to_be_visible()
    names = load_model("builtin").names
    best = np.argsort(-probabilities_of(PROMPT), kind="stable")[:10]
    assert explorer.at("#alternatives li .token").all_inner_texts() == [names[token] for token in best]
    p, q = (float(probabilities_of(PROMPT, temperature=t)[best[0]]) for t in (1.0, 0.5))
    assert explorer.at("#alternatives .numbers").first.inner_text() == f"{p:.1%} → {q:.1%}"
    explorer.page.mouse.move(0, 0)
    expect(explorer.at("#alternatives")).to_be_hidden()


def test_an_alternative_that_is_clicked_goes_on_from_there(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    explorer.words("B", 2).nth(2).hover()
    before = "".join(explorer.words("B", 2).evaluate_all("all => all.slice(0, 2).map(one => one.line.piece)"))
    piece = explorer.words("B", 2).nth(2).evaluate("one => one.line.alternatives[1].piece")
    explorer.at("#alternatives button").nth(1).click()
    explorer.settled()
    expected = PROMPT + before + piece
    assert explorer.at("#prompt").input_value() == expected
    assert explorer.address()["p"] == expected
    assert explorer.focused() == "prompt"
    explorer.page.go_back()
    assert explorer.settled().at("#prompt").input_value() == PROMPT


def test_the_arrow_keys_move_among_words_and_alternatives_and_enter_goes_on(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    words = explorer.words("B", 1)
    words.first.focus()
    for key, place in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 24), ("Home", 0), ("ArrowRight", 1)]:
        explorer.page.keyboard.press(key)
        expect(words.nth(place)).to_be_focused()
        expect(words.nth(place)).to_have_attribute("aria-expanded", "true")
    assert explorer.at('li[aria-label="B, text 1"] .word[tabindex="0"]').count() == 1
    buttons = explorer.at("#alternatives button")
    explorer.page.keyboard.press("Enter")
    expect(buttons.first).to_be_focused()
    explorer.page.keyboard.press("ArrowDown")
    expect(buttons.nth(1)).to_be_focused()
    explorer.page.keyboard.press("ArrowRight")
    expect(words.nth(2)).to_be_focused()
    explorer.page.keyboard.press("ArrowDown")
    expect(buttons.first).to_be_focused()
    explorer.page.keyboard.press("Escape")
    expect(words.nth(2)).to_be_focused()
    explorer.page.keyboard.press("ArrowDown")
    pieces = words.evaluate_all("all => [all[0].line.piece, all[1].line.piece, all[2].line.alternatives[0].piece]")
    explorer.press("Enter")
    assert explorer.at("#prompt").input_value() == PROMPT + "".join(pieces)


def test_the_keyboard_leaves_the_texts_by_tab(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    explorer.words("B", 4).first.focus()
    explorer.page.keyboard.press("Tab")
    assert explorer.page.evaluate("!document.activeElement.closest('#texts')")


def test_texts_are_left_alone_where_they_are_not_to_keep_up(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.5).at("#keep-up").uncheck()
    before = explorer.text("#texts")
    assert explorer.set("#temperature-number", 1.5).text("#texts") == before
    explorer.at("#write").click()
    assert explorer.settled().at("#texts h3").all_inner_texts() == ["temperature 1.5"]
    assert written(explorer, "B", 1) == continued({"temperature": 1.5}, [1, 0])


def test_a_change_ends_the_texts_that_are_being_written(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    explorer.page.evaluate(
        """() => {
          const ask = window.fetch;
          window.fetch = (address, options) => {
            if (address !== "/api/texts") return ask(address, options);
            window.signal = options.signal;
            window.fetch = ask;
            return new Promise(() => {}); // never answered
          };
        }"""
    )
    explorer.at("#write").click()
    explorer.page.wait_for_timeout(100)
    assert explorer.page.evaluate("window.signal.aborted") is False
    explorer.set("#top_k-number", 3)
    assert explorer.page.evaluate("window.signal.aborted") is True
    assert written(explorer, "B", 1) == continued({"top_k": 3}, [1, 0])
