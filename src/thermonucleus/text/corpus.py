"""Where training text comes from."""

import codecs
import os
from importlib.resources import files
from pathlib import Path

from thermonucleus.text.checks import check_text
from thermonucleus.text.paragraphs import split_paragraphs

__all__ = ["BUILTIN_FILES", "builtin_corpus", "paragraphs_of", "read_corpus"]

BUILTIN_FILES = ("stories", "nature", "everyday", "machines")
"""The files of the built-in text, in the order in which `builtin_corpus` returns their paragraphs."""


def builtin_corpus() -> list[str]:
    """Return the text that comes with this library: small stories, and plain talk of nature, everyday life and machines.

    Returns
    -------
    list of str
        Some 800 paragraphs of about 58 words, each once, those of a file after those of the one before: `BUILTIN_FILES` has their
        order. They are the same with every version of Python.

    Examples
    --------
    >>> paragraphs = builtin_corpus()
    >>> len(paragraphs), paragraphs[0][:56]
    (803, 'Once upon a time there was a small village by the sea. T')
    """
    folder = files("thermonucleus.text") / "builtin"
    texts = ((folder / f"{name}.txt").read_text(encoding="utf-8") for name in BUILTIN_FILES)
    return [paragraph for text in texts for paragraph in split_paragraphs(text)]


def read_corpus(path: str | os.PathLike[str]) -> list[str]:
    r"""Read a text file as paragraphs.

    Parameters
    ----------
    path : path-like
        A UTF-8 text file, whose paragraphs `paragraphs_of` returns.

    Returns
    -------
    list of str
        The paragraphs in order, each a single line.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        Where there is no file to read.
    ValueError
        Where the file holds no text, or is not UTF-8.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tale.txt")
    ...     _ = path.write_text("A well-\nknown tale\nbegins.\n\nIt ends.\n")
    ...     read_corpus(path)
    ['A well-known tale begins.', 'It ends.']
    """
    name = f"corpus file {os.fspath(path)!r}"
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        # The original type says which of the ways of not being readable it was.
        raise type(error)(error.errno, f"cannot read the corpus file: {error.strerror}", os.fspath(path)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        looks = ": it looks like UTF-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""
        raise ValueError(
            f"{name} must be UTF-8 text, got byte {error.start}, which is not UTF-8{looks}; convert it to UTF-8"
        ) from error
    return paragraphs_of(text, name=name)


def paragraphs_of(text: str, name: str = "text") -> list[str]:
    r"""Split a text into paragraphs to train on.

    Parameters
    ----------
    text : str
        Blank lines separate paragraphs; within one, lines are joined, and a word that was cut at its hyphen is whole again.
    name : str, default "text"
        What errors call it.

    Returns
    -------
    list of str
        The paragraphs in order, each a single line.

    Raises
    ------
    TypeError, ValueError
        Where it is no str, holds no word, or has a NUL, as UTF-16 does that was read as UTF-8.

    Examples
    --------
    >>> paragraphs_of("One\nline.\n\nTwo lines.")
    ['One line.', 'Two lines.']
    """
    paragraphs = split_paragraphs(check_text(text, name=name))
    if not paragraphs:
        raise ValueError(f"{name} must hold at least one word, got no text")
    return paragraphs
