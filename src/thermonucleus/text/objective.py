"""What a temperature and top-p are judged by: text drawn under them beside text that people wrote."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampling import sample
from thermonucleus.text import metrics
from thermonucleus.text.generation import continue_together
from thermonucleus.text.model import Row, TextModel, log_softmax
from thermonucleus.text.sentences import split_sentences

__all__ = ["Objective", "Study", "Texts", "Trial", "draw_texts", "measure"]

Texts = Sequence[Sequence[int]]

Objective = Callable[[Texts], float]

PROMPT, LENGTH = 5, 40
"""Tokens that a text starts from, and tokens that are drawn."""

SAMPLES = 20
"""Chosen: samples of human text that show by how much a measure varies."""

POOL = 4
"""Chosen: how many times as many pieces of human text as a trial draws are sampled from. A large model takes its time for each."""


def draw_texts(
    model: TextModel, prompts: Texts, uniforms: NDArray[np.float64], *, temperature: float, top_p: float
) -> tuple[list[list[int]], float]:
    """Continue each of several prompts, all of them one token further at a time.

    Parameters
    ----------
    model : TextModel
        What to draw from. Tokens that would end a text are not drawn.
    prompts : sequence of sequence of int
        Token ids.
    uniforms : ndarray of float64, shape (length, len(prompts))
        The uniform numbers in [0, 1) that the tokens are drawn with. With the same ones, two settings differ in their texts by
        nothing but the settings (common random numbers).
    temperature, top_p : float
        As in `thermonucleus.sample`.

    Returns
    -------
    texts : list of list of int
        The texts, prompts included.
    surprise : float
        The mean over all drawn tokens of -ln of the model's own probability: the logarithm of the perplexity.

    Examples
    --------
    >>> from thermonucleus.text import LanguageModel
    >>> from thermonucleus.text.objective import draw_texts
    >>> model = LanguageModel.train(["The cat sat on the mat. The cat sat on the dog."])
    >>> prompts = [model.encode("The"), model.encode("The cat")]
    >>> texts, surprise = draw_texts(model, prompts, np.full((3, 2), 0.5), temperature=0.5, top_p=0.9)
    >>> [" ".join(model.names[token] for token in text[1:]) for text in texts]
    ['the cat sat on', 'the cat sat on the']
    """
    texts = [list(prompt) for prompt in prompts]
    surprises: list[float] = []
    numbers = iter(uniforms)

    def draw(rows: Row, places: list[int]) -> list[int]:
        logs = [log_softmax(row) for row in rows]
        rows[:, list(model.ends)] = -np.inf
        tokens: list[int] = np.asarray(sample(rows, temperature=temperature, top_p=top_p, u=next(numbers)[places])).tolist()
        surprises.extend(-float(log[token]) for log, token in zip(logs, tokens, strict=True))
        return tokens

    model.forget()  # a trial is to be the same, whatever was tried before it
    for _ in continue_together(model.rows, texts, draw, steps=len(uniforms)):
        pass
    return texts, fmean(surprises)


def measure(texts: Texts) -> dict[str, float]:
    """Measure texts in the ways that tell drawn text from written text, whatever model they are from.

    Parameters
    ----------
    texts : sequence of sequence of int
        Token ids.

    Returns
    -------
    dict of str to float
        As in `thermonucleus.text.metrics`: the shares of distinct tokens and of distinct pairs, the share of texts that end in a
        loop, Zipf's coefficient and self-BLEU.
    """
    return {
        "distinct_1": metrics.distinct_n(texts, 1),
        "distinct_2": metrics.distinct_n(texts, 2),
        "loops": metrics.repetition_rate(texts),
        "zipf": metrics.zipf_coefficient(texts),
        "self_bleu": metrics.self_bleu(texts),
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
    model : TextModel
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
    watch : callable, optional
        Takes the pieces of human text and returns them one by one, as tqdm does: a large model takes its time to measure them.

    Attributes
    ----------
    human, scales : dict of str to float
        Mean and standard deviation of each measure over samples of as many pieces of human text as a trial draws. The measures are
        those of `measure` and the logarithm of the perplexity under the model, of all but the prompts.

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
        model: TextModel,
        paragraphs: Iterable[str],
        objective: Objective | None = None,
        *,
        texts: int = 60,
        rng: Seed = 0,
        watch: Callable[[Texts], Iterable[Sequence[int]]] = iter,
    ) -> None:
        generator = as_generator(rng)
        pieces = _pieces(model, paragraphs)
        if len(pieces) <= texts:
            raise ValueError(
                f"paragraphs must make more than {texts} pieces of {PROMPT + LENGTH} tokens, as a trial draws {texts} texts, "
                f"got {len(pieces)}"
            )
        self._model, self._objective = model, objective
        self._texts, self._prompt = texts, len(model.begin) + PROMPT
        self._pieces = _choice(generator, pieces, min(len(pieces), POOL * texts))
        surprises = [-float(model.logprobs(piece, self._prompt).mean()) for piece in watch(self._pieces)]
        samples = [self._measure_pieces(generator.choice(len(surprises), texts, replace=False), surprises) for _ in range(SAMPLES)]
        self.human = {name: fmean(sample[name] for sample in samples) for name in samples[0]}
        self.scales = {name: stdev(sample[name] for sample in samples) for name in samples[0]}
        self.scales["loops"] = max(self.scales["loops"], 1 / texts)
        self._deal(generator)

    def deals(self, count: int, rng: Seed) -> "Iterator[Study]":
        """Yield studies that differ from this one, and from each other, in prompts and uniform numbers alone."""
        generator = as_generator(rng)
        for _ in range(count):
            study = copy(self)
            study._deal(generator)
            yield study

    def _deal(self, generator: np.random.Generator) -> None:
        self._prompts = [piece[: self._prompt] for piece in _choice(generator, self._pieces, self._texts)]
        self._uniforms = generator.random((LENGTH, self._texts))

    def _measure(self, texts: Texts, surprise: float) -> dict[str, float]:
        return {"log_perplexity": surprise, **measure([text[len(self._model.begin) :] for text in texts])}

    def _measure_pieces(self, chosen: NDArray[np.int64], surprises: Sequence[float]) -> dict[str, float]:
        return self._measure([self._pieces[i] for i in chosen], fmean(surprises[i] for i in chosen))

    def distance(self, measures: Mapping[str, float]) -> float:
        """Return how far measures are from those of human text."""
        return math.sqrt(fmean(((measures[name] - self.human[name]) / scale) ** 2 for name, scale in self.scales.items()))

    def trial(self, temperature: float, top_p: float) -> Trial:
        """Draw texts under a setting, and measure them."""
        texts, surprise = draw_texts(self._model, self._prompts, self._uniforms, temperature=temperature, top_p=top_p)
        measures = self._measure(texts, surprise)
        loss = self.distance(measures) if self._objective is None else float(self._objective(texts))
        return Trial(temperature, top_p, loss, measures)


def _pieces(model: TextModel, paragraphs: Iterable[str]) -> list[list[int]]:
    """Cut running text into pieces of equal length, each from the beginning of a sentence on."""
    length = len(model.begin) + PROMPT + LENGTH
    pieces = []
    text = ""
    for sentence in (sentence for paragraph in paragraphs for sentence in split_sentences(paragraph)):
        text = f"{text} {sentence}".lstrip()
        tokens = model.encode(text)
        if len(tokens) >= length:
            pieces.append(tokens[:length])
            text = ""
    return pieces


def _choice(generator: np.random.Generator, pieces: Texts, count: int) -> list[Sequence[int]]:
    return [pieces[i] for i in generator.choice(len(pieces), count, replace=False)]
