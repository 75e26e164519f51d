"""The n-gram model: Kneser-Ney to the letter, and proper probabilities."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thermonucleus as tn
from thermonucleus.text import BOS, EOS, UNK, LanguageModel, NgramModel, ngram, split_corpus

VOCAB_SIZE = 7
TEXTS = st.lists(
    st.lists(st.integers(EOS, VOCAB_SIZE - 1), min_size=1, max_size=25).map(lambda ids: [BOS, *ids]),
    min_size=1,
    max_size=6,
)
Texts = Sequence[Sequence[int]]

CONTEXTS = st.lists(st.integers(0, VOCAB_SIZE - 1), max_size=6)


class DirectKneserNey:
    """The recursion as it stands on paper, a dictionary look-up at a time."""

    def __init__(self, texts: Sequence[Sequence[int]], vocab_size: int, order: int, share: float = 1.0) -> None:
        self.vocab_size = vocab_size
        self.order = order
        self.share = share
        self.seen = Counter(tuple(text[i : i + n]) for text in texts for n in range(1, order + 1) for i in range(len(text) - n + 1))
        plain = Counter(token for text in texts for token in text)
        ranked = [*sorted(range(EOS, vocab_size), key=lambda token: (-plain[token], token)), UNK, BOS]
        weights = {token: 1 / (rank + 8 * vocab_size) for rank, token in enumerate(ranked, start=1)}
        self.end = {token: weight / sum(weights.values()) for token, weight in weights.items()}
        self.discounts = [self.estimate_discounts(n) for n in range(1, order + 1)]

    def count(self, gram: tuple[int, ...]) -> int:
        if gram == (BOS,):
            return 0
        if len(gram) == self.order or gram[0] == BOS:
            return self.seen[gram]
        return sum((before, *gram) in self.seen for before in range(self.vocab_size))

    def estimate_discounts(self, n: int) -> dict[int, float]:
        of = Counter(self.count(gram) for gram in self.seen if len(gram) == n)
        discounts = {0: 0.0, 1: 0.5, 2: 1.0, 3: 1.5}
        if of[1] and of[2] and of[3]:
            y = of[1] / (of[1] + 2 * of[2])
            estimated = {k: k - (k + 1) * y * of[k + 1] / of[k] for k in (1, 2, 3)}
            if min(estimated.values()) > 0:
                discounts.update(estimated)
        return {k: self.share * discount for k, discount in discounts.items()}

    def probability(self, context: tuple[int, ...], token: int) -> float:
        lower = self.probability(context[1:], token) if context else self.end[token]
        counts = {v: self.count((*context, v)) for v in range(self.vocab_size)}
        total = sum(counts.values())
        if total == 0:
            return lower
        discount = self.discounts[len(context)]
        freed = sum(discount[min(count, 3)] for count in counts.values())
        kept = counts[token] - discount[min(counts[token], 3)]
        return kept / total + freed / total * lower


@settings(max_examples=60)
@given(texts=TEXTS, context=CONTEXTS, order=st.integers(1, 4), discount=st.sampled_from([1.0, 0.75, 0.01]))
def test_probabilities_are_those_of_the_direct_recursion(texts: Texts, context: list[int], order: int, discount: float) -> None:
    model = NgramModel(texts, vocab_size=VOCAB_SIZE, order=order, discount=discount)
    direct = DirectKneserNey(texts, VOCAB_SIZE, order, discount)
    recent = tuple(context[len(context) - min(len(context), order - 1) :])
    expected = [direct.probability(recent, token) for token in range(VOCAB_SIZE)]
    np.testing.assert_allclose(model.probabilities(context), expected, rtol=1e-12)


def test_the_direct_recursion_is_met_where_discounts_are_estimated(corpus: list[str], language_model: LanguageModel) -> None:
    encode = language_model.tokenizer.encode
    # Ids above 60 folded into those below: a small vocabulary, so that the slow way is bearable.
    texts = [[BOS, *(2 + i % 60 for i in encode(text)[1:])] for text in corpus[:150]]
    model = NgramModel(texts, vocab_size=62, order=3)
    direct = DirectKneserNey(texts, 62, 3)
    assert all(set(d.values()) != {0.0, 0.5, 1.0, 1.5} for d in direct.discounts[1:])
    for context in [(BOS,), (BOS, 3), (3, 4), (5, 3), (61, 61), (UNK, 3)]:
        expected = [direct.probability(context, token) for token in range(62)]
        np.testing.assert_allclose(model.probabilities(context), expected, rtol=1e-12)


@given(texts=TEXTS, context=CONTEXTS, order=st.integers(1, 6), discount=st.floats(1e-3, 1))
def test_probabilities_are_positive_and_of_sum_one(texts: Texts, context: list[int], order: int, discount: float) -> None:
    row = NgramModel(texts, vocab_size=VOCAB_SIZE, order=order, discount=discount).probabilities(context)
    assert row.min() > 0
    assert math.isclose(row.sum(), 1, rel_tol=1e-12)


def test_probabilities_sum_to_one_over_the_whole_vocabulary(corpus: list[str], language_model: LanguageModel) -> None:
    ids = [i for text in corpus[::50] for i in language_model.tokenizer.encode(text)]
    rng = np.random.default_rng(1)
    contexts = [ids[i : i + 5] for i in range(0, len(ids) - 5, 7)]
    contexts += rng.integers(0, len(language_model.tokenizer), (100, 5)).tolist()
    sums = [language_model.ngrams.probabilities(context).sum() for context in contexts]
    np.testing.assert_allclose(sums, 1, rtol=1e-12)


def test_logits_are_log_probabilities_but_for_what_no_text_can_show(language_model: LanguageModel) -> None:
    tokens = language_model.tokenizer.encode("The future of artificial intelligence")
    row = language_model(tokens)
    assert row.dtype == np.float32
    assert row.shape == (len(language_model.tokenizer),)
    assert np.isneginf(row[[UNK, BOS]]).all()
    expected = np.log(language_model.ngrams.probabilities(tokens))
    np.testing.assert_allclose(row[EOS:], expected[EOS:], rtol=1e-6)


def test_a_row_belongs_to_its_caller(language_model: LanguageModel) -> None:
    before = language_model([BOS])
    language_model([BOS])[:] = 0
    np.testing.assert_array_equal(language_model([BOS]), before)


def test_only_the_last_tokens_matter() -> None:
    model = NgramModel([[BOS, 3, 4, 5, 6, 4, 3, 2]], vocab_size=7, order=3)
    np.testing.assert_array_equal(model([6, 6, 6, 4, 5]), model([4, 5]))
    assert (model([3, 4]) != model([6, 4])).any()


def test_no_ngram_reaches_from_one_text_into_the_next() -> None:
    model = NgramModel([[BOS, 3, 4], [BOS, 5, 6]], vocab_size=7, order=3)
    np.testing.assert_array_equal(model([3, 4]), model([]))


def test_held_out_text_is_far_more_likely_than_by_frequency_alone(corpus: list[str]) -> None:
    train = [text for i, text in enumerate(corpus) if i % 10]
    tokenizer = LanguageModel.train(train, order=1).tokenizer
    held_out = [token for text in corpus[::10] for token in tokenizer.encode(text)]
    texts = [tokenizer.encode(text) for text in train]
    unigrams, bigrams, fourgrams = (
        NgramModel(texts, vocab_size=len(tokenizer), order=order).perplexity(held_out) for order in (1, 2, 4)
    )
    assert fourgrams < 0.9 * bigrams
    assert bigrams < 0.5 * unigrams


def test_logprob_adds_up_and_perplexity_averages() -> None:
    model = NgramModel([[BOS, 3, 4, 2, 3, 5, 2]], vocab_size=6, order=3)
    tokens = [BOS, 3, 5, 2]
    parts = [math.log(model.probabilities(tokens[:i])[tokens[i]]) for i in (1, 2, 3)]
    assert math.isclose(model.logprob(tokens), sum(parts))
    assert math.isclose(model.perplexity(tokens), math.exp(-sum(parts) / 3))
    assert model.logprob([BOS]) == 0


def test_a_perplexity_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^tokens must hold at least one other than BOS \(1\), got none$"):
        NgramModel([[BOS, 3]], vocab_size=4).perplexity([BOS])


# Ties

PROMPTS = [
    "",
    "Once upon a time",
    "The future of artificial intelligence is",
    "The small grey cat",
    "It is",
    "Zebra quartz",
    "Why?",
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_no_two_words_have_the_same_logit_in_the_builtin_model(language_model: LanguageModel, prompt: str) -> None:
    logits = language_model.next_logits(prompt)
    finite = logits[np.isfinite(logits)]
    assert len(finite) == language_model.size - 2
    assert len(np.unique(finite)) == len(finite)


def test_next_to_none_have_it_in_a_model_that_has_not_seen_all_its_words(corpus: list[str]) -> None:
    model = split_corpus(corpus).model
    for prompt in PROMPTS:
        finite = model.next_logits(prompt)[EOS:]
        assert len(finite) - len(np.unique(finite)) <= 2


def test_a_nucleus_ends_within_the_words_that_were_seen_equally_often(language_model: LanguageModel) -> None:
    row = language_model.next_logits("Once upon a time")
    kept = [int(np.count_nonzero(tn.probabilities(row, temperature=2.0, top_p=top_p))) for top_p in (0.7, 0.75, 0.8, 0.85, 0.9)]
    assert all(fewer + 50 < more for fewer, more in pairwise(kept))


def test_of_words_that_were_seen_equally_often_the_lower_id_is_the_more_probable() -> None:
    row = NgramModel([[BOS, 5, 3, 4, 6, 2]], vocab_size=9, order=1).probabilities([])
    assert (np.diff(row[[3, 4, 5, 6]]) < 0).all()  # once each
    assert (np.diff(row[[6, 7, 8, UNK, BOS]]) < 0).all()  # once; never; never to be seen


def test_words_count_more_that_were_seen_more_often_after_the_same_word() -> None:
    # After one token alone, all three; but the first came twice.
    row = NgramModel([[BOS, 3, 5, 3, 5, 3, 6, 3, 4]], vocab_size=7, order=2).probabilities([6])
    assert row[5] > row[4] > row[6]


def test_the_end_of_the_recursion_costs_less_than_a_thousandth_of_the_perplexity(
    corpus: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = LanguageModel.train(corpus).tokenizer
    # The ids of words are dealt anew: as they are, they would tell which of the words that half has not seen the other half has.
    ids = np.arange(len(tokenizer))
    ids[EOS + 1 :] = np.random.default_rng(0).permutation(ids[EOS + 1 :])
    texts = [ids[tokenizer.encode(text)].tolist() for text in corpus]
    held_out = [token for text in texts[1::2] for token in text]
    falling = NgramModel(texts[::2], vocab_size=len(tokenizer)).perplexity(held_out)
    monkeypatch.setattr(ngram, "_law_of_ranks", lambda counts: np.full(len(counts), 1 / len(counts)))
    flat = NgramModel(texts[::2], vocab_size=len(tokenizer)).perplexity(held_out)
    assert flat < falling < 1.001 * flat


# What is refused


@pytest.mark.parametrize("tokens", [[4], [3, -1]])
def test_tokens_outside_the_vocabulary_are_refused(tokens: list[int]) -> None:
    model = NgramModel([[BOS, 3]], vocab_size=4)
    with pytest.raises(ValueError, match=rf"^tokens\[-1\] must be a token id from 0 to 3, got {tokens[-1]}$"):
        model(tokens)
    with pytest.raises(ValueError, match=rf"^tokens\[{len(tokens) - 1}\] must be a token id from 0 to 3, got {tokens[-1]}$"):
        model.logprob(tokens)


@pytest.mark.parametrize("tokens", ["the text", b"the text"])
def test_text_is_not_tokens(tokens: Any) -> None:
    with pytest.raises(TypeError, match=r"^tokens must be token ids, got b?'the text': encode it to token ids first$"):
        NgramModel([[BOS, 3]], vocab_size=4, order=3)(tokens)


def test_a_number_is_no_text() -> None:
    number: Any = 3
    with pytest.raises(TypeError, match=r"^tokens must be an iterable of token ids, got 3 of type int$"):
        NgramModel([[BOS, 3]], vocab_size=4, order=3)(number)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "^sequences must hold at least one token other than BOS, got none$"),
        ([[BOS]], "^sequences must hold at least one token other than BOS, got none$"),
        ([[3, 3]], r"^sequences\[0\] must begin with BOS \(1\) and hold no other, got \[3, 3\]$"),
        ([[BOS, 3], []], r"^sequences\[1\] must begin with BOS \(1\) and hold no other, got \[\]$"),
        ([[BOS, 3, BOS]], r"^sequences\[0\] must begin with BOS \(1\) and hold no other, got \[1, 3, 1\]$"),
        ([[BOS, 9]], r"^sequences\[0\]\[1\] must be a token id from 0 to 3, got 9$"),
    ],
)
def test_training_texts_are_checked(sequences: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NgramModel(sequences, vocab_size=4)


@pytest.mark.parametrize("name", ["order", "vocab_size"])
def test_sizes_are_checked(name: str) -> None:
    settings: dict[str, Any] = {"order": 2, "vocab_size": 4}
    with pytest.raises(ValueError, match=f"^{name} must be 1 or more, got 0$"):
        NgramModel([[BOS, 3]], **settings | {name: 0})
    with pytest.raises(TypeError, match=rf"^{name} must be an integer, got 1\.5 of type float$"):
        NgramModel([[BOS, 3]], **settings | {name: 1.5})


@pytest.mark.parametrize("discount", [0.0, 1.5, -1.0])
def test_a_discount_is_checked(discount: float) -> None:
    with pytest.raises(ValueError, match=f"^discount must be a number above 0 and at most 1, got {discount:g}$"):
        NgramModel([[BOS, 3]], vocab_size=4, discount=discount)
