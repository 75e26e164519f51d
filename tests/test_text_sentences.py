"""Sentences: every word in one, and each ends where a reader would say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text.sentences import ends_sentence, split_sentences


@given(st.text())
def test_no_word_is_lost(text: str) -> None:
    assert " ".join(split_sentences(text)).split() == text.split()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("No end", ["No end"]),
        ("One. Two! Three? Four.", ["One.", "Two!", "Three?", "Four."]),
        ('He said "Stop." (It did.) Then on.', ['He said "Stop."', "(It did.)", "Then on."]),
        ("Version 3.11 of e.g. Python, i.e. It.", ["Version 3.11 of e.g. Python, i.e. It."]),
        ("The mean—e.g. The median—is.", ["The mean—e.g. The median—is."]),
        ("It is sys.path. str.split() is not.", ["It is sys.path.", "str.split() is not."]),
        ("And so on... and on.", ["And so on... and on."]),
        ("He said no. In an hour he said yes.", ["He said no.", "In an hour he said yes."]),
        ("Over\nlines. And\n\nmore.", ["Over lines.", "And more."]),
    ],
)
def test_sentences_end_where_the_next_begins(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@pytest.mark.parametrize("end", ["done.", "done!", "done?", "done.)", 'done."', "so it is done."])
def test_end_marks_end_a_sentence(end: str) -> None:
    assert ends_sentence(end)


@pytest.mark.parametrize("end", ["", "done", "done,", "e.g.", "(i.e.", "with e.g.", ")", " "])
def test_nothing_else_does(end: str) -> None:
    assert not ends_sentence(end)
