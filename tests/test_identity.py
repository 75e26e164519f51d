"""That every level gives the same bits, on a sample of what identity.py compares, and that it would say if one did not."""

import sys
from collections.abc import Callable
from itertools import islice
from typing import Any

import identity
import numpy as np
import pytest
from identity import BLOCK, LONG, Comparison, block_of, blocks_for, digests, outcome, rows_in

import thermonucleus as tn
from thermonucleus.kernel import dispatch

LEVELS = tn.targets()


def found_at(level: str, blocks: int) -> list[str]:
    with dispatch.using(level):
        return list(digests(blocks))


def compare_levels(blocks: int) -> None:
    comparison = Comparison(LEVELS, blocks)
    for level in LEVELS:
        comparison.follow(level, found_at(level, blocks))


def test_every_level_gives_the_same_bits() -> None:
    compare_levels(8)


def test_levels_in_processes_of_their_own_give_the_same_bits() -> None:
    Comparison(LEVELS, 1).run(processes=2)


def test_there_are_as_many_rows_as_asked_for() -> None:
    blocks = blocks_for(4_000)
    assert rows_in(blocks) == sum(len(list(block_of(number))) for number in range(blocks)) >= 4_000
    assert rows_in(blocks - 1) < 4_000
    assert rows_in(4) == 4 * LONG
    assert rows_in(5) - rows_in(4) == BLOCK


def test_the_sample_has_rows_that_are_refused_and_rows_that_are_not() -> None:
    refused = [outcome(case).startswith(b"ValueError") for case in block_of(4)]
    assert any(refused)
    assert not all(refused)


def test_a_digest_depends_on_every_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(digests(1))
    probabilities = tn.probabilities

    def off_by_a_bit(row: object, **settings: object) -> object:
        result = probabilities(row, **settings)  # type: ignore[arg-type]
        result.view(np.uint32)[-1] ^= 1
        return result

    monkeypatch.setattr(tn, "probabilities", off_by_a_bit)
    assert list(digests(1)) != before


def flip_a_bit(result: Any) -> None:
    result.view(np.uint32)[-1] ^= 1


def change_a_token(result: Any) -> None:
    result[-1] += 1


@pytest.mark.skipif(len(LEVELS) < 2, reason="one level only: nothing to compare")
@pytest.mark.parametrize(("function", "damage"), [("probabilities", flip_a_bit), ("sample", change_a_token)])
@pytest.mark.parametrize("at", [0, 7, 249, BLOCK - 1])
def test_one_wrong_bit_or_token_of_one_row_is_found_and_named(
    monkeypatch: pytest.MonkeyPatch, function: str, damage: Callable[[Any], None], at: int
) -> None:
    victim = next(islice(block_of(5), at, None))
    right = getattr(tn, function)

    def wrong(row: Any, **settings: Any) -> Any:
        result = right(row, **settings)
        same_case = settings.items() >= victim.settings.items() and np.array_equal(row, victim.row)
        if dispatch.active().target == LEVELS[-1] and same_case:
            damage(result)
        return result

    monkeypatch.setattr(tn, function, wrong)
    monkeypatch.setattr(identity, "block_of", lambda number: block_of(5))
    with pytest.raises(AssertionError) as found:
        compare_levels(1)
    place = f"block 0, row {at}: {victim.shape}, V = {len(victim.row)}, {victim.settings}, u = {victim.u!r}"
    assert str(found.value).startswith(place)


def test_a_level_that_dies_is_named() -> None:
    with pytest.raises(AssertionError, match="old ended after 1 of 2 blocks"):
        Comparison(["old"], 2).follow("old", ["aa"])


def test_a_process_that_dies_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(AssertionError, match=f"{LEVELS[0]} ended after 0 of 3 blocks"):
        Comparison(LEVELS, 3).run(processes=1)
