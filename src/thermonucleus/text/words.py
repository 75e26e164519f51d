"""Where a word ends: the words and punctuation marks of a sentence, and characters where a script has no spaces."""
# ruff: noqa: RUF001 - typographic marks are meant

import re
import unicodedata
from collections.abc import Iterator

from thermonucleus.text.sentences import ABBREVIATIONS

__all__ = ["JOINER", "LONGEST", "characters", "is_mark", "split_words"]

JOINER = "￭"
"""Stands on the side of a token where no space is."""

LONGEST = 40
"""Chosen: the most characters of a word. Few languages have longer ones, but web addresses, codes and noise do."""

_BRACKETS = {")": "(", "]": "[", "}": "{"}
_OPENING = "([{\"'“‘«¿¡"
_CLOSING = ".,;:!?…\"'”’»"
_DASH = re.compile(r"(—|--)(?![\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f])")

_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese and other languages of Myanmar
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\uffe0-\uffe6"  # Han, Kana, and their marks
    "\U0001aff0-\U0001b16f\U0001f200-\U0001f2ff\U00020000-\U0003ffff"  # rarer ones
    "]"
)
"""Characters of scripts that are written without spaces."""

_VIRAMA = 9
"""Exact: Unicode's combining class of the marks that join a letter to the next."""

_FOLLOWING = re.compile("[\u1160-\u11ff\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What is no mark to Unicode's categories and yet belongs to the character before it: vowels and final consonants of Korean
letters, joiners, vowels of Thai and Lao, voice marks of Kana, skin colours and the letters of flags."""

_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]")


def split_words(sentence: str) -> Iterator[str]:
    """Split a sentence into tokens.

    Parameters
    ----------
    sentence : str
        Text without `JOINER`.

    Yields
    ------
    str
        A word or a punctuation mark, with a `JOINER` where it touches another; of the two, one has it. A character of a script
        without spaces is a word, and so is each of a run of more than `LONGEST` characters.

    Examples
    --------
    >>> list(split_words("It was (at last) over."))
    ['It', 'was', '(￭', 'at', 'last', '￭)', 'over', '￭.']
    >>> list(split_words("他说hello"))
    ['他', '￭说', '￭hello']
    """
    chunks = sentence.split()
    for place, chunk in enumerate(chunks, start=1):
        pieces = [piece for part in _DASH.split(chunk) for piece in _peel(part)]
        joined = False
        for i, (piece, leans_right) in enumerate(pieces, start=1):
            # A gap's joiner goes to the mark that leans into it. A mark that opens the end of an unfinished text leans on what will
            # come.
            joins_left = i > 1 and not joined
            joined = leans_right and (i < len(pieces) or place == len(chunks))
            yield JOINER * joins_left + piece + JOINER * joined


def is_mark(token: str) -> bool:
    """Say whether a token has neither letter nor digit."""
    return not any(character.isalnum() or character == "_" for character in token)


def characters(text: str) -> Iterator[str]:
    r"""Yield what a reader takes for a single character: one with all that stands above, below or within it, or a whole emoji.

    Notes
    -----
    Nearly the extended grapheme clusters of Unicode Standard Annex 29, whose tables Python does not have. One that never ends is
    cut after `LONGEST` code points.

    Examples
    --------
    >>> list(characters("👩\u200d🚀🇫🇷!"))
    ['👩\u200d🚀', '🇫🇷', '!']
    """
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or i - start == LONGEST or not _belongs(text[start:i], text[i]):
            yield text[start:i]
            start = i


def _belongs(before: str, character: str) -> bool:
    """Say whether a code point goes on with the character that others began."""
    last = before[-1]
    return (
        unicodedata.category(character).startswith("M")
        or _FOLLOWING.match(character) is not None
        or last == "\u200d"
        or unicodedata.combining(last) == _VIRAMA
        or (len(before) == 1 and _REGIONAL.match(last) is not None and _REGIONAL.match(character) is not None)
    )


def _peel(chunk: str) -> Iterator[tuple[str, bool]]:
    """Yield opening marks, words and closing marks of a chunk, and whether each leans right."""
    if _DASH.fullmatch(chunk):
        yield chunk, True
        return
    bare = chunk.lstrip(_OPENING)
    if bare != chunk and bare and _belongs(chunk[-len(bare) - 1], bare[0]):
        bare = chunk[-len(bare) - 1 :]  # a mark with an accent is none
    for mark in chunk[: len(chunk) - len(bare)]:
        yield mark, True
    stop = len(bare)
    while _ends_with_mark(bare[:stop]):
        stop -= 1
    for word in _cut(bare[:stop]):
        yield word, False
    for mark in bare[stop:]:
        yield mark, False


def _ends_with_mark(chunk: str) -> bool:
    last = chunk[-1:]
    if last in _BRACKETS:
        return chunk.count(last) > chunk.count(_BRACKETS[last])
    return last != "" and last in _CLOSING and chunk.lower() not in ABBREVIATIONS


def _cut(run: str) -> Iterator[str]:
    """Cut a run of characters without a space where they are of a script without spaces, and everywhere if it is too long."""
    if len(run) <= LONGEST and _UNSPACED.search(run) is None:
        if run:
            yield run
        return
    spaced = ""
    for character in characters(run):
        if _UNSPACED.match(character):
            yield from _cut(spaced)
            yield character
            spaced = ""
        else:
            spaced += character
    if len(spaced) > LONGEST:
        yield from characters(spaced)
    elif spaced:
        yield spaced
