"""The prose within a page of reference documentation, freed from its markup.

The pages are reStructuredText rendered as plain text: headings underlined, definition lists and
code blocks told apart by indentation alone, inline code in double quotes, grammar productions in
between. Rather than parse all that, text is cut into runs of lines of equal indentation, and a
sentence is kept if it looks like one. What is lost is code, which is the point.
"""
# ruff: noqa: RUF001 - typographic marks are meant

import re
from collections.abc import Iterator

from thermonucleus.text.paragraphs import join_lines
from thermonucleus.text.sentences import split_sentences

_MARKER = re.compile(r"^(\s*)((?:\*|-|\d+\.|\[\d+\])\s+)(?=\S)")
_NOT_READ = re.compile(r">>>|\.\.\.|(?:Changed in|New in|Added in|Deprecated since|Removed in) version")
_LABEL = re.compile(r"^(?:\*\*)?(?:CPython implementation detail|Note|Warning|Footnotes):(?:\*\*)?\s*")
_ASIDE = re.compile(r"(?<![.!?])\s+\((?:[^()]|\([^()]*\))*\)")
_FOOTNOTE = re.compile(r"\s*\[\d+\]")
_CODE_QUOTES = re.compile(r'‘?"+([^"]*)"+’?')
_EMPHASIS = re.compile(r"(\*{1,2})(?=\S)([^*]+?)\1")
_SINGLE_QUOTES = re.compile(r"‘([^‘’]*)’")
_PLAIN_CODE = re.compile(r"[A-Za-z_][\w.]*(?:\([\w.]*\))?(?: [a-z]+)*|\d+(?:\.\d+)*")
_NOT_PROSE = re.compile(r"[^\w\s.,;:!?'()/–—-]|::|//|\.\.|[,:)][.]?\w|\s[-–/']\w|\w\s-\s\w")
_SENTENCE = re.compile(r"(?:[A-Z]|\w*[_.(]\w*).*[.!?]")

_FEWEST_WORDS = 4


def prose_paragraphs(page: str) -> Iterator[str]:
    r"""Yield the paragraphs of prose in a page of reference documentation.

    Parameters
    ----------
    page : str
        A page as ``pydoc`` shows it.

    Yields
    ------
    str
        A paragraph: whole sentences on a single line, without markup.

    Examples
    --------
    >>> page = '''Objects
    ... *******
    ...
    ... Every *object* has an identity, says
    ... the "id()" function. [1]
    ...
    ...    >>> id(None)
    ... '''
    >>> list(prose_paragraphs(page))
    ['Every object has an identity, says the id() function.']
    """
    for run in _runs(page):
        if _NOT_READ.match(run):
            continue
        sentences = map(_without_brackets, split_sentences(_without_markup(run)))
        kept = [sentence for sentence in sentences if _is_prose(sentence)]
        if kept:
            yield " ".join(kept)


def _runs(page: str) -> Iterator[str]:
    """Yield runs of lines of equal indentation, joined, list markers counted as indentation."""
    run: list[str] = []
    indent = 0
    for raw in [*page.splitlines(), ""]:
        line = _MARKER.sub(lambda match: match[1] + " " * len(match[2]), raw)
        here = len(line) - len(line.lstrip())
        starts_item = line != raw
        if run and (not line.strip() or here != indent or starts_item):
            yield join_lines("\n".join(run))
            run = []
        if line.strip():
            run.append(line.strip())
            indent = here


def _without_markup(text: str) -> str:
    text = _FOOTNOTE.sub("", _LABEL.sub("", text))
    text = _CODE_QUOTES.sub(_unquoted, text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _SINGLE_QUOTES.sub(r"\1", text)
    text = text.replace("’", "'").replace("“", "").replace("”", "")
    return " ".join(_ASIDE.sub("", text).split())


def _without_brackets(sentence: str) -> str:
    """Free a sentence from the brackets around it, or around it and its neighbours."""
    opened = sentence.removeprefix("(")
    return opened[:-1] if opened.endswith((".)", "!)", "?)")) else opened


def _unquoted(match: re.Match[str]) -> str:
    """Return inline code that reads as words without its quotes, and other code as it is."""
    code = match[1].strip()
    return code if _PLAIN_CODE.fullmatch(code) else match[0]


def _is_prose(sentence: str) -> bool:
    return (
        _SENTENCE.fullmatch(sentence) is not None
        and _NOT_PROSE.search(sentence) is None
        and sentence.count("(") == sentence.count(")")
        and len(sentence.split()) >= _FEWEST_WORDS
        and not sentence.startswith("See ")
    )
