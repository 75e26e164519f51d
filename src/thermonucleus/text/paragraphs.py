"""Wrapped lines to paragraphs."""

import re

_BLANK_LINES = re.compile(r"\n\s*\n")
# Not in "pre- and postfix", whose hyphen stands for a word to come.
_CUT_WORD = re.compile(r"(?<=\w-)\s*\n\s*(?=[a-z])(?!(?:and|or|to)\b)")


def split_paragraphs(text: str) -> list[str]:
    r"""Split text at its blank lines and join the lines of each paragraph.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        The paragraphs that are not empty, each a single line without outer or double spaces.

    Examples
    --------
    >>> split_paragraphs("One\nline.\n\n\nTwo   lines.\n")
    ['One line.', 'Two lines.']
    """
    joined = (join_lines(block) for block in _BLANK_LINES.split(re.sub(r"\r\n?", "\n", text)))
    return [paragraph for paragraph in joined if paragraph]


def join_lines(block: str) -> str:
    r"""Join the lines of a paragraph, and the words that were cut at a hyphen.

    Parameters
    ----------
    block : str
        A paragraph as it is wrapped.

    Returns
    -------
    str
        The same on a single line. The hyphen of a word that was cut stays.

    Examples
    --------
    >>> join_lines("A well-\n  known\n tale.")
    'A well-known tale.'
    """
    return " ".join(_CUT_WORD.sub("", block).split())
