"""Measures of generated texts: by hand, against BLEU as it is written down, and what no relabelling or order may change."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text import BOS, LanguageModel, NgramModel
from thermonucleus.text.metrics import (
    distinct_n,
    perplexity,
    repetition_rate,
    self_bleu,
    text_quality_metric,
    zipf_coefficient,
)

Texts = list[list[int]]

TEXTS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=14), min_size=2, max_size=6)
OF_SETS: list[Callable[[Any], float]] = [lambda texts: distinct_n(texts, 2), repetition_rate, zipf_coefficient, self_bleu]


def words(*texts: str) -> list[list[str]]:
    return [text.split() for text in texts]


class Coin:
    """A model that gives each token a probability of 1/2, and the first after BOS one of 1/8."""

    def logprob(self, tokens: Sequence[int]) -> float:
        return math.log(1 / 8) + (len(tokens) - 2) * math.log(1 / 2)


# The slide's


def test_the_quality_of_a_text_is_its_share_of_distinct_characters() -> None:
    # S a m p l e _ g n r t d x: 13 of "Sample generated text", which has 6 + 1 + 9 + 1 + 4 = 21 characters
    assert text_quality_metric("Sample generated text") == 13 / 21
    assert text_quality_metric("aaaa") == 1 / 4
    assert text_quality_metric("abc") == 1


@given(text=st.text(min_size=1))
def test_the_quality_of_a_text_is_from_one_character_to_all_and_halves_when_said_twice(text: str) -> None:
    quality = text_quality_metric(text)
    assert 1 / len(text) <= quality <= 1
    assert text_quality_metric(text + text) == quality / 2
    assert text_quality_metric(text[::-1]) == quality


# Perplexity


def test_perplexity_pools_the_tokens_of_all_texts() -> None:
    # 1 + 3 tokens of probabilities 1/8 and 1/8, 1/2, 1/2: (8 * 8 * 2 * 2) ** (1/4) = 256 ** (1/4) = 4,
    # where the mean of the two perplexities would be (8 + 32 ** (1/3)) / 2 = 5.59.
    assert math.isclose(perplexity(Coin(), [[BOS, 3], [BOS, 4, 5, 2]]), 4)


@given(st.lists(st.lists(st.integers(2, 6), min_size=1, max_size=9).map(lambda ids: [BOS, *ids]), min_size=1, max_size=4))
def test_perplexity_of_one_text_is_the_models_own_and_of_many_lies_between_theirs(texts: Texts) -> None:
    model = NgramModel([[BOS, 3, 4, 2, 3, 4, 2, 5], [BOS, 6, 3, 4, 2]], vocab_size=7, order=3)
    each = [model.perplexity(text) for text in texts]
    assert math.isclose(perplexity(model, texts[:1]), each[0])
    assert min(each) * (1 - 1e-12) <= perplexity(model, texts) <= max(each) * (1 + 1e-12)
    assert perplexity(model, texts[::-1]) == perplexity(model, texts)


def test_perplexity_takes_a_language_model_and_its_tokenizers_ids() -> None:
    model = LanguageModel.train(["The cat sat on the mat. The dog sat on the cat."])
    plain, odd = (model.tokenizer.encode(text) for text in ("The cat sat on the cat.", "On on mat the mat."))
    assert perplexity(model, [plain]) == perplexity(model.ngrams, [plain])
    assert perplexity(model, [plain]) < perplexity(model, [plain, odd]) < perplexity(model, [odd])
    assert perplexity(model, [np.array(plain)]) == perplexity(model, [plain])  # type: ignore[list-item]


# Distinct n-grams


def test_distinct_n_counts_in_all_texts_together_and_not_across_them() -> None:
    texts = words("a b a b", "b a")
    # ab ba ab | ba: 2 of 4; bb, from the end of one text to the start of the next, is none
    assert distinct_n(texts, 2) == 2 / 4
    # a b a b | b a: 2 of 6.  aba bab: 2 of 2, the second text being too short.  abab: 1 of 1
    assert [distinct_n(texts, n) for n in (1, 3, 4)] == [2 / 6, 1, 1]


@given(size=st.integers(1, 30), n=st.integers(1, 5))
def test_distinct_n_of_tokens_that_all_differ_is_one(size: int, n: int) -> None:
    assert distinct_n([range(size), range(size, size + n)], n) == 1


# Loops


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("x a b a b a b", True),  # a phrase of two, three times
        ("a b a b", False),  # two times
        ("b a b a b", False),  # two times and a half
        ("a b a b a b x", False),  # not at the end
        ("a b c a b c a b c a", True),  # b c a, three times
        ("a b c x a b c a b c", False),  # interrupted
        ("x a a a a a", False),  # a single token is no phrase, and five make no three of two
        ("a a a a a a", True),  # aa, three times
        ("a a b a a b a a b", True),
        ("", False),
        ("a", False),
    ],
)
def test_a_loop_is_a_phrase_of_two_tokens_or_more_three_times_at_the_end(text: str, loops: bool) -> None:
    assert repetition_rate(words(text)) == loops


@given(start=st.lists(st.integers(0, 3), max_size=9), phrase=st.lists(st.integers(0, 3), min_size=2), times=st.integers(3, 5))
def test_whatever_came_before_and_however_long_the_phrase_a_loop_is_found(start: list[int], phrase: list[int], times: int) -> None:
    # The other text loops only at its start.
    assert repetition_rate([start + times * phrase, [*times * phrase, 7]]) == 1 / 2


# Zipf


def test_the_zipf_coefficient_is_the_exponent_of_a_power_law() -> None:
    one_over_rank = [[token] * (60 // (token + 1)) for token in range(6)]  # 60 30 20 15 12 10
    assert math.isclose(zipf_coefficient(one_over_rank), 1)
    one_over_square = [[token] * (3600 // (token + 1) ** 2) for token in range(6)]  # 3600 900 400 225 144 100
    assert math.isclose(zipf_coefficient(one_over_square), 2)
    # Two tokens, 8 and 2 times: a line through (0, ln 8) and (ln 2, ln 2) falls by ln 4 / ln 2 = 2
    assert math.isclose(zipf_coefficient([[5, 5, 5, 5, 9], [9, 5, 5, 5, 5]]), 2)
    assert zipf_coefficient([[1, 2, 3], [3, 2, 1]]) == 0


def test_ranks_after_the_first_5000_do_not_count() -> None:
    head = [token for token in range(5000) for _ in range(2 + (token < 50))]
    assert zipf_coefficient([head]) == zipf_coefficient([head, list(range(5000, 9000))])


def test_the_zipf_coefficient_of_plain_text_is_above_one(language_model: LanguageModel, corpus: list[str]) -> None:
    # The built-in text keeps to common words: the tail, where natural text has most of its words, falls off.
    assert 1.2 < zipf_coefficient([language_model.encode(text) for text in corpus]) < 1.7


# Self-BLEU


def direct_bleu(text: Sequence[int], others: Sequence[Sequence[int]], n: int) -> float:
    """Papineni et al.'s, an n-gram and a reference at a time, with 0.1 for a zero count."""

    def grams(tokens: Sequence[int], k: int) -> Counter[tuple[int, ...]]:
        return Counter(tuple(tokens[i : i + k]) for i in range(len(tokens) - k + 1))

    if not set(text) & {token for other in others for token in other}:
        return 0.0
    orders = range(1, min(n, len(text)) + 1)
    product = 1.0
    for k in orders:
        found = sum(min(times, max(grams(other, k)[gram] for other in others)) for gram, times in grams(text, k).items())
        product *= (found or 0.1) / (len(text) - k + 1)
    closest = min((len(other) for other in others), key=lambda length: (abs(length - len(text)), length))
    return float(product ** (1 / len(orders)) * min(1, math.exp(1 - closest / len(text))))


@given(texts=TEXTS, n=st.integers(1, 5))
def test_self_bleu_is_the_mean_bleu_of_each_text_against_the_others(texts: Texts, n: int) -> None:
    direct = [direct_bleu(text, texts[:i] + texts[i + 1 :], n) for i, text in enumerate(texts)]
    assert math.isclose(self_bleu(texts, n), sum(direct) / len(texts), rel_tol=1e-12)


def test_self_bleu_by_hand() -> None:
    # "a b a" against "a b c d": a and b are found, the second a is not: 2/3; ab is found, ba is not: 1/2;
    # the other text is longer by one: e ** (1 - 4/3).  The other way round: a b of a b c d, 2/4, and ab of ab bc cd, 1/3.
    expected = (math.exp(-1 / 3) * math.sqrt(2 / 3 * 1 / 2) + math.sqrt(2 / 4 * 1 / 3)) / 2
    assert math.isclose(self_bleu(words("a b a", "a b c d"), 2), expected)
    # A zero count: "a b" and "b a" share both tokens, 2/2, and no pair, 0.1/1
    assert math.isclose(self_bleu(words("a b", "b a")), math.sqrt(0.1))
    assert self_bleu(words("a b c", "d e f")) == 0


def test_self_bleu_is_that_of_nltk() -> None:
    # The mean of sentence_bleu(others, text, weights=n * [1 / n], smoothing_function=SmoothingFunction().method1), nltk 3.10.4
    texts = words(
        "the cat sat on the mat",
        "the cat sat on the dog and on the mat",
        "a dog ran to the cat",
        "it was the best of times",
    )
    assert math.isclose(self_bleu(texts), 0.3813657208959978)
    assert math.isclose(self_bleu(texts, 2), 0.499393089349531)


@given(text=st.lists(st.integers(0, 5), min_size=1), count=st.integers(2, 5), n=st.integers(1, 6))
def test_self_bleu_of_identical_texts_is_one(text: list[int], count: int, n: int) -> None:
    assert self_bleu([text] * count, n) == 1


def test_self_bleu_of_a_hundred_texts_takes_a_moment() -> None:
    rng = np.random.default_rng(0)
    texts = np.minimum(rng.zipf(1.3, (100, 60)), 4000).tolist()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        self_bleu(texts)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2


# All of them


@given(texts=TEXTS, seed=st.integers(0, 99))
def test_neither_the_names_of_tokens_nor_the_order_of_texts_matters(texts: Texts, seed: int) -> None:
    texts += [[0, 1]]  # so that each measure is defined
    names = np.random.default_rng(seed).permutation(6)
    for measure in OF_SETS:
        value = measure(texts)
        assert measure([[f"word {names[token]}" for token in text] for text in texts]) == value
        assert measure(texts[::-1]) == value
        assert measure(tuple(text) for text in texts) == value


@given(texts=TEXTS, n=st.integers(1, 5))
def test_rates_are_from_zero_to_one_and_the_zipf_coefficient_is_never_negative(texts: Texts, n: int) -> None:
    texts += [[0, 1, 2, 3, 4]]
    assert 0 < distinct_n(texts, n) <= 1
    assert 0 <= self_bleu(texts, n) <= 1 + 1e-12
    assert 0 <= repetition_rate(texts) <= 1
    assert zipf_coefficient(texts) >= -1e-12


# What is wrong


@pytest.mark.parametrize("measure", [*OF_SETS, lambda texts: perplexity(Coin(), texts)])
@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("the cat", TypeError, "^texts must be several sequences of tokens, got 'the cat' of type str$"),
        (["the cat", "sat"], TypeError, r"^texts\[0\] must be split into tokens, got 'the cat' in one piece$"),
        ([3, 4], TypeError, r"^texts\[0\] must be a sequence of hashable tokens, got 3$"),
        ([[[3], [4]]], TypeError, r"^texts\[0\] must be a sequence of hashable tokens, got \[\[3\], \[4\]\]$"),
        (7, TypeError, "^texts must be several sequences of tokens, got 7 of type int$"),
        ([], ValueError, "^texts must hold at least "),
    ],
)
def test_what_are_no_texts_is_said(measure: Callable[[Any], float], texts: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        measure(texts)


@pytest.mark.parametrize(
    ("measure", "arguments", "error", "message"),
    [
        (text_quality_metric, ("",), ValueError, "^text must hold at least one character"),
        (text_quality_metric, (7,), TypeError, "^text must be a str, got 7$"),
        (perplexity, ("gpt2", [[BOS, 3]]), TypeError, r"^model must have a method logprob\(tokens\), got str$"),
        (perplexity, (Coin(), [[BOS, 3], [4, 5]]), ValueError, r"^each of texts must begin with BOS \(1\), .* with \[4\]$"),
        (perplexity, (Coin(), [[BOS], [BOS]]), ValueError, r"^texts must hold at least one token other than BOS \(1\), got none$"),
        (distinct_n, ([[1, 2], [3]], 3), ValueError, "^texts must hold at least one text of n=3 or more tokens, got none$"),
        (distinct_n, ([[1, 2]], 0), ValueError, "^n must be 1 or more, got 0$"),
        (distinct_n, ([[1, 2]], 1.5), TypeError, "^n must be an integer, got 1.5 of type float$"),
        (zipf_coefficient, ([[1, 1], [1]],), ValueError, "^texts must hold at least two distinct tokens, got 1$"),
        (self_bleu, ([[1, 2]],), ValueError, "^texts must hold at least two texts to compare, got 1$"),
        (self_bleu, ([[1, 2], []],), ValueError, "^each of texts must hold at least one token"),
        (self_bleu, ([[1, 2], [1]], 0), ValueError, "^n must be 1 or more, got 0$"),
    ],
)
def test_what_is_wrong_is_named(
    measure: Callable[..., float], arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        measure(*arguments)
