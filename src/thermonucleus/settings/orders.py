"""What the stages are, which settings each of them reads, and the orders in which different systems apply them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = [
    "NUMBER",
    "ORDER",
    "ORDERS",
    "PRESETS",
    "STAGES",
    "STEPS",
    "TEMPERATURE_LAST",
    "Order",
    "OrderKind",
    "Places",
    "PossibleStep",
    "Stage",
    "places_in",
]

Order: TypeAlias = str | tuple[str, ...]
"""The name of an order of `ORDERS`, or the names of stages."""

STEPS: Mapping[str, int] = {
    "temperature": 1,
    "dynamic_temperature": 3,
    "smoothing": 2,
    "top_k": 1,
    "top_p": 1,
    "min_p": 1,
    "epsilon_cutoff": 1,
    "eta_cutoff": 1,
    "top_a": 1,
    "top_n_sigma": 1,
    "p_less": 0,
    "p_less_norm": 0,
    "top_h": 1,
    "tfs": 1,
    "min_k": 1,
    "typical_p": 1,
    "xtc": 2,
    "mirostat_1": 2,
    "mirostat_2": 1,
    "adaptive_p": 1,
}
"""What a plan is made of: each step with how many numbers it has, in the order of the kernel's numbers for them, which begin at 1.

Those whose numbers change from draw to draw are the last.
"""

NUMBER = {name: float(number) for number, name in enumerate(STEPS, 1)}
"""The kernel's number of each step; 0 is none."""

PossibleStep: TypeAlias = tuple[Any, Any, Any, Any, Any]
"""Whether a step is on, its number in the kernel, up to three of its own. In a batch, some may be arrays with one a row."""


class Stage(NamedTuple):
    """A place in an order."""

    name: str
    settings: tuple[str, ...]
    """The settings that it reads; the first is the one that turns it on."""
    possible: Callable[..., list[PossibleStep]]
    """Takes the numbers of these settings, and returns the steps that they may ask for."""

    def steps(self, values: Mapping[str, Any]) -> list[PossibleStep]:
        """Return the steps that settings ask for, with those that are off."""
        return self.possible(*map(values.__getitem__, self.settings))


def step(on: Any, name: str, first: Any = 0.0, second: Any = 0.0, third: Any = 0.0) -> PossibleStep:
    """Make a step of its name and numbers."""
    return on, NUMBER[name], first, second, third


def truncation(name: str, on: Callable[[Any], Any]) -> Stage:
    """Make a stage of one step that has the name of its only setting, and its number."""
    number = NUMBER[name]
    return Stage(name, (name,), lambda x: [(on(x), number, x, 0.0, 0.0)])


def temperatures(t: Any, spread: Any, low: Any, high: Any, exponent: Any) -> list[PossibleStep]:
    """Return a temperature, and in its place a dynamic one where that is on: around it or from `low` to `high`."""
    around, between = spread > 0, (low >= 0) | (high >= 0)
    if around is False and between is False:
        return [step(t != 1, "temperature", t)]
    if np.any(around & between):
        raise ValueError("dynatemp_range and dynatemp_low with dynatemp_high are two ways to say the same: give one of them")
    if np.any((low >= 0) != (high >= 0)):
        raise ValueError("dynatemp_low and dynatemp_high must be given together")
    if np.any(low > high):
        raise ValueError(f"dynatemp_low must be at most dynatemp_high, got {low} and {high}")
    dynamic = around | between
    coolest, hottest = np.where(between, low, np.maximum(t - spread, 0)), np.where(between, high, t + spread)
    return [
        step(np.logical_and(t != 1, np.logical_not(dynamic)), "temperature", t),
        step(dynamic, "dynamic_temperature", coolest, hottest, exponent),
    ]


def mirostats(which: Any, tau: Any, eta: Any, m: Any) -> list[PossibleStep]:
    """Return both versions as they start: their mu, which changes from draw to draw, is 2 tau then."""
    return [step(which == 1, "mirostat_1", 2 * tau, m), step(which == 2, "mirostat_2", 2 * tau)]


# A setting that is None is NaN here, and no comparison with NaN holds.
STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("temperature", ("temperature", "dynatemp_range", "dynatemp_low", "dynatemp_high", "dynatemp_exponent"), temperatures),
        Stage("smoothing", ("smoothing_factor", "smoothing_curve"), lambda f, curve: [step(f > 0, "smoothing", f, curve)]),
        truncation("top_n_sigma", lambda n: n > 0),
        truncation("min_k", lambda tau: tau >= 0),
        truncation("top_h", lambda h: h > 0),
        truncation("top_k", lambda k: k > 0),
        truncation("top_p", lambda p: p < 1),
        truncation("min_p", lambda ratio: ratio > 0),
        truncation("typical_p", lambda p: p < 1),
        truncation("epsilon_cutoff", lambda epsilon: epsilon > 0),
        truncation("eta_cutoff", lambda epsilon: epsilon > 0),
        truncation("tfs", lambda z: z < 1),
        truncation("top_a", lambda a: a > 0),
        Stage("p_less", ("p_less",), lambda which: [step(which == 1, "p_less"), step(which == 2, "p_less_norm")]),
        # No two tokens have more than a half each.
        Stage("xtc", ("xtc_probability", "xtc_threshold"), lambda p, t: [step((p > 0) & (t <= 0.5), "xtc", p, t)]),
        Stage("mirostat", ("mirostat", "mirostat_tau", "mirostat_eta", "mirostat_m"), mirostats),
        # As it starts: the target adapted to the draws so far is the target then.
        Stage("adaptive_p", ("adaptive_target", "adaptive_decay"), lambda target, decay: [step(target >= 0, "adaptive_p", target)]),
    )
}
"""The stages, in our order: that of transformers where it has them, and each in one place.

What measures the whole row's logits, top_n_sigma and min_k, comes before all that cuts; p_less is defined on tempered
probabilities; xtc takes off the top of what the others leave; then comes what changes with each draw.
"""

VARIANTS: Mapping[str, Stage] = {
    "top_h_of_100": Stage("top_h_of_100", ("top_h",), lambda h: [step(h > 0, "top_k", 100.0), step(h > 0, "top_h", h)]),
    "mirostat_instead": STAGES["mirostat"]._replace(name="mirostat_instead"),
}
"""Stages as some system has them: top_h on the 100 most probable, mirostat instead of all truncations that are on."""

LATER = ("temperature", "smoothing", "mirostat", "adaptive_p")

TEMPERATURE_LAST = (*(name for name in STAGES if name not in LATER), *LATER)
"""The order that ``temperature_last=True`` means."""

ORDERS: Mapping[str, tuple[str, ...]] = {
    "default": tuple(STAGES),
    "transformers": ("temperature", "top_h_of_100", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff"),
    "llama.cpp": (
        *("top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "xtc", "temperature"),
        *("mirostat_instead", "adaptive_p"),
    ),
    "vllm": ("temperature", "min_p", "top_k", "top_p"),
    "mlx-lm": ("top_p", "min_p", "xtc", "top_k", "temperature"),
}
"""The order of stages of each system: transformers 5.24, llama.cpp (llama-cpp-python 0.3.36), vLLM 0.33, mlx-lm 0.32.2."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "transformers": {"top_k": 50},
    "llama.cpp": {"temperature": 0.8, "top_k": 40, "top_p": 0.95, "min_p": 0.05},
    "vllm": {},
    # Its top_p is 0 by default, which is off there.
    "mlx-lm": {"temperature": 0.0},
}
"""The default settings of the same systems, where they are not ours."""


class Places(NamedTuple):
    """An order, as what follows it reads it."""

    stages: tuple[Stage, ...]
    of: Mapping[str, int]
    """In which of the stages a setting is read; -1 for none."""


@cache
def places_in(order: Order) -> Places:
    """Return the stages of an order that has been checked, and where in it each setting is read."""
    stages = tuple(VARIANTS.get(name) or STAGES[name] for name in (ORDERS[order] if isinstance(order, str) else order))
    of = {name: -1 for stage in STAGES.values() for name in stage.settings} | {"order": -1, "temperature_last": -1}
    return Places(stages, of | {name: place for place, stage in enumerate(stages) for name in stage.settings})


class OrderKind:
    """The name of an order, or the names of stages in a sequence."""

    expected = f"one of {', '.join(map(repr, ORDERS))} or a sequence of stages"
    form = "str or sequence of str"

    def __call__(self, value: object, rows: int | None = None, *, name: str, none: object = None, hint: str = "") -> Order:
        """Return an order as its name or as a tuple; raise TypeError or ValueError."""
        if isinstance(value, str):
            if value not in ORDERS:
                raise ValueError(f"{name} must be {self.expected}, got {value!r}")
            return str(value)
        if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
            raise TypeError(f"{name} must be {self.expected}, got {value!r} of type {type(value).__name__}")
        stages = tuple(map(str, value))
        for one in stages:
            if one not in STAGES and one not in VARIANTS:
                raise ValueError(f"{name} has {one!r}, which is no stage: the stages are {', '.join((*STAGES, *VARIANTS))}")
        read = [one.settings[0] for one in places_in(stages).stages]
        for place, setting in enumerate(read):
            if setting in read[:place]:
                raise ValueError(
                    f"{name} has {stages[read.index(setting)]} and {stages[place]}, where each stage may be once: "
                    f"the stages are {', '.join(STAGES)}"
                )
        if "adaptive_p" in stages[:-1]:
            raise ValueError(f"{name} must have adaptive_p last, as a token is drawn from what it makes, got {stages}")
        return stages

    def plain(self, column: Any) -> Any:
        """Return a checked order as it is kept."""
        return column


ORDER = OrderKind()
