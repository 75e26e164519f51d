"""A text in three parts: to train a model on, to tune it with, and to judge the tuning by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.text.checks import check_texts
from thermonucleus.text.corpus import builtin_corpus
from thermonucleus.text.language_model import LanguageModel
from thermonucleus.text.ngram import NgramModel
from thermonucleus.text.tokenizer import Tokenizer

__all__ = ["Split", "halves", "split_corpus"]

TRAINING, TUNING = 0.5, 0.25
"""Chosen: the shares of the paragraphs to train on and to tune with; the others are for the judgement."""


@dataclass(frozen=True)
class Split:
    """A language model, and text that it was not trained on.

    Parameters
    ----------
    model : LanguageModel
        Trained on one part of the text.
    tuning, judging : tuple of str
        The paragraphs of the other two: to search with, and to judge what was found.
    """

    model: LanguageModel
    tuning: tuple[str, ...]
    judging: tuple[str, ...]


def split_corpus(paragraphs: Iterable[str] | None = None, *, rng: Seed = 0) -> Split:
    """Train a model on a half of a text, and hold back a quarter to tune with and a quarter to judge by.

    Parameters
    ----------
    paragraphs : iterable of str, optional
        The text; `builtin_corpus` by default.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, default 0
        Which paragraphs go where.

    Returns
    -------
    Split
        The vocabulary is that of the whole text: a word of the parts held back that the model has never seen has a small
        probability, as any other word that it knows by name alone. Its discounts are whole, for it is to predict text by others:
        see `NgramModel`.

    Raises
    ------
    TypeError, ValueError
        If the paragraphs are a single string, one has a NUL, or there are fewer than five.

    Examples
    --------
    >>> from thermonucleus.text.split import split_corpus
    >>> split = split_corpus([f"This is number {i}." for i in range(12)])
    >>> len(split.tuning), len(split.judging)
    (3, 3)
    """
    texts = builtin_corpus() if paragraphs is None else check_texts(paragraphs, name="paragraphs")
    if len(texts) < 5:
        raise ValueError(f"paragraphs must be five or more, got {len(texts)}")
    training, tuning, judging = _parts(texts, [TRAINING, TRAINING + TUNING], rng)
    tokenizer = Tokenizer.from_corpus(texts)
    ngrams = NgramModel([tokenizer.encode(text) for text in training], vocab_size=len(tokenizer))
    return Split(LanguageModel(tokenizer, ngrams), tuning, judging)


def halves(texts: Sequence[str], *, rng: Seed = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Deal texts that a model has not seen into those to tune with and those to judge by.

    Parameters
    ----------
    texts : sequence of str
        Paragraphs.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, default 0
        Which go where.

    Returns
    -------
    tuning, judging : tuple of str
        In the order of the texts.

    Examples
    --------
    >>> from thermonucleus.text.split import halves
    >>> halves(["one", "two", "three", "four"])
    (('one', 'three'), ('two', 'four'))
    """
    tuning, judging = _parts(texts, [0.5], rng)
    return tuning, judging


def _parts(texts: Sequence[str], shares: Sequence[float], rng: Seed) -> list[tuple[str, ...]]:
    """Deal texts at random, up to these shares of them each."""
    order = as_generator(rng).permutation(len(texts))
    bounds = [round(share * len(texts)) for share in shares]
    # In the order of the text again: what follows a paragraph is then often of the same topic.
    return [tuple(texts[i] for i in sorted(part.tolist())) for part in np.split(order, bounds)]
