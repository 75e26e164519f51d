"""How many rows the search for a nucleus has to read again: a count, the same on every machine but for last bits of crude sums."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goals import USUAL

from thermonucleus.kernel import dispatch
from thermonucleus.kernel.bridge import Batch
from thermonucleus.rows import Row
from thermonucleus.settings import as_plan

NUCLEI: dict[str, dict[str, Any]] = {"temperature=0.8, top_p=0.95": USUAL, "top_p=0.95": {"top_p": 0.95}}
"""The settings that are counted for, by the words of the goals."""


@dataclass(frozen=True)
class Reads:
    """The shares of rows that a search reads once, with one further sweep, and with more."""

    rows: str
    size: int
    words: str
    count: int
    once: float
    twice: float
    more: float


def further_reads(named: Sequence[tuple[str, Sequence[Row]]]) -> Iterator[Reads]:
    """Count for rows of each name and size, at the level that is active."""
    for name, rows in named:
        for words, settings in NUCLEI.items():
            yield counted(name, rows, words, settings)


def counted(name: str, rows: Sequence[Row], words: str, settings: Mapping[str, object]) -> Reads:
    sweeps = Counter(sweeps_of(row, settings) for row in rows)
    once, twice = sweeps[0] / len(rows), sweeps[1] / len(rows)
    return Reads(name, rows[0].size, words, len(rows), once, twice, 1.0 - (sweeps[0] + sweeps[1]) / len(rows))


def sweeps_of(row: Row, settings: Mapping[str, object]) -> int:
    """Return how often the search for a row's nucleus goes over the row after the first read."""
    batch = Batch(dispatch.active(), row, as_plan(None, settings))
    if batch.read(0, 1) >= 0:
        raise ValueError("row: expected one that can be sampled from")
    return batch.sweeps(0)
