"""`sample` and `probabilities`: what they return, where they write, and what the contract's own examples come to."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn

Rows = NDArray[np.float32]

ROW = np.log([0.1, 0.2, 0.3, 0.4])
LAST_BEFORE_1 = 1 - 2.0**-53


def rows(*shape: int) -> Rows:
    return np.random.default_rng(6).normal(0, 2, shape).astype(np.float32)


def kept(logits: Any, **setting: Any) -> list[int]:
    return np.flatnonzero(tn.probabilities(logits, **setting)).tolist()


# ---- results


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
@pytest.mark.parametrize("setting", [{}, {"temperature": 0}, {"u": 0.5}, {"rng": 1}, {"workers": 2}], ids=str)
def test_a_row_gives_an_int(setting: dict[str, Any], dtype: type) -> None:
    assert type(tn.sample(ROW.astype(dtype), **setting)) is int
    assert type(tn.sample([3], **setting)) is int


@pytest.mark.parametrize(
    ("shape", "num_samples", "result"),
    [
        ((9,), 5, (5,)),
        ((9,), 1, (1,)),
        ((9,), 0, (0,)),
        ((9,), np.int64(2), (2,)),
        ((3, 9), None, (3,)),
        ((1, 9), None, (1,)),
        ((3, 9), 5, (3, 5)),
        ((3, 9), 1, (3, 1)),
        ((3, 9), 0, (3, 0)),
        ((0, 9), None, (0,)),
        ((0, 9), 5, (0, 5)),
        ((0, 9), 0, (0, 0)),
    ],
)
def test_all_else_gives_an_array_of_int64(shape: tuple[int, ...], num_samples: int | None, result: tuple[int, ...]) -> None:
    for dtype in (np.float32, np.float64):
        settings: list[dict[str, Any]] = [{}, {"temperature": 0}]
        for setting in settings:
            tokens = tn.sample(rows(*shape).astype(dtype), num_samples=num_samples, **setting)
            assert isinstance(tokens, np.ndarray)
            assert tokens.shape == result
            assert tokens.dtype == np.int64
            assert ((tokens >= 0) & (tokens < 9)).all()


def test_each_row_of_a_batch_has_its_own_draws() -> None:
    logits = np.full((3, 12), -np.inf, np.float32)
    for i in range(3):
        logits[i, 4 * i : 4 * i + 4] = 0
    u = [[0.0, 0.3, 0.6, 0.9], [0.9, 0.6, 0.3, 0.0], [0.3, 0.3, 0.9, 0.9]]
    assert np.asarray(tn.sample(logits, u=u, num_samples=4)).tolist() == [[0, 1, 2, 3], [7, 6, 5, 4], [9, 9, 11, 11]]


@pytest.mark.parametrize("num_samples", [True, 2.0, "2", [1], np.float64(1), np.True_], ids=repr)
def test_num_samples_that_is_no_integer_is_refused(num_samples: Any) -> None:
    for call in (tn.sample, tn.Sampler()):
        with pytest.raises(TypeError, match=rf"^num_samples must be an integer, got .* of type {type(num_samples).__name__}$"):
            call(ROW, num_samples=num_samples)


@pytest.mark.parametrize("num_samples", [-1, -100, np.int64(-1)])
def test_num_samples_below_0_is_refused(num_samples: int) -> None:
    for call in (tn.sample, tn.Sampler()):
        with pytest.raises(ValueError, match=rf"^num_samples must be 0 or more, got {num_samples}$"):
            call(ROW, num_samples=num_samples)


@pytest.mark.parametrize("shape", [(1,), (9,), (1, 9), (3, 9), (0, 9), (2, 1300)], ids=str)
def test_probabilities_are_float32_of_the_shape_of_the_logits_and_sum_to_1(shape: tuple[int, ...]) -> None:
    for setting in ({}, {"top_p": 0.7}, {"temperature": 0}, {"min_p": 0.2, "top_k": 5}):
        p = tn.probabilities(rows(*shape), **setting)
        assert p.shape == shape
        assert p.dtype == np.float32
        assert (p >= 0).all()
        np.testing.assert_allclose(p.sum(axis=-1, dtype=np.float64), 1, atol=1e-6)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5), size=st.integers(1, 60))
def test_settings_for_each_row_equal_calls_for_each_row(seed: int, count: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (count, size)).astype(np.float32)
    columns: dict[str, Any] = {
        "temperature": rng.choice([0.0, 0.3, 1.0, 2.5], count),
        "top_k": rng.integers(0, size + 2, count),
        "top_p": rng.choice([0.0, 0.5, 0.9, 1.0], count),
        "min_p": rng.choice([0.0, 0.05, 1.0], count),
    }
    u = rng.random((count, 3))
    tokens = np.asarray(tn.sample(logits, u=u, num_samples=3, **columns))
    p = tn.probabilities(logits, **columns)
    for i in range(count):
        own: dict[str, Any] = {name: column[i] for name, column in columns.items()}
        np.testing.assert_array_equal(tokens[i], tn.sample(logits[i], u=u[i], num_samples=3, **own))
        np.testing.assert_array_equal(p[i], tn.probabilities(logits[i], **own))


# ---- out


@pytest.mark.parametrize("shape", [(9,), (3, 9), (0, 9)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_out_is_filled_and_returned(shape: tuple[int, ...], dtype: type) -> None:
    logits: NDArray[Any] = rows(*shape).astype(dtype)
    out = np.full(shape, 7, np.float32)
    assert tn.probabilities(logits, top_p=0.5, out=out) is out
    np.testing.assert_array_equal(out, tn.probabilities(logits, top_p=0.5))


def test_out_may_be_a_part_of_a_larger_array_which_is_left_alone() -> None:
    buffer = np.full((5, 9), 7, np.float32)
    tn.probabilities(rows(2, 9), out=buffer[2:4])
    assert (buffer[[0, 1, 4]] == 7).all()
    np.testing.assert_array_equal(buffer[2:4], tn.probabilities(rows(2, 9)))


def unaligned() -> Rows:
    return np.zeros(37, np.uint8)[1:].view(np.float32)


def read_only() -> Rows:
    out = np.zeros(9, np.float32)
    out.flags.writeable = False
    return out


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.zeros(9), TypeError, "a float32 array, got float64"),
        (np.zeros(9, np.float16), TypeError, "a float32 array, got float16"),
        (np.zeros(9, np.int32), TypeError, "a float32 array, got int32"),
        (np.zeros(9, ">f4"), TypeError, "a float32 array, got >f4"),
        ([0.0] * 9, TypeError, "a float32 array, got list"),
        (3.0, TypeError, "a float32 array, got float"),
        (np.zeros(8, np.float32), ValueError, r"of the shape of logits, \(9,\), got \(8,\)"),
        (np.zeros((1, 9), np.float32), ValueError, r"of the shape of logits, \(9,\), got \(1, 9\)"),
        (np.zeros(18, np.float32)[::2], ValueError, "C-contiguous, aligned and writeable"),
        (np.zeros(9, np.float32)[::-1], ValueError, "C-contiguous, aligned and writeable"),
        (read_only(), ValueError, "C-contiguous, aligned and writeable"),
        (unaligned(), ValueError, "C-contiguous, aligned and writeable"),
    ],
    ids=str,
)
def test_an_out_that_cannot_take_the_result_is_refused_and_left_alone(out: Any, error: type[Exception], message: str) -> None:
    before = np.array(out)
    with pytest.raises(error, match=rf"^out must be {message}$"):
        tn.probabilities(rows(9), out=out)
    np.testing.assert_array_equal(out, before)


def test_an_out_in_fortran_order_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^out must be C-contiguous"):
        tn.probabilities(rows(3, 9), out=np.zeros((3, 9), np.float32, order="F"))


OVERLAPS: dict[str, Callable[[Rows], tuple[NDArray[Any], Rows]]] = {
    "the same": lambda buffer: (buffer[:8], buffer[:8]),
    "shifted": lambda buffer: (buffer[:8], buffer[4:12]),
    "a strided row": lambda buffer: (buffer[::2], buffer[:8]),
    "a reversed row": lambda buffer: (buffer[:8][::-1], buffer[:8]),
    "float64 in the same memory": lambda buffer: (buffer.view(np.float64), buffer[8:]),
    "integers in the same memory": lambda buffer: (buffer[:8].view(np.int32), buffer[:8]),
}


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_an_out_that_overlaps_the_logits_is_refused_and_they_are_left_alone(overlap: str) -> None:
    buffer = np.arange(1, 17, dtype=np.float32)
    logits, out = OVERLAPS[overlap](buffer)
    with pytest.raises(ValueError, match=r"^out must not share memory with logits"):
        tn.probabilities(logits, out=out)
    assert buffer.tolist() == list(range(1, 17))


def test_an_out_beside_the_logits_is_no_overlap() -> None:
    buffer = np.arange(16, dtype=np.float32)
    tn.probabilities(buffer[:8], out=buffer[8:])
    np.testing.assert_array_equal(buffer[8:], tn.probabilities(np.arange(8)))


@pytest.mark.parametrize("workers", [1, 3])
def test_out_is_untouched_after_an_error(workers: int) -> None:
    logits = rows(6, 9)
    logits[5, 8] = np.nan
    out = np.full((6, 9), 7, np.float32)
    for setting in ({}, {"top_p": 2}, {"temperature": [1, 1]}, {"top_k": 1.5}, {"workers": 0}):
        with pytest.raises((ValueError, TypeError)):
            tn.probabilities(logits, out=out, **({"workers": workers} | setting))
        assert (out == 7).all()


# ---- the contract's examples


def test_a_sum_that_rounding_keeps_below_top_p_has_reached_it() -> None:
    assert kept(ROW, top_p=0.7) == [2, 3]
    assert {tn.sample(ROW, top_p=0.7, u=u) for u in np.linspace(0, LAST_BEFORE_1, 200)} == {2, 3}
    # The boundary is at 0.3/0.7.
    assert tn.sample(ROW, top_p=0.7, u=0.4285) == 2
    assert tn.sample(ROW, top_p=0.7, u=0.4286) == 3
    assert kept(ROW, top_p=0.700002) == [1, 2, 3]
    assert kept(ROW, top_p=0.7 + 0.9e-6) == [2, 3]
    assert np.flatnonzero(tn.apply_top_p([0.5, 0.3, 0.1, 0.1], 0.8)).tolist() == [0, 1]


def test_the_order_is_temperature_top_k_top_p_min_p_each_on_what_is_left() -> None:
    # Of the two that top_k keeps, token 3 has 4/7 of the mass, though only 0.4 of the whole.
    assert kept(ROW, top_p=0.55) == [2, 3]
    assert kept(ROW, top_k=2, top_p=0.55) == [3]
    # At temperature 1/2 the probabilities are 1, 4, 9 and 16 thirtieths.
    assert kept(ROW, temperature=0.5, top_p=0.53) == [3]
    assert kept(ROW, temperature=0.5, min_p=0.26) == [2, 3]
    assert kept(ROW, min_p=0.26) == [1, 2, 3]
    np.testing.assert_allclose(tn.probabilities(ROW, top_k=3, min_p=0.6), [0, 0, 3 / 7, 4 / 7], rtol=1e-6)


@pytest.mark.parametrize("setting", [{"top_k": 2}, {"top_p": 0.5}, {"min_p": 0.5}], ids=str)
def test_tokens_tied_with_the_last_one_are_kept_too(setting: dict[str, Any]) -> None:
    logits = np.log([0.1, 0.2, 0.3, 0.2, 0.2])
    assert kept(logits, **setting) == [1, 2, 3, 4]
    for order in ([4, 3, 2, 1, 0], [2, 0, 4, 1, 3]):
        assert kept(logits[order], **setting) == [i for i, token in enumerate(order) if token]


def test_equal_logits_are_all_kept_by_any_cut() -> None:
    for setting in ({"top_k": 1}, {"top_p": 0.0}, {"top_p": 0.3}, {"min_p": 1.0}):
        np.testing.assert_allclose(tn.probabilities(np.full(8, 3.25), **setting), [0.125] * 8, rtol=1e-6)


def test_top_p_of_1_keeps_all_and_of_0_the_most_probable() -> None:
    logits = np.array([0.0, -30, 7, -60, 7, 6.9999995], np.float32)
    assert kept(logits, top_p=1) == [0, 1, 2, 3, 4, 5]
    assert kept(logits, top_p=0) == kept(logits, top_p=1e-9) == [2, 4]


@pytest.mark.parametrize("k", [0, None, 4, 5, 1000])
def test_top_k_of_none_or_as_many_as_there_are_keeps_all(k: int | None) -> None:
    assert kept(ROW, top_k=k) == [0, 1, 2, 3]


def test_top_k_and_min_p_keep_what_they_say() -> None:
    assert [kept(ROW, top_k=k) for k in (1, 2, 3)] == [[3], [2, 3], [1, 2, 3]]
    assert [kept(ROW, min_p=m) for m in (0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8, 1)] == [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
        [2, 3],
        [2, 3],
        [3],
        [3],
    ]


def test_temperature_0_takes_the_lowest_index_of_the_largest() -> None:
    logits = np.array([1, 5, 5, -np.inf, 5], np.float32)
    for setting in ({}, {"top_k": 2}, {"top_p": 0.1}, {"min_p": 1}):
        assert tn.probabilities(logits, temperature=0, **setting).tolist() == [0, 1, 0, 0, 0]
        for u in (0.0, 0.5, LAST_BEFORE_1):
            assert tn.sample(logits, temperature=0, u=u, **setting) == 1
    assert np.asarray(tn.sample([logits, logits[::-1]], temperature=0, num_samples=2)).tolist() == [[1, 1], [0, 0]]
    # A difference that float32 would lose decides as well.
    assert tn.sample([1.0, 1.0 + 2.0**-40], temperature=0) == 1


# ---- the draw


@pytest.mark.parametrize("size", [3, 9, 512, 513, 2000])
@pytest.mark.parametrize(
    "setting", [{}, {"top_k": 2}, {"top_p": 0.5}, {"min_p": 0.3}, {"temperature": 0}, {"temperature": 90}], ids=str
)
def test_a_token_of_probability_0_is_never_drawn(setting: dict[str, Any], size: int) -> None:
    logits = rows(size)
    logits[: size // 3] = logits[size - size // 3 :] = -np.inf
    possible = kept(logits, **setting)
    assert tn.sample(logits, u=0.0, **setting) == possible[0]
    assert tn.sample(logits, u=5e-324, **setting) == possible[0]
    assert tn.sample(logits, u=LAST_BEFORE_1, **setting) == possible[-1]


def test_a_single_token_is_drawn_whatever_u() -> None:
    for u in (0.0, 0.5, LAST_BEFORE_1):
        assert tn.sample([-3.0], u=u) == 0
        assert tn.sample([-np.inf, -1e30, -np.inf], u=u) == 1


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 1300),
    u=st.floats(0, 1, exclude_max=True),
    setting=st.sampled_from(
        [{}, {"top_p": 0.8}, {"top_k": 5}, {"min_p": 0.1, "temperature": 2.0}, {"temperature": 0.2}, {"top_k": 90, "top_p": 0.99}]
    ),
)
def test_the_token_is_where_the_running_sum_of_the_probabilities_exceeds_u(
    seed: int, size: int, u: float, setting: dict[str, Any]
) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, size).astype(np.float32)
    p = tn.probabilities(logits, **setting).astype(np.float64)
    running = np.cumsum(p)
    running /= running[-1]
    assume(np.abs(running[:-1] - u).min(initial=1) > 1e-6)
    assert tn.sample(logits, u=u, **setting) == int((running > u).argmax())


def test_tokens_grow_with_u() -> None:
    u = np.linspace(0, LAST_BEFORE_1, 5001)
    tokens = np.asarray(tn.sample(rows(700), u=u, num_samples=5001, top_p=0.95))
    assert (np.diff(tokens) >= 0).all()
    assert sorted(set(tokens.tolist())) == [token for token in kept(rows(700), top_p=0.95) if token in tokens]


# ---- memory


@pytest.mark.parametrize(
    "setting", [{}, {"temperature": 0.8, "top_p": 0.95}, {"top_k": 50}, {"num_samples": 100}, {"workers": 2}], ids=str
)
def test_sampling_takes_next_to_no_memory(setting: dict[str, Any]) -> None:
    logits = np.random.default_rng(0).standard_normal((64, 128_256), np.float32)
    tn.sample(logits[:1], **setting)
    tracemalloc.start()
    try:
        tokens = np.asarray(tn.sample(logits, rng=1, **setting))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert tokens.nbytes < peak < tokens.nbytes + 2 * 2**20


def test_probabilities_with_out_take_next_to_no_memory() -> None:
    logits = np.random.default_rng(0).standard_normal((16, 128_256), np.float32)
    out = np.empty_like(logits)
    tracemalloc.start()
    try:
        tn.probabilities(logits, top_p=0.9, out=out)
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("function", [tn.sample, tn.probabilities])
def test_settings_are_given_by_name(function: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match=r"^settings must be .*, got 1\.0 of type float \(a single setting is given by its name, "):
        function(ROW, 1.0)
    with pytest.raises(TypeError, match=r"positional arguments"):
        function(ROW, None, 1.0)


def test_probabilities_serve_numpys_draws_once_they_are_renormalised_as_their_docstring_says() -> None:
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(20):
        p = tn.probabilities(rng.normal(0, 3, 50_257).astype(np.float32), top_p=0.95)
        try:
            rng.multinomial(10, p)
        except ValueError:
            refused += 1
        p = p.astype(float)
        p /= p.sum()
        assert rng.multinomial(10, p).sum() == 10
        assert p[rng.choice(len(p), p=p)] > 0
    assert refused  # else there would be nothing to say
