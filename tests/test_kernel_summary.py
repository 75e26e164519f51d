"""The summary: maxima at every length, and rows that cannot be sampled from."""

import numpy as np
import pytest

import thermonucleus as tn

# Around every lane, way and chunk: 16, 64 and 512.
LENGTHS = [1, 2, 3, 15, 16, 17, 31, 63, 64, 65, 127, 129, 511, 512, 513, 575, 576, 577, 1023, 1024, 1025, 4095, 4096, 4097, 4609]


@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.usefixtures("level")
def test_the_maximum_is_found_wherever_it_is(size: int) -> None:
    row = np.random.default_rng(size).normal(0, 1, size).astype(np.float32)
    for at in {0, size // 3, size // 2, size - 2, size - 1} - {-1}:
        row[at] += 100
        assert tn.sample(row, temperature=0) == at
        assert tn.sample(row, top_p=0, u=0.999) == at
        row[at] -= 100


@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.usefixtures("level")
def test_greedy_takes_the_first_of_equal_maxima(size: int) -> None:
    row = np.zeros(size, np.float32)
    assert tn.sample(row, temperature=0) == 0
    row[size // 2 :] = -0.0
    assert tn.sample(row, temperature=0) == 0
    row[: size // 2] = -1
    assert tn.sample(row, temperature=0) == size // 2


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf])
@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.usefixtures("level")
def test_nan_and_infinity_are_seen_wherever_they_are(size: int, bad: float) -> None:
    row = np.random.default_rng(size).normal(0, 1, size).astype(np.float32)
    for at in {0, size // 3, size // 2, size - 2, size - 1} - {-1}:
        broken = row.copy()
        broken[at] = bad
        for settings in ({}, {"temperature": 0}, {"top_k": 1}, {"top_p": 0.5}, {"min_p": 0.5}):
            with pytest.raises(ValueError, match=f"row 0, index {at}$"):
                tn.sample(broken, u=0.5, **settings)


@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.usefixtures("level")
def test_nothing_but_minus_infinity_is_refused_and_one_logit_is_enough(size: int) -> None:
    row = np.full(size, -np.inf, np.float32)
    with pytest.raises(ValueError, match="-inf at every index of row 0"):
        tn.sample(row)
    row[size // 2] = -1e30
    assert tn.sample(row, u=0.0) == size // 2
    assert tn.sample(row, u=1 - 2.0**-53, top_k=2, top_p=0.3, min_p=0.1) == size // 2
