"""Weights against float64: the error that weights/single.pxd states, over the whole range."""

import numpy as np
import pytest

import thermonucleus as tn

# Two of a row's probabilities are two weights times one number: each product rounds by 2**-24 once more.
WORST = 1.2e-7 + 2 * 2.0**-24


def relative_errors(row: np.ndarray, temperature: float) -> np.ndarray:
    """Return the errors of the probabilities relative to the first one, which is the largest."""
    p = tn.probabilities(row, temperature=temperature).astype(np.float64)
    true = np.exp((row.astype(np.float64) - np.float64(row[0])) / temperature)
    normal = p > 2.0**-126
    assert normal[0]
    return np.asarray(p[normal] / p[0] / true[normal] - 1)


@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.8, 1.0, 1.5, 3.0, 1e4])
@pytest.mark.parametrize("maximum", [0.0, 1.0, -3.7, 88.0, -1000.0, 30000.0])
@pytest.mark.usefixtures("level")
def test_weights_are_within_their_stated_error(maximum: float, temperature: float) -> None:
    distances = np.concatenate([np.linspace(0, 87, 40_000), np.geomspace(1e-9, 1, 2_000)]) * temperature
    row = np.concatenate([[maximum], maximum - distances]).astype(np.float32)
    assert np.abs(relative_errors(row, temperature)).max() < WORST


@pytest.mark.parametrize("maximum", [65000.0, 1e6, -1e6, 3e7, 1e30, -1e30])
@pytest.mark.usefixtures("level")
def test_weights_far_from_zero_are_as_accurate(maximum: float) -> None:
    steps = np.arange(5000)
    row = (np.float32(maximum) - steps * np.spacing(np.float32(abs(maximum)))).astype(np.float32)
    temperature = float(np.spacing(np.float32(abs(maximum)))) * 60
    assert np.abs(relative_errors(row, temperature)).max() < WORST


@pytest.mark.usefixtures("level")
def test_probabilities_go_down_to_the_smallest_float() -> None:
    row = -np.linspace(0, 120, 10_000, dtype=np.float32)
    true = np.exp(row.astype(np.float64))
    true /= true.sum()
    p = tn.probabilities(row)
    assert ((p > 0) == (true > 2.0**-150)).mean() > 0.9999  # one logit may fall on the boundary itself
    np.testing.assert_allclose(p, true, rtol=1e-6, atol=2.0**-149)


@pytest.mark.parametrize("temperature", [1e-45, 1e-30, 1e-10])
@pytest.mark.usefixtures("level")
def test_the_lowest_temperatures_leave_the_largest_logits(temperature: float) -> None:
    p = tn.probabilities([1.0, 3.0, 2.0, 3.0, -np.inf], temperature=temperature)
    np.testing.assert_array_equal(p, np.array([0, 0.5, 0, 0.5, 0], np.float32))


@pytest.mark.parametrize("temperature", [1e10, 1e30, 1e300])
@pytest.mark.usefixtures("level")
def test_the_highest_temperatures_make_all_equal_but_keep_the_mask(temperature: float) -> None:
    p = tn.probabilities([1.0, 3.0, -2.0, 100.0, -np.inf], temperature=temperature)
    np.testing.assert_allclose(p, [0.25, 0.25, 0.25, 0.25, 0], rtol=1e-6)


@pytest.mark.usefixtures("level")
def test_rows_of_extreme_floats_have_probabilities() -> None:
    largest, smallest = np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal
    wide = np.array([largest, -largest, largest], np.float32)
    np.testing.assert_array_equal(tn.probabilities(wide), np.array([0.5, 0, 0.5], np.float32))
    fine = np.array([smallest, 0, -smallest], np.float32)
    np.testing.assert_allclose(tn.probabilities(fine, temperature=1e-30), np.full(3, 1 / 3), rtol=1e-6)
