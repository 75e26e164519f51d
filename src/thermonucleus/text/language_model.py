"""A language model of text: what a tokenizer and an n-gram model make together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from thermonucleus.text.corpus import builtin_corpus
from thermonucleus.text.generation import generate
from thermonucleus.text.ngram import NgramModel
from thermonucleus.text.tokenizer import EOS, Detokenizer, Tokenizer


@dataclass(frozen=True)
class LanguageModel:
    """A model of text that is trained in an instant and needs no download.

    Parameters
    ----------
    tokenizer : Tokenizer
        Text to token ids and back.
    ngrams : NgramModel
        Token ids to the logits of the next one.

    Examples
    --------
    >>> model = LanguageModel.train(["The cat sat on the mat.", "The dog sat on the cat."])
    >>> def greedy(row):
    ...     return int(row.argmax())
    >>> list(model.stream("The dog", sampler=greedy, max_tokens=9, whole_sentence=True))
    [' sat', ' on', ' the', ' cat', '.']
    """

    tokenizer: Tokenizer
    ngrams: NgramModel

    @classmethod
    def train(cls, paragraphs: Iterable[str] | None = None, *, order: int = 4) -> Self:
        """Learn a language model from text.

        Parameters
        ----------
        paragraphs : iterable of str, optional
            The texts, as `read_corpus` returns them; `builtin_corpus` by default.
        order : int, optional
            The longest n-gram to learn. From 4 on more changes little on the built-in corpus.

        Returns
        -------
        LanguageModel
            The same for the same text, in every process.

        Raises
        ------
        TypeError, ValueError
            Where the text is a single string, or holds no words.
        """
        if isinstance(paragraphs, str):
            raise TypeError("paragraphs must be several texts, not one string: put it in a list")
        texts = builtin_corpus() if paragraphs is None else list(paragraphs)
        tokenizer = Tokenizer.from_corpus(texts)
        sequences = (_finished(tokenizer.encode(text)) for text in texts)
        return cls(tokenizer, NgramModel(sequences, vocab_size=len(tokenizer), order=order))

    def __call__(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits of the token that follows, as `NgramModel` does."""
        return self.ngrams(tokens)

    def stream(
        self,
        prompt: str,
        *,
        sampler: Callable[[NDArray[np.float32]], SupportsIndex],
        max_tokens: int,
        whole_sentence: bool = False,
    ) -> Iterator[str]:
        """Continue a text, piece by piece.

        Parameters
        ----------
        prompt : str
            The text to go on from, which may be empty or end within a sentence. Words that the
            model does not know do no harm.
        sampler : callable
            Takes a row of logits and returns a token id.
        max_tokens : int
            How many tokens to draw at most. Punctuation marks and the ends of sentences count.
        whole_sentence : bool, optional
            Whether to stop at the end of the first sentence. By default another one follows, as in
            any text, until max_tokens are drawn.

        Returns
        -------
        iterator of str
            What comes after the prompt, with the spaces that belong there: put together, prompt
            and pieces are the text.

        Raises
        ------
        TypeError, ValueError
            Where an argument is not as described: at the call, before the first piece.
        """
        if not isinstance(prompt, str):
            raise TypeError(f"prompt must be a str, not {prompt!r}")
        known = self.tokenizer.encode(prompt)
        drawn = generate(
            self.ngrams,
            known,
            sampler=sampler,
            max_tokens=max_tokens,
            stop_tokens=(EOS,) if whole_sentence else (),
        )
        return self._pieces(prompt, known, drawn)

    def _pieces(self, prompt: str, known: list[int], drawn: Iterator[int]) -> Iterator[str]:
        detokenizer = Detokenizer(self.tokenizer)
        for token in known:
            detokenizer.push(token)
        space_is_there = prompt[-1:].isspace()
        for token in drawn:
            piece = detokenizer.push(token)
            if piece:
                yield piece.lstrip() if space_is_there else piece
                space_is_there = False


@cache
def builtin_model() -> LanguageModel:
    """Return the model of the built-in corpus, which is trained on the first call and kept.

    Returns
    -------
    LanguageModel
        Of `builtin_corpus`; the same object each time.

    Examples
    --------
    >>> builtin_model() is builtin_model()
    True
    """
    return LanguageModel.train()


def _finished(ids: list[int]) -> list[int]:
    return ids if ids[-1] == EOS else [*ids, EOS]
