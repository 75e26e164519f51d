"""The page on loops of one's own: every block prints what it says, and the table on what is read in place is right."""

import doctest
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thermonucleus.logits import as_rows

PAGE = Path(__file__).parent.parent / "docs" / "own-loop.md"
TEXT = PAGE.read_text(encoding="utf-8")
INTRODUCTION, *SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)
WITH_CODE = {section.splitlines()[0]: section for section in SECTIONS if "```" in section}


def run(name: str, text: str) -> None:
    """Run all examples of a text, if the libraries that it imports are there."""
    for library in re.findall(r"^>>> import ([\w.]+)", text, re.MULTILINE):
        pytest.importorskip(library)
    test = doctest.DocTestParser().get_doctest(text, {}, name, str(PAGE), 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.attempted > 2
    assert result.failed == 0


@pytest.mark.parametrize("section", WITH_CODE)
def test_the_blocks_of_a_section_print_what_they_say(section: str) -> None:
    run(section, INTRODUCTION + WITH_CODE[section])


def test_the_blocks_of_the_page_print_what_they_say_one_after_the_other() -> None:
    run("page", TEXT)


def test_every_block_is_an_example() -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 10
    assert TEXT.count("```") == 2 * len(blocks)
    assert all(language == "python" and block.startswith(">>> ") for language, block in blocks)


def test_the_loops_of_all_libraries_draw_the_same_tokens() -> None:
    printed = re.findall(r"^>>> tokens\n(\[.*\])$", TEXT, re.MULTILINE)
    assert len(printed) == 4
    assert len(set(printed)) == 1
    assert f"...     print(tokens)\n{printed[0]}\n" in TEXT


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target


# ---- the table

LIBRARIES: dict[str, Callable[[str], Any]] = {
    "NumPy": lambda dtype: np.ones((2, 9), np.dtype(dtype) if dtype != "bfloat16" else pytest.importorskip("ml_dtypes").bfloat16),
    "PyTorch": lambda dtype: pytest.importorskip("torch").ones((2, 9), dtype=getattr(pytest.importorskip("torch"), dtype)),
    "JAX": lambda dtype: pytest.importorskip("jax.numpy").ones((2, 9), dtype),
    "MLX": lambda dtype: pytest.importorskip("mlx.core").ones((2, 9), getattr(pytest.importorskip("mlx.core"), dtype)),
}


def cells() -> dict[tuple[str, str], str]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("|")]
    header, _, *body = lines
    return {(library, dtype): cell for library, *rest in body for dtype, cell in zip(header[1:], rest, strict=True)}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_table_is_right(library: str, dtype: str) -> None:
    said = cells()[library, dtype]
    logits = LIBRARIES[library](dtype)
    if said.startswith("refused"):
        with pytest.raises((TypeError, ValueError), match="convert to float32"):
            as_rows(logits)
        return
    assert as_rows(logits).tolist() == np.ones((2, 9)).tolist()
    if said == "in place":
        assert np.shares_memory(as_rows(logits), np.from_dlpack(logits))
    else:
        assert said.startswith("converted")
