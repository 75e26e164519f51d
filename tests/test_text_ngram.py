"""The n-gram model: Kneser-Ney to the letter, and proper probabilities."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonucleus.text import BOS, EOS, UNK, LanguageModel, NgramModel

VOCAB_SIZE = 7
TEXTS = st.lists(
    st.lists(st.integers(EOS, VOCAB_SIZE - 1), min_size=1, max_size=25).map(lambda ids: [BOS, *ids]),
    min_size=1,
    max_size=6,
)
CONTEXTS = st.lists(st.integers(0, VOCAB_SIZE - 1), max_size=6)


class DirectKneserNey:
    """The recursion as it stands on paper, a dictionary look-up at a time."""

    def __init__(self, texts: Sequence[Sequence[int]], vocab_size: int, order: int) -> None:
        self.vocab_size = vocab_size
        self.order = order
        self.seen = Counter(tuple(text[i : i + n]) for text in texts for n in range(1, order + 1) for i in range(len(text) - n + 1))
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
        return discounts

    def probability(self, context: tuple[int, ...], token: int) -> float:
        lower = self.probability(context[1:], token) if context else 1 / self.vocab_size
        counts = {v: self.count((*context, v)) for v in range(self.vocab_size)}
        total = sum(counts.values())
        if total == 0:
            return lower
        discount = self.discounts[len(context)]
        freed = sum(discount[min(count, 3)] for count in counts.values())
        kept = counts[token] - discount[min(counts[token], 3)]
        return kept / total + freed / total * lower


@settings(max_examples=60)
@given(texts=TEXTS, context=CONTEXTS, order=st.integers(1, 4))
def test_probabilities_are_those_of_the_direct_recursion(texts, context, order) -> None:
    model = NgramModel(texts, vocab_size=VOCAB_SIZE, order=order)
    direct = DirectKneserNey(texts, VOCAB_SIZE, order)
    recent = tuple(context[len(context) - min(len(context), order - 1) :])
    expected = [direct.probability(recent, token) for token in range(VOCAB_SIZE)]
    np.testing.assert_allclose(model.probabilities(context), expected, rtol=1e-12)


def test_the_direct_recursion_is_met_where_discounts_are_estimated(corpus, language_model) -> None:
    encode = language_model.tokenizer.encode
    # Ids above 60 folded into those below: a small vocabulary, so that the slow way is bearable.
    texts = [[BOS, *(2 + i % 60 for i in encode(text)[1:])] for text in corpus[:150]]
    model = NgramModel(texts, vocab_size=62, order=3)
    direct = DirectKneserNey(texts, 62, 3)
    assert all(set(d.values()) != {0.0, 0.5, 1.0, 1.5} for d in direct.discounts[1:])
    for context in [(BOS,), (BOS, 3), (3, 4), (5, 3), (61, 61), (UNK, 3)]:
        expected = [direct.probability(context, token) for token in range(62)]
        np.testing.assert_allclose(model.probabilities(context), expected, rtol=1e-12)


@given(texts=TEXTS, context=CONTEXTS, order=st.integers(1, 6))
def test_probabilities_are_positive_and_of_sum_one(texts, context, order) -> None:
    row = NgramModel(texts, vocab_size=VOCAB_SIZE, order=order).probabilities(context)
    assert row.min() > 0
    assert math.isclose(row.sum(), 1, rel_tol=1e-12)


def test_probabilities_sum_to_one_over_the_whole_vocabulary(corpus, language_model) -> None:
    ids = [i for text in corpus[::50] for i in language_model.tokenizer.encode(text)]
    rng = np.random.default_rng(1)
    contexts = [ids[i : i + 5] for i in range(0, len(ids) - 5, 7)]
    contexts += rng.integers(0, len(language_model.tokenizer), (100, 5)).tolist()
    sums = [language_model.ngrams.probabilities(context).sum() for context in contexts]
    np.testing.assert_allclose(sums, 1, rtol=1e-12)


def test_logits_are_log_probabilities_but_for_what_no_text_can_show(language_model) -> None:
    tokens = language_model.tokenizer.encode("The value of an object")
    row = language_model(tokens)
    assert row.dtype == np.float32
    assert row.shape == (len(language_model.tokenizer),)
    assert np.isneginf(row[[UNK, BOS]]).all()
    expected = np.log(language_model.ngrams.probabilities(tokens))
    np.testing.assert_allclose(row[EOS:], expected[EOS:], rtol=1e-6)


def test_a_row_belongs_to_its_caller(language_model) -> None:
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


def test_held_out_text_is_far_more_likely_than_by_frequency_alone(corpus) -> None:
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
    with pytest.raises(ValueError, match="at least one token"):
        NgramModel([[BOS, 3]], vocab_size=4).perplexity([BOS])


@pytest.mark.parametrize("tokens", [[4], [3, -1]])
def test_tokens_outside_the_vocabulary_are_refused(tokens) -> None:
    model = NgramModel([[BOS, 3]], vocab_size=4)
    with pytest.raises(ValueError, match=f"from 0 to 3, but hold {tokens[-1]}"):
        model(tokens)


def test_text_is_not_tokens() -> None:
    with pytest.raises(TypeError, match="sequence of token ids, not 'xt'"):
        NgramModel([[BOS, 3]], vocab_size=4, order=3)("text")


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "at least one token"),
        ([[BOS]], "at least one token"),
        ([[3, 3]], "must begin with BOS"),
        ([[]], "must begin with BOS"),
        ([[BOS, 3, BOS]], "hold no other"),
        ([[BOS, 9]], "hold 9"),
    ],
)
def test_training_texts_are_checked(sequences, message) -> None:
    with pytest.raises(ValueError, match=message):
        NgramModel(sequences, vocab_size=4)


@pytest.mark.parametrize("name", ["order", "vocab_size"])
def test_sizes_are_checked(name) -> None:
    settings = {"order": 2, "vocab_size": 4}
    with pytest.raises(ValueError, match=f"{name} must be 1 or more, not 0"):
        NgramModel([[BOS, 3]], **settings | {name: 0})
    with pytest.raises(TypeError, match=rf"{name} must be an int, not 1\.5"):
        NgramModel([[BOS, 3]], **settings | {name: 1.5})
