"""That a comparison with the oracle finds what is wrong, at whichever level it is."""

from typing import Any

import agreement
import numpy as np
import pytest
from oracle import check, same_at_every_level

import thermonucleus as tn
from thermonucleus.kernel import dispatch

LEVELS = tn.targets()
ROW = np.log(np.array([0.1, 0.2, 0.3, 0.4], np.float32))


def spoil(monkeypatch: pytest.MonkeyPatch, function: str, level: str, factor: float, at: Any) -> None:
    """Have a function of the library multiply a part of what it returns, at one level."""
    right = getattr(tn, function)

    def wrong(*arguments: Any, **settings: Any) -> Any:
        result = np.array(right(*arguments, **settings))
        if dispatch.active().target == level:
            result[at] *= factor
        return result

    monkeypatch.setattr(tn, function, wrong)


def test_the_result_is_the_best_levels() -> None:
    assert same_at_every_level(lambda: [1, 2]).tolist() == [1, 2]
    seen: list[str] = []
    same_at_every_level(lambda: seen.append(dispatch.active().target))
    assert seen == list(LEVELS)


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_level_with_another_bit_is_named(level: str) -> None:
    def zero() -> float:
        return -0.0 if dispatch.active().target == level else 0.0

    with pytest.raises(AssertionError, match=f"{level} computes other bits than {LEVELS[0]}"):
        same_at_every_level(zero)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("wrong", [0.0, 1 + 1e-4], ids=["not kept", "off"])
def test_a_probability_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, level: str, wrong: float) -> None:
    check(ROW, 0.5, top_p=0.8)
    spoil(monkeypatch, "probabilities", level, wrong, 2)
    with pytest.raises(AssertionError):
        check(ROW, 0.5, top_p=0.8)


@pytest.mark.parametrize("level", LEVELS)
def test_a_token_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    spoil(monkeypatch, "sample", level, 2, ...)
    with pytest.raises(AssertionError):
        check(ROW, 0.5)


def test_random_rows_agree(capsys: pytest.CaptureFixture[str]) -> None:
    agreement.main(small=200, large=3)
    assert "200 of 200 rows agree" in capsys.readouterr().out
