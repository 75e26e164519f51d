"""Paragraphs: lines joined, words whole, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text.paragraphs import join_lines, split_paragraphs


@given(st.text(alphabet="ab.,\n\r\t "))
def test_no_word_is_lost(text: str) -> None:
    assert " ".join(split_paragraphs(text)).split() == text.split()


def test_blank_lines_separate_paragraphs() -> None:
    text = "One\nparagraph.\n \t\nAnother.\r\n\r\nA third.\n"
    assert split_paragraphs(text) == ["One paragraph.", "Another.", "A third."]


def test_a_word_cut_at_its_hyphen_is_whole_again() -> None:
    assert join_lines("a reference-\n  counting scheme") == "a reference-counting scheme"


def test_a_hyphen_that_stands_for_more_keeps_its_space() -> None:
    assert join_lines("the pre-\nand postfix forms") == "the pre- and postfix forms"


def test_a_dash_at_the_end_of_a_line_is_not_a_hyphen() -> None:
    assert join_lines("it is -\nalmost - done") == "it is - almost - done"
