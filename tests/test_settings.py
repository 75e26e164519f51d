"""Settings: the forms that are accepted, the ones that are refused, and what a refusal says."""

import re
from array import array
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from cases import UNREADABLE
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.settings import check_fraction, check_several, check_temperature, check_top_k, settings_table

ROW = np.log([0.1, 0.2, 0.3, 0.4])
BATCH = np.stack([ROW, ROW[::-1]])
NAMES = ["temperature", "top_k", "top_p", "min_p"]

# All that take settings; the oracle is an entrance too.
ENTRANCES: dict[str, Callable[..., object]] = {
    "sample": tn.sample,
    "probabilities": tn.probabilities,
    "Sampler": lambda logits, **settings: tn.Sampler(**settings)(logits),
    "reference": reference.probabilities,
}


@pytest.fixture(params=ENTRANCES)
def enter(request: pytest.FixtureRequest) -> Callable[..., object]:
    return ENTRANCES[request.param]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -1),
        ("temperature", -0.5),
        ("temperature", -1e-300),
        ("temperature", np.float32(-2)),
        ("temperature", np.array(-3)),
        ("temperature", np.nan),
        ("temperature", np.inf),
        ("temperature", -np.inf),
        ("top_k", -1),
        ("top_k", np.int8(-7)),
        ("top_k", np.array(-3)),
        ("top_p", -0.1),
        ("top_p", 1.5),
        ("top_p", 2),
        ("top_p", -1),
        ("top_p", np.nan),
        ("top_p", np.inf),
        ("top_p", -np.inf),
        ("min_p", -0.1),
        ("min_p", 1.5),
        ("min_p", np.nan),
        ("min_p", np.inf),
        ("min_p", -np.inf),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_name_and_value(enter: Callable[..., object], name: str, value: float) -> None:
    message = rf"^{name} must be an? .*, got {re.escape(f'{float(value):g}')}(\.0)?$"
    for logits in (ROW, BATCH):
        with pytest.raises(ValueError, match=message):
            enter(logits, **{name: value})


@pytest.mark.parametrize("name", ["top_p", "min_p"])
def test_a_value_just_above_1_is_told_apart_from_1(name: str) -> None:
    setting: dict[str, Any] = {name: 1 + 2.0**-52}
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got 1\.0000000000000002$"):
        tn.sample(ROW, **setting)


@pytest.mark.parametrize(
    ("name", "values", "place"),
    [
        ("temperature", [1, -2], r"temperature\[1\] must be .*, got -2"),
        ("temperature", [-3.5, -2], r"temperature\[0\] must be .*, got -3\.5"),
        ("temperature", [0, np.nan], r"temperature\[1\] must be .*, got nan"),
        ("temperature", np.array([1, np.inf], np.float16), r"temperature\[1\] must be .*, got inf"),
        ("top_k", [3, -1], r"top_k\[1\] must be .*, got -1"),
        ("top_p", (1.25, 0.5), r"top_p\[0\] must be .*, got 1\.25"),
        ("top_p", [0.5, np.nan], r"top_p\[1\] must be .*, got nan"),
        ("min_p", [0.5, -0.25], r"min_p\[1\] must be .*, got -0\.25"),
    ],
)
def test_of_settings_for_each_row_the_first_wrong_one_is_named(
    enter: Callable[..., object], name: str, values: object, place: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{place}$"):
        enter(BATCH, **{name: values})


def stable_name(value: object) -> str:
    """Name a value as `repr` does, without an address: what runs tests side by side wants the same names in every process."""
    return re.sub(" at 0x[0-9a-f]+", "", repr(value))


NO_NUMBERS = [True, np.True_, "0.5", b"1", 0.5j, np.complex64(1), object(), Decimal(1), {}, np.array(True), np.array("1")]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=stable_name)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_number_is_refused_with_its_name_value_and_type(enter: Callable[..., object], name: str, value: object) -> None:
    message = rf"^{name} must be .*, got {re.escape(repr(value))} of type {type(value).__name__}$"
    for logits in (ROW, BATCH):
        with pytest.raises(TypeError, match=message):
            enter(logits, **{name: value})


@pytest.mark.parametrize("values", [[True, False], ["1", "1"], [0.5j, 1], [None, 1], [object(), 1]], ids=stable_name)
@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_what_is_no_number_are_refused(enter: Callable[..., object], name: str, values: list[object]) -> None:
    with pytest.raises(TypeError, match=rf"^{name} must be .*, got {re.escape(repr(values))} of type list$"):
        enter(BATCH, **{name: values})


@pytest.mark.parametrize("name", ["temperature", "top_p", "min_p"])
def test_none_is_no_number_but_for_top_k(enter: Callable[..., object], name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} must be .*, got None of type NoneType$"):
        enter(ROW, **{name: None})
    enter(ROW, top_k=None)


@pytest.mark.parametrize("value", [1.0, np.float64(2), np.array(2.0), Fraction(4, 2)], ids=repr)
def test_top_k_is_an_integer_even_where_a_float_has_the_same_value(enter: Callable[..., object], value: object) -> None:
    with pytest.raises(TypeError, match=rf"^top_k must be an integer, 0 or more, got {re.escape(repr(value))} of type"):
        enter(ROW, top_k=value)
    with pytest.raises(TypeError, match=r"^top_k must be an integer, 0 or more, got \[2\.0, 2\.0\] of type list"):
        enter(BATCH, top_k=[2.0, 2.0])


@pytest.mark.parametrize("shape", [(1,), (4,), (0,), (1, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("entrance", ["sample", "probabilities", "reference"])
def test_a_row_takes_settings_that_are_single_numbers(entrance: str, name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be a single number for a single row, .* shape {re.escape(str(shape))}$"):
        ENTRANCES[entrance](ROW, **{name: np.ones(shape, np.int64)})


@pytest.mark.parametrize("shape", [(1,), (3,), (4,), (0,), (1, 2), (2, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("entrance", ["sample", "probabilities", "reference"])
def test_a_batch_takes_one_setting_or_one_for_each_row(entrance: str, name: str, shape: tuple[int, ...]) -> None:
    message = rf"^{name} must be a number, or one for each of the 2 rows, got an array of shape {re.escape(str(shape))}$"
    with pytest.raises(ValueError, match=message):
        ENTRANCES[entrance](BATCH, **{name: np.ones(shape, np.int64)})


@pytest.mark.parametrize(("value", "error", "message"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("name", [*NAMES, "temperature_last"])
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(
    enter: Callable[..., object], name: str, value: Any, error: type[Exception], message: str
) -> None:
    for logits in (ROW, BATCH):
        with pytest.raises(error, match=rf"^{name} cannot be read as .*: {message}$"):
            enter(logits, **{name: value})


def test_an_integer_too_large_for_a_float_is_no_temperature() -> None:
    with pytest.raises(ValueError, match=r"^temperature must be"):
        tn.sample(ROW, temperature=10**400)


def same_probabilities(logits: NDArray[np.float64], settings: dict[str, Any], plain: dict[str, Any]) -> None:
    np.testing.assert_array_equal(tn.probabilities(logits, **settings), tn.probabilities(logits, **plain))
    assert not np.array_equal(tn.probabilities(logits, **plain), tn.probabilities(logits))


@pytest.mark.parametrize(
    "half",
    [
        0.5,
        np.float16(0.5),
        np.float32(0.5),
        np.float64(0.5),
        np.longdouble(0.5),
        np.array(0.5),
        np.array(0.5, ">f4"),
        Fraction(1, 2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["temperature", "top_p", "min_p"])
def test_every_kind_of_real_number_is_a_number(name: str, half: object) -> None:
    same_probabilities(ROW, {name: half}, {name: 0.5})
    same_probabilities(BATCH, {name: half}, {name: 0.5})


@pytest.mark.parametrize("two", [2, np.int8(2), np.uint64(2), np.array(2), np.array(2, ">i2")], ids=repr)
@pytest.mark.parametrize("name", ["temperature", "top_k"])
def test_every_kind_of_integer_is_a_number(name: str, two: object) -> None:
    same_probabilities(ROW, {name: two}, {name: 2})
    same_probabilities(BATCH, {name: two}, {name: 2})


@pytest.mark.parametrize("form", [list, tuple, np.array, lambda v: np.array(v, np.float16), lambda v: array("d", v)])
@pytest.mark.parametrize("name", ["temperature", "top_p", "min_p"])
def test_settings_for_each_row_come_in_any_sequence(name: str, form: Callable[[list[float]], Any]) -> None:
    got = tn.probabilities(BATCH, **{name: form([0.5, 0.75])})
    for row, logits, value in zip(got, BATCH, [0.5, 0.75], strict=True):
        setting: dict[str, Any] = {name: value}
        np.testing.assert_array_equal(row, tn.probabilities(logits, **setting))
        assert not np.array_equal(row, tn.probabilities(logits))


@pytest.mark.parametrize("form", [list, tuple, np.array, lambda v: np.array(v, np.uint8), lambda v: array("q", v)])
def test_top_k_for_each_row_comes_in_any_sequence_of_integers(form: Callable[[list[int]], Any]) -> None:
    assert np.count_nonzero(tn.probabilities(BATCH, top_k=form([3, 1])), axis=1).tolist() == [3, 1]


@pytest.mark.parametrize("k", [None, 0, 4, 5, 2**31, 2**53 + 1, 2**63])
def test_top_k_of_nothing_or_of_the_whole_row_and_more_keeps_all(enter: Callable[..., object], k: int | None) -> None:
    np.testing.assert_array_equal(tn.probabilities(ROW, top_k=k), tn.probabilities(ROW))
    enter(BATCH, top_k=k)


def test_top_k_beyond_the_range_of_floats_keeps_all_too() -> None:
    np.testing.assert_array_equal(tn.probabilities(ROW, top_k=10**400), tn.probabilities(ROW))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_takes_empty_settings(name: str) -> None:
    setting: dict[str, Any] = {name: []}
    assert tn.probabilities(np.zeros((0, 5)), **setting).shape == (0, 5)
    assert np.asarray(tn.Sampler(**setting)(np.zeros((0, 5)))).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_read_and_never_written(enter: Callable[..., object], name: str) -> None:
    values = np.array([1, 0])
    values.flags.writeable = False
    enter(BATCH, **{name: values})
    assert values.tolist() == [1, 0]


def test_the_ends_of_each_range_are_in_it() -> None:
    for settings in ({"temperature": 0}, {"top_p": 0}, {"top_p": 1}, {"min_p": 0}, {"min_p": 1}, {"top_k": 0}, {"top_p": -0.0}):
        assert tn.probabilities(ROW, **settings).sum() == pytest.approx(1, abs=1e-6)


def test_the_table_has_a_column_for_each_setting_and_a_row_for_each_row() -> None:
    assert settings_table(0.5, 3, 0.9, 0.1).tolist() == [[0.5, 3, 0.9, 0.1, 0]]
    assert settings_table(0.5, None, 0.9, 0.1, rows=7).tolist() == [[0.5, 0, 0.9, 0.1, 0]]
    table = settings_table([1, 2], 3, [0.5, 1], 0, [False, True], rows=2)
    assert table.tolist() == [[1, 3, 0.5, 0, 0], [2, 3, 1, 0, 1]]
    assert table.dtype == np.float64
    assert table.flags.c_contiguous


def test_several_numbers_are_checked_as_one_or_in_a_row() -> None:
    assert check_several(check_temperature, 2, name="t").tolist() == [2.0]
    assert check_several(check_temperature, (), name="t").tolist() == []
    assert check_several(check_fraction, [0, 0.5, 1], name="p").tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(ValueError, match=r"^p\[1\] must be a number from 0 to 1, got 3$"):
        check_several(check_fraction, [0.5, 3], name="p")
    with pytest.raises(ValueError, match=r"^p must be numbers in a row \(n,\), got an array of shape \(1, 2\)$"):
        check_several(check_fraction, [[0.5, 0.5]], name="p")
    with pytest.raises(ValueError, match=r"^p cannot be read as an array of numbers: .*inhomogeneous"):
        check_several(check_fraction, [[0.5, 0.5], [0.5]], name="p")


def test_the_checks_go_by_the_name_they_are_given() -> None:
    with pytest.raises(ValueError, match=r"^p must be a number from 0 to 1, got 3$"):
        check_fraction(3, name="p")
    with pytest.raises(ValueError, match=r"^base must be a finite number, 0 or more, got -3$"):
        check_temperature(-3, name="base")
    with pytest.raises(ValueError, match=r"^k must be an integer, 0 or more, got -3$"):
        check_top_k(-3, name="k")


@pytest.mark.parametrize("value", [1, 0.0, None, "yes", [True, False], [[True]], [1]], ids=repr)
def test_temperature_last_is_true_or_false_or_one_of_them_a_row(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^temperature_last must be "):
        tn.probabilities(ROW, temperature_last=value)
    for flag in (True, np.True_, np.array(True)):
        assert tn.probabilities(ROW, temperature_last=flag).sum() == pytest.approx(1, abs=1e-6)
