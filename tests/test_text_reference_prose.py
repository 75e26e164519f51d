"""Reference pages: the prose stays, the markup and the code go."""
# ruff: noqa: RUF001 - typographic marks are meant

import pytest

from thermonucleus.text.reference_prose import prose_paragraphs

PAGE = """The "with" statement
********************

The "with" statement is used to *wrap* the execution of a block, see-
through or **not**. [1]

   with_stmt ::= "with" with_item ":" suite

Is this prose?  The following code:

   >>> with open("x") as file:
   ...     This is not prose.

is equivalent to this:

   with open(path) as file:
       read(file)

* "None" is the first value of the list
  that goes on here.

* The second value is "x = y + 1" and can not be said.

Integers ("int")
   These stand for ‘numbers’ of a “certain” type’s range.

Changed in version 3.1: Something that nobody needs to know.

Note: The "not in" operator (see section Operators) is a part of it.

(This is said in brackets. And so is this.)

[1] It is a footnote about "id()" and nothing else.
"""


def test_a_page_becomes_its_prose() -> None:
    assert list(prose_paragraphs(PAGE)) == [
        "The with statement is used to wrap the execution of a block, see-through or not.",
        "None is the first value of the list that goes on here.",
        "These stand for numbers of a certain type's range.",
        "The not in operator is a part of it.",
        "This is said in brackets. And so is this.",
        "It is a footnote about id() and nothing else.",
    ]


@pytest.mark.parametrize(
    "page",
    [
        "",
        "Title\n=====\n",
        "Too short here.",
        "This one has no end",
        "See the section on something else.",
        "this is the rest of some sentence.",
        "| This is | a row of a table. |",
        "An (unbalanced bracket is a bad sign.",
        "It is called as f(a, *args) in all cases.",
    ],
)
def test_what_is_no_prose_is_left_out(page) -> None:
    assert list(prose_paragraphs(page)) == []
