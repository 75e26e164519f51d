"""The kernel against the float64 oracle: kept set, probabilities and token, on rows chosen to hurt."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import Row
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracle import check, close_call, same_at_every_level

import thermonucleus as tn
from thermonucleus import reference

SETTINGS: list[dict[str, Any]] = [
    {"top_p": 0.95, "temperature": 0.8},
    {"top_p": 0.1},
    {"top_p": 0.999, "temperature": 1.5},
    {"top_p": 0.9999999},
    {"top_p": 1e-9},
    {"top_k": 1},
    {"top_k": 50, "top_p": 0.9, "temperature": 0.7},
    {"top_k": 1000},
    {"top_k": 20_000, "top_p": 0.99},
    {"min_p": 0.05, "temperature": 3.0},
    {"min_p": 1.0},
    {"min_p": 1e-30},
    {"top_k": 300, "top_p": 0.97, "min_p": 0.01, "temperature": 0.3},
    {"temperature": 0.0, "top_p": 0.5},
    {"top_p": 0.95, "temperature": 0.3, "temperature_last": True},
    {"top_k": 40, "top_p": 0.95, "min_p": 0.05, "temperature": 0.8, "temperature_last": True},
    {"top_k": 20_000, "top_p": 0.99, "temperature": 3.0, "temperature_last": True},
    {"min_p": 0.001, "top_p": 0.9999, "temperature": 2.0, "temperature_last": True},
    {"temperature": 30.0, "temperature_last": True},
    {},
]


@pytest.mark.parametrize("size", [1, 2, 5, 16, 17, 300, 511, 512, 513, 1023, 1024, 1025, 5000, 8191, 8192, 8193, 20_011])
def test_every_shape_and_setting_agrees_with_the_oracle(make_row: Callable[[str, int, int], Row], shape: str, size: int) -> None:
    for i, setting in enumerate(SETTINGS):
        check(make_row(shape, size, size + i), (0.37 * i + 0.11) % 1, **setting)


@pytest.mark.parametrize("size", [128_256, pytest.param(262_144, marks=pytest.mark.sweep)])
def test_vocabularies_of_today_agree_with_the_oracle(make_row: Callable[[str, int, int], Row], shape: str, size: int) -> None:
    for i, setting in enumerate(SETTINGS):
        check(make_row(shape, size, i), (0.61 * i + 0.05) % 1, **setting)


logits = st.floats(-200, 200, width=32) | st.sampled_from([0.0, -0.0, 1.0, 1.0000001, -np.inf])


@settings(max_examples=300)
@given(
    row=hnp.arrays(np.float32, st.integers(1, 60), elements=logits).filter(lambda row: row.max() > -np.inf),
    temperature=st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0, 1e5]) | st.floats(0.05, 5),
    top_k=st.integers(0, 70),
    top_p=st.floats(0, 1),
    min_p=st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    last=st.booleans(),
    u=st.floats(0, 1, exclude_max=True),
)
def test_any_row_agrees_with_the_oracle(
    row: Row, temperature: float, top_k: int, top_p: float, min_p: float, last: bool, u: float
) -> None:
    setting: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "temperature_last": last}
    if close_call(row, **setting):
        return
    check(row, u, **setting)


def test_a_nucleus_decided_by_less_than_float32_can_tell_is_the_exact_one() -> None:
    # A large flat row: most cumulative sums differ by less than the error of a float32 sum, so float64 must decide.
    row = np.random.default_rng(5).normal(0, 0.02, 150_000).astype(np.float32)
    for top_p in np.linspace(0.3, 0.97, 12):
        kept = same_at_every_level(tn.probabilities, row, top_p=top_p) > 0
        np.testing.assert_array_equal(kept, reference.probabilities(row, top_p=top_p) > 0)


@pytest.mark.parametrize("fraction", np.linspace(0, 1, 17))
@pytest.mark.usefixtures("level")
def test_a_tail_weighed_crudely_decides_nothing_that_it_could_get_wrong(fraction: float) -> None:
    # Crude weights are exact where the exponent is whole, and worst near 0.44 behind the point: the tail has one exponent only. The
    # nucleus ends between two tokens of the head by a part of the tail's mass that is around the errors weights/approximate.pxd
    # states.
    head = 15 - 1.2 * np.log(np.arange(1, 121))
    tail = (np.round(head[0] * np.log2(np.e)) - 14 - fraction) * np.log(2)
    row = np.random.default_rng(0).permutation(np.concatenate([head, np.full(20_000, tail)])).astype(np.float32)
    weights = np.sort(np.exp(row.astype(np.float64) - row.max()))[::-1]
    reached, total = np.cumsum(weights)[:120], weights.sum()
    rest = total - reached[-1]
    for part in (-0.04, -0.029, -0.01, -2.5e-4, 2.5e-4, 0.01, 0.029, 0.04):
        for last in (30, 60, 90):
            top_p = (reached[last] + part * rest) / total + 1e-6
            kept = np.count_nonzero(tn.probabilities(row, top_p=top_p))
            assert kept == np.count_nonzero(reference.probabilities(row, top_p=top_p)), (part, last)


# Where an approximate weight is the farthest from what it stands for: the exponent of the tail is whole, whole but for what is
# rounded down or up to it (13 bits behind the point), or 1 / ln 2 - 1 = 0.4427 above a whole number.
@pytest.mark.parametrize("above", [0.0, 0.98 * 2.0**-14, -0.98 * 2.0**-14, 1 / np.log(2) - 1])
@pytest.mark.parametrize(("count", "below"), [(20_000, 16), (20_000, 18), (100_000, 20), (600_000, 23)])
@pytest.mark.usefixtures("level")
def test_no_tail_is_farther_from_its_approximate_sum_than_the_search_allows_for(above: float, count: int, below: int) -> None:
    # Ten tokens and a tail of one exponent. The mass that is to be reached lies beyond the last token of the nucleus, or falls
    # short of it, by a few millionths of the tail's: less than by which the tail would have to be mistaken, were the error of its
    # sum stated too small by 2e-4 of itself. (It was, by that: 3.07% in place of 3.08%.)
    head = 15 - np.log(np.arange(1, 11))
    tail = (np.round(head[0] * np.log2(np.e)) - below + above) * np.log(2)
    row = np.random.default_rng(0).permutation(np.concatenate([head, np.full(count, tail)])).astype(np.float32)
    weights = np.sort(np.exp(row.astype(np.float64) - row.max()))[::-1]
    reached, total = np.cumsum(weights)[:10], weights.sum()
    rest = total - reached[-1]
    for part in (1e-6, 1e-5, 2e-5, 3e-5, 5e-5, 7e-5, 1e-4):
        for last in (2, 4, 6):
            for sign in (-1, 1):
                # With f of it, f * total = reached[last] + sign * f * part * rest is to be reached.
                top_p = reached[last] / (total - sign * part * rest) + 1e-6
                kept = np.count_nonzero(tn.probabilities(row, top_p=top_p))
                assert kept == last + (2 if sign > 0 else 1), (part, last)
                if count == 20_000 and part == 1e-6:
                    assert kept == np.count_nonzero(reference.probabilities(row, top_p=top_p))


@pytest.mark.usefixtures("level")
def test_a_sum_that_falls_short_by_rounding_has_reached_top_p() -> None:
    assert np.flatnonzero(tn.probabilities(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7)).tolist() == [2, 3]
    assert np.count_nonzero(tn.probabilities(np.zeros(10), top_p=0.5)) == 10  # ties are all kept
    assert np.count_nonzero(tn.probabilities(np.log([0.4, 0.2, 0.2, 0.1, 0.1]), min_p=0.5)) == 3


@pytest.mark.usefixtures("level")
def test_a_million_equal_logits_end_the_search() -> None:
    row = np.zeros(1_000_003, np.float32)
    row[::2] = 1.0
    assert np.count_nonzero(tn.probabilities(row, top_p=0.5)) == 500_002
    assert np.count_nonzero(tn.probabilities(row, top_p=0.9)) == 1_000_003
    assert np.count_nonzero(tn.probabilities(row, top_k=700_000)) == 1_000_003
    assert np.count_nonzero(tn.probabilities(row, top_k=400_000, top_p=0.999)) == 500_002


@pytest.mark.usefixtures("level")
def test_a_temperature_that_comes_last_keeps_what_temperature_1_keeps() -> None:
    p = np.array([0.5, 0.25, 0.125, 0.125])
    for temperature in (0.1, 0.5, 3.0, 100.0):
        got = tn.probabilities(np.log(p), temperature=temperature, top_p=0.7, temperature_last=True)
        heated = p[:2] ** (1 / temperature)
        np.testing.assert_allclose(got, [*heated / heated.sum(), 0, 0], rtol=1e-6)
    # The other way round, a hot distribution keeps all four.
    assert np.count_nonzero(tn.probabilities(np.log(p), temperature=100.0, top_p=0.8)) == 4
    # Far below the largest logit there is mass again at a high temperature, where nothing is cut.
    far = tn.probabilities([0.0, -2000.0], temperature=1000.0, temperature_last=True)
    np.testing.assert_allclose(far, [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))], rtol=1e-5)


def test_each_row_has_its_own_order() -> None:
    rows = np.random.default_rng(0).normal(0, 3, (4, 300))
    last = np.array([True, False, True, False])
    batch = tn.probabilities(rows, temperature=2.0, top_p=0.8, temperature_last=last)
    for row, one, got in zip(rows, last, batch, strict=True):
        np.testing.assert_array_equal(got, tn.probabilities(row, temperature=2.0, top_p=0.8, temperature_last=one))
