"""The names of tokens below an axis: all of each can be seen, and what the font lacks is said once."""

import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from plotted import RISING, STEPS, draw, names

pytest.importorskip("matplotlib")

import matplotlib as mpl
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager

from thermonucleus.plots import fonts, plot_adaptive, plot_comparison, plot_temperature, plot_tokens
from thermonucleus.plots.names import LONGEST, readable

CJK = "你好"
MADE = "Thermonucleus Test Sans"


@pytest.fixture
def installed_font(tmp_path: Path) -> Iterator[str]:
    """Install a font that has two characters and the space, and no other."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (500, 700), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    glyphs = [".notdef", "space", "one", "two"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(" "): "space", ord(CJK[0]): "one", ord(CJK[1]): "two"})
    builder.setupGlyf(dict.fromkeys(glyphs, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": MADE, "styleName": "Regular"})
    builder.setupOS2(usWeightClass=400)
    builder.setupPost()
    file = tmp_path / "made.ttf"
    builder.save(file)
    before = list(fontManager.ttflist)
    fontManager.addfont(file)
    yield MADE
    fontManager.ttflist = before


NAMED: dict[str, Callable[..., Any]] = {
    "plot_temperature": lambda tokens: plot_temperature(RISING, tokens=tokens),
    "plot_comparison": lambda tokens: plot_comparison(RISING, tokens=tokens),
    "plot_tokens": lambda tokens: plot_tokens(RISING, tokens=tokens),
    "plot_adaptive": lambda tokens: plot_adaptive(STEPS[:5], tokens=tokens)[1],
}
"""Each of the functions that takes names of tokens, of which it needs five."""


def test_names_are_shown_as_they_are_and_may_repeat(ax: Any) -> None:
    plot_tokens(RISING, tokens=["$x$", ".", ".", "\n", " "], ax=ax)
    draw(ax)
    assert names(ax) == ["$x$", ".", ".", "'\\n'", "␣"]
    assert not any(label.get_parse_math() for label in ax.get_xticklabels())
    assert [len(container) for container in ax.containers][:2] == [5, 5]


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("the", "the"),
        (" the", "␣the"),
        ("  the ", "␣␣the␣"),
        ("   ", "␣␣␣"),
        ("in fact", "in fact"),
        ("", "''"),
        ("\t", "'\\t'"),
        (" \n", "' \\n'"),
        ("don't\r", '"don\'t\\r"'),
        ("\u00a0the", "'\\xa0the'"),
        ("\u200bthe", "'\\u200bthe'"),
        ("naïve", "naïve"),
        ("-" * 24, "-" * 24),
        ("-" * 25, "-" * 21 + "..."),
    ],
)
def test_all_of_a_name_can_be_seen(token: str, shown: str) -> None:
    assert readable([token], stacklevel=1) == [shown]
    assert len(shown) <= LONGEST


@pytest.mark.usefixtures("pyplot")
@pytest.mark.parametrize("name", NAMED)
def test_a_leading_space_is_seen_in_every_picture(name: str) -> None:
    assert names(NAMED[name](["the", " the", "a", "b", " "])) == ["the", "␣the", "a", "b", "␣"]


@pytest.mark.usefixtures("pyplot")
@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_characters_that_the_font_lacks_are_one_warning_and_no_boxes(name: str, ending: str) -> None:
    tokens = ["the", "你好", "好 the", "\U0001f9d9", "日本"]
    with pytest.warns(UserWarning, match="font lacks") as caught:
        ax = NAMED[name](tokens)
    ax.figure.savefig(BytesIO(), format=ending)  # of which any warning is an error
    assert len(caught) == 1
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    assert message.startswith("tokens hold characters that the font lacks: 你, 好, \U0001f9d9, 日 and 1 more; ")
    assert 'Set matplotlib.rcParams["font.family"] to a font that has them; none is installed here.' in message
    assert names(ax) == ["the", "'\\u4f60\\u597d'", "'\\u597d the'", "'\\U0001f9d9'", "'\\u65e5\\u672c'"]


@pytest.mark.usefixtures("pyplot")
@pytest.mark.parametrize("name", NAMED)
def test_where_the_warning_is_an_error_nothing_is_drawn(name: str, pyplot: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="font lacks"):
            NAMED[name](["the", "你好", "a", "b", "c"])
    assert pyplot.get_fignums() == []


def test_only_the_tokens_that_are_shown_are_looked_at(ax: Any) -> None:
    plot_tokens([*range(50), -1], tokens=["a"] * 50 + ["你"], ax=ax)
    assert names(ax) == ["a"] * 12


def test_an_installed_font_is_named_and_does_what_the_warning_says(installed_font: str, ax: Any) -> None:
    with pytest.warns(UserWarning, match="font lacks") as caught:
        plot_tokens(RISING, tokens=["a", "b", "c", "你", " 好"], ax=ax)
    setting = f"['sans-serif', '{installed_font}']"
    assert str(caught[0].message).endswith(f'Set matplotlib.rcParams["font.family"] to {setting} to see them.')
    with mpl.rc_context({"font.family": ["sans-serif", installed_font]}):
        ax.clear()
        plot_tokens(RISING, tokens=["a", "b", "c", "你", " 好"], ax=ax)
        draw(ax)
        ax.figure.savefig(BytesIO(), format="png")
    assert names(ax) == ["a", "b", "c", "你", "␣好"]


@pytest.mark.usefixtures("installed_font")
def test_a_font_that_has_some_is_named_as_such() -> None:
    assert fonts.hint(["你", "好", "日"]).endswith(f"'{MADE}'] to see most of them.")


def test_the_fonts_of_a_family_list_are_asked_one_after_the_other(installed_font: str) -> None:
    assert fonts.lacking("a你a") == ["你"]
    with mpl.rc_context({"font.family": [installed_font]}):
        assert fonts.lacking("a你a") == ["a"]
    with mpl.rc_context({"font.family": ["Not Installed", installed_font, "DejaVu Sans"]}):
        assert fonts.lacking("a你a日") == ["日"]


def test_where_no_family_is_installed_the_default_font_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    with mpl.rc_context({"font.family": ["Not Installed"]}):
        assert fonts.lacking("a你") == ["你"]
    assert "Not Installed" in caplog.text  # matplotlib's own word


def test_a_space_is_in_quotes_where_the_font_lacks_the_mark(installed_font: str, recwarn: pytest.WarningsRecorder) -> None:
    with mpl.rc_context({"font.family": [installed_font]}):
        assert readable([" 你", "好"], stacklevel=1) == ["' 你'", "好"]
    assert len(recwarn) == 0
