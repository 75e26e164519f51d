"""What type checkers say of calls: checked by mypy with the rest, and by basedpyright, never run.

A comment that expects an error is an error itself where there is none.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import thermonucleus as tn

Tokens = NDArray[np.int64]
Row = np.ndarray[tuple[int], np.dtype[np.float32]]
Batch = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Tensor:
    """What another library has for an array."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        raise NotImplementedError

    def __float__(self) -> float:
        raise NotImplementedError


def a_row_gives_an_int_and_a_batch_an_array(row: Row, batch: Batch, sampler: tn.Sampler) -> None:
    assert_type(tn.sample(row), int)
    assert_type(tn.sample([1.0, 2.0]), int)
    assert_type(tn.sample((1, 2), top_p=0.9, u=0.5), int)
    assert_type(tn.sample(batch, rng=1), Tokens)
    assert_type(tn.sample([[1.0, 2.0], [2.0, 1.0]]), Tokens)
    assert_type(tn.sample([row, row], workers=2), Tokens)
    assert_type(sampler(row), int)
    assert_type(sampler([1.0, 2.0], u=0.5), int)
    assert_type(sampler(batch), Tokens)
    assert_type(sampler([row, row]), Tokens)


def a_number_of_samples_gives_an_array(row: Row, unknown: NDArray[np.float32], count: int | None, sampler: tn.Sampler) -> None:
    assert_type(tn.sample(row, num_samples=3), Tokens)
    assert_type(tn.sample(unknown, num_samples=3), Tokens)
    assert_type(sampler(Tensor(), num_samples=3), Tokens)
    assert_type(tn.sample(row, num_samples=count), int | Tokens)
    assert_type(sampler(row, num_samples=count), int | Tokens)


def what_has_an_unknown_number_of_axes_gives_what_it_is_taken_for(unknown: NDArray[np.float32], sampler: tn.Sampler) -> None:
    token: int = tn.sample(unknown)
    tokens: Tokens = tn.sample(unknown)
    token = sampler(np.log([0.5, 0.5]))
    tokens = sampler(Tensor(), u=[0.5, 0.5])
    assert_type(token + int(tokens[0]), int)


def probabilities_are_an_array(row: Row, unknown: NDArray[np.float64]) -> None:
    assert_type(tn.probabilities(row, temperature=0.5), NDArray[np.float32])
    assert_type(tn.probabilities(unknown, tn.Settings(), workers=-1), NDArray[np.float32])
    assert_type(tn.probabilities([[1, 2], [3, 4]], out=np.empty((2, 2), np.float32)), NDArray[np.float32])


def settings_are_numbers_or_one_for_each_row(row: Row, batch: Batch) -> None:
    tn.sample(row, temperature=1, top_k=None, top_p=np.float32(0.5), min_p=None, temperature_last=np.True_)
    tn.sample(batch, temperature=[0.5, 1], top_k=np.array([1, 2]), top_p=Tensor(), min_p=[None, 0.1], temperature_last=[True, None])
    tn.sample(batch, [tn.Settings(), tn.Settings(top_k=3)], temperature=0.5)
    tn.sample(row, tn.Settings(temperature=0.5).replace(top_k=None, top_p=0.5))
    tn.sample(row, p_less="norm", top_h=0.4, order="llama.cpp", xtc_probability=0.5)
    tn.sample(batch, p_less=[True, "norm"], top_n_sigma=[None, 1], order=["top_k", "temperature"])
    tn.sample(batch, tn.Settings.preset("llama.cpp"), p_less=np.True_, min_k=Tensor())
    tn.Settings(top_h=None, p_less="norm", mirostat=2, order=("top_k", "temperature"))


def what_is_no_setting_is_an_error(row: Row) -> None:
    tn.sample(row, temperature="hot")  # type: ignore[arg-type]
    tn.sample(row, temperature=["hot"])  # type: ignore[arg-type,list-item]
    tn.sample(row, top_p=0.5j)  # type: ignore[call-overload]
    tn.sample(row, temperature_last=1)  # type: ignore[call-overload]
    tn.sample(row, temprature=0.5)  # type: ignore[call-overload]
    tn.sample(row, 0.8)  # type: ignore[call-overload]
    tn.probabilities(row, temperature="hot")  # type: ignore[arg-type]
    tn.probabilities(row, temprature=0.5)  # type: ignore[call-arg]
    tn.Settings(temperature="hot")  # type: ignore[arg-type]
    tn.Settings(temperature=[0.5, 1])  # type: ignore[arg-type]
    tn.sample(row, p_less="x")  # type: ignore[arg-type]
    tn.Settings(p_less="x")  # type: ignore[arg-type]
    tn.Settings(order=1)  # type: ignore[arg-type]
    tn.Settings(temprature=0.5)  # type: ignore[call-arg]
    tn.Settings().replace(top_k="3")  # type: ignore[arg-type]
    tn.Sampler(top_k="3")  # type: ignore[arg-type]
    tn.Sampler(temprature=0.5)  # type: ignore[call-arg]


def what_is_no_row_is_an_error(sampler: tn.Sampler) -> None:
    tn.sample("abc")  # type: ignore[arg-type]
    tn.sample(["a", "b"])  # type: ignore[list-item]
    tn.sample(None)  # type: ignore[call-overload]
    tn.probabilities("abc")  # type: ignore[arg-type]
    sampler("abc")  # type: ignore[arg-type]


def a_sampler_is_read_and_replaced(sampler: tn.Sampler) -> None:
    temperature: float = sampler.temperature
    assert_type(sampler.settings, tn.Settings | tuple[tn.Settings, ...])
    assert_type(sampler.generator, np.random.Generator)
    assert_type(sampler.workers, int)
    assert_type(sampler.replace(temperature=temperature / 2, top_k=[1, 2], rng=5, workers=2), tn.Sampler)
    assert_type(sampler.replace(settings=tn.Settings(top_k=3), rng=None), tn.Sampler)
    sampler.temperature = 0.5  # type: ignore[attr-defined]
    sampler.generator = np.random.default_rng(1)  # type: ignore[misc]
    sampler.replace(temprature=0.5)  # type: ignore[call-arg]


def a_state_is_read_set_and_copied(sampler: tn.Sampler) -> None:
    assert_type(sampler.state, tn.State)
    assert_type(sampler.state.copy(), tn.State)
    mu: float = sampler.state.mu
    sums: NDArray[np.float64] = sampler.state.weighted_sum
    sampler.state.mu = mu + sums[0]
    sampler.state.total_weight = [1, 2.5]
    sampler.state.weighted_sum = Tensor()
    sampler.state.reset([0, 1])
    sampler.state = sampler.state.copy()  # type: ignore[misc]
    sampler.state.mu = "3"  # type: ignore[assignment]


def tokens_are_accepted(row: Row, batch: Batch, sampler: tn.Sampler) -> None:
    sampler.accept(sampler(row))
    sampler.accept(sampler(batch))
    sampler.accept(np.int64(3))
    sampler.accept([1, 2])
    sampler.accept(Tensor())
    sampler.accept("1")  # type: ignore[arg-type]
    sampler.accept(1.5)  # type: ignore[arg-type]


def seeds(row: Row) -> None:
    for rng in (None, 1, [1, 2], np.array([1, 2]), np.random.default_rng(1), np.random.PCG64(1), np.random.SeedSequence(1)):
        tn.sample(row, rng=rng)
    tn.sample(row, rng="1")  # type: ignore[arg-type]
    tn.sample(row, rng=1.5)  # type: ignore[call-overload]
