"""The tokenizer: text comes back as it went in."""
# ruff: noqa: RUF001 - typographic marks are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text import BOS, EOS, UNK, Detokenizer, Tokenizer
from thermonucleus.text.tokenizer import JOINER, SPECIAL_TOKENS

WORDS = st.one_of(
    st.sampled_from(["a", "the", "The", "NameError", "don't", "up-to-date", "objects", "I", "3.11"]),
    st.sampled_from(["__init__()", "sys.path", "str.split(sep)", "object(s)", "e.g.", "and/or"]),
    st.text(alphabet="abcdeXYZéß", min_size=1, max_size=6),
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
def test_prose_comes_back_as_it_was(text) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    ids = tokenizer.encode(text)
    assert UNK not in ids
    assert tokenizer.decode(ids) == text


@given(st.text().map(lambda text: text.replace(JOINER, " ")).filter(str.split))
def test_any_text_comes_back_but_for_spaces_and_capitals(text) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    decoded = tokenizer.decode(tokenizer.encode(text))
    assert decoded.upper() == " ".join(text.split()).upper()


def test_the_builtin_corpus_comes_back(corpus, language_model) -> None:
    tokenizer = language_model.tokenizer
    changed = [text for text in corpus if tokenizer.decode(tokenizer.encode(text)) != text]
    # Other versions of Python may have sentences that start in lower case; these get a capital.
    assert len(changed) < 0.01 * len(corpus)


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
def test_marks_are_tokens_that_lean_on_words(text, tokens) -> None:
    tokenizer = Tokenizer.from_corpus([f"{text}"])
    assert [tokenizer.vocabulary[i] for i in tokenizer.encode(text) if i not in (BOS, EOS)] == tokens


def test_the_first_word_is_looked_up_in_the_case_it_has_elsewhere() -> None:
    tokenizer = Tokenizer.from_corpus(["The end of the Tale. Tale it was, the Tale. Python too."])
    words = [tokenizer.vocabulary[i] for i in tokenizer.encode("The end. Tale it was. Python.")]
    assert [word for word in words if word.isalpha()] == [*("the", "end", "Tale", "it", "was", "Python")]


def test_a_capital_at_the_start_makes_no_other_word() -> None:
    assert "The" not in Tokenizer.from_corpus(["The end of the tale."]).vocabulary


@pytest.mark.parametrize("text", ["ßa it is.", "sys.path it is.", "__all__ it is.", "iPad it is."])
def test_words_without_a_capital_of_their_own_get_none(text) -> None:
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
def test_finished_sentences_end(text, ends) -> None:
    ids = Tokenizer.from_corpus(["It is! It is, e.g. that."]).encode(text)
    assert ids[0] == BOS
    assert ids.count(EOS) == ends
    assert ids.count(BOS) == 1


@pytest.mark.parametrize("text", ["<eos>", "<bos>", "<unk>", "quux", f"quux{JOINER}"])
def test_unknown_words_and_the_names_of_special_tokens_are_unknown(text) -> None:
    assert Tokenizer.from_corpus(["Some text."]).encode(text) == [BOS, UNK]


def test_unknown_words_show_when_decoded() -> None:
    tokenizer = Tokenizer.from_corpus(["Some text."])
    assert tokenizer.decode(tokenizer.encode("Some quux, text")) == "Some <unk> <unk> text"


@given(PROSE)
def test_pieces_make_up_the_text(text) -> None:
    tokenizer = Tokenizer.from_corpus([text])
    ids = tokenizer.encode(text)
    detokenizer = Detokenizer(tokenizer)
    assert "".join(map(detokenizer.push, ids)) == tokenizer.decode(ids)


@pytest.mark.parametrize("token", [-1, 5])
def test_ids_outside_the_vocabulary_are_refused(token) -> None:
    with pytest.raises(ValueError, match=f"from 0 to 4, not {token}"):
        Tokenizer.from_corpus(["Some text"]).decode([token])


@pytest.mark.parametrize("paragraphs", [[], ["", " \n"]])
def test_a_vocabulary_of_nothing_is_refused(paragraphs) -> None:
    with pytest.raises(ValueError, match="at least one word"):
        Tokenizer.from_corpus(paragraphs)


def test_a_vocabulary_without_special_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must begin with \('<unk>'"):
        Tokenizer(["a", "b", "c", "d"])


def test_a_vocabulary_that_repeats_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="'a' twice"):
        Tokenizer([*SPECIAL_TOKENS, "a", "b", "a"])
