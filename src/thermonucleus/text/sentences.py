"""Where a sentence ends."""

# ruff: noqa: RUF001 - typographic quotes are meant

import re

ABBREVIATIONS = frozenset(["e.g.", "i.e.", "cf.", "vs.", "mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "fig."])
"""Words whose full stop belongs to them, in lower case."""

_CLOSERS = "\"'”’)]»"
_OPENERS = "\"'“‘([«"
_BETWEEN_WORDS = re.compile(r"\s+|—|--")
_CODE = re.compile(r"\w[.(\[]\w|\w\(\)|_")


def split_sentences(text: str) -> list[str]:
    """Split running text into sentences.

    Parameters
    ----------
    text : str
        Text of one paragraph; line breaks count as spaces.

    Returns
    -------
    list of str
        The sentences in order, each with its end mark. Joined by single spaces they are the
        text again, up to the kind and number of its spaces.

    Notes
    -----
    A sentence ends at ``.``, ``!`` or ``?`` (and the quotes or brackets that close with it) where
    the next word starts with a capital or is code, as in ``str.split()``, unless the stop belongs
    to an abbreviation.

    Examples
    --------
    >>> split_sentences("It ends here, e.g. Now. sys.path (or so) starts. One more")
    ['It ends here, e.g. Now.', 'sys.path (or so) starts.', 'One more']
    """
    words = text.split()
    sentences: list[str] = []
    first = 0
    for here in range(1, len(words)):
        if ends_sentence(words[here - 1]) and _starts_sentence(words[here]):
            sentences.append(" ".join(words[first:here]))
            first = here
    last = " ".join(words[first:])
    return [*sentences, last] if last else sentences


def ends_sentence(word: str) -> bool:
    """Say whether a word, with the punctuation that clings to it, can end a sentence.

    Parameters
    ----------
    word : str
        A word, or a text of which only the end matters.

    Returns
    -------
    bool
        True where an end mark closes the word and is not part of an abbreviation.

    Examples
    --------
    >>> ends_sentence('done."'), ends_sentence("e.g."), ends_sentence("done,")
    (True, False, False)
    """
    bare = word.rstrip(_CLOSERS)
    if not bare.endswith((".", "!", "?")):
        return False
    last = _BETWEEN_WORDS.split(bare)[-1]
    return last.lstrip(_OPENERS).lower() not in ABBREVIATIONS


def _starts_sentence(word: str) -> bool:
    bare = word.lstrip(_OPENERS)
    return bare[:1].isupper() or _CODE.search(bare) is not None
