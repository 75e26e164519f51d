"""An n-gram language model."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonucleus.settings import check_integer
from thermonucleus.settings.checks import FRACTION_ABOVE_0
from thermonucleus.text.checks import check_token, check_tokens
from thermonucleus.text.tokenizer import BOS, UNK

__all__ = ["NgramModel"]

_FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
"""Chosen: what is taken off a count of 1, 2, and 3 or more in a text too small to say."""

_FLATNESS = 8
"""Chosen: vocabularies between the first rank and the pole of the law of ranks. The flatter, the better it predicts words that were
never seen; the steeper, the farther apart lie the logits of words that were seen equally often."""


@dataclass(frozen=True, slots=True)
class _Level:
    """The n-grams of one order, as children of the n-grams one shorter that they extend.

    The children of parent ``i`` are ``words[starts[i]:starts[i + 1]]``, in rising order; each has its discounted share of the
    parent's mass. What discounting set free is ``backoff[i]``.
    """

    words: NDArray[np.int64]
    starts: NDArray[np.int64]
    shares: NDArray[np.float64]
    backoff: NDArray[np.float64]


class NgramModel:
    r"""Interpolated modified Kneser-Ney n-grams over a vocabulary of token ids.

    Called with the tokens so far it returns a row of logits, so that it stands wherever a neural language model would.

    Parameters
    ----------
    sequences : iterable of sequence of int
        The training texts as token ids, each beginning with ``BOS``.
    vocab_size : int
        The number of token ids, V.
    order : int, default 4
        The longest n-gram: a token is predicted from the ``order - 1`` before it.
    discount : float, default 1.0
        How much of the discounts is taken off, above 0 and at most 1. By default the model predicts text by others best; with less
        it trusts more in what it has seen, and text drawn from it has fewer breaks, but is more often copied.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not as described.

    Notes
    -----
    With :math:`h` a context, :math:`h'` the context without its first token, and :math:`c` counts,

    .. math::

        p(w \mid h) = \frac{c(hw) - D(c(hw))}{\sum_v c(hv)} + \gamma(h)\, p(w \mid h'),
        \qquad
        \gamma(h) = \frac{D_1 N_1(h) + D_2 N_2(h) + D_{3+} N_{3+}(h)}{\sum_v c(hv)},

    where :math:`N_k(h)` is the number of tokens seen k times after h [1]_. Below the highest order, the count of an n-gram is the
    number of distinct tokens seen before it [2]_; one that begins with ``BOS`` has nothing before it and keeps its plain count.
    With :math:`n_k` the number of n-grams of an order that are counted k times, that order's discounts are

    .. math::

        Y = \frac{n_1}{n_1 + 2 n_2}, \quad D_1 = 1 - 2 Y \frac{n_2}{n_1}, \quad
        D_2 = 2 - 3 Y \frac{n_3}{n_2}, \quad D_{3+} = 3 - 4 Y \frac{n_4}{n_3},

    or 0.5, 1 and 1.5 where the text is too small to estimate them, all of them times `discount`.

    The recursion does not end at the uniform distribution, under which words that were seen equally often would be equally
    probable, and a truncation could not tell them apart. It ends at a Zipf-Mandelbrot law [3]_ of the rank of a token by its plain
    count, equal ones in the order of their ids, and ``UNK`` and ``BOS`` last:

    .. math:: p(w) \propto \frac{1}{r(w) + b}, \qquad r(w) = 1, \dots, V, \qquad b = 8 V.

    With so large a b, the first rank has 9/8 of the probability of the last.

    References
    ----------
    .. [1] S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language modeling", Computer Speech & Language
       13 (1999) 359-394, the section "Modified Kneser-Ney smoothing"; as a technical report, TR-10-98, Harvard University, 1998.
    .. [2] R. Kneser and H. Ney, "Improved backing-off for m-gram language modeling", ICASSP 1995.
    .. [3] B. Mandelbrot, "An informational theory of the statistical structure of language", Communication Theory (1953) 486-502.

    Examples
    --------
    >>> model = NgramModel([[1, 3, 4, 2, 3, 4, 2, 3, 3, 2]], vocab_size=5, order=2)
    >>> int(model([1, 3, 3]).argmax())
    4
    """

    def __init__(self, sequences: Iterable[Sequence[int]], *, vocab_size: int, order: int = 4, discount: float = 1.0) -> None:
        self.vocab_size = check_integer(vocab_size, name="vocab_size", least=1)
        self.order = check_integer(order, name="order", least=1)
        tokens = _joined(sequences, self.vocab_size)
        share = float(FRACTION_ABOVE_0(discount, name="discount"))
        unigrams, *self._levels = _train(tokens, self.vocab_size, self.order, share)
        self._base: NDArray[np.float64] = unigrams.backoff[0] * _law_of_ranks(np.bincount(tokens, minlength=self.vocab_size))
        self._base[unigrams.words] += unigrams.shares

    def __call__(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits of the token that follows.

        Parameters
        ----------
        tokens : sequence of int
            The tokens so far; only the last ``order - 1`` are looked at.

        Returns
        -------
        ndarray of float32, shape (vocab_size,)
            Natural logarithms of `probabilities`, and -inf for ``UNK`` and ``BOS``, which no text can show.

        Raises
        ------
        TypeError, ValueError
            Where a token is none of the vocabulary.
        """
        logits = np.log(self.probabilities(tokens)).astype(np.float32)
        logits[[UNK, BOS]] = -np.inf
        return logits

    def probabilities(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """Return the probability of each token to follow.

        Parameters
        ----------
        tokens : sequence of int
            The tokens so far; only the last ``order - 1`` are looked at.

        Returns
        -------
        ndarray of float64, shape (vocab_size,)
            Positive, and of sum 1 over the whole vocabulary, special tokens included.

        Raises
        ------
        TypeError, ValueError
            Where a token is none of the vocabulary.
        """
        context = self._context(tokens)
        row = self._base.copy()
        for length, level in enumerate(self._levels, start=1):
            parent = self._find(context[-length:]) if length <= len(context) else None
            if parent is None:
                break  # nor was any longer context seen
            row *= level.backoff[parent]
            children = slice(level.starts[parent], level.starts[parent + 1])
            row[level.words[children]] += level.shares[children]
        return row

    def logprob(self, tokens: Sequence[int]) -> float:
        """Return the natural logarithm of the probability of a text.

        Parameters
        ----------
        tokens : sequence of int
            Token ids. A ``BOS`` is where a text begins and is not itself predicted.

        Returns
        -------
        float
            The sum of the logarithms of each token's probability, given the ones before it.

        Raises
        ------
        TypeError, ValueError
            Where a token is none of the vocabulary.
        """
        return math.fsum(
            math.log(self.probabilities(tokens[max(0, i - self.order) : i])[token])
            for i, token in enumerate(check_tokens(tokens, name="tokens", size=self.vocab_size))
            if token != BOS
        )

    def perplexity(self, tokens: Sequence[int]) -> float:
        """Return how many equally likely tokens the model hesitates between, on average.

        Parameters
        ----------
        tokens : sequence of int
            Token ids, at least one of them not ``BOS``.

        Returns
        -------
        float
            The inverse of the geometric mean of the tokens' probabilities.

        Raises
        ------
        TypeError, ValueError
            Where there is no token to predict, or one is none of the vocabulary.
        """
        predicted = sum(token != BOS for token in tokens)
        if not predicted:
            raise ValueError(f"tokens must hold at least one other than BOS ({BOS}), got none")
        return math.exp(-self.logprob(tokens) / predicted)

    def _context(self, tokens: Sequence[int]) -> list[int]:
        """Return the tokens that are looked at, checked: no others, for a text may be long."""
        if isinstance(tokens, str | bytes) or not hasattr(tokens, "__getitem__"):
            return check_tokens(tokens, name="tokens")
        recent = tokens[-len(self._levels) :] if self._levels else ()
        return [check_token(token, name=f"tokens[{i - len(recent)}]", size=self.vocab_size) for i, token in enumerate(recent)]

    def _find(self, context: Sequence[int]) -> int | None:
        """Return the place of an n-gram among those of its order, None if it was never seen."""
        place = context[0]
        for token, level in zip(context[1:], self._levels, strict=False):
            start, stop = level.starts[place], level.starts[place + 1]
            place = int(start + level.words[start:stop].searchsorted(token))
            if place == stop or level.words[place] != token:
                return None
        return place


def _joined(sequences: Iterable[Sequence[int]], vocab_size: int) -> NDArray[np.int64]:
    """Return all sequences as one; each ``BOS`` begins another."""
    joined: list[int] = []
    for i, sequence in enumerate(sequences):
        ids = check_tokens(sequence, name=f"sequences[{i}]", size=vocab_size)
        if ids[:1] != [BOS] or BOS in ids[1:]:
            raise ValueError(f"sequences[{i}] must begin with BOS ({BOS}) and hold no other, got {ids[:9]}")
        joined += ids
    if all(token == BOS for token in joined):
        raise ValueError("sequences must hold at least one token other than BOS, got none")
    return np.array(joined, dtype=np.int64)


def _law_of_ranks(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distribution that falls with a token's rank by its count, as `NgramModel` has it."""
    size = len(counts)
    rarity = np.where(np.isin(np.arange(size), [UNK, BOS]), 1, -counts)
    law = np.empty(size)
    law[rarity.argsort(kind="stable")] = 1 / (np.arange(1, size + 1) + _FLATNESS * size)
    law /= law.sum()
    return law


def _train(tokens: NDArray[np.int64], vocab_size: int, order: int, discount: float) -> list[_Level]:
    """Count the n-grams of each order, and smooth each as soon as the next longer are counted."""
    levels = []
    # Single tokens are their own places: all have one, those that never occur too.
    keys = np.arange(vocab_size)
    counts = np.bincount(tokens, minlength=vocab_size)
    counts[BOS] = 0  # never predicted
    num_parents = 1
    places = tokens  # at each position: the place of the n-gram that starts there, -1 for none
    for n in range(2, order + 1):
        # No n-gram reaches from one text into the next.
        (at,) = np.nonzero((places[: 1 - n] >= 0) & (tokens[n - 1 :] != BOS))
        longer, first, inverse, longer_counts = np.unique(
            places[at] * vocab_size + tokens[at + n - 1],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        befores = np.bincount(places[at[first] + 1], minlength=len(keys))
        counts = np.where(befores > 0, befores, counts)
        levels.append(_smoothed(keys, counts, num_parents, vocab_size, discount))
        num_parents = len(keys)
        keys, counts = longer, longer_counts
        places = np.full_like(tokens, -1)
        places[at] = inverse
    return [*levels, _smoothed(keys, counts, num_parents, vocab_size, discount)]


def _smoothed(keys: NDArray[np.int64], counts: NDArray[np.int64], num_parents: int, vocab_size: int, discount: float) -> _Level:
    """Discount the counts of n-grams whose keys are parent * vocab_size + last token, sorted."""
    parents, words = np.divmod(keys, vocab_size)
    discounts = discount * np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
    totals = np.bincount(parents, weights=counts, minlength=num_parents)
    freed = np.bincount(parents, weights=discounts, minlength=num_parents)
    # An n-gram that only ever ends a text has no children and hands on all of its mass.
    backoff = np.divide(freed, totals, out=np.ones(num_parents), where=totals > 0)
    return _Level(
        words=words,
        starts=parents.searchsorted(np.arange(num_parents + 1)),
        shares=(counts - discounts) / totals[parents],
        backoff=backoff,
    )


def _discounts(counts: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return D1, D2 and D3+, estimated from how many n-grams are counted 1, 2, 3 and 4 times."""
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in range(1, 5))
    if not n1 * n2 * n3:
        return _FALLBACK_DISCOUNTS
    y = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return estimated if min(estimated) > 0 else _FALLBACK_DISCOUNTS
