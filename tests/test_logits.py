"""Logits: every form a row of real numbers comes in, none of them written to, and faults named where they are."""

import re
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import SHAPES, UNREADABLE, UNSOUND
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.logits import as_rows, is_sound
from thermonucleus.text import AdaptiveSampler

Array = NDArray[Any]
Rows = NDArray[np.float32]

WIDE_LONGDOUBLE = np.finfo(np.longdouble).nmant > 60


def rows(*shape: int) -> Rows:
    return np.random.default_rng(3).normal(0, 3, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(7,), (1,), (3, 7), (1, 7), (0, 7)], ids=str)
def test_contiguous_float32_is_not_copied(shape: tuple[int, ...]) -> None:
    logits = rows(*shape)
    assert as_rows(logits) is logits
    logits.flags.writeable = False
    assert as_rows(logits) is logits


def test_contiguous_rows_of_a_larger_array_are_not_copied() -> None:
    logits = rows(9, 7)
    assert np.shares_memory(as_rows(logits[2:5]), logits)
    assert np.shares_memory(as_rows(logits[4]), logits)


def unaligned(logits: Rows) -> Rows:
    raw = np.zeros(logits.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(logits.shape)
    raw[...] = logits
    assert not raw.flags.aligned
    return raw


def read_only(logits: Rows) -> Rows:
    logits.flags.writeable = False
    return logits


LAYOUTS: dict[str, Callable[[Rows], object]] = {
    "read-only": lambda x: read_only(x.copy()),
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "negative stride": lambda x: x[..., ::-1].copy()[..., ::-1],
    "window": lambda x: np.pad(x, 2)[tuple(slice(2, -2) for _ in x.shape)],
    "Fortran": np.asfortranarray,
    "transposed": lambda x: x.T.copy().T,
    "unaligned": unaligned,
    "big-endian": lambda x: x.astype(">f4"),
    "float64": lambda x: x.astype(np.float64),
    "big-endian float64": lambda x: x.astype(">f8"),
    "longdouble": lambda x: x.astype(np.longdouble),
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "list of arrays": list,
    "memoryview": lambda x: x.copy().data,
    "float64 strided": lambda x: np.repeat(x, 3, axis=-1).astype(np.float64)[..., ::3],
}


@pytest.mark.parametrize("shape", [(1,), (9,), (3, 9), (1, 9), (3, 1), (2, 1200)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_bits_of_contiguous_float32(layout: str, shape: tuple[int, ...]) -> None:
    plain = rows(*shape)
    logits: Any = LAYOUTS[layout](plain.copy())
    got = as_rows(logits)
    assert got.dtype == np.float32
    assert got.dtype.isnative
    assert got.flags.c_contiguous
    assert got.flags.aligned
    np.testing.assert_array_equal(got, plain)
    np.testing.assert_array_equal(tn.probabilities(logits, top_p=0.9), tn.probabilities(plain, top_p=0.9))
    np.testing.assert_array_equal(tn.sample(logits, rng=5, num_samples=3), tn.sample(plain, rng=5, num_samples=3))


def test_broadcast_rows_are_that_many_rows() -> None:
    row = rows(9)
    got = tn.probabilities(np.broadcast_to(row, (4, 9)))
    np.testing.assert_array_equal(got, np.tile(tn.probabilities(row), (4, 1)))
    # A row of one number, broadcast, is a row of equals.
    np.testing.assert_allclose(tn.probabilities(np.broadcast_to(np.float32(3), 4)), [0.25] * 4, rtol=1e-6)


@pytest.mark.parametrize("code", "fdbBhHiIlLqQ")
def test_arrays_of_the_standard_library_are_rows(code: str) -> None:
    logits = array(code, [1, 2, 3] if code not in "fd" else [1.0, 2.0, 3.0])
    for form in (logits, memoryview(logits)):
        np.testing.assert_array_equal(tn.probabilities(form), tn.probabilities(np.array([1, 2, 3], np.float32)))


@pytest.mark.parametrize("dtype", [np.float16, *np.typecodes["AllInteger"]])
def test_every_integer_type_and_float16_is_read_exactly(dtype: str) -> None:
    logits = np.array([[5, 1, 3], [100, 100, 98]], dtype)
    np.testing.assert_array_equal(tn.probabilities(logits), tn.probabilities(logits.astype(np.float32)))


def test_float16_reaches_its_ends() -> None:
    logits = np.array([-65504, 65504, 65503.9, -np.inf], np.float16)
    np.testing.assert_allclose(tn.probabilities(logits), [0, 0.5, 0.5, 0], rtol=1e-6)


def test_bfloat16_is_read_exactly() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    logits = rows(3, 40).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(tn.probabilities(logits), tn.probabilities(logits.astype(np.float32)))
    with pytest.raises(ValueError, match=r"got nan at row 0, index 1"):
        tn.sample(np.array([0, np.nan], ml_dtypes.bfloat16))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_empty_batch_has_no_tokens_and_no_probabilities(workers: int) -> None:
    tokens = np.asarray(tn.sample(np.zeros((0, 5)), workers=workers))
    assert tokens.shape == (0,)
    assert tokens.dtype == np.int64
    assert np.asarray(tn.sample(np.zeros((0, 5)), num_samples=3)).shape == (0, 3)
    assert tn.probabilities(np.zeros((0, 5)), workers=workers).shape == (0, 5)
    assert np.asarray(tn.Sampler(workers=workers)(np.zeros((0, 5), np.float32))).shape == (0,)


@pytest.mark.parametrize("shape", [(0,), (0, 0), (1, 0), (3, 0)], ids=str)
def test_a_row_without_tokens_is_refused(shape: tuple[int, ...]) -> None:
    for dtype in (np.float32, np.float64, np.int8):
        with pytest.raises(ValueError, match=rf"^logits must hold at least one token a row, got shape {re.escape(str(shape))}$"):
            tn.sample(np.zeros(shape, dtype))


@pytest.mark.parametrize("shape", [(), (1, 1, 4), (2, 3, 4), (1, 1, 1, 4)], ids=str)
def test_logits_have_one_axis_or_two(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"^logits must be a row .* or a batch .*, got shape {re.escape(str(shape))}$"):
        tn.probabilities(np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match=r"^logits must be a row"):
        tn.sample(3.0)  # type: ignore[call-overload]


def torch_tensor(logits: Rows) -> Any:
    return pytest.importorskip("torch").from_numpy(logits)


def jax_array(logits: Rows) -> Any:
    return pytest.importorskip("jax.numpy").asarray(logits)


def mlx_array(logits: Rows) -> Any:
    return pytest.importorskip("mlx.core").array(logits)


@pytest.mark.parametrize("make", [torch_tensor, jax_array, mlx_array])
def test_float32_of_other_libraries_is_read_where_it_is(make: Callable[[Rows], Any]) -> None:
    logits = rows(3, 40)
    other = make(logits)
    assert np.shares_memory(as_rows(other), np.from_dlpack(other))
    np.testing.assert_array_equal(tn.sample(other, top_p=0.9, rng=1), tn.sample(logits, top_p=0.9, rng=1))
    np.testing.assert_array_equal(tn.Sampler(top_p=0.9, rng=1)(other), tn.Sampler(top_p=0.9, rng=1)(logits))


BFLOAT16: dict[str, Callable[[Rows], Any]] = {
    "torch": lambda x: torch_tensor(x).bfloat16(),
    "jax": lambda x: jax_array(x).astype("bfloat16"),
    "mlx": lambda x: mlx_array(x).astype(pytest.importorskip("mlx.core").bfloat16),
}


@pytest.mark.parametrize("library", BFLOAT16)
def test_bfloat16_of_other_libraries_is_read_where_numpy_can_and_else_refused_with_what_to_do(library: str) -> None:
    logits = BFLOAT16[library](rows(3, 40))
    if library == "jax":
        np.testing.assert_array_equal(tn.probabilities(logits), tn.probabilities(logits.astype("float32")))
        return
    with pytest.raises((TypeError, ValueError), match=r"(?i)^logits cannot be read .*bfloat16.*: convert to float32 first\)$"):
        tn.sample(logits)


def test_a_tensor_that_requires_a_gradient_is_refused_by_name() -> None:
    tensor = torch_tensor(rows(9)).requires_grad_()
    with pytest.raises(TypeError, match=r"^logits cannot be read as an array of numbers: .*requires grad.*detach"):
        tn.sample(tensor)
    assert tn.sample(tensor.detach(), temperature=0) == tensor.argmax()


@pytest.mark.parametrize(("logits", "error", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_whatever_an_array_raises_when_it_is_read_is_a_value_error_or_a_type_error_by_name(
    logits: Any, error: type[Exception], message: str
) -> None:
    for call in (tn.sample, tn.probabilities, tn.Sampler(), AdaptiveSampler(1.0, 1.0)):
        with pytest.raises(error, match=rf"^logits cannot be read as an array of numbers: {message}$"):
            call(logits)


@pytest.mark.parametrize(
    ("logits", "dtype"),
    [
        ([True, False], "bool"),
        ([1j, 2], "complex128"),
        (np.zeros(3, np.complex64), "complex64"),
        ("abc", "<U3"),
        (["1", "2"], "<U1"),
        (b"12", "|S2"),
        (None, "object"),
        ([1, None], "object"),
        (np.array([1, 2], object), "object"),
        ({1: 2}, "object"),
        (np.array([1, 2], "M8[s]"), "datetime64"),
        (np.zeros(3, "f4,f4"), "f4"),
    ],
    ids=repr,
)
def test_what_is_not_real_numbers_is_refused_with_its_dtype(logits: Any, dtype: str) -> None:
    for call in (tn.sample, tn.probabilities, tn.Sampler(), tn.apply_temperature):
        arguments = (logits, 1.0) if call is tn.apply_temperature else (logits,)
        with pytest.raises(TypeError, match=rf"^logits must be real numbers, got dtype .*{re.escape(dtype)}"):
            call(*arguments)


@pytest.mark.parametrize("mask", [[0, 1, 0], [0, 0, 0]], ids=["a mask", "no mask"])
@pytest.mark.parametrize("call", [tn.sample, tn.probabilities, tn.get_token_probs, lambda x: tn.apply_top_p(x, 0.5)])
def test_masked_arrays_are_refused_for_their_mask_would_be_lost(call: Callable[[Array], object], mask: list[int]) -> None:
    with pytest.raises(TypeError, match=r"masked array"):
        call(np.ma.array([0.2, 0.5, 0.3], mask=np.array(mask, np.bool_)))


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([1e300, 0.0], [1, 0]),
        ([1e300, 1e300], [0.5, 0.5]),
        ([1e300, -1e300, -np.inf], [1, 0, 0]),
        ([-1e300, -1e300, -1.1e300], [0.5, 0.5, 0]),
        ([1.7e308, -1.7e308], [1, 0]),
        ([1e7, 1e7 + np.log(3)], [0.25, 0.75]),
        ([-1e7, -1e7 - np.log(3)], [0.75, 0.25]),
        ([-1e9 + np.log(9), -1e9, -2e9], [0.9, 0.1, 0]),
        ([1e-300, 0.0], [0.5, 0.5]),
        ([np.log(3), 0.0, -1e300], [0.75, 0.25, 0]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("function", [tn.probabilities, reference.probabilities], ids=["fast", "reference"])
def test_float64_that_float32_cannot_hold_keeps_its_differences(
    function: Callable[[Array], Array], logits: list[float], expected: list[float]
) -> None:
    np.testing.assert_allclose(function(np.array(logits)), expected, rtol=1e-6, atol=1e-12)


@settings(max_examples=150)
@given(
    differences=hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(-40, 40)),
    offset=st.sampled_from([0.0, 1e7, -1e7, 3e9, -1e12, 1e14, 1e300, -1e300]),
    temperature=st.sampled_from([0.1, 1.0, 7.0]),
)
def test_float64_with_any_offset_agrees_with_the_oracle(differences: Array, offset: float, temperature: float) -> None:
    logits = differences + offset
    want = reference.probabilities(logits, temperature=temperature)
    np.testing.assert_allclose(tn.probabilities(logits, temperature=temperature), want, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("offset", [2**30, 2**40, 2**52, -(2**52)])
def test_integers_that_float32_cannot_hold_keep_their_differences(offset: int) -> None:
    np.testing.assert_allclose(tn.probabilities(np.arange(4) + offset), tn.probabilities(np.arange(4)), rtol=1e-6)


@pytest.mark.parametrize(
    "logits", [[2**62 + 1, 2**62, 2**62 + 2], np.array([2**64 - 2, 2**64 - 3, 2**64 - 1], np.uint64)], ids=["int64", "uint64"]
)
def test_integers_that_float64_cannot_hold_keep_their_differences(logits: Any) -> None:
    np.testing.assert_allclose(tn.probabilities(logits), tn.probabilities([1, 0, 2]), rtol=1e-6)


@pytest.mark.skipif(not WIDE_LONGDOUBLE, reason="longdouble is no wider than float64 on this platform")
@pytest.mark.parametrize(
    ("text", "expected"),
    [(["1e4000", "1"], [1.0, 0.0]), (["-1e4000", "1"], [0.0, 1.0]), (["1e4000", "1e4000"], [0.5, 0.5])],
    ids=str,
)
def test_finite_longdoubles_beyond_float64_are_finite(text: list[str], expected: list[float]) -> None:
    logits = np.array([np.longdouble(number) for number in text])
    np.testing.assert_allclose(tn.probabilities(logits), expected, rtol=1e-6)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 6), size=st.integers(2, 40))
def test_a_row_of_float64_has_the_same_probabilities_in_any_batch(seed: int, count: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    batch = rng.normal(0, 5, (count, size))
    # Some rows fit float32 as they are and some do not: what is done to one must not depend on the other.
    batch[::2] = batch[::2].astype(np.float32)
    together = tn.probabilities(batch)
    for row, got in zip(batch, together, strict=True):
        np.testing.assert_array_equal(got, tn.probabilities(row))


@pytest.mark.parametrize("temperature", [1e-36, 1e-30, 1e30, 1e33])
def test_float32_logits_of_any_size_are_divided_by_a_temperature_of_that_size(temperature: float) -> None:
    logits = np.array([1.5 * temperature, temperature, -1.5 * temperature], np.float32)
    expected = reference.probabilities(logits, temperature=temperature)
    np.testing.assert_allclose(tn.probabilities(logits, temperature=temperature), expected, rtol=1e-5)


# ---- faults

TAKERS: dict[str, Callable[[Any], object]] = {
    "sample": tn.sample,
    "sample, greedy": lambda x: tn.sample(x, temperature=0),
    "sample, one kept": lambda x: tn.sample(x, top_k=1),
    "sample, none drawn": lambda x: tn.sample(x, num_samples=0),
    "sample, many drawn": lambda x: tn.sample(x, num_samples=5),
    "probabilities": tn.probabilities,
    "probabilities, cut": lambda x: tn.probabilities(x, top_p=0.5, min_p=0.1),
    "Sampler": tn.Sampler(top_p=0.9),
    "sample_with_temperature": tn.sample_with_temperature,
    "apply_temperature": lambda x: tn.apply_temperature(x, 0.5),
    "top_p_sampling": tn.top_p_sampling,
    "get_token_probs": tn.get_token_probs,
    "token_probabilities": lambda x: tn.token_probabilities(x, 0.5, 0.9),
    "combined_sampling": lambda x: tn.combined_sampling(x, 0.5, 0.9),
    "adaptive_sampling": lambda x: tn.adaptive_sampling(x, 0.5, 0.9, "context"),
}


@pytest.fixture(params=TAKERS)
def take(request: pytest.FixtureRequest) -> Callable[[Any], object]:
    return TAKERS[request.param]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf])
def test_a_fault_in_a_row_is_named_by_row_index_and_value(take: Callable[[Any], object], value: float, dtype: type) -> None:
    logits: Array = rows(700).astype(dtype)
    logits[613] = value
    with pytest.raises(ValueError, match=rf"^logits must be finite or -inf, got {abs(value)} at row 0, index 613$"):
        take(logits)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_all_faults_in_a_batch_the_first_is_named(take: Callable[[Any], object], dtype: type) -> None:
    logits: Array = rows(5, 20).astype(dtype)
    logits[2, 7] = np.inf
    logits[2, 11] = logits[2, 12] = logits[4, 3] = np.nan
    with pytest.raises(ValueError, match=r"^logits must be finite or -inf, got inf at row 2, index 7 \(and 2 more in this row\)$"):
        take(logits)
    logits[1] = -np.inf
    with pytest.raises(ValueError, match=r"^logits must leave a token to draw, got -inf at every index of row 1$"):
        take(logits)


def test_a_row_of_nothing_but_minus_infinity_is_named(take: Callable[[Any], object]) -> None:
    for logits in (np.full(9, -np.inf, np.float32), np.full((1, 9), -np.inf), [-np.inf]):
        with pytest.raises(ValueError, match=r"got -inf at every index of row 0$"):
            take(logits)
    take([-np.inf, 0.0])


@settings(max_examples=60)
@given(data=st.data(), size=st.integers(1, 1500), value=st.sampled_from([np.nan, np.inf]))
def test_a_fault_is_found_wherever_it_is(data: st.DataObject, size: int, value: float) -> None:
    index = data.draw(st.integers(0, size - 1))
    # Beside the fault nothing but -inf: the two kinds of fault are not taken for each other.
    logits = np.full(size, data.draw(st.sampled_from([0.0, -np.inf, -3e38])), np.float32)
    logits[index] = value
    with pytest.raises(ValueError, match=rf"got {value} at row 0, index {index}$"):
        tn.sample(logits)


@pytest.mark.parametrize("shape", [*SHAPES, *UNSOUND])
def test_a_row_is_sound_if_it_can_be_drawn_from(shape: str) -> None:
    with np.errstate(over="ignore"):
        row = (SHAPES | UNSOUND)[shape](np.random.default_rng(0), 700).astype(np.float32)
    if shape in ("NaN", "infinite", "none left"):
        assert is_sound(np.stack([np.zeros_like(row), row])).tolist() == [True, False]
        with pytest.raises(ValueError, match="logits must"):
            tn.sample(row)
    else:
        assert is_sound(np.stack([np.full_like(row, np.nan), row])).tolist() == [False, True]
        assert is_sound(row)
        assert tn.sample(row) in range(700)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"tuple"}))
def test_a_fault_is_named_where_the_caller_sees_it_in_every_layout(layout: str) -> None:
    plain = rows(3, 9)
    plain[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"got nan at row 1, index 2$"):
        tn.sample(LAYOUTS[layout](plain))  # type: ignore[call-overload]


def test_apply_top_p_names_row_index_and_value_as_well() -> None:
    for value in (np.nan, np.inf, -0.5):
        with pytest.raises(ValueError, match=rf"^probs must be .*, got {value} at row 1, index 2"):
            tn.apply_top_p([[0.5, 0.25, 0.25], [0.5, 0.5, value]], 0.9)


# ---- inputs are never written to

ALL = TAKERS | {
    "sample with u": lambda x: tn.sample(x, u=np.full(x.shape[:-1], 0.5), top_k=3, min_p=0.01),
    "probabilities with out": lambda x: tn.probabilities(x, top_k=2, out=np.empty(x.shape, np.float32)),
    "threads": lambda x: tn.sample(x, workers=2, top_p=0.7),
    "apply_top_p": lambda x: tn.apply_top_p(np.abs(x) + 1, 0.5),
    "apply_top_p in place": lambda x: tn.apply_top_p(x, 0.5),
    "reference": lambda x: reference.sample(x, temperature=0.5, top_k=3, top_p=0.9, min_p=0.1),
    "reference.apply_top_p": lambda x: reference.apply_top_p(x.ravel(), 0.5),
}


@settings(max_examples=60)
@given(
    logits=hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.float16, np.int64]),
        st.tuples(st.integers(1, 3), st.integers(1, 8)) | st.tuples(st.integers(1, 8)),
        elements=st.integers(1, 9),
    ),
    backwards=st.booleans(),
)
def test_no_function_writes_to_its_input(logits: Array, backwards: bool) -> None:
    base = logits
    view = logits[..., ::-1] if backwards else logits
    before = base.tobytes()
    for name, call in ALL.items():
        result = call(view)
        assert base.tobytes() == before, name
        assert not isinstance(result, np.ndarray) or not np.shares_memory(result, base), name


def test_no_function_writes_to_its_input_before_it_fails() -> None:
    logits = rows(3, 9)
    logits[2, 8] = np.nan
    before = logits.tobytes()
    for call in TAKERS.values():
        with pytest.raises(ValueError, match=r"row 2, index 8"):
            call(logits)
        assert logits.tobytes() == before
