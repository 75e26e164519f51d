"""Measures of a set of generated texts: how likely, how varied, how repetitive (slide 12 and Holtzman et al. 2019)."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from statistics import linear_regression
from typing import Protocol, TypeVar

import numpy as np

from thermonucleus.settings import check_integer
from thermonucleus.text.model import TextModel
from thermonucleus.text.tokenizer import BOS

__all__ = ["distinct_n", "perplexity", "repetition_rate", "self_bleu", "text_quality_metric", "zipf_coefficient"]

Token = TypeVar("Token", bound=Hashable)
Text = tuple[Hashable, ...]

_LAST_RANK = 5000
"""Exact: the last rank that the program of Holtzman et al. looks at."""

_ZERO_COUNT = 0.1
"""Exact: what counts for no match in method 1 of Chen and Cherry."""


class Scorer(Protocol):
    """What gives the natural logarithm of the probability of a text, as `NgramModel` does."""

    def logprob(self, tokens: Sequence[int], /) -> float:
        """Return the sum of the logarithms of each token's probability, given the ones before it."""


def text_quality_metric(text: str) -> float:
    r"""Return how many distinct characters a text has, as a share of its length (slide 12).

    Parameters
    ----------
    text : str
        At least one character.

    Returns
    -------
    float
        :math:`|\{c_1, \dots, c_N\}| / N`, above 0 and at most 1: long texts have low values, whatever their quality.

    Raises
    ------
    TypeError, ValueError
        If `text` is not a string, or is empty.

    Examples
    --------
    >>> from thermonucleus.text.metrics import text_quality_metric
    >>> text_quality_metric("noon")
    0.5
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {text!r}")
    if not text:
        raise ValueError("text must hold at least one character, got ''")
    return len(set(text)) / len(text)


def perplexity(model: TextModel | Scorer, texts: Iterable[Sequence[int]]) -> float:
    r"""Return how many equally likely tokens a model hesitates between on average, over all tokens of all texts.

    Parameters
    ----------
    model : TextModel, NgramModel or any object with a method logprob
        Best one that was trained on other texts than the one that wrote these.
    texts : iterable of sequence of int
        Token ids of `model`, as its `encode` gives them: each text begins with its `begin`, ``BOS`` for n-grams.

    Returns
    -------
    float
        1 or more. The lowest is not the best: human text is more of a surprise to a model than its own most probable text.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no text holds a token to predict.

    Notes
    -----
    With :math:`N_i` the number of tokens of text :math:`x_i`, those of the beginning left out,

    .. math:: \exp\left( -\frac{\sum_i \ln p(x_i)}{\sum_i N_i} \right).

    References
    ----------
    A. Holtzman et al., "The Curious Case of Neural Text Degeneration", arXiv:1904.09751.

    Examples
    --------
    >>> from thermonucleus.text import NgramModel
    >>> from thermonucleus.text.metrics import perplexity
    >>> model = NgramModel([[1, 3, 4, 2], [1, 4, 3, 2]], vocab_size=5)
    >>> perplexity(model, [[1, 3, 4, 2]]) < perplexity(model, [[1, 3, 3, 3]])
    True
    """
    sequences = [list(text) for text in _tokenised(texts)]
    if isinstance(model, TextModel):
        return _perplexity_of_text(model, sequences)
    if not hasattr(model, "logprob"):
        raise TypeError(f"model must have a method logprob(tokens), got {type(model).__name__}")
    for tokens in sequences:
        if tokens[:1] != [BOS]:
            raise ValueError(f"each of texts must begin with BOS ({BOS}), got one that begins with {tokens[:1]}")
    predicted = sum(token != BOS for tokens in sequences for token in tokens)
    if not predicted:
        raise ValueError(f"texts must hold at least one token other than BOS ({BOS}), got none")
    return math.exp(-math.fsum(model.logprob(tokens) for tokens in sequences) / predicted)


def _perplexity_of_text(model: TextModel, sequences: Sequence[list[int]]) -> float:
    begin = list(model.begin)
    for tokens in sequences:
        if tokens[: len(begin)] != begin:
            raise ValueError(f"each of texts must begin with {begin}, got one that begins with {tokens[: len(begin)]}")
    start = max(len(begin), 1)  # the first token of all follows nothing
    if not any(len(tokens) > start for tokens in sequences):
        raise ValueError("texts must hold at least one token to predict, got none")
    logs = [model.logprobs(tokens, start) for tokens in sequences if len(tokens) > start]
    return math.exp(-math.fsum(np.concatenate(logs)) / sum(map(len, logs)))


def distinct_n(texts: Iterable[Sequence[Hashable]], n: int) -> float:
    r"""Return how many distinct n-grams texts have, as a share of all their n-grams.

    Parameters
    ----------
    texts : iterable of sequence of hashable
        Each text as tokens: ids or words.
    n : int
        The number of tokens of an n-gram, 1 or more. None reaches from one text into the next.

    Returns
    -------
    float
        Above 0 and at most 1; 1 where no n-gram comes twice. It falls with the number of tokens: compare sets of one size.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no text has `n` tokens.

    Notes
    -----
    With :math:`c(g)` how often n-gram :math:`g` comes in all texts together,

    .. math:: \frac{|\{g : c(g) > 0\}|}{\sum_g c(g)}.

    References
    ----------
    J. Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models", arXiv:1510.03055: distinct-1 and -2.

    Examples
    --------
    >>> from thermonucleus.text.metrics import distinct_n
    >>> distinct_n(["the cat and the dog".split(), "the cat".split()], 2)
    0.8
    """
    length = check_integer(n, name="n", least=1)
    counts = Counter(chain.from_iterable(_ngrams(text, length) for text in _tokenised(texts)))
    if not counts:
        raise ValueError(f"texts must hold at least one text of n={length} or more tokens, got none")
    return len(counts) / counts.total()


def repetition_rate(texts: Iterable[Sequence[Hashable]]) -> float:
    r"""Return the share of texts that end in a loop: a phrase that comes three times or more in a row.

    Parameters
    ----------
    texts : iterable of sequence of hashable
        Each text as tokens: ids or words, without a mark of its end, which would hide the loop before it.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        If `texts` is not as described, or holds no text.

    Notes
    -----
    A text :math:`x_1 \dots x_N` ends in a loop if there is a phrase length :math:`k \ge 2` such that

    .. math:: x_i = x_{i-k} \quad \text{for the last } 2k \text{ tokens}, \quad 3k \le N.

    A single token counts from six times on, as a phrase of two.

    References
    ----------
    A. Holtzman et al., "The Curious Case of Neural Text Degeneration", arXiv:1904.09751: a phrase of at least two tokens,
    repeated at least three times at the end. (The authors' program draws the line elsewhere: two times, three tokens.)

    Examples
    --------
    >>> from thermonucleus.text.metrics import repetition_rate
    >>> repetition_rate(["he said that it is what it is what it is what".split(), "he said no no no".split()])
    0.5
    """
    return _mean([float(_ends_in_loop(text)) for text in _tokenised(texts)])


def zipf_coefficient(texts: Iterable[Sequence[Hashable]]) -> float:
    r"""Return how steeply the frequency of tokens falls with their rank: about 1 in natural text.

    Parameters
    ----------
    texts : iterable of sequence of hashable
        Each text as tokens: ids or words.

    Returns
    -------
    float
        0 where all tokens are equally frequent; the larger, the more text is made of few tokens.

    Raises
    ------
    TypeError, ValueError
        If `texts` is not as described, or holds fewer than two distinct tokens.

    Notes
    -----
    The least-squares :math:`s` of

    .. math:: \ln f(r) = a - s \ln r, \qquad r = 1, \dots, \min(V, 5000),

    with :math:`f(r)` the count of the r-th most frequent of the V distinct tokens, all texts taken together.

    References
    ----------
    A. Holtzman et al., "The Curious Case of Neural Text Degeneration", arXiv:1904.09751. The paper does not say over which ranks;
    the authors' program takes the first 5000.

    Examples
    --------
    >>> from thermonucleus.text.metrics import zipf_coefficient
    >>> round(zipf_coefficient([["a"] * 12, ["b"] * 6, ["c"] * 4, ["d"] * 3]), 12)  # 12 / rank
    1.0
    """
    counts = Counter(chain.from_iterable(_tokenised(texts)))
    if len(counts) < 2:
        raise ValueError(f"texts must hold at least two distinct tokens, got {len(counts)}")
    ranked = sorted(counts.values(), reverse=True)[:_LAST_RANK]
    ranks = range(1, len(ranked) + 1)
    return 0.0 - linear_regression([math.log(rank) for rank in ranks], [math.log(count) for count in ranked]).slope


def self_bleu(texts: Iterable[Sequence[Hashable]], n: int = 4) -> float:
    r"""Return how much texts are like one another: the BLEU of each against all others, averaged.

    Parameters
    ----------
    texts : iterable of sequence of hashable
        Two texts or more, each as tokens: ids or words, at least one. Marks that all texts share, such as ``BOS``, make them more
        alike.
    n : int, default 4
        The longest n-gram compared, 1 or more.

    Returns
    -------
    float
        From 0 (no two texts share a token) to 1 (all are the same). It grows with the number of texts: compare sets of one size.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    For a text of c tokens with :math:`c_k(g)` n-grams :math:`g` of length k,

    .. math::

        \mathrm{BLEU} = \min\left(1, e^{1 - r / c}\right) \left( \prod_{k=1}^{m} \frac{M_k}{c - k + 1} \right)^{1/m},
        \qquad
        M_k = \sum_g \min\left(c_k(g), \max_{\text{others}} c_k(g)\right),

    where r is the length of the other text whose length is closest to c, the shorter one of two. A zero :math:`M_k` counts as 0.1
    (method 1 of Chen and Cherry, which Texygen and Holtzman et al. use), but a text that shares no token with others has BLEU 0.
    A text of fewer than n tokens is compared up to its own length: :math:`m = \min(n, c)`.

    References
    ----------
    .. [1] Y. Zhu et al., "Texygen: A Benchmarking Platform for Text Generation Models", arXiv:1802.01886.
    .. [2] K. Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002.
    .. [3] B. Chen and C. Cherry, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU", WMT 2014.

    Examples
    --------
    >>> from thermonucleus.text.metrics import self_bleu
    >>> self_bleu([["a", "b", "c"], ["a", "b", "c"]])
    1.0
    >>> round(self_bleu([["a", "b", "c", "d"], ["a", "b", "c", "e"]], n=2), 4)  # square root of 3/4 times 2/3
    0.7071
    """
    longest = check_integer(n, name="n", least=1)
    rows = _tokenised(texts)
    if len(rows) < 2:
        raise ValueError(f"texts must hold at least two texts to compare, got {len(rows)}")
    if not all(rows):
        raise ValueError("each of texts must hold at least one token, got an empty one")
    lengths = Counter(map(len, rows))
    matches = zip(*(_matches(rows, k) for k in range(1, min(longest, max(lengths)) + 1)), strict=True)
    return _mean([_bleu(len(text), found[: len(text)], lengths) for text, found in zip(rows, matches, strict=True)])


def _matches(rows: list[Text], k: int) -> list[int]:
    """Return how many of each text's k-grams are in another text, one that comes twice if it comes twice there as well.

    Whether a text is the one with the largest count of an n-gram or not: the smaller one of its own count and the largest
    among the others is the smaller one of its own and the second largest among all. So one number an n-gram is enough.
    """
    counts = [Counter(_ngrams(text, k)) for text in rows]
    largest: dict[Text, int] = {}
    second: dict[Text, int] = {}
    for gram, times in chain.from_iterable(count.items() for count in counts):
        most = largest.get(gram, 0)
        largest[gram] = max(most, times)
        second[gram] = max(second.get(gram, 0), min(most, times))
    return [sum(min(times, second[gram]) for gram, times in count.items()) for count in counts]


def _bleu(length: int, matches: Sequence[int], lengths: Counter[int]) -> float:
    if not matches[0]:
        return 0.0
    others = (other for other, times in lengths.items() if other != length or times > 1)
    closest = min(others, key=lambda other: (abs(other - length), other))
    precisions = [math.log((found or _ZERO_COUNT) / (length - k)) for k, found in enumerate(matches)]
    return math.exp(min(0.0, 1 - closest / length) + math.fsum(precisions) / len(precisions))


def _ends_in_loop(text: Text) -> bool:
    return any(text[-2 * k :] == text[-3 * k : -k] for k in range(2, len(text) // 3 + 1))


def _ngrams(text: Text, n: int) -> Iterable[Text]:
    return (text[start : start + n] for start in range(len(text) - n + 1))


def _mean(values: list[float]) -> float:
    """Return the mean, to the last bit the same in whatever order."""
    if not values:
        raise ValueError("texts must hold at least one text, got none")
    return math.fsum(values) / len(values)


def _tokenised(texts: Iterable[Sequence[Token]]) -> list[tuple[Token, ...]]:
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise TypeError(f"texts must be several sequences of tokens, got {texts!r} of type {type(texts).__name__}")
    return [_tokens_of(text, name=f"texts[{i}]") for i, text in enumerate(texts)]


def _tokens_of(text: Sequence[Token], *, name: str) -> tuple[Token, ...]:
    if isinstance(text, str | bytes):
        raise TypeError(f"{name} must be split into tokens, got {text!r} in one piece")
    try:
        tokens = tuple(text)
        hash(tokens)
    except TypeError as error:
        raise TypeError(f"{name} must be a sequence of hashable tokens, got {text!r}") from error
    return tokens
