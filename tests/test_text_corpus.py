"""Corpora: the one that comes with the library, and any text file."""

import re
from importlib.metadata import files
from pathlib import Path

import pytest

from thermonucleus.text import builtin_corpus, read_corpus
from thermonucleus.text.corpus import BUILTIN_FILES, paragraphs_of


def test_the_builtin_corpus_is_a_good_deal_of_prose(corpus: list[str]) -> None:
    assert len(corpus) == 803
    assert sum(len(paragraph.split()) for paragraph in corpus) > 46_000


def test_no_paragraph_is_there_twice(corpus: list[str]) -> None:
    assert len(set(corpus)) == len(corpus)


def test_it_is_plain_prose(corpus: list[str]) -> None:
    assert [text for text in corpus if re.search(r"[^A-Za-z ,.!?'-]|  ", text)] == []


def test_no_word_is_there_twice_in_a_row(corpus: list[str]) -> None:
    assert [text for text in corpus if re.search(r"\b(\w+) \1\b", text)] == []


def test_paragraphs_are_some_whole_sentences(corpus: list[str]) -> None:
    assert {text[-1] for text in corpus} <= set(".!?")
    assert [text for text in corpus if re.search(r"(?:^|[.!?] )[^A-Z]", text)] == []
    assert {len(re.findall(r"[.!?](?: |$)", text)) for text in corpus} <= set(range(4, 11))


def test_the_files_follow_each_other_in_their_order(corpus: list[str]) -> None:
    assert BUILTIN_FILES == ("stories", "nature", "everyday", "machines")
    firsts = ["Once upon a time there was a small village", "The weather today", "The best part of the day", "A machine is a thing"]
    places = [next(i for i, text in enumerate(corpus) if text.startswith(first)) for first in firsts]
    assert places == [0, 191, 409, 596]


def test_the_installed_package_has_the_files() -> None:
    installed = {file.name for file in files("thermonucleus") or [] if file.parent.name == "builtin"}
    assert installed == {f"{name}.txt" for name in BUILTIN_FILES}


def test_each_call_returns_a_list_of_its_own() -> None:
    builtin_corpus().clear()
    assert builtin_corpus()


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_a_file_is_read_as_paragraphs(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "tale.txt"
    path.write_bytes(start + "Größe\nzählt.\r\n\r\nEnde.".encode())
    assert read_corpus(path) == ["Größe zählt.", "Ende."]
    assert read_corpus(str(path)) == ["Größe zählt.", "Ende."]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cannot read the corpus file.*nowhere\.txt"):
        read_corpus(tmp_path / "nowhere.txt")


def test_a_folder_is_not_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=re.escape(repr(str(tmp_path)))):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"empty\.txt' must hold at least one word, got no text$"),
        (b" \n\n\t", r"empty\.txt' must hold at least one word, got no text$"),
        ("Größe".encode("latin-1"), r"empty\.txt' must be UTF-8 text, got byte 2, which is not UTF-8; convert it to UTF-8$"),
        ("Größe".encode("utf-16"), r"got byte 0, which is not UTF-8: it looks like UTF-16; convert it to UTF-8$"),
        (
            "A tale\nof two.".encode("utf-16-be"),
            r"empty\.txt' must be text without NULs, got one at character 1 of line 1: it looks like UTF-16, not UTF-8$",
        ),
        (b"A tale\nof two\0.", r"got one at character 7 of line 2: "),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^corpus file '.*" + message):
        read_corpus(path)


def test_a_text_that_is_read_already_is_as_good_as_a_file(tmp_path: Path) -> None:
    text = "One\nline.\n\nAnother."
    path = tmp_path / "tale.txt"
    path.write_text(text, encoding="utf-8")
    assert paragraphs_of(text) == read_corpus(path) == ["One line.", "Another."]


def test_what_is_wrong_with_a_text_is_said_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"^text must hold at least one word, got no text$"):
        paragraphs_of(" \n")
    with pytest.raises(ValueError, match=r"^standard input must be text without NULs, got one at character 2 of line 1"):
        paragraphs_of("A\0", "standard input")
    with pytest.raises(TypeError, match=r"^text must be a str, got b'A'$"):
        paragraphs_of(b"A")  # type: ignore[arg-type]
