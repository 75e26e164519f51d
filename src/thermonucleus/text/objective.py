"""What a temperature and top-p are judged by: text drawn under them beside text that people wrote."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampling import sample
from thermonucleus.text import metrics
from thermonucleus.text.language_model import LanguageModel
from thermonucleus.text.tokenizer import BOS, EOS

__all__ = ["Objective", "Study", "Texts", "Trial", "draw_texts", "measure"]

Texts = Sequence[Sequence[int]]

Objective = Callable[[Texts], float]

PROMPT, LENGTH = 5, 40
"""Tokens that a text starts from, and tokens that are drawn."""

SAMPLES = 20
"""Samples of human text that show by how much a measure varies."""


class Model(Protocol):
    """Takes the tokens so far and returns the logits of the next one, as `LanguageModel` does."""

    def __call__(self, tokens: Sequence[int], /) -> NDArray[np.float32]: ...


def draw_texts(model: Model, prompts: Texts, uniforms: NDArray[np.float64], *, temperature: float, top_p: float) -> list[list[int]]:
    """Continue each of several prompts, all of them one token further at a time.

    Parameters
    ----------
    model : callable
        Takes the tokens so far and returns a row of logits.
    prompts : sequence of sequence of int
        Token ids.
    uniforms : ndarray of float64, shape (length, len(prompts))
        The uniform numbers in [0, 1) that the tokens are drawn with. With the same ones, two settings differ in their texts by
        nothing but the settings (common random numbers).
    temperature, top_p : float
        As in `thermonucleus.sample`.

    Returns
    -------
    list of list of int
        The texts, prompts included.

    Examples
    --------
    >>> from thermonucleus.text.objective import draw_texts
    >>> def count_up(tokens):
    ...     return np.float32([0.0 if i == tokens[-1] + 1 else -9.0 for i in range(10)])
    >>> draw_texts(count_up, [[1], [4]], np.full((3, 2), 0.5), temperature=1.0, top_p=0.9)
    [[1, 2, 3, 4], [4, 5, 6, 7]]
    """
    texts = [list(prompt) for prompt in prompts]
    for u in uniforms:
        rows = np.stack([model(text) for text in texts])
        drawn = np.asarray(sample(rows, temperature=temperature, top_p=top_p, u=u))
        for text, token in zip(texts, drawn.tolist(), strict=True):
            text.append(token)
    return texts


def measure(model: LanguageModel, texts: Texts) -> dict[str, float]:
    """Measure texts in the ways that tell drawn text from written text.

    Parameters
    ----------
    model : LanguageModel
        What the perplexity is taken under.
    texts : sequence of sequence of int
        Token ids, each text after a ``BOS``.

    Returns
    -------
    dict of str to float
        As in `thermonucleus.text.metrics`: the logarithm of the perplexity, the shares of distinct tokens and of distinct pairs,
        the share of texts that end in a loop, Zipf's coefficient and self-BLEU.
    """
    written = [text[1:] for text in texts]
    return {
        "log_perplexity": math.log(metrics.perplexity(model, texts)),
        "distinct_1": metrics.distinct_n(written, 1),
        "distinct_2": metrics.distinct_n(written, 2),
        "loops": metrics.repetition_rate(written),
        "zipf": metrics.zipf_coefficient(written),
        "self_bleu": metrics.self_bleu(written),
    }


@dataclass(frozen=True)
class Trial:
    """A setting that was tried, how far from human text it came out, and its measures.

    Parameters
    ----------
    temperature, top_p : float
        The setting.
    loss : float
        What a search makes small.
    measures : mapping of str to float
        Of the texts drawn under it.
    """

    temperature: float
    top_p: float
    loss: float
    measures: Mapping[str, float]


class Study:
    r"""Draws texts under any temperature and top-p, always from the same prompts and uniform numbers, and tells their loss.

    Parameters
    ----------
    model : LanguageModel
        What is drawn from.
    paragraphs : iterable of str
        Text by people that the model was not trained on. It is cut into pieces that begin with a sentence; the first tokens of some
        are the prompts, and whole pieces are what drawn text should look like.
    objective : callable, optional
        Takes the texts of a trial, as lists of token ids with the prompts, and returns a number: less is better. By default
        `distance` to human text.
    texts : int, default 60
        Number of texts a trial.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, default 0
        Which prompts, and which uniform numbers.

    Attributes
    ----------
    human, scales : dict of str to float
        Mean and standard deviation of each measure over samples of as many pieces of human text as a trial draws.

    Raises
    ------
    ValueError
        If the paragraphs do not make more than `texts` pieces.

    Notes
    -----
    With :math:`m_i(T, p)` the measures of the texts drawn, and :math:`\mu_i` and :math:`\sigma_i` the mean and standard deviation
    of the same measures over samples of human text, the distance is

    .. math:: L(T, p) = \sqrt{\frac{1}{n} \sum_{i=1}^{n} \left(\frac{m_i(T, p) - \mu_i}{\sigma_i}\right)^2}.

    A sample of the human text that is tuned with is at about 1: each measure counts by how far it is out of what people vary by.
    For the share of texts that end in a loop, which people hardly write, :math:`\sigma` is one text if that is more.

    References
    ----------
    Holtzman, Buys, Du, Forbes, Choi (2019), "The Curious Case of Neural Text Degeneration", arXiv:1904.09751: settings are compared
    by how near each of these measures comes to that of human text.
    """

    def __init__(
        self,
        model: LanguageModel,
        paragraphs: Iterable[str],
        objective: Objective | None = None,
        *,
        texts: int = 60,
        rng: Seed = 0,
    ) -> None:
        generator = as_generator(rng)
        pieces = _pieces(model, paragraphs)
        if len(pieces) <= texts:
            raise ValueError(
                f"paragraphs must make more than {texts} pieces of {PROMPT + LENGTH} tokens, as a trial draws {texts} texts, "
                f"got {len(pieces)}"
            )
        samples = [measure(model, _choice(generator, pieces, texts)) for _ in range(SAMPLES)]
        self.human = {name: fmean(sample[name] for sample in samples) for name in samples[0]}
        self.scales = {name: stdev(sample[name] for sample in samples) for name in samples[0]}
        self.scales["loops"] = max(self.scales["loops"], 1 / texts)
        self._model, self._objective = model, objective
        self._pieces, self._texts = pieces, texts
        self._deal(generator)

    def deals(self, count: int, rng: Seed) -> "Iterator[Study]":
        """Yield studies that differ from this one, and from each other, in prompts and uniform numbers alone."""
        generator = as_generator(rng)
        for _ in range(count):
            study = copy(self)
            study._deal(generator)
            yield study

    def _deal(self, generator: np.random.Generator) -> None:
        self._prompts = [piece[: 1 + PROMPT] for piece in _choice(generator, self._pieces, self._texts)]
        self._uniforms = generator.random((LENGTH, self._texts))

    def distance(self, measures: Mapping[str, float]) -> float:
        """Return how far measures are from those of human text."""
        return math.sqrt(fmean(((measures[name] - self.human[name]) / scale) ** 2 for name, scale in self.scales.items()))

    def trial(self, temperature: float, top_p: float) -> Trial:
        """Draw texts under a setting, and measure them."""
        texts = draw_texts(self._model, self._prompts, self._uniforms, temperature=temperature, top_p=top_p)
        measures = measure(self._model, texts)
        loss = self.distance(measures) if self._objective is None else float(self._objective(texts))
        return Trial(temperature, top_p, loss, measures)


def _pieces(model: LanguageModel, paragraphs: Iterable[str]) -> list[list[int]]:
    """Cut running text into pieces of equal length, each from the beginning of a sentence on."""
    stream = [token for paragraph in paragraphs for token in model.tokenizer.encode(paragraph)[1:]]
    pieces = []
    stop = 0
    for start in (0, *(place for place, token in enumerate(stream, start=1) if token == EOS)):
        if stop <= start <= len(stream) - PROMPT - LENGTH:
            stop = start + PROMPT + LENGTH
            pieces.append([BOS, *stream[start:stop]])
    return pieces


def _choice(generator: np.random.Generator, pieces: Texts, count: int) -> list[Sequence[int]]:
    return [pieces[i] for i in generator.choice(len(pieces), count, replace=False)]
