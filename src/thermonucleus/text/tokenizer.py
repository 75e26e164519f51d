"""Text to token ids and back."""
# ruff: noqa: RUF001 - typographic marks are meant

import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from thermonucleus.text.sentences import ABBREVIATIONS, ends_sentence, split_sentences

UNK, BOS, EOS = 0, 1, 2
"""Ids of the special tokens: unknown word, beginning of text, end of sentence."""

SPECIAL_TOKENS = ("<unk>", "<bos>", "<eos>")
JOINER = "￭"

_BRACKETS = {")": "(", "]": "[", "}": "{"}
_OPENING = "([{\"'“‘«¿¡"
_CLOSING = ".,;:!?…\"'”’»"
_DASH = re.compile(r"(—|--)")
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Tokenizer:
    """A vocabulary of words and punctuation marks.

    A token is a word or a mark of punctuation. A mark carries a joiner (￭) on each side where no
    space stands, as in ``(￭`` and ``￭,``, so that text is put together again exactly as it was.
    The word that begins a sentence is looked up in the case it has elsewhere, and gets its
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
        words = self.vocabulary[len(SPECIAL_TOKENS) :]
        if self.vocabulary[: len(SPECIAL_TOKENS)] != SPECIAL_TOKENS:
            raise ValueError(f"vocabulary must begin with {SPECIAL_TOKENS}, not with {self.vocabulary[: len(SPECIAL_TOKENS)]}")
        # The special tokens are left out: text that spells one is text.
        self._ids = {word: i for i, word in enumerate(words, start=len(SPECIAL_TOKENS))}
        if len(self._ids) != len(words):
            twice = next(word for word, n in Counter(words).items() if n > 1)
            raise ValueError(f"vocabulary must not repeat a token, but holds {twice!r} twice")

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
        ValueError
            Where the texts hold no token.
        """
        within: Counter[str] = Counter()
        first: Counter[str] = Counter()
        for paragraph in paragraphs:
            for sentence in split_sentences(paragraph):
                tokens = list(_split_marks(sentence))
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
            raise ValueError("paragraphs must hold at least one word")
        return cls([*SPECIAL_TOKENS, *sorted(counts, key=lambda word: (-counts[word], word))])

    def __len__(self) -> int:
        """Return the size of the vocabulary, special tokens included."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Turn text into token ids.

        Parameters
        ----------
        text : str
            Any text. Runs of spaces and line breaks count as one space.

        Returns
        -------
        list of int
            ``BOS``, then the tokens, with ``EOS`` after each sentence; after the last one only if
            it is finished, so that an unfinished sentence can be continued. Words that are not in
            the vocabulary become ``UNK``.
        """
        ids = [BOS]
        sentences = split_sentences(text.replace(JOINER, " "))
        for sentence in sentences:
            tokens = list(_split_marks(sentence))
            place = _first_word(tokens)
            if place is not None:
                tokens[place] = self._true_case(tokens[place])
            ids += [self._ids.get(token, UNK) for token in tokens]
            ids.append(EOS)
        if sentences and not ends_sentence(sentences[-1]):
            ids.pop()
        return ids

    def unknown_words(self, text: str) -> list[str]:
        """Return the words of a text that become ``UNK``, each once, in their order.

        Parameters
        ----------
        text : str
            Any text.

        Returns
        -------
        list of str
            As they stand in the text.

        Examples
        --------
        >>> Tokenizer.from_corpus(["The end."]).unknown_words("The beginning of the end, the very beginning.")
        ['beginning', 'of', 'very']
        """
        words = (self._true_case(token).strip(JOINER) for sentence in split_sentences(text) for token in _split_marks(sentence))
        return list(dict.fromkeys(word for word in words if not _is_mark(word) and word not in self._ids))

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
        ValueError
            Where an id is not in the vocabulary.
        """
        detokenizer = Detokenizer(self)
        return "".join(detokenizer.push(token) for token in tokens)

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
        ValueError
            Where the id is not in the vocabulary.
        """
        token = operator.index(token)
        if not 0 <= token < len(self._vocabulary):
            raise ValueError(f"token must be an id from 0 to {len(self._vocabulary) - 1}, not {token}")
        if token in (BOS, EOS):
            self._at_start = True
            return ""
        text = self._vocabulary[token]
        bare = text.strip(JOINER)
        space = "" if self._joined or text.startswith(JOINER) else " "
        self._joined = text.endswith(JOINER)
        if self._at_start and not _is_mark(bare):
            self._at_start = False
            bare = _capitalised(bare)
        return space + bare


def _split_marks(sentence: str) -> Iterator[str]:
    """Yield the tokens of a sentence, joiners in place."""
    chunks = sentence.split()
    for place, chunk in enumerate(chunks, start=1):
        pieces = [piece for part in _DASH.split(chunk) for piece in _peel(part)]
        joined = False
        for i, (piece, leans_right) in enumerate(pieces, start=1):
            # A gap's joiner goes to the mark that leans into it. A mark that opens the end of an
            # unfinished text leans on what will come.
            joins_left = i > 1 and not joined
            joined = leans_right and (i < len(pieces) or place == len(chunks))
            yield JOINER * joins_left + piece + JOINER * joined


def _peel(chunk: str) -> Iterator[tuple[str, bool]]:
    """Yield opening marks, word and closing marks of a chunk, and whether each leans right."""
    if _DASH.fullmatch(chunk):
        yield chunk, True
        return
    bare = chunk.lstrip(_OPENING)
    for mark in chunk[: len(chunk) - len(bare)]:
        yield mark, True
    stop = len(bare)
    while _ends_with_mark(bare[:stop]):
        stop -= 1
    if stop:
        yield bare[:stop], False
    for mark in bare[stop:]:
        yield mark, False


def _ends_with_mark(chunk: str) -> bool:
    last = chunk[-1:]
    if last in _BRACKETS:
        return chunk.count(last) > chunk.count(_BRACKETS[last])
    return last != "" and last in _CLOSING and chunk.lower() not in ABBREVIATIONS


def _first_word(tokens: Sequence[str]) -> int | None:
    return next((i for i, token in enumerate(tokens) if not _is_mark(token)), None)


def _is_mark(token: str) -> bool:
    return not any(character.isalnum() or character == "_" for character in token)


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
