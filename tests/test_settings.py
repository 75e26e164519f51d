"""Settings: the forms that are accepted, the ones that are refused, and what a refusal says."""

import copy
import dataclasses
import inspect
import math
import pickle
import re
import types
from array import array
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from cases import UNREADABLE
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.settings import (
    SETTINGS,
    Keywords,
    as_plan,
    check_fraction,
    check_keywords,
    check_several,
    check_temperature,
    check_top_k,
    plan,
)

ROW = np.log([0.1, 0.2, 0.3, 0.4])
BATCH = np.stack([ROW, ROW[::-1]])
NAMES = ["temperature", "top_k", "top_p", "min_p"]
PER_ROW = [name for name in SETTINGS if name != "order"]
ALL_CHANGED = tn.Settings(temperature=0.5, top_k=3, top_p=0.9, min_p=0.05, temperature_last=True)

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


def make_settings(values: dict[str, Any]) -> tn.Settings:
    return tn.Settings(**values)


NO_NUMBERS = [True, np.True_, "0.5", b"1", 0.5j, np.complex64(1), object(), {}, np.array(True), np.array("1")]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=stable_name)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_number_is_refused_with_its_name_value_and_type(enter: Callable[..., object], name: str, value: object) -> None:
    message = rf"^{name} must be .*, got {re.escape(repr(value))} of type {type(value).__name__}$"
    for logits in (ROW, BATCH):
        with pytest.raises(TypeError, match=message):
            enter(logits, **{name: value})


@pytest.mark.parametrize("values", [[True, False], ["1", "1"], [0.5j, 1], [object(), 1]], ids=stable_name)
@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_what_is_no_number_are_refused(enter: Callable[..., object], name: str, values: list[object]) -> None:
    with pytest.raises(TypeError, match=rf"^{name} must be .*, got {re.escape(repr(values))} of type list$"):
        enter(BATCH, **{name: values})


@pytest.mark.parametrize("name", SETTINGS)
def test_none_is_the_default_with_which_a_setting_is_off(enter: Callable[..., object], name: str) -> None:
    enter(ROW, **{name: None})
    np.testing.assert_array_equal(as_plan(None, {name: None}), as_plan(None, {}))
    setting: dict[str, Any] = {name: None}
    np.testing.assert_array_equal(
        tn.probabilities(ROW, ALL_CHANGED, **setting), tn.probabilities(ROW, ALL_CHANGED.replace(**setting))
    )


@pytest.mark.parametrize("name", PER_ROW)
def test_none_is_the_default_of_a_row_too(enter: Callable[..., object], name: str) -> None:
    value = getattr(ALL_CHANGED, name)
    enter(BATCH, **{name: [None, value]})
    np.testing.assert_array_equal(
        as_plan(None, {name: [None, value]}, 2), as_plan(None, {name: [SETTINGS[name].default, value]}, 2)
    )


@pytest.mark.parametrize(
    "two",
    [2.0, np.float64(2), np.float16(2), np.array(2.0), Fraction(4, 2), Decimal(2), ml_dtypes.bfloat16(2), ml_dtypes.int4(2)],
    ids=repr,
)
def test_an_integer_is_one_in_whatever_type_it_comes(enter: Callable[..., object], two: Any) -> None:
    same_probabilities(ROW, {"top_k": two}, {"top_k": 2})
    same_probabilities(BATCH, {"top_k": [two, two]}, {"top_k": 2})
    enter(ROW, top_k=two)


@pytest.mark.parametrize(
    "value",
    [2.5, -0.5, np.nan, np.inf, np.float32(0.5), np.array(2.5), Fraction(1, 2), Decimal("0.5"), Decimal("inf"), Decimal("sNaN")],
    ids=repr,
)
def test_what_lies_between_integers_is_no_top_k(enter: Callable[..., object], value: object) -> None:
    with pytest.raises(TypeError, match=rf"^top_k must be an integer, 0 or more, got {re.escape(repr(value))} of type"):
        enter(ROW, top_k=value)
    with pytest.raises(TypeError, match=r"^top_k must be an integer, 0 or more, got \[.*\] of type list$"):
        enter(BATCH, top_k=[2, value])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("top_k", -1, r"^top_k must be an integer, 0 or more \(0 keeps all\), got -1$"),
        ("top_k", [5, -1], r"^top_k\[1\] must be an integer, 0 or more \(0 keeps all\), got -1$"),
        ("top_p", -1, r"^top_p must be a number from 0 to 1 \(1 keeps all\), got -1$"),
        ("min_p", -0.5, r"^min_p must be a number from 0 to 1 \(0 keeps all\), got -0\.5$"),
        ("min_p", 1.5, r"^min_p must be a number from 0 to 1, got 1\.5$"),
    ],
)
def test_who_means_off_by_a_negative_number_is_told_what_to_use(
    enter: Callable[..., object], name: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        enter(BATCH, **{name: value})


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
        Decimal("0.5"),
        ml_dtypes.bfloat16(0.5),
        ml_dtypes.float8_e4m3fn(0.5),
        np.array(0.5, ml_dtypes.bfloat16),
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


def decimals(values: list[float]) -> list[Decimal]:
    return [Decimal(value) for value in values]


def bfloat16s(values: list[float]) -> NDArray[Any]:
    return np.array(values, ml_dtypes.bfloat16)


@pytest.mark.parametrize(
    "form", [list, tuple, np.array, lambda v: np.array(v, np.float16), lambda v: array("d", v), decimals, bfloat16s]
)
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


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("typical_p", 0, "typical_p must be a number above 0 and at most 1, got 0"),
        ("typical_p", -1, "typical_p must be a number above 0 and at most 1 (1 keeps all), got -1"),
        ("tfs", 0.0, "tfs must be a number above 0 and at most 1, got 0"),
        ("top_h", 0, "top_h must be a number above 0 and at most 1, got 0"),
        ("top_h", 1.5, "top_h must be a number above 0 and at most 1, got 1.5"),
        ("epsilon_cutoff", 1, "epsilon_cutoff must be a number from 0 to less than 1, got 1"),
        ("eta_cutoff", 1.0, "eta_cutoff must be a number from 0 to less than 1, got 1"),
        ("eta_cutoff", -0.1, "eta_cutoff must be a number from 0 to less than 1 (0 keeps all), got -0.1"),
        ("top_a", -1, "top_a must be a finite number, 0 or more (0 keeps all), got -1"),
        ("top_n_sigma", np.inf, "top_n_sigma must be a finite number, got inf"),
        ("min_k", -3, "min_k must be a finite number, 0 or more (None keeps all), got -3"),
        ("xtc_probability", 1.5, "xtc_probability must be a number from 0 to 1, got 1.5"),
        ("xtc_threshold", -1, "xtc_threshold must be a number from 0 to 1, got -1"),
        ("dynatemp_range", -0.5, "dynatemp_range must be a finite number, 0 or more (0 is off), got -0.5"),
        ("dynatemp_low", -1, "dynatemp_low must be a finite number, 0 or more (None is off), got -1"),
        ("dynatemp_exponent", -1, "dynatemp_exponent must be a finite number, 0 or more, got -1"),
        ("smoothing_factor", -0.1, "smoothing_factor must be a finite number, 0 or more (0 is off), got -0.1"),
        ("smoothing_curve", 0.5, "smoothing_curve must be a number from 1 to 3, got 0.5"),
        ("smoothing_curve", 3.5, "smoothing_curve must be a number from 1 to 3, got 3.5"),
        ("mirostat", 3, "mirostat must be 0, 1 or 2, got 3"),
        ("mirostat", -1, "mirostat must be 0, 1 or 2 (0 is off), got -1"),
        ("mirostat_tau", 0, "mirostat_tau must be a finite number above 0, got 0"),
        ("mirostat_eta", -1, "mirostat_eta must be a finite number, 0 or more, got -1"),
        ("mirostat_m", 1, "mirostat_m must be an integer, 2 or more, got 1"),
        ("adaptive_target", 1.5, "adaptive_target must be a number of at most 1, got 1.5"),
        ("adaptive_decay", 0.995, "adaptive_decay must be a number from 0 to 0.99, got 0.995"),
    ],
)
def test_each_setting_has_its_range(name: str, value: float, message: str) -> None:
    for make in (make_settings, lambda values: as_plan(None, values)):
        with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
            make({name: value})
    with pytest.raises(ValueError, match=rf"^{name}\[1\] must be "):
        as_plan(None, {name: [None, value]}, 2)


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind.form in ("int", "float")])
def test_nan_is_in_no_range_although_it_stands_for_none_in_arrays(name: str) -> None:
    error = TypeError if SETTINGS[name].kind.form == "int" else ValueError
    for value in (math.nan, np.float32(np.nan), Decimal("nan")):
        with pytest.raises(error, match=rf"^{name} must be "):
            make_settings({name: value})
        with pytest.raises(error, match=rf"^{name}(\[1\])? must be "):
            as_plan(None, {name: [None, value]}, 2)


@pytest.mark.parametrize("name", ["top_n_sigma", "top_h", "min_k", "dynatemp_low", "dynatemp_high", "adaptive_target"])
def test_none_is_no_number_where_it_is_off(name: str) -> None:
    assert tn.Settings().__dict__[name] is None
    assert make_settings({name: np.array(None)}) == tn.Settings()
    np.testing.assert_array_equal(check_keywords({name: [None, 0.5]}, 2)[name], [np.nan, 0.5])


@pytest.mark.parametrize("value", ["x", 1, 0.0, "True", ["norm"], [True, "x"], np.array(["norm", "x"])], ids=repr)
def test_p_less_is_a_switch_with_a_third_way(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^p_less must be (True, False or 'norm'|a single number)"):
        tn.Settings(p_less=value)
    with pytest.raises((TypeError, ValueError), match=r"^p_less must be (True, False or 'norm'|a number, or one for each)"):
        as_plan(None, {"p_less": value}, 2)
    assert tn.Settings(p_less=np.str_("norm")).p_less == "norm"  # type: ignore[arg-type]
    for each in ([True, "norm", None, False], np.array([True, "norm", None, False], object)):
        assert np.asarray(check_keywords({"p_less": each}, 4)["p_less"]).tolist() == [1, 2, 0, 0]
    assert np.asarray(check_keywords({"p_less": np.array(["norm", "norm"])}, 2)["p_less"]).tolist() == [2, 2]


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


@pytest.mark.parametrize("value", [1, 0.0, "yes", [True, False], [[True]], [1]], ids=repr)
def test_temperature_last_is_true_or_false_or_one_of_them_a_row(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^temperature_last must be "):
        tn.probabilities(ROW, temperature_last=value)
    for flag in (True, np.True_, np.array(True)):
        assert tn.probabilities(ROW, temperature_last=flag).sum() == pytest.approx(1, abs=1e-6)


# ---- Settings


def test_settings_are_plain_numbers_however_they_are_given() -> None:
    plain = tn.Settings(temperature=0.5, top_k=3, top_p=1.0, temperature_last=True, p_less=True, top_h=0.5)
    other: dict[str, Any] = {"temperature": np.float32(0.5), "top_k": 3.0, "top_p": None, "temperature_last": np.True_}
    settings = tn.Settings(**other, p_less=np.True_, top_h=Fraction(1, 2))  # type: ignore[arg-type]
    assert settings == plain
    assert hash(settings) == hash(plain)
    assert {settings: 1}[plain] == 1
    assert [type(value) for value in vars(settings).values()][: len(SETTINGS)] == [type(value) for value in vars(plain).values()][
        : len(SETTINGS)
    ]
    kinds = {"temperature": float, "top_k": int, "temperature_last": bool, "p_less": bool, "top_h": float}
    assert {name: type(getattr(settings, name)) for name in kinds} == kinds
    assert tn.Settings(top_k=4) != plain


def test_settings_do_not_change() -> None:
    settings = tn.Settings(temperature=0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.temperature = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        tn.Settings(0.8)  # type: ignore[call-arg]


def test_settings_survive_pickle_and_copy() -> None:
    for again in (pickle.loads(pickle.dumps(ALL_CHANGED)), copy.copy(ALL_CHANGED), copy.deepcopy(ALL_CHANGED)):
        assert again == ALL_CHANGED


def test_settings_print_what_is_not_off() -> None:
    assert repr(tn.Settings()) == "Settings()"
    assert repr(tn.Settings(top_k=50, temperature=0.0)) == "Settings(temperature=0.0, top_k=50)"
    assert eval(repr(ALL_CHANGED), {"Settings": tn.Settings}) == ALL_CHANGED


def test_replacing_changes_what_is_named_and_checks_it() -> None:
    assert ALL_CHANGED.replace(top_k=None, top_p=0.5) == tn.Settings(temperature=0.5, top_p=0.5, min_p=0.05, temperature_last=True)
    assert ALL_CHANGED.top_k == 3
    with pytest.raises(ValueError, match=r"^top_k must be an integer, 0 or more \(0 keeps all\), got -1$"):
        ALL_CHANGED.replace(top_k=-1)
    with pytest.raises(TypeError, match=r"^unexpected keyword 'top': the settings are temperature, top_k, top_p, min_p, "):
        ALL_CHANGED.replace(top=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", PER_ROW)
def test_one_request_has_single_values(name: str) -> None:
    message = rf"^{name} must be a single number for a single row, got an array of shape \(2,\)$"
    values: dict[str, Any] = {name: [getattr(ALL_CHANGED, name)] * 2}
    for make in (tn.Settings, ALL_CHANGED.replace, plan):
        with pytest.raises(ValueError, match=message):
            make(**values)


def test_a_count_beyond_the_range_of_floats_is_kept_as_one_that_keeps_all() -> None:
    np.testing.assert_array_equal(tn.probabilities(ROW, tn.Settings(top_k=10**400)), tn.probabilities(ROW))


# ---- settings of a call


def test_a_request_serves_a_row_and_all_rows_of_a_batch() -> None:
    settings = tn.Settings(temperature=0.5, top_k=3)
    np.testing.assert_array_equal(tn.probabilities(ROW, settings), tn.probabilities(ROW, temperature=0.5, top_k=3))
    np.testing.assert_array_equal(tn.probabilities(BATCH, settings), tn.probabilities(BATCH, temperature=0.5, top_k=3))
    assert tn.sample(ROW, settings, u=0.3) == tn.sample(ROW, u=0.3, temperature=0.5, top_k=3)


@pytest.mark.parametrize("form", [list, tuple])
def test_a_batch_takes_a_request_for_each_row(form: Callable[[list[tn.Settings]], Any]) -> None:
    requests = [ALL_CHANGED, tn.Settings(temperature=2)]
    got = tn.probabilities(BATCH, form(requests))
    for row, logits, settings in zip(got, BATCH, requests, strict=True):
        np.testing.assert_array_equal(row, tn.probabilities(logits, settings))
    assert tn.probabilities(np.zeros((0, 5)), form([])).shape == (0, 5)


def test_keywords_take_the_place_of_what_requests_have() -> None:
    one = tn.Settings(temperature=0.5, top_k=3)
    np.testing.assert_array_equal(tn.probabilities(ROW, one, temperature=1), tn.probabilities(ROW, top_k=3))
    want = tn.probabilities(BATCH, temperature=[0.5, 1], top_k=[1, 2])
    np.testing.assert_array_equal(tn.probabilities(BATCH, [one, tn.Settings()], top_k=[1, 2]), want)
    want = tn.probabilities(BATCH, temperature=[0.5, 1], top_k=2)
    np.testing.assert_array_equal(tn.probabilities(BATCH, [one, tn.Settings()], top_k=2), want)
    np.testing.assert_array_equal(tn.probabilities(BATCH, tn.Settings(top_k=2), temperature=[0.5, 1]), want)


TAKE_REQUESTS: list[Callable[..., object]] = [tn.sample, tn.probabilities, lambda logits, settings: tn.Sampler(settings)(logits)]


@pytest.mark.parametrize("call", TAKE_REQUESTS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (0.8, r"^settings must be a thermonucleus\.Settings or a sequence of them, got 0\.8 of type float \(.*temperature=0\.8\)$"),
        ({"top_p": 0.9}, r"^settings must be a thermonucleus\.Settings or a sequence of them, got \{'top_p': 0\.9\} of type dict"),
        ("ab", r"^settings must be a thermonucleus\.Settings or a sequence of them, got 'ab' of type str"),
        ([tn.Settings(), {}], r"^settings\[1\] must be a thermonucleus\.Settings, got \{\} of type dict$"),
    ],
    ids=str,
)
def test_what_is_no_request_is_refused(call: Callable[..., object], settings: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(BATCH, settings)


def test_there_are_as_many_requests_as_rows() -> None:
    with pytest.raises(ValueError, match=r"^settings must be one, or one for each of the 2 rows, got a sequence of 3$"):
        tn.sample(BATCH, [tn.Settings()] * 3)
    with pytest.raises(ValueError, match=r"^settings must be a single one for a single row, got a sequence of 1$"):
        tn.sample(ROW, [tn.Settings()])


@pytest.mark.parametrize("entrance", ["sample", "probabilities", "Sampler"])
def test_an_unknown_keyword_is_refused_with_the_names_there_are(entrance: str) -> None:
    with pytest.raises(TypeError, match=rf"^unexpected keyword 'temprature': the settings are {', '.join(SETTINGS)}$"):
        ENTRANCES[entrance](ROW, temprature=0.5)


# ---- said once


def test_the_keywords_of_a_call_are_the_fields_of_settings() -> None:
    assert list(Keywords.__annotations__) == [field.name for field in dataclasses.fields(tn.Settings)] == list(SETTINGS)
    assert not Keywords.__required_keys__
    for field in dataclasses.fields(tn.Settings):
        assert isinstance(field.default, field.type if isinstance(field.type, type | types.UnionType) else object)
        assert ("bool" in str(Keywords.__annotations__[field.name])) == ("bool" in str(field.type))
        assert field.default is None or SETTINGS[field.name].plain(SETTINGS[field.name].off) == field.default


@pytest.mark.parametrize("function", [tn.sample, tn.probabilities, tn.Sampler])
def test_a_signature_shows_the_common_settings_with_their_defaults(function: Callable[..., object]) -> None:
    parameters = inspect.signature(function).parameters
    shown = {name: parameter.default for name, parameter in parameters.items() if name in SETTINGS}
    assert shown == {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
    assert list(parameters)[-1] == "keywords"
    assert parameters["settings"].default is None


def test_docstrings_have_a_row_for_each_setting() -> None:
    for name, setting in SETTINGS.items():
        kind = setting.kind.form
        assert f"\n{name} : {kind}, default {setting.default}\n    {setting.says}\n" in str(inspect.getdoc(tn.Settings))
        row = f"\n{name} : {kind} or array_like of shape (B,), default {setting.default}\n    {setting.says}\n"
        assert (row in str(inspect.getdoc(tn.sample))) == setting.common
    for function in (tn.Settings, tn.sample, tn.probabilities, tn.Sampler):
        assert " settings>" not in str(function.__doc__)
        assert max(map(len, str(function.__doc__).splitlines())) <= 132
