"""The kernel against the oracle, `thermonucleus.reference` in float64: what the tests and agreement.py share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Row
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.kernel import dispatch


def same_at_every_level(function: Callable[..., Any], *arguments: Any, **settings: Any) -> NDArray[Any]:
    """Return what the best level computes; the others must compute the same bits, so that the oracle need be asked once only."""
    best, *others = dispatch.targets()
    with dispatch.using(best):
        result = np.asarray(function(*arguments, **settings))
    for level in others:
        with dispatch.using(level):
            found = np.asarray(function(*arguments, **settings))
        assert (found.dtype, found.shape) == (result.dtype, result.shape)
        assert found.tobytes() == result.tobytes(), f"{level} computes other bits than {best}"
    return result


def check(row: Row, u: float, **settings: Any) -> None:
    """Compare with the oracle; only where u lies within rounding of a boundary between tokens may the token differ."""
    want = reference.probabilities(row, **settings)
    got = same_at_every_level(tn.probabilities, row, **settings)
    kept = want > 0
    np.testing.assert_array_equal(got > 0, kept, err_msg=str(settings))
    assert np.abs(got - want).max() <= 2e-6 * want.max()
    np.testing.assert_allclose(got[kept], want[kept], rtol=1e-5, atol=2.0**-149)
    token = same_at_every_level(tn.sample, row, u=u, **settings)
    running = np.cumsum(want)
    if np.abs(running - u * running[-1]).min() > 3e-7:
        # What reference.sample does with its probabilities, which take most of a test's time and are not computed twice.
        assert token == reference.draw(want, np.asarray(u))


def close_call(row: Row, temperature: float, top_k: float, top_p: float, min_p: float, temperature_last: bool = False) -> bool:
    """Say whether a cutoff lies within float64's own rounding of a token, where the oracle is no better than the kernel."""
    if temperature == 0:
        return False
    cut_at = 1.0 if temperature_last else temperature
    p = np.sort(reference.probabilities(row, temperature=cut_at, top_k=int(top_k)))[::-1]
    near_p = top_p < 1 and np.abs(np.cumsum(p) - (top_p - 1e-6)).min() < 1e-10
    near_min = min_p > 0 and np.abs(p / p[0] - min_p * (1 - 1e-6)).min() < 1e-10 * min_p
    drawn = reference.probabilities(row, temperature=temperature, top_k=int(top_k), temperature_last=temperature_last)
    near_zero = (np.abs(drawn * 2.0**150 - 1) < 1e-5).any()
    return bool(near_p or near_min or near_zero)
