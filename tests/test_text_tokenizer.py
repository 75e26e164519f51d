"""The tokenizer: text comes back as it went in."""
# ruff: noqa: RUF001 - typographic marks are meant

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text import BOS, EOS, UNK, Detokenizer, LanguageModel, Tokenizer
from thermonucleus.text.tokenizer import JOINER, SPECIAL_TOKENS

WORDS = st.one_of(
    st.sampled_from(["a", "the", "The", "NameError", "don't", "up-to-date", "objects", "I", "3.11"]),
    st.sampled_from(["__init__()", "sys.path", "str.split(sep)", "object(s)", "e.g.", "and/or"]),
    st.text(alphabet="abcdeXYZéß", min_size=1, max_size=6),
    st.sampled_from(["北京", "hello世界", "東京タワー", "สวัสดี", "ភាសា", "한국어", "e\u0301te\u0301", "👩\u200d🚀👍🏽", "🇫🇷🇩🇪"]),
    st.text(alphabet="北京大学のカナกี่ำ🇫🇷👍🏽abe\u0301-", min_size=1, max_size=60),
    st.sampled_from(["https://example.com/" + "path/" * 20, "x" * 41, "e\u0301" * 50]),
)
PHRASES = st.one_of(
    WORDS,
    WORDS.map("{},".format),
    WORDS.map("({})".format),
    WORDS.map('"{}"'.format),
    WORDS.map("“{}”;".format),
    st.tuples(WORDS, WORDS).map("—".join),
    st.just("–"),
)
FIRST_WORDS = st.sampled_from(["The", "A", "(An", '"So', "NameError", "sys.path", "Objects", "“It"])
SENTENCES = st.builds(
    lambda first, rest, end: " ".join([first, *rest]) + end,
    FIRST_WORDS,
    st.lists(PHRASES, max_size=8),
    st.sampled_from([".", "!", "?", "...", '."', ".)"]),
)
PROSE = st.lists(SENTENCES, min_size=1, max_size=4).map(" ".join)


@given(PROSE)
def test_prose_comes_back_as_it_was(text: str) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    ids = tokenizer.encode(text)
    assert UNK not in ids
    assert tokenizer.decode(ids) == text


ANY_TEXT = st.text(alphabet=st.characters(exclude_characters=f"\0{JOINER}"))


@given(ANY_TEXT.filter(lambda text: bool(text.split())))
def test_any_text_comes_back_but_for_spaces_and_capitals(text: str) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    decoded = tokenizer.decode(tokenizer.encode(text))
    assert decoded.upper() == " ".join(text.split()).upper()


def test_the_builtin_corpus_comes_back(corpus: list[str], language_model: LanguageModel) -> None:
    tokenizer = language_model.tokenizer
    assert [tokenizer.decode(tokenizer.encode(text)) for text in corpus] == corpus


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("f(x), (so) it's.", ["f(x)", "￭,", "(￭", "so", "￭)", "it's", "￭."]),
        ('"Well-known", e.g. here', ['"￭', "Well-known", '￭"', "￭,", "e.g.", "here"]),
        ("this—that", ["this", "￭—￭", "that"]),
        ("this – that", ["this", "–", "that"]),
        ("__init__() of sys.path", ["__init__()", "of", "sys.path"]),
        ("an open (", ["an", "open", "(￭"]),
    ],
)
def test_marks_are_tokens_that_lean_on_words(text: str, tokens: list[str]) -> None:
    tokenizer = Tokenizer.from_corpus([f"{text}"])
    assert [tokenizer.vocabulary[i] for i in tokenizer.encode(text) if i not in (BOS, EOS)] == tokens


def test_the_first_word_is_looked_up_in_the_case_it_has_elsewhere() -> None:
    tokenizer = Tokenizer.from_corpus(["The end of the Tale. Tale it was, the Tale. Python too."])
    words = [tokenizer.vocabulary[i] for i in tokenizer.encode("The end. Tale it was. Python.")]
    assert [word for word in words if word.isalpha()] == [*("the", "end", "Tale", "it", "was", "Python")]


def test_a_capital_at_the_start_makes_no_other_word() -> None:
    assert "The" not in Tokenizer.from_corpus(["The end of the tale."]).vocabulary


@pytest.mark.parametrize("text", ["ßa it is.", "sys.path it is.", "__all__ it is.", "iPad it is."])
def test_words_without_a_capital_of_their_own_get_none(text: str) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_ids_are_in_order_of_falling_frequency() -> None:
    tokenizer = Tokenizer.from_corpus(["b b b a a c", "c d"])
    assert tokenizer.vocabulary == (*SPECIAL_TOKENS, "b", "a", "c", "d")


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It is", 0),
        ("It is.", 1),
        ("It is. It", 1),
        ("It is! It is.", 2),
        ("It is, e.g.", 0),
        ("", 0),
    ],
)
def test_finished_sentences_end(text: str, ends: int) -> None:
    ids = Tokenizer.from_corpus(["It is! It is, e.g. that."]).encode(text)
    assert ids[0] == BOS
    assert ids.count(EOS) == ends
    assert ids.count(BOS) == 1


@pytest.mark.parametrize("text", ["<eos>", "<bos>", "<unk>", "quux", f"quux{JOINER}"])
def test_unknown_words_and_the_names_of_special_tokens_are_unknown(text: str) -> None:
    assert Tokenizer.from_corpus(["Some text."]).encode(text) == [BOS, UNK]


def test_unknown_words_show_when_decoded() -> None:
    tokenizer = Tokenizer.from_corpus(["Some text."])
    assert tokenizer.decode(tokenizer.encode("Some quux, text")) == "Some <unk> <unk> text"


@given(PROSE)
def test_pieces_make_up_the_text(text: str) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    ids = tokenizer.encode(text)
    detokenizer = Detokenizer(tokenizer)
    assert "".join(map(detokenizer.push, ids)) == tokenizer.decode(ids)


def test_the_rest_of_a_word_gets_no_capital() -> None:
    text = "«/" + "a" * 50
    tokenizer = Tokenizer.from_corpus([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


# Unknown words

TALE = Tokenizer.from_corpus(["The cat, e.g. Tom, sat on the mat (of 2 colours). It's so."])


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("", []),
        ("The cat sat.", []),
        ("Cat and dog sat on the mat.", ["and", "dog"]),
        ("Zebras sat. The zebras sat.", ["Zebras"]),  # once, as they stand there first
        ("tom sat", ["tom"]),
        ("the Mat", ["Mat"]),  # within a sentence a capital makes another word
        ("Dog, dog; (dog) “dog”!", ["Dog"]),
        ("The cat; the «mat»: — so?!", []),  # punctuation is no word
        ("2 cats of 3 colours, 1999", ["cats", "3", "1999"]),
        (f"the{JOINER}cat {JOINER}sat {JOINER} dog{JOINER}", ["dog"]),
        ("It's e.g. I've", ["I've"]),
        ("the 北京 mat", ["北", "京"]),
        ("the cat 👩\u200d🚀 €", ["👩\u200d🚀", "€"]),
        ("<unk> <bos>", ["<unk>", "<bos>"]),
    ],
)
def test_unknown_words_are_named_once_each(text: str, unknown: list[str]) -> None:
    assert TALE.unknown_words(text) == unknown


@given(ANY_TEXT)
def test_there_are_unknown_words_where_a_word_is_unknown(text: str) -> None:
    unknown = TALE.unknown_words(text)
    assert len(unknown) <= TALE.encode(text).count(UNK)
    assert all(word in text for word in unknown)
    assert Tokenizer.from_corpus([text, "A word."]).unknown_words(text) == []


# What is refused


@pytest.mark.parametrize("token", [-1, 5])
def test_ids_outside_the_vocabulary_are_refused(token: int) -> None:
    tokenizer = Tokenizer.from_corpus(["Some text"])
    with pytest.raises(ValueError, match=rf"^tokens\[1\] must be a token id from 0 to 4, got {token}$"):
        tokenizer.decode([3, token])
    with pytest.raises(ValueError, match=f"^token must be a token id from 0 to 4, got {token}$"):
        Detokenizer(tokenizer).push(token)


def test_text_is_no_ids() -> None:
    text: Any = "text"
    with pytest.raises(TypeError, match=r"^tokens must be token ids, got 'text': encode it to token ids first$"):
        TALE.decode(text)


@pytest.mark.parametrize("method", [TALE.encode, TALE.unknown_words])
def test_what_is_no_text_is_refused(method: Any) -> None:
    with pytest.raises(TypeError, match=r"^text must be a str, got 7$"):
        method(7)
    with pytest.raises(ValueError, match=r"^text must be text without NULs, got one at character 4 of line 1"):
        method("The\0cat")


@pytest.mark.parametrize("paragraphs", [[], ["", " \n"]])
def test_a_vocabulary_of_nothing_is_refused(paragraphs: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^paragraphs must hold at least one word, got none$"):
        Tokenizer.from_corpus(paragraphs)


def test_a_vocabulary_without_special_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^vocabulary must begin with \('<unk>', .*, got one that begins with \('a', 'b', 'c'\)$"):
        Tokenizer(["a", "b", "c", "d"])


def test_a_vocabulary_that_repeats_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^vocabulary must hold each token once, got 'a' twice$"):
        Tokenizer([*SPECIAL_TOKENS, "a", "b", "a"])
