"""Words: where one ends, also where there are no spaces; and no character is cut in two."""
# ruff: noqa: RUF001 - other scripts are meant

import unicodedata
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text.words import JOINER, LONGEST, characters, is_mark, split_words

FAMILY = "👨\u200d👩\u200d👧"
NOTED = "a\u0301\u0323"

REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Two of them are a flag: which two, those before them decide."""

CHARACTERS = st.one_of(
    st.sampled_from(
        [FAMILY, NOTED, "👍🏽", "🇫🇷", "1\ufe0f\u20e3", "☕\ufe0e", "กี่", "นำ", "ស្រ", "က္က", "क्षि", "ﾊﾞ", "\u1112\u1161\u11ab"]
    ),
    st.characters(categories=["L", "N", "So"], exclude_characters=JOINER + REGIONAL),
    st.builds(str.__add__, st.sampled_from("aé北ก한"), st.text(alphabet="\u0301\u0323\u20dd\ufe0f", max_size=3)),
)
RUNS = st.lists(CHARACTERS, min_size=1, max_size=80).map("".join)


def put_together(tokens: list[str]) -> str:
    """Put a chunk's tokens together: all gaps of a chunk are joined, from one side."""
    return "".join(token.strip(JOINER) for token in tokens)


@given(RUNS)
def test_a_run_without_spaces_becomes_tokens_that_are_short_and_whole(run: str) -> None:
    tokens = list(split_words(run))
    assert put_together(tokens) == run
    assert all(JOINER not in token.strip(JOINER) for token in tokens)
    assert all(left.endswith(JOINER) != right.startswith(JOINER) for left, right in pairwise(tokens))
    for token in tokens:
        bare = token.strip(JOINER)
        assert 0 < len(bare) <= LONGEST
        assert bare == run[: len(bare)] or not unicodedata.category(bare[0]).startswith("M")
        assert bare[0] != "\u200d"
        assert bare[-1] != "\u200d" or bare == run[-len(bare) :]


@given(st.lists(CHARACTERS, min_size=1, max_size=9))
def test_a_character_is_never_cut(parts: list[str]) -> None:
    ends = list(accumulate(map(len, characters("".join(parts)))))
    assert ends[-1] == sum(map(len, parts))
    assert set(ends) <= set(accumulate(map(len, parts)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab", ["a", "b"]),
        (NOTED + "b", [NOTED, "b"]),
        (FAMILY + "👍🏽👍", [FAMILY, "👍🏽", "👍"]),
        ("🇫🇷🇩🇪🇮", ["🇫🇷", "🇩🇪", "🇮"]),
        ("1\ufe0f\u20e32", ["1\ufe0f\u20e3", "2"]),
        ("🏴\U000e0067\U000e0062\U000e007f!", ["🏴\U000e0067\U000e0062\U000e007f", "!"]),
        ("กี่นำ", ["กี่", "นำ"]),
        ("ស្រី", ["ស្រី"]),
        ("क्षि", ["क्षि"]),
        ("\u1112\u1161\u11ab\u1100\u1173", ["\u1112\u1161\u11ab", "\u1100\u1173"]),
        ("ﾊﾞﾅ", ["ﾊﾞ", "ﾅ"]),
        ("\u0301a", ["\u0301", "a"]),
        ("", []),
    ],
)
def test_characters_are_what_a_reader_takes_for_one(text: str, expected: list[str]) -> None:
    assert list(characters(text)) == expected


def test_a_character_that_never_ends_is_cut() -> None:
    assert list(map(len, characters("a" + "\u0301" * 100))) == [LONGEST, LONGEST, 101 - 2 * LONGEST]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("北京", ["北", "￭京"]),
        ("你好，世界。", ["你", "￭好", "￭，", "￭世", "￭界", "￭。"]),
        ("iPhone手机2个", ["iPhone", "￭手", "￭机", "￭2", "￭个"]),
        ("東京タワーへ", ["東", "￭京", "￭タ", "￭ワ", "￭ー", "￭へ"]),
        ("ไปไหน", ["ไ", "￭ป", "￭ไ", "￭ห", "￭น"]),
        ("한국어 문장.", ["한국어", "문장", "￭."]),
        ("(北京)", ["(￭", "北", "￭京", "￭)"]),
        ("x" * LONGEST, ["x" * LONGEST]),
        ("😀😀", ["😀😀"]),
        ("don't well-known", ["don't", "well-known"]),
        ('"\u0301a', ['"\u0301a']),
        ("a—\u0301b", ["a—\u0301b"]),
    ],
)
def test_words_end_where_scripts_have_no_spaces(text: str, tokens: list[str]) -> None:
    assert list(split_words(text)) == tokens


def test_a_run_that_is_too_long_for_a_word_is_taken_character_by_character() -> None:
    run = "https://example.com/" + "e\u0301" * 30
    assert list(split_words(run)) == [*run[:1], *(f"{JOINER}{letter}" for letter in run[1:20]), *[f"{JOINER}e\u0301"] * 30]


@pytest.mark.parametrize("token", [",", "￭.", "(￭", "—", "…", "🙂", "。"])
def test_marks_have_neither_letter_nor_digit(token: str) -> None:
    assert is_mark(token)


@pytest.mark.parametrize("token", ["a", "￭a", "2", "__", "e.g.", "京"])
def test_words_have_one(token: str) -> None:
    assert not is_mark(token)
