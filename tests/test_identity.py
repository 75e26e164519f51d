"""That every level gives the same bits, on a sample of what identity.py compares, and that it would say if one did not."""

from io import StringIO

import numpy as np
import pytest
from identity import block_of, compare, describe, digests, outcome

import thermonucleus as tn
from thermonucleus.kernel import dispatch


def found_at(level: str, blocks: int) -> str:
    with dispatch.using(level):
        return "\n".join(digests(blocks))


def test_every_level_gives_the_same_bits() -> None:
    streams = {level: StringIO(found_at(level, 6)) for level in tn.targets()}
    compare(streams, 6)


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


def test_a_difference_is_named() -> None:
    with pytest.raises(AssertionError, match="block 0"):
        compare({"one": StringIO("aa\n"), "other": StringIO("ab\n")}, 1)


@pytest.mark.skipif(len(tn.targets()) < 2, reason="one level only: nothing to compare")
def test_the_row_that_differs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.outcome", lambda case: case.row.tobytes() + dispatch.active().target.encode())
    assert describe(2).startswith("block 2, row 0: ")
