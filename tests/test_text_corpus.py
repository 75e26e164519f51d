"""Corpora: the one that Python brings along, and any text file."""
# ruff: noqa: RUF001 - typographic marks are meant

import re
import sys

import pytest

from thermonucleus.text import builtin_corpus, read_corpus


def test_the_builtin_corpus_is_a_good_deal_of_prose(corpus) -> None:
    assert sum(len(paragraph.split()) for paragraph in corpus) > 20_000


def test_no_paragraph_is_there_twice(corpus) -> None:
    assert len(set(corpus)) == len(corpus)


def test_no_markup_is_left(corpus) -> None:
    assert [text for text in corpus if re.search(r'["*`|=<>{}\\“”‘’\n]|  |::|\[\d', text)] == []


def test_brackets_are_balanced(corpus) -> None:
    assert [text for text in corpus if text.count("(") != text.count(")")] == []


def test_paragraphs_are_whole_sentences(corpus) -> None:
    assert {text[-1] for text in corpus} <= set(".!?")


def test_a_python_without_the_topics_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(ModuleNotFoundError, match=r"read_corpus\(path\)"):
        builtin_corpus()


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_a_file_is_read_as_paragraphs(tmp_path, start) -> None:
    path = tmp_path / "tale.txt"
    path.write_bytes(start + "Größe\nzählt.\r\n\r\nEnde.".encode())
    assert read_corpus(path) == ["Größe zählt.", "Ende."]
    assert read_corpus(str(path)) == ["Größe zählt.", "Ende."]


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"corpus file.*nowhere\.txt"):
        read_corpus(tmp_path / "nowhere.txt")


def test_a_folder_is_not_a_corpus(tmp_path) -> None:
    with pytest.raises(OSError, match=re.escape(repr(str(tmp_path)))):
        read_corpus(tmp_path)


@pytest.mark.parametrize("content", [b"", b" \n\n\t"])
def test_a_file_without_text_is_named(tmp_path, content) -> None:
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"empty\.txt' holds no text"):
        read_corpus(path)


def test_a_file_that_is_not_utf8_is_named(tmp_path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("Größe".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt' is not UTF-8 text: byte 2"):
        read_corpus(path)
