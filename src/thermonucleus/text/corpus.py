"""Where training text comes from."""

import os
from pathlib import Path

from thermonucleus.text.paragraphs import split_paragraphs
from thermonucleus.text.reference_prose import prose_paragraphs


def builtin_corpus() -> list[str]:
    """Return the prose of Python's own language reference, which every Python carries.

    Returns
    -------
    list of str
        Paragraphs, each once, in the order of the topics' names. The text is that of the running
        Python's ``pydoc_data.topics``, so it differs a little from one Python version to the next.

    Raises
    ------
    ModuleNotFoundError
        Where a distributor left ``pydoc_data`` out of the standard library.

    Examples
    --------
    >>> len(builtin_corpus()) > 500
    True
    """
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "this Python comes without pydoc_data.topics, the text of the built-in corpus; "
            "train on a file of your own instead: read_corpus(path)",
            name=error.name,
        ) from error
    found = (text for name in sorted(topics) for text in prose_paragraphs(topics[name]))
    return list(dict.fromkeys(found))


def read_corpus(path: str | os.PathLike[str]) -> list[str]:
    r"""Read a text file as paragraphs.

    Parameters
    ----------
    path : path-like
        A UTF-8 text file. Blank lines separate paragraphs; within one, lines are joined, and a
        word that was cut at its hyphen is whole again.

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
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"corpus file {os.fspath(path)!r} is not UTF-8 text: byte {error.start} can not be decoded; convert the file to UTF-8"
        ) from error
    except OSError as error:
        # The original type says which of the ways of not being readable it was.
        raise type(error)(error.errno, f"can not read the corpus file: {error.strerror}", os.fspath(path)) from error
    paragraphs = split_paragraphs(text)
    if not paragraphs:
        raise ValueError(f"corpus file {os.fspath(path)!r} holds no text")
    return paragraphs
