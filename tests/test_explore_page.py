"""The explorer's page: each control changes what it is to change, and the page shows what the library computes."""

from typing import Any

import pytest
from explorer_page import Explorer, probabilities_of

import thermonucleus as tn
from thermonucleus.settings import SETTINGS, Settings
from thermonucleus.text import load_model

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

PROMPT = "The name of the"


def percentages(explorer: Explorer, column: int) -> list[float]:
    """Return a column of percentages of the table of tokens."""
    cells = [row[column] for row in explorer.rows()]
    return [float(cell[:-1]) / 100 if cell.endswith("%") and not cell.startswith("<") else 0.0 for cell in cells]


def test_the_page_begins_with_the_first_model_a_prompt_and_no_settings(explorer: Explorer) -> None:
    explorer.page.goto(explorer.base)
    explorer.settled()
    prompt = explorer.at("#prompt").input_value()
    assert (explorer.at("#model").input_value(), explorer.at("#seed").input_value()) == ("builtin", "1")
    assert explorer.kept() == (probabilities_of(prompt) > 0).sum() > 1
    assert explorer.at("#preset").input_value() == "default"
    assert explorer.words("B", 4).count() > 0
    assert explorer.at("#map-chart .heatmaplayer image, #map-chart .heatmaplayer path").count() > 0


@pytest.mark.parametrize(("name", "value"), [("temperature", 0.5), ("top_k", 5), ("top_p", 0.6), ("min_p", 0.2)], ids=str)
def test_a_number_box_sets_its_setting_and_the_table_shows_the_probabilities(explorer: Explorer, name: str, value: float) -> None:
    explorer.open(p=PROMPT).set(f"#{name}-number", value)
    p = probabilities_of(PROMPT, **{name: value})
    assert explorer.kept() == (p > 0).sum()
    shown = percentages(explorer, 3)
    assert shown == pytest.approx(sorted(p.tolist(), reverse=True)[: len(shown)], abs=6e-4)
    assert explorer.address()[name] == str(value)


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "min_p"])
def test_a_slider_sets_its_setting_and_the_number_box_shows_it(explorer: Explorer, name: str) -> None:
    explorer.open(p=PROMPT).at(f"#{name}").focus()
    explorer.page.keyboard.press("Home")
    value = float(explorer.value(name))
    assert value == (1 if name == "top_k" else 0)
    for _ in range(3):
        explorer.page.keyboard.press("ArrowRight")
    explorer.settled()
    value = float(explorer.value(name))
    assert value > 0
    p = probabilities_of(PROMPT, **{name: int(value) if name == "top_k" else value})
    assert explorer.kept() == (p > 0).sum()
    explorer.page.keyboard.press("End")
    at_end = {"temperature": 3, "top_k": 0, "top_p": 1, "min_p": 1}
    assert float(explorer.value(name)) == at_end[name]


def test_the_value_of_a_slider_is_said_and_whether_it_is_off(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=40)
    assert explorer.at("#top_k").get_attribute("aria-valuetext") == "40"
    explorer.at("#top_k").focus()
    explorer.press("End")
    assert explorer.at("#top_k").get_attribute("aria-valuetext") == "0, the default"
    expect(explorer.at(".field:has(#top_k) .off")).to_be_visible()


def test_a_setting_is_reset_alone_and_all_are_together(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=0.5, top_k=5, typical_p=0.9)
    explorer.at('[aria-label="Reset Top-k"]').click()
    explorer.settled()
    assert (explorer.value("top_k"), explorer.focused()) == ("0", "top_k")
    assert set(explorer.address()) == {"p", "m", "s", "v", "temperature", "typical_p"}
    explorer.at("#reset").click()
    explorer.settled()
    assert set(explorer.address()) == {"p", "m", "s", "v"}
    assert explorer.kept() == (probabilities_of(PROMPT) > 0).sum()


def test_the_drawer_has_all_other_settings_and_what_the_table_says_of_them(explorer: Explorer) -> None:
    explorer.open(p=PROMPT).at("#drawer summary").click()
    for name, setting in SETTINGS.items():
        if not setting.common and name not in ("order", "temperature_last"):
            expect(explorer.at(f"#drawer #{name}")).to_be_visible()
        if name != "temperature_last":
            assert explorer.text(f"#{name}-says") == setting.says.replace("`", "")
            more = explorer.at(f"#{name}-more")
            expect(more).to_be_hidden()
            assert more.text_content() == " ".join(setting.more).replace("`", "")


def test_what_else_there_is_to_know_of_a_setting_opens_and_closes(explorer: Explorer) -> None:
    button = explorer.open(p=PROMPT).at('[aria-label="More on Top-p"]')
    button.click()
    expect(explorer.at("#top_p-more")).to_be_visible()
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    expect(explorer.at("#top_p-more")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("typical_p", "0.5", 0.5), ("top_h", "0.4", 0.4), ("mirostat_m", "50", 50), ("epsilon_cutoff", "0.01", 0.01)],
)
def test_a_field_of_the_drawer_sets_its_setting(explorer: Explorer, name: str, text: str, value: float) -> None:
    explorer.open(p=PROMPT).at("#drawer summary").click()
    explorer.set(f"#{name}", text)
    assert explorer.kept() == (probabilities_of(PROMPT, **{name: value}) > 0).sum()
    assert explorer.text("#drawer-count") == "1 changed"
    assert explorer.address()[name] == text


def test_an_empty_field_is_a_setting_that_is_off(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_h=0.4).at("#drawer summary").click()
    assert explorer.value("top_h") == "0.4"
    explorer.set("#top_h", "")
    assert explorer.kept() == (probabilities_of(PROMPT) > 0).sum()
    assert "top_h" not in explorer.address()


def test_a_choice_of_the_drawer_sets_its_setting(explorer: Explorer) -> None:
    explorer.open(p=PROMPT).at("#drawer summary").click()
    explorer.at("#p_less").select_option("norm")
    explorer.settled()
    assert explorer.kept() == (probabilities_of(PROMPT, p_less="norm") > 0).sum()
    explorer.at("#p_less").select_option("on")
    explorer.settled()
    assert explorer.kept() == (probabilities_of(PROMPT, p_less=True) > 0).sum()
    assert explorer.address()["p_less"] == "true"


@pytest.mark.parametrize(("order", "settings"), [("vllm", {"order": "vllm"}), ("temperature_last", {"temperature_last": True})])
def test_the_menu_of_orders_has_those_of_other_systems_and_the_temperature_last(
    explorer: Explorer, order: str, settings: dict[str, object]
) -> None:
    explorer.open(p=PROMPT, temperature=2, min_p=0.1)
    explorer.at("#order").select_option(order)
    explorer.settled()
    p = probabilities_of(PROMPT, temperature=2.0, min_p=0.1, **settings)
    assert explorer.kept() == (p > 0).sum() != (probabilities_of(PROMPT, temperature=2.0, min_p=0.1) > 0).sum() or order == "vllm"
    address = explorer.address()
    assert {name: address[name] for name in settings} == {name: str(value).lower() for name, value in settings.items()}


def test_a_stage_is_moved_before_another_one(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, temperature=2, top_p=0.5)
    explorer.at('[aria-label="Move top-p before temperature"]').click()
    explorer.settled()
    order = tuple(explorer.address()["order"].split(","))
    assert order[:2] == ("top_p", "temperature")
    assert explorer.kept() == (probabilities_of(PROMPT, temperature=2.0, top_p=0.5, order=order) > 0).sum()
    assert [name.split()[0] for name in explorer.at(".stage-name").all_inner_texts()] == ["can", "top-p", "temperature"]


def test_each_preset_sets_its_settings(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    names = explorer.at("#preset option").all_inner_texts()
    assert {"greedy", "slide 10", "llama.cpp", "transformers", "vllm", "mlx-lm"} <= set(names)
    explorer.at("#preset").select_option("llama.cpp")
    explorer.settled()
    settings = Settings.preset("llama.cpp")
    assert [float(explorer.value(name)) for name in ("temperature", "top_k", "top_p", "min_p")] == [0.8, 40, 0.95, 0.05]
    p = tn.probabilities(load_model("builtin").next_logits(PROMPT), settings)
    assert explorer.kept() == (p > 0).sum()
    assert explorer.text("#preset-says")
    explorer.set("#top_k-number", 39)
    assert explorer.at("#preset").input_value() == ""


def test_the_prompt_is_asked_about_after_a_pause_and_its_unknown_words_are_named(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    asked: list[str] = []
    explorer.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/api/next") else None)
    explorer.at("#prompt").fill("")
    explorer.at("#prompt").press_sequentially("the zyzzyva", delay=10)
    explorer.settled()
    assert len(asked) == 1
    assert "“zyzzyva”" in explorer.text("#unknown")
    p = probabilities_of("the zyzzyva")
    assert percentages(explorer, 4)[0] == pytest.approx(float(p.max()), abs=6e-4)
    assert explorer.address()["p"] == "the zyzzyva"


def test_a_prompt_of_markup_stays_text(explorer: Explorer) -> None:
    prompt = "<img src=x onerror=\"document.title='owned'\"> <b>bold</b>"
    explorer.open(p=prompt).set("#find", "<b>")
    assert explorer.at("#prompt").input_value() == prompt
    assert explorer.at("img, #unknown b").count() == 0
    assert explorer.page.title() == "thermonucleus explore"
    assert "<" in explorer.text("#unknown") + explorer.text("#texts") + explorer.at("#prompt").input_value()


def test_cut_tokens_are_crossed_and_name_the_stage_that_cut_them(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=8, min_p=0.02)
    kept = explorer.kept()
    rows = explorer.rows()
    p = probabilities_of(PROMPT, top_k=8, min_p=0.02)
    by_top_k = probabilities_of(PROMPT, top_k=8)
    assert kept == (p > 0).sum() <= (by_top_k > 0).sum() < len(rows)
    assert [row[3].startswith("✕") for row in rows] == [place >= kept for place in range(len(rows))]
    assert rows[-1][3] == "✕ top-k"
    assert explorer.at("#bars tr.is-cut .track .cut:visible").count() == len(rows) - kept
    assert explorer.at("#bars tr:not(.is-cut) .track .after:visible").count() == kept


def test_the_stages_tell_how_many_they_leave_and_ties_apart(explorer: Explorer) -> None:
    def with_ties(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        told["stages"][-1]["ties"] = 3
        route.fulfill(response=answer, json=told)

    explorer.page.route("**/api/next", with_ties)
    explorer.open(p=PROMPT, temperature=0.8, top_p=0.9)
    possible, kept = ((probabilities_of(PROMPT, top_p=top_p, temperature=0.8) > 0).sum() for top_p in (1.0, 0.9))
    assert explorer.at(".stages strong").all_inner_texts() == [f"{number:,}" for number in (possible, possible, kept)]
    assert explorer.at(".stages .ties").all_inner_texts() == ["3 equal to the last"]


def test_the_last_line_is_for_the_rest(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=8)
    p, cut = probabilities_of(PROMPT), probabilities_of(PROMPT, top_k=8)
    rest = sorted(p.tolist())[: (p > 0).sum() - 24 + (p == 0).sum()]
    assert explorer.text("#bars tfoot").strip() == f"and {(p > 0).sum() - 24:,} more: {sum(rest):.1%} before, 0% after, 0 kept"
    assert (cut > 0).sum() < 24


def test_a_token_is_found_with_its_rank_and_what_cut_it(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=3).set("#find", "time")
    names = load_model("builtin").names
    found = [row.split("\t") for row in explorer.at("#found tbody tr").all_inner_texts()]
    assert found[0][1] == "time"
    p = probabilities_of(PROMPT)
    token = names.index("time")
    assert found[0][0] == f"{1 + (p > p[token]).sum() + (p[:token] == p[token]).sum():,}"
    assert found[0][2] == "✕ top-k"
    explorer.set("#find", "zyzzyva")
    assert explorer.text("#found-say") == "No token has this in it."


def test_a_thousand_draws_are_counted_beside_the_bars(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=5, s=3).at("#draw").click()
    explorer.settled()
    drawn = tn.sample(load_model("builtin").next_logits(PROMPT), top_k=5, rng=3, num_samples=1000)
    names = load_model("builtin").names
    counts = {names[token]: int((drawn == token).sum()) for token in set(drawn.tolist())}
    assert {row[1]: int(row[5]) for row in explorer.rows() if row[5] != "0"} == counts
    assert explorer.at(".track .drawn:visible").count() == len(counts)
    explorer.at("#clear-draws").click()
    assert explorer.at("#bars .drawn:visible").count() == 0


def test_other_settings_take_the_draws_away(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, top_k=5).at("#draw").click()
    explorer.settled().set("#top_k-number", 6)
    assert explorer.at("#bars .drawn:visible").count() == 0
    assert explorer.text("#draws-say") == ""


def test_a_new_seed_gives_other_texts_and_an_old_one_the_same(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, s=1)
    first = explorer.text("#texts")
    explorer.at("#new-seed").click()
    assert explorer.settled().text("#texts") != first
    assert explorer.address()["s"] != "1"
    assert explorer.set("#seed", 1).text("#texts") == first


@pytest.mark.parametrize(
    ("name", "value"), [("top_p", "1.5"), ("temperature", "-1"), ("top_k", "2.5")], ids=["top_p", "temperature", "top_k"]
)
def test_what_the_server_refuses_is_said_beside_the_control(explorer: Explorer, name: str, value: str) -> None:
    explorer.open(p=PROMPT).set(f"#{name}-number", value)
    error = explorer.text(f"#{name}-error")
    assert error.startswith(f"{name} must be")
    assert value in error
    assert explorer.at(f"#{name}-number").get_attribute("aria-invalid") == "true"
    assert "This is of earlier settings." in explorer.text("#next-error")
    explorer.set(f"#{name}-number", 1)
    assert explorer.text(f"#{name}-error") == explorer.text("#next-error") == ""
    assert explorer.at(f"#{name}-number").get_attribute("aria-invalid") is None


def test_a_model_that_there_is_not_is_refused_beside_the_menu(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, m="nosuch")
    assert explorer.text("#model-error").startswith("model must be 'builtin'")
    explorer.at("#model").select_option("builtin")
    explorer.settled()
    assert explorer.text("#model-error") == ""
    assert explorer.kept() > 0


def test_settings_that_depend_on_earlier_draws_are_shown_by_the_continuations_alone(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, mirostat=2)
    expect(explorer.at("#drawer #mirostat-error")).to_be_visible()
    assert "continuations" in explorer.text("#mirostat-error")
    assert explorer.words("B", 1).count() == 25
    explorer.words("B", 1).nth(3).focus()
    assert "→" not in explorer.text("#alternatives li:first-child")


def test_a_seed_that_is_none_is_refused(explorer: Explorer) -> None:
    explorer.open(p=PROMPT, s=5).set("#seed", "1.5")
    assert explorer.text("#seed-error") == "Seed must be a whole number, 0 or more; it is still 5."
    explorer.set("#seed", "6")
    assert explorer.text("#seed-error") == ""
    assert explorer.address()["s"] == "6"


def test_a_server_that_is_gone_is_missed(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    explorer.page.route("**/api/*", lambda route: route.abort())
    explorer.set("#top_k-number", 5)
    for place in ("next", "map", "texts"):
        assert explorer.text(f"#{place}-error").startswith("The server does not answer."), place
    explorer.page.unroute("**/api/*")
    explorer.set("#top_k-number", 6)
    assert [explorer.text(f"#{place}-error") for place in ("next", "map", "texts")] == ["", "", ""]
    assert explorer.kept() == (probabilities_of(PROMPT, top_k=6) > 0).sum()
    explorer.wrongs.clear()  # the browser says so too


def test_what_goes_wrong_while_texts_are_written_is_said(explorer: Explorer) -> None:
    explorer.open(p=PROMPT)
    line = '{"error": "prompt must be shorter, as the model ends at 2,048 tokens"}\n'
    explorer.page.route("**/api/texts", lambda route: route.fulfill(body=line, content_type="application/x-ndjson"))
    explorer.at("#write").click()
    assert explorer.settled().text("#texts-error").startswith("prompt must be shorter")
    assert explorer.at("#texts .word").count() == 0


def test_a_prompt_that_is_too_long_is_refused_beside_it(explorer: Explorer) -> None:
    explorer.open(p=PROMPT).set("#prompt", "a " * 3000)
    assert explorer.text("#prompt-error").startswith("prompt must be")
    assert explorer.set("#prompt", "a").text("#prompt-error") == ""
