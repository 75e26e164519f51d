"""The tokens that llama.cpp keeps are those kept here, by its samplers one by one, in its default chain, and from draw to draw.

What is not compared, and why:

- Rows with a token within `same_sets.MARGIN` of a boundary: its float32 decides there, and equal logits on both sides of one are
  cut through. Locally typical keeps one token more there than here on a sum that is met exactly.
- Locally typical where a candidate has a probability of 0, by a mask or by its own top-n-sigma: its entropy is NaN then, and the
  set that of another order.
- Dynamic temperature where candidates are masked: it counts them among those that the entropy is measured against.
- Mirostat 1 where a candidate among the 100 most probable is masked, which makes its exponent infinite, and where the count is more
  than an int of C holds: it keeps one token then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from cases import Row as Logits
from same_sets import LARGEST, MARGIN, MASKED, Comparison, Row, margin, of_kernel, rows

from thermonucleus.reference import softmax, state

llama_cpp = pytest.importorskip("llama_cpp")

ORDER = "llama.cpp"

SUMMED = 4_000
"""Tokens of a row of locally typical at most: it adds up the entropy in float32, term after term."""

DRAWN: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
    "top_n_sigma": lambda rng: {"top_n_sigma": rng.uniform(0.3, 4)},
    "top_k": lambda rng: {"top_k": int(rng.integers(1, 200))},
    "typical_p": lambda rng: {"typical_p": rng.uniform(0.1, 0.97)},
    "top_p": lambda rng: {"top_p": rng.uniform(0.05, 0.995)},
    "min_p": lambda rng: {"min_p": rng.uniform(0.005, 0.6)},
    "xtc": lambda rng: {"xtc_probability": 1.0, "xtc_threshold": 10 ** rng.uniform(-4, -0.6)},
    "temperature": lambda rng: {"temperature": rng.uniform(0.5, 3)},
    "dynamic_temperature": lambda rng: {
        "temperature": rng.uniform(0.5, 3),
        "dynatemp_range": rng.uniform(0.1, 0.4),
        "dynatemp_exponent": rng.uniform(0.3, 3),
    },
}
"""Numbers for each of its samplers, drawn from where it cuts something."""


class Candidates:
    """An array of tokens as its samplers take it."""

    def __init__(self, row: Logits) -> None:
        self._length = len(row)
        self._data = (llama_cpp.llama_token_data * len(row))()
        tokens = np.ctypeslib.as_array(self._data)
        tokens["id"] = np.arange(len(row))
        tokens["logit"] = row
        self.array = llama_cpp.llama_token_data_array(data=self._data, size=len(row), selected=-1, sorted=False)

    @property
    def selected(self) -> int:
        return int(self.array.data[self.array.selected].id)

    def drawn_from(self) -> Row:
        """Compute in float64 what it draws from: the tokens that are left, without those that it has marked with -inf."""
        logits = np.full(self._length, -np.inf)
        left = np.ctypeslib.as_array(self.array.data, (self.array.size,))  # no more those given: XTC moves the pointer
        logits[left["id"]] = left["logit"]
        return softmax(logits)


@contextmanager
def chain_of(*samplers: Any) -> Iterator[Any]:
    """Make a chain, which owns its samplers."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    try:
        for sampler in samplers:
            llama_cpp.llama_sampler_chain_add(chain, sampler)
        yield chain
    finally:
        llama_cpp.llama_sampler_free(chain)


def samplers_of(settings: dict[str, float]) -> list[Any]:
    """Make the samplers of a chain that truncates, in its default order; each keeps at least one token."""
    made = []
    if "top_n_sigma" in settings:
        made.append(llama_cpp.llama_sampler_init_top_n_sigma(settings["top_n_sigma"]))
    if "top_k" in settings:
        made.append(llama_cpp.llama_sampler_init_top_k(settings["top_k"]))
    if "typical_p" in settings:
        made.append(llama_cpp.llama_sampler_init_typical(settings["typical_p"], 1))
    if "top_p" in settings:
        made.append(llama_cpp.llama_sampler_init_top_p(settings["top_p"], 1))
    if "min_p" in settings:
        made.append(llama_cpp.llama_sampler_init_min_p(settings["min_p"], 1))
    if "xtc_threshold" in settings:
        made.append(llama_cpp.llama_sampler_init_xtc(settings["xtc_probability"], settings["xtc_threshold"], 1, 0))
    if "temperature" in settings:
        spread, exponent = settings.get("dynatemp_range", 0.0), settings.get("dynatemp_exponent", 1.0)
        made.append(llama_cpp.llama_sampler_init_temp_ext(settings["temperature"], spread, exponent))
    return made


def theirs(row: Logits, settings: dict[str, float]) -> Row:
    candidates = Candidates(row)
    with chain_of(*samplers_of(settings)) as chain:
        llama_cpp.llama_sampler_apply(chain, candidates.array)
    return candidates.drawn_from()


def comparison(margin: float = MARGIN) -> Comparison:
    return Comparison(ORDER, rtol=5e-5, atol=1e-9, margin=margin)


@pytest.mark.parametrize("name", DRAWN)
def test_a_sampler_keeps_what_the_stage_of_its_name_does(name: str) -> None:
    rng = np.random.default_rng(1)
    compare = comparison()
    without = [MASKED, "one left"] if name in ("typical_p", "dynamic_temperature") else []
    for row in rows(2, 1000, *without, largest=SUMMED if name == "typical_p" else LARGEST):
        settings = DRAWN[name](rng)
        compare(row, settings, theirs(row, settings))
    compare.finish(cut=0.0 if "temperature" in name else 0.25)


def some_of(row: Logits, rng: np.random.Generator) -> dict[str, float]:
    """Draw settings of some of its samplers, so that now and then all of them are on."""
    part = rng.random()
    on = {name for name in DRAWN if rng.random() < part}
    if "top_n_sigma" in on or row.min() == -np.inf or len(row) > SUMMED:
        on -= {"typical_p"}
    if ("top_n_sigma" in on or row.min() == -np.inf) and "min_p" not in on:  # which removes what is masked
        on -= {"dynamic_temperature"}
    settings: dict[str, float] = {}
    for name in DRAWN:
        if name in on:
            settings |= DRAWN[name](rng)
    return settings


def test_its_chain_draws_from_what_is_drawn_from_here_in_its_order() -> None:
    rng = np.random.default_rng(3)
    compare = comparison()
    for row in rows(4, 2000):
        settings = some_of(row, rng)
        compare(row, settings, theirs(row, settings))
    compare.finish(cut=0.6)


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_temperature_0_leaves_the_most_probable_of_what_is_kept(temperature: float) -> None:
    cutting = {"xtc_probability": 1.0, "xtc_threshold": 0.05}
    for row in rows(5, 100):
        assert margin(row, ORDER, cutting) > MARGIN
        np.testing.assert_array_equal(
            theirs(row, {**cutting, "temperature": temperature}), of_kernel(row, ORDER, {**cutting, "temperature": 0.0})
        )


# ---- what a draw leaves for the next one


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("temperature", [1.0, 0.7, 1.6])
@pytest.mark.parametrize(("tau", "eta"), [(5.0, 0.1), (2.0, 0.5), (3.5, 0.02)])
def test_mirostat_keeps_the_same_tokens_from_draw_to_draw(tau: float, eta: float, temperature: float, version: int) -> None:
    size = 1_000
    init = (
        llama_cpp.llama_sampler_init_mirostat(size, 7, tau, eta, 100)
        if version == 1
        else llama_cpp.llama_sampler_init_mirostat_v2(7, tau, eta)
    )
    rng = np.random.default_rng(6)
    # Its mu is float32, and rounded at each draw.
    compare = comparison(margin=2e-5)
    mu = 2 * tau
    with chain_of(llama_cpp.llama_sampler_init_temp(temperature), init) as chain:
        for _ in range(200):
            row = rng.normal(0, rng.uniform(1, 2.5), size).astype(np.float32)
            row[rng.random(size) < 0.3] = -np.inf
            candidates = Candidates(row)
            llama_cpp.llama_sampler_apply(chain, candidates.array)
            compare(row, {"temperature": temperature, f"mirostat_{version}": mu}, candidates.drawn_from())
            # Among the tokens that it kept: where the row is left out, they may not be ours.
            surprise = -np.log2(candidates.drawn_from()[candidates.selected])
            mu = state.mirostat_update(mu, surprise, tau, eta)
    compare.finish(cut=0.5)


@pytest.mark.parametrize(("target", "decay"), [(0.3, 0.9), (0.6, 0.5), (0.05, 0.99), (0.4, 0.0)])
def test_adaptive_p_has_the_same_weights_from_draw_to_draw(target: float, decay: float) -> None:
    compare = comparison()
    weighted_sum, total_weight = target / (1 - decay), 1 / (1 - decay)
    cutting = {"min_p": 0.02}
    with chain_of(*samplers_of(cutting), llama_cpp.llama_sampler_init_adaptive_p(target, decay, 9)) as chain:
        for row in rows(10, 300):
            candidates = Candidates(row)
            llama_cpp.llama_sampler_apply(chain, candidates.array)
            adapted = state.adapted_target(target, weighted_sum, total_weight)
            compare(row, {**cutting, "adaptive_p": adapted}, candidates.drawn_from())
            p = theirs(row, cutting)[candidates.selected]
            weighted_sum, total_weight = state.adaptive_sums(weighted_sum, total_weight, p, decay)
            llama_cpp.llama_sampler_accept(chain, candidates.selected)
    compare.finish(cut=0.5)


def test_adaptive_p_that_is_off_changes_nothing() -> None:
    compare = comparison()
    with chain_of(llama_cpp.llama_sampler_init_adaptive_p(-1.0, 0.9, 0)) as chain:
        for row in rows(11, 50):
            candidates = Candidates(row)
            llama_cpp.llama_sampler_apply(chain, candidates.array)
            compare(row, {}, candidates.drawn_from())
    compare.finish(cut=0.0)
