"""Text to token ids and back."""
# ruff: noqa: RUF001 - typographic marks are meant

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from thermonucleus.text.checks import check_text, check_texts, check_token, check_tokens
from thermonucleus.text.sentences import ends_sentence, split_sentences
from thermonucleus.text.words import JOINER, is_mark, split_words

__all__ = ["BOS", "EOS", "JOINER", "SPECIAL_TOKENS", "UNK", "Detokenizer", "Tokenizer"]

UNK, BOS, EOS = 0, 1, 2
"""Ids of the special tokens: unknown word, beginning of text, end of sentence."""

SPECIAL_TOKENS = ("<unk>", "<bos>", "<eos>")

_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Tokenizer:
    """A vocabulary of words and punctuation marks.

    A token is a word or a mark of punctuation; in scripts that are written without spaces, and in runs too long for a word, it is a
    single character. It carries a joiner (￭) on each side where no space stands, as in ``(￭`` and ``￭,``, so that text is put
    together again exactly as it was. The word that begins a sentence is looked up in the case it has elsewhere, and gets its
    capital back on the way out. Ids are in order of falling frequency, after the special tokens.

    Parameters
    ----------
    vocabulary : sequence of str
        The tokens, whose positions are their ids. The first three are ``SPECIAL_TOKENS``.

    Raises
    ------
    ValueError
        Where the special tokens are not the first, or a token occurs twice.

    Examples
    --------
    >>> tokenizer = Tokenizer.from_corpus(["The end (of it), at last. It was the end."])
    >>> ids = tokenizer.encode("It was (at last) the end.")
    >>> [tokenizer.vocabulary[i] for i in ids]
    ['<bos>', 'it', 'was', '(￭', 'at', 'last', '￭)', 'the', 'end', '￭.', '<eos>']
    >>> tokenizer.decode(ids)
    'It was (at last) the end.'
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = tuple(vocabulary)
        first, words = self.vocabulary[: len(SPECIAL_TOKENS)], self.vocabulary[len(SPECIAL_TOKENS) :]
        if first != SPECIAL_TOKENS:
            raise ValueError(f"vocabulary must begin with {SPECIAL_TOKENS}, got one that begins with {first}")
        # The special tokens are left out: text that spells one is text.
        self._ids = {word: i for i, word in enumerate(words, start=len(SPECIAL_TOKENS))}
        if len(self._ids) != len(words):
            twice = next(word for word, n in Counter(words).items() if n > 1)
            raise ValueError(f"vocabulary must hold each token once, got {twice!r} twice")

    @classmethod
    def from_corpus(cls, paragraphs: Iterable[str]) -> "Tokenizer":
        """Build the vocabulary of a corpus.

        Parameters
        ----------
        paragraphs : iterable of str
            The texts.

        Returns
        -------
        Tokenizer
            The same for the same paragraphs, in every process.

        Raises
        ------
        TypeError, ValueError
            Where the texts are a single string, one has a NUL, or all of them hold no token.
        """
        within: Counter[str] = Counter()
        first: Counter[str] = Counter()
        for paragraph in check_texts(paragraphs, name="paragraphs"):
            for tokens in _sentences(paragraph):
                place = _first_word(tokens)
                if place is not None:
                    first[tokens.pop(place)] += 1
                within.update(tokens)
        counts = within.copy()
        for word, count in first.items():
            lowered = _decapitalised(word)
            # At the start of a sentence a capital says nothing: the word's other uses decide.
            counts[lowered if within[lowered] > within[word] else word] += count
        if not counts:
            raise ValueError("paragraphs must hold at least one word, got none")
        return cls([*SPECIAL_TOKENS, *sorted(counts, key=lambda word: (-counts[word], word))])

    def __len__(self) -> int:
        """Return the size of the vocabulary, special tokens included."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Turn text into token ids.

        Parameters
        ----------
        text : str
            Any text without NULs. Runs of spaces and line breaks count as one space.

        Returns
        -------
        list of int
            ``BOS``, then the tokens, with ``EOS`` after each sentence; after the last one only if it is finished, so that an
            unfinished sentence can be continued. Words that are not in the vocabulary become ``UNK``.

        Raises
        ------
        TypeError, ValueError
            Where it is no str, or has a NUL.
        """
        ids = [BOS]
        for tokens in self._looked_up(text):
            ids += [token for _, token in tokens]
            ids.append(EOS)
        if ids[-1] == EOS and not ends_sentence(text.replace(JOINER, " ").rstrip()):
            ids.pop()
        return ids

    def unknown_words(self, text: str) -> list[str]:
        """Return the words of a text that become ``UNK``, each once, in their order.

        Parameters
        ----------
        text : str
            As for `encode`.

        Returns
        -------
        list of str
            As they first stand in the text, without the punctuation around them. Unknown punctuation marks are not among them, but
            other signs are, such as emoji.

        Raises
        ------
        TypeError, ValueError
            As from `encode`.

        Examples
        --------
        >>> Tokenizer.from_corpus(["It is the end."]).unknown_words("The beginning of the end, the very beginning.")
        ['beginning', 'of', 'very']
        """
        unknown = (token.strip(JOINER) for tokens in self._looked_up(text) for token, known in tokens if known == UNK)
        words: dict[str, str] = {}
        for word in unknown:
            if not all(unicodedata.category(character).startswith("P") for character in word):
                words.setdefault(word.casefold(), word)
        return list(words.values())

    def decode(self, tokens: Iterable[int]) -> str:
        """Turn token ids into text.

        Parameters
        ----------
        tokens : iterable of int
            Token ids, as `encode` returns them or as a model draws them.

        Returns
        -------
        str
            Text whose sentences start with a capital. ``UNK`` shows as ``<unk>``.

        Raises
        ------
        TypeError, ValueError
            Where one is no token id of the vocabulary.
        """
        detokenizer = Detokenizer(self)
        return "".join(detokenizer.push(token) for token in check_tokens(tokens, name="tokens", size=len(self)))

    def _looked_up(self, text: str) -> Iterator[list[tuple[str, int]]]:
        """Yield the tokens of each sentence, as they stand there, with their ids."""
        for tokens in _sentences(check_text(text, name="text")):
            ids = [self._ids.get(token, UNK) for token in tokens]
            place = _first_word(tokens)
            if place is not None:
                ids[place] = self._ids.get(self._true_case(tokens[place]), UNK)
            yield list(zip(tokens, ids, strict=True))

    def _true_case(self, word: str) -> str:
        lowered = _decapitalised(word)
        if lowered not in self._ids:
            return word
        # Ids are in order of frequency.
        return lowered if self._ids[lowered] <= self._ids.get(word, len(self)) else word


class Detokenizer:
    """Puts text together as its tokens arrive.

    Parameters
    ----------
    tokenizer : Tokenizer
        Where the ids come from.

    Examples
    --------
    >>> tokenizer = Tokenizer.from_corpus(["It was (by far) the end."])
    >>> detokenizer = Detokenizer(tokenizer)
    >>> [detokenizer.push(i) for i in tokenizer.encode("It was (by far) the end.")]
    ['', 'It', ' was', ' (', 'by', ' far', ')', ' the', ' end', '.', '']
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._vocabulary = tokenizer.vocabulary
        self._joined = True
        self._at_start = True

    def push(self, token: int) -> str:
        """Take the next token and return what it adds to the text.

        Parameters
        ----------
        token : int
            A token id.

        Returns
        -------
        str
            The text of the token, with the space before it that belongs there.

        Raises
        ------
        TypeError, ValueError
            Where it is no token id of the vocabulary.
        """
        token = check_token(token, name="token", size=len(self._vocabulary))
        if token in (BOS, EOS):
            self._at_start = True
            return ""
        text = self._vocabulary[token]
        bare = text.strip(JOINER)
        goes_on = text.startswith(JOINER)
        space = "" if self._joined or goes_on else " "
        self._joined = text.endswith(JOINER)
        if self._at_start and not is_mark(bare):
            self._at_start = False
            if not goes_on:  # it would be the rest of a word
                bare = _capitalised(bare)
        return space + bare


def _sentences(text: str) -> Iterator[list[str]]:
    """Yield the tokens of each sentence of a text."""
    for sentence in split_sentences(text.replace(JOINER, " ")):
        yield list(split_words(sentence))


def _first_word(tokens: Sequence[str]) -> int | None:
    return next((i for i, token in enumerate(tokens) if not is_mark(token)), None)


def _capitalised(word: str) -> str:
    """Return a plain lower-case word with a capital, and any other word as it is."""
    capital = word[:1].upper()
    if not word.islower() or len(capital) != 1 or _PLAIN_WORD.fullmatch(word) is None:
        return word
    return capital + word[1:]


def _decapitalised(word: str) -> str:
    """Return the word of which `_capitalised` makes this one, itself if there is none."""
    lowered = word[:1].lower() + word[1:]
    return lowered if _capitalised(lowered) == word else word
