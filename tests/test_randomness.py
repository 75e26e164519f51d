"""Randomness: one uniform a draw from the stream that SPEC 7 names, and none spent on an error."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from cases import UNREADABLE
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.randomness import as_generator, as_generators, as_uniforms

Rows = NDArray[np.float32]

ROW = np.log([0.1, 0.2, 0.3, 0.4])
BAD = np.array([[0, 1, 2], [2, 1, 0], [0, 1, np.nan]])


def rows(*shape: int) -> Rows:
    return np.random.default_rng(4).normal(0, 2, shape).astype(np.float32)


def flat(count: int) -> Rows:
    """Return a row that shows the uniform number in the token drawn."""
    return np.zeros(count, np.float32)


@pytest.mark.parametrize("seed", [0, 7, 2**200, np.int64(7), np.uint8(7)], ids=repr)
def test_an_integer_starts_the_stream_of_default_rng_anew_at_each_call(seed: int) -> None:
    want = (np.random.default_rng(seed).random(5) * 1000).astype(int).tolist()
    for _ in range(2):
        assert np.asarray(tn.sample(flat(1000), rng=seed, num_samples=5)).tolist() == want


def test_a_seed_sequence_starts_its_stream() -> None:
    want = tn.sample(flat(1000), rng=np.random.default_rng(np.random.SeedSequence(5)), num_samples=5)
    np.testing.assert_array_equal(tn.sample(flat(1000), rng=np.random.SeedSequence(5), num_samples=5), want)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_a_bit_generator_goes_on_from_call_to_call(bits: Callable[[int], np.random.BitGenerator]) -> None:
    want = (np.random.Generator(bits(3)).random(6) * 1000).astype(int).tolist()
    shared = bits(3)
    assert [tn.sample(flat(1000), rng=shared) for _ in range(6)] == want


def test_a_generator_goes_on_from_call_to_call_and_is_not_copied() -> None:
    generator = np.random.default_rng(3)
    assert as_generator(generator) is generator
    want = (np.random.default_rng(3).random(6) * 1000).astype(int).tolist()
    assert [tn.sample(flat(1000), rng=generator) for _ in range(6)] == want


def test_without_a_seed_each_call_draws_afresh() -> None:
    # The chance of equal tokens is 1000**-50.
    first, second = (tn.sample(flat(1000), num_samples=50) for _ in range(2))
    assert not np.array_equal(first, second)


def test_numpys_global_stream_is_neither_read_nor_moved() -> None:
    def state() -> str:
        return str(np.random.get_state())  # noqa: NPY002 - the state that must not move

    before = state()
    tn.sample(flat(1000), num_samples=50)
    tn.Sampler()(flat(1000))
    assert state() == before


@pytest.mark.parametrize(
    "rng",
    [
        True,
        np.True_,
        1.0,
        np.float64(1),
        "1",
        b"1",
        [1, "2"],
        (1.0,),
        [True],
        {1},
        np.array([1.0]),
        np.array(1),
        np.array([[1]]),
        object(),
        np.random,
    ],
)
def test_what_is_no_seed_is_refused_with_its_value(rng: Any) -> None:
    for call in (lambda: tn.sample(ROW, rng=rng), lambda: tn.Sampler(rng=rng), lambda: tn.top_p_sampling(ROW, rng=rng)):
        with pytest.raises(TypeError, match=rf"^rng must be None, an integer, .*, got {re.escape(repr(rng))}$"):
            call()


def test_a_legacy_generator_is_refused_with_what_to_pass_instead() -> None:
    legacy: Any = np.random.RandomState(1)
    with pytest.raises(
        TypeError, match=r"^rng must be .*, got RandomState\(MT19937\) .*: .* pass its bit generator, rng\._bit_generator$"
    ):
        tn.sample(ROW, rng=legacy)
    assert tn.sample(ROW, rng=legacy._bit_generator) in range(4)


@pytest.mark.parametrize("rng", [[1, 2], (1, 2), np.array([1, 2]), [np.int64(1), 2]], ids=repr)
def test_a_sequence_of_integers_is_one_seed(rng: Any) -> None:
    want = np.asarray(tn.sample(flat(1000), rng=np.random.default_rng([1, 2]), num_samples=5)).tolist()
    assert tn.sample(flat(1000), rng=rng, num_samples=5).tolist() == want
    assert tn.Sampler(rng=rng)(flat(1000), num_samples=5).tolist() == want
    with pytest.raises(ValueError, match=r"^rng must be 0 or more where it is an integer, got -2$"):
        tn.sample(ROW, rng=[1, -2])


@pytest.mark.parametrize("rng", [-1, np.int8(-1), -(10**30)])
def test_a_negative_seed_is_refused_with_its_value(rng: int) -> None:
    for call in (lambda: tn.sample(ROW, rng=rng), lambda: tn.Sampler(rng=rng), lambda: tn.combined_sampling(ROW, 1, 1, rng=rng)):
        with pytest.raises(ValueError, match=rf"^rng must be 0 or more where it is an integer, got {rng}$"):
            call()


@pytest.mark.parametrize("u", [1.0, 1, -0.1, -1e-300, 2.5, np.nan, np.inf, -np.inf])
def test_a_uniform_outside_0_to_1_is_refused_with_its_value(u: float) -> None:
    message = rf"^u must be in \[0, 1\), got {re.escape(str(u))}(\.0)?$"
    with pytest.raises(ValueError, match=message):
        tn.sample(ROW, u=u)
    with pytest.raises(ValueError, match=message):
        tn.sample([ROW, ROW], u=np.array([0.5, u]))
    with pytest.raises(ValueError, match=message):
        tn.sample([ROW, ROW], u=np.array([[0.5, 0.2, 0.1], [0.1, u, 3.0]]), num_samples=3)
    with pytest.raises(ValueError, match=message):
        tn.Sampler()(ROW, u=u)
    with pytest.raises(ValueError, match=message):
        reference.sample(ROW, u=u)


@pytest.mark.parametrize("u", [True, "0.5", 0.5j, [None], object()], ids=lambda u: type(u).__name__)
def test_a_uniform_that_is_no_number_is_refused(u: Any) -> None:
    with pytest.raises(TypeError, match=rf"^u must be numbers in \[0, 1\), got {re.escape(repr(u))} of type {type(u).__name__}$"):
        tn.sample(ROW, u=u)


@pytest.mark.parametrize(("u", "error", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_uniforms_that_cannot_be_read_are_refused_by_their_name(u: Any, error: type[Exception], message: str) -> None:
    for call in (tn.sample, tn.Sampler(), reference.sample):
        with pytest.raises(error, match=rf"^u cannot be read as numbers in \[0, 1\): {message}$"):
            call([ROW, ROW], u=u, num_samples=2)


@pytest.mark.parametrize(
    ("shape", "num_samples", "u_shape", "wanted"),
    [
        ((4,), None, (1,), "a single number"),
        ((4,), None, (4,), "a single number"),
        ((4,), 3, (), r"of shape \(3,\), one a draw"),
        ((4,), 3, (2,), r"of shape \(3,\), one a draw"),
        ((4,), 3, (1, 3), r"of shape \(3,\), one a draw"),
        ((2, 4), None, (), r"of shape \(2,\), one a draw"),
        ((2, 4), None, (1,), r"of shape \(2,\), one a draw"),
        ((2, 4), None, (2, 1), r"of shape \(2,\), one a draw"),
        ((2, 4), 3, (2,), r"of shape \(2, 3\), one a draw"),
        ((2, 4), 3, (3, 2), r"of shape \(2, 3\), one a draw"),
        ((2, 4), 3, (6,), r"of shape \(2, 3\), one a draw"),
    ],
)
def test_uniforms_have_the_shape_of_the_result(
    shape: tuple[int, ...], num_samples: int | None, u_shape: tuple[int, ...], wanted: str
) -> None:
    with pytest.raises(ValueError, match=rf"^u must be {wanted}, got shape {re.escape(str(u_shape))}$"):
        tn.sample(rows(*shape), u=np.full(u_shape, 0.5), num_samples=num_samples)


def test_a_generator_and_uniforms_are_not_given_together() -> None:
    for rng in (0, np.random.default_rng(1)):
        with pytest.raises(ValueError, match=r"^rng and u are both given"):
            tn.sample(ROW, rng=rng, u=0.5)


@pytest.mark.parametrize(
    "u", [0.5, np.float32(0.5), np.float16(0.5), np.longdouble(0.5), np.array(0.5), np.array(0.5, ">f4")], ids=repr
)
def test_a_uniform_is_any_real_number(u: Any) -> None:
    assert tn.sample(flat(1000), u=u) == 500
    assert tn.sample(flat(1000), u=0) == 0


def test_uniforms_come_in_any_layout() -> None:
    u = np.random.default_rng(0).random((3, 5))
    want = (u * 1000).astype(int).tolist()
    logits = np.zeros((3, 1000), np.float32)
    for form in (u, np.asfortranarray(u), u[::-1].copy()[::-1], u.astype(">f8"), u.tolist()):
        assert np.asarray(tn.sample(logits, u=form, num_samples=5)).tolist() == want


def test_uniforms_are_not_written_to() -> None:
    u = np.array([0.25, 0.75])
    u.flags.writeable = False
    tn.sample([ROW, ROW], u=u)
    assert u.tolist() == [0.25, 0.75]
    assert as_uniforms(u, (2,)).tolist() == [0.25, 0.75]


def test_a_uniform_that_rounds_to_1_is_refused() -> None:
    u = 1 - np.finfo(np.longdouble).epsneg  # below 1; but the kernel computes in float64
    if np.float64(u) == 1:
        with pytest.raises(ValueError, match=r"^u must be in \[0, 1\), got 1\.0"):
            tn.sample([0.0, 0.0], u=u)
    else:
        assert tn.sample([0.0, 0.0], u=u) == 1


def test_a_seed_draws_what_its_uniforms_draw() -> None:
    logits = rows(6, 50)
    choices: list[dict[str, Any]] = [{}, {"top_p": 0.8}, {"temperature": 0.4, "top_k": 9}]
    for settings_ in choices:
        u = np.random.default_rng(9).random((6, 4))
        drawn = tn.sample(logits, rng=9, num_samples=4, **settings_)
        np.testing.assert_array_equal(drawn, tn.sample(logits, u=u, num_samples=4, **settings_))
        assert tn.sample(logits[0], rng=9) == tn.sample(logits[0], u=np.random.default_rng(9).random())


SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0},
    {"temperature": 0, "top_k": 1, "top_p": 0, "min_p": 1},
    {"temperature": 1e-30},
    {"top_k": 1},
    {"top_p": 0},
    {"min_p": 1},
    {"temperature": 2, "top_k": 7, "top_p": 0.9, "min_p": 0.05},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize(
    ("shape", "num_samples", "draws"),
    [
        ((9,), None, 1),
        ((9,), 6, 6),
        ((9,), 0, 0),
        ((4, 9), None, 4),
        ((4, 9), 3, 12),
        ((4, 9), 0, 0),
        ((0, 9), None, 0),
        ((1,), None, 1),
    ],
)
def test_each_draw_takes_one_uniform_whatever_the_settings(
    shape: tuple[int, ...], num_samples: int | None, draws: int, setting: dict[str, Any]
) -> None:
    logits = rows(*shape)
    expected = np.random.default_rng(8)
    expected.random(draws)
    calls: list[Callable[[np.random.Generator], object]] = [
        lambda rng: tn.sample(logits, rng=rng, num_samples=num_samples, **setting),
        lambda rng: tn.sample(logits, rng=rng, num_samples=num_samples, workers=2, **setting),
        lambda rng: tn.Sampler(rng=rng, **setting)(logits, num_samples=num_samples),
        lambda rng: reference.sample(logits, rng=rng, num_samples=num_samples, **setting),
    ]
    for call in calls:
        generator = np.random.default_rng(8)
        call(generator)
        assert generator.bit_generator.state == expected.bit_generator.state


def test_probabilities_take_no_uniform_and_uniforms_of_the_caller_neither() -> None:
    generator = np.random.default_rng(8)
    sampler = tn.Sampler(rng=generator)
    before = deepcopy(generator.bit_generator.state)
    sampler(ROW, u=0.5)
    sampler([ROW, ROW], u=[0.5, 0.1])
    assert generator.bit_generator.state == before


FAILING: dict[str, Callable[[np.random.Generator], object]] = {
    "NaN in the last row": lambda g: tn.sample(BAD, rng=g),
    "NaN in the last row, threads": lambda g: tn.sample(BAD, rng=g, workers=3),
    "NaN in the last row, float32": lambda g: tn.sample(BAD.astype(np.float32), rng=g, num_samples=4),
    "NaN in a row": lambda g: tn.sample(BAD[2], rng=g),
    "+inf": lambda g: tn.sample([0.0, np.inf], rng=g),
    "nothing but -inf": lambda g: tn.sample([[0.0, 0.0], [-np.inf, -np.inf]], rng=g),
    "no tokens": lambda g: tn.sample(np.zeros((3, 0)), rng=g),
    "three axes": lambda g: tn.sample(np.zeros((1, 2, 3)), rng=g),
    "strings": lambda g: tn.sample("a", rng=g),  # type: ignore[arg-type]
    "temperature": lambda g: tn.sample(ROW, temperature=-1, rng=g),
    "top_k": lambda g: tn.sample(ROW, top_k=-1, rng=g),
    "top_k type": lambda g: tn.sample(ROW, top_k=1.5, rng=g),
    "top_p": lambda g: tn.sample(ROW, top_p=1.5, rng=g),
    "min_p": lambda g: tn.sample(ROW, min_p=np.nan, rng=g),
    "settings of a wrong shape": lambda g: tn.sample([ROW, ROW], temperature=[1, 1, 1], rng=g),
    "num_samples negative": lambda g: tn.sample(ROW, num_samples=-1, rng=g),
    "num_samples type": lambda g: tn.sample(ROW, num_samples=2.0, rng=g),  # type: ignore[call-overload]
    "workers": lambda g: tn.sample(ROW, workers=0, rng=g),
    "workers type": lambda g: tn.sample(ROW, workers=1.0, rng=g),  # type: ignore[call-overload]
    "rng and u": lambda g: tn.sample(ROW, u=0.5, rng=g),
    "Sampler: NaN": lambda g: tn.Sampler(rng=g)(BAD),
    "Sampler: NaN, threads": lambda g: tn.Sampler(rng=g, workers=2)(BAD),
    "Sampler: settings": lambda g: tn.Sampler(rng=g, top_p=2),
    "Sampler: workers": lambda g: tn.Sampler(rng=g, workers=0),
    "Sampler: other batch": lambda g: tn.Sampler(rng=g, top_p=[0.5, 0.5])([ROW, ROW, ROW]),
    "Sampler: num_samples": lambda g: tn.Sampler(rng=g)(ROW, num_samples=-1),
    "Sampler: u": lambda g: tn.Sampler(rng=g)(ROW, u=1.0),
    "sample_with_temperature": lambda g: tn.sample_with_temperature(ROW, -1, rng=g),
    "top_p_sampling": lambda g: tn.top_p_sampling(ROW, 2, rng=g),
    "top_p_sampling: NaN": lambda g: tn.top_p_sampling(BAD, rng=g),
    "combined_sampling": lambda g: tn.combined_sampling(ROW, 1, 2, rng=g),
    "adaptive_sampling": lambda g: tn.adaptive_sampling(ROW, 1, -1, "a", rng=g),
    "adaptive_sampling: context": lambda g: tn.adaptive_sampling(ROW, 1, 1, [[]], rng=g),  # type: ignore[list-item]
    "reference: NaN": lambda g: reference.sample(BAD, rng=g),
    "reference: settings": lambda g: reference.sample(ROW, top_p=2, rng=g),
}


@pytest.mark.parametrize("failing", FAILING)
def test_no_uniform_is_spent_on_an_error(failing: str) -> None:
    generator = np.random.default_rng(8)
    before = deepcopy(generator.bit_generator.state)
    with pytest.raises((ValueError, TypeError)):
        FAILING[failing](generator)
    assert generator.bit_generator.state == before


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 6),
    size=st.integers(1, 40),
    num_samples=st.none() | st.integers(0, 4),
    setting=st.sampled_from(SETTINGS),
)
def test_a_batch_draws_what_its_rows_draw_one_after_the_other(
    seed: int, count: int, size: int, num_samples: int | None, setting: dict[str, Any]
) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, (count, size)).astype(np.float32)
    together, apart = np.random.default_rng(seed), np.random.default_rng(seed)
    batch = np.asarray(tn.sample(logits, rng=together, num_samples=num_samples, **setting))
    singles = [np.asarray(tn.sample(row, rng=apart, num_samples=num_samples, **setting)).tolist() for row in logits]
    assert batch.tolist() == singles
    assert together.bit_generator.state == apart.bit_generator.state


def test_streams_stay_aligned_when_one_row_of_a_batch_is_greedy() -> None:
    logits = np.zeros((3, 1000), np.float32)
    u = np.random.default_rng(2).random(3)
    drawn = np.asarray(tn.sample(logits, temperature=[1, 0, 1], rng=2)).tolist()
    assert drawn == [int(u[0] * 1000), 0, int(u[2] * 1000)]


def test_each_sequence_draws_as_it_would_alone() -> None:
    seeds: list[Any] = [7, np.random.SeedSequence(8), np.random.PCG64(9), None]
    generators = as_generators(seeds, 4)
    assert [generator.random() for generator in generators[:3]] == [
        as_generator(seed).random() for seed in (7, np.random.SeedSequence(8), np.random.PCG64(9))
    ]
    for several in ([7, 8], (7, 8), range(7, 9), np.array([7, 8])):
        assert [generator.random() for generator in as_generators(several, 2)] == [as_generator(n).random() for n in (7, 8)]
    assert [generator.random() for generator in as_generators([[1, 2], 3], 2)] == [as_generator(n).random() for n in ([1, 2], 3)]
    assert as_generators([3], 1)[0].random() == as_generators(3, 1)[0].random() == as_generator(3).random()


def test_one_seed_for_several_sequences_gives_each_a_stream_of_its_own() -> None:
    first, second = ([generator.random() for generator in as_generators(5, count)] for count in (3, 6))
    assert len(set(second)) == 6
    assert first == second[:3]
    assert as_generators(5, 0) == []


@pytest.mark.parametrize(
    ("rng", "count", "error", "message"),
    [
        ([1, 2], 3, ValueError, r"^rng must be a single seed or one for each of the 3 sequences, got 2 of them$"),
        ([1, -2], 2, ValueError, r"^rng must be 0 or more"),
        ((1, "2"), 2, TypeError, r"^rng must be None, an integer"),
        ("12", 2, TypeError, r"^rng must be None, an integer"),
        ({1, 2}, 2, TypeError, r"^rng must be None, an integer"),
    ],
)
def test_seeds_of_sequences_are_checked(rng: Any, count: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_generators(rng, count)
