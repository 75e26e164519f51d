"""The steps that settings ask for, in their order; and the settings that cannot be on together."""

import sys
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from thermonucleus.settings.orders import NUMBER, TEMPERATURE_LAST, Order, Places, PossibleStep, places_in

__all__ = ["chain", "refuse_state"]

BENDING = {NUMBER["temperature"], NUMBER["dynamic_temperature"], NUMBER["smoothing"]}
"""The steps that change logits and cut none."""

MIROSTAT = {NUMBER["mirostat_1"], NUMBER["mirostat_2"]}

STATEFUL = {NUMBER["adaptive_p"]: "adaptive_target", **dict.fromkeys(MIROSTAT, "mirostat")}
"""The steps, the last of all, whose numbers change from draw to draw, with the settings that turn them on."""


def chain(given: Collection[str], values: Mapping[str, Any]) -> list[PossibleStep]:
    """Return the steps that settings ask for, in their order, and refuse settings that cannot be on together.

    Parameters
    ----------
    given : collection of str
        The settings to look at; the others are off.
    values : mapping of str to Column or Order
        What all settings are, checked one by one. In a batch, some may be arrays with a number a row.

    Returns
    -------
    list of PossibleStep
        What is off in every row is left out.

    Raises
    ------
    ValueError
        If settings are on that cannot be together, in any row.
    """
    order: Order = values["order"]
    some_last = "temperature_last" in given and bool(np.any(values["temperature_last"]))
    if some_last:
        if order != "default":
            raise ValueError(f"temperature_last is an order of its own: it cannot be True where order is {order!r}")
        order = TEMPERATURE_LAST
    places = places_in(order)
    taken = sorted(set(map(places.of.__getitem__, given)))
    if taken and taken[0] < 0:
        del taken[0]
        _check_absent(given, values, places, order)
    possible = [step for place in taken for step in places.stages[place].steps(values)]
    steps = [step for step in possible if step[0] is True or (step[0] is not False and np.any(step[0]))]
    if "mirostat" in given and np.any(values["mirostat"]):
        steps = _with_mirostat(steps, values, places, taken)
    if some_last and isinstance(values["temperature_last"], np.ndarray):
        steps = _with_some_last(steps, values["temperature_last"] == 1)
    if "adaptive_target" in given:
        _warn_of_the_tail(steps)
    return steps


def refuse_state(number: float) -> None:
    """Raise a ValueError if the largest number of a step in a plan, or that of any one, says that it changes from draw to draw."""
    if number in STATEFUL:
        raise ValueError(f"{STATEFUL[number]} depends on the draws before: it needs a thermonucleus.Sampler, which remembers them")


def _check_absent(given: Collection[str], values: Mapping[str, Any], places: Places, order: Order) -> None:
    """Raise a ValueError if a setting is on whose stage the order does not have."""
    everywhere = places_in("default")
    for name in given:
        if places.of[name] < 0 <= everywhere.of[name]:
            stage = everywhere.stages[everywhere.of[name]]
            if any(np.any(step[0]) for step in stage.steps(values)):
                switch = stage.settings[0] if stage.settings[0] in given else name
                names = ", ".join(stage.name for stage in places.stages)
                raise ValueError(f"{switch} is on, but order {order!r} has no such stage: it has {names}")


def _with_mirostat(
    steps: list[PossibleStep], values: Mapping[str, Any], places: Places, taken: Sequence[int]
) -> list[PossibleStep]:
    """Refuse the truncations that are on beside mirostat, or leave them out in the order of a system that does."""
    on = values["mirostat"] > 0
    if places.stages[places.of["mirostat"]].name == "mirostat_instead":
        plain = _with_plain_temperature(steps, values["temperature"], on)
        return _where(np.logical_not(on), plain, lambda step: step not in BENDING | MIROSTAT)
    clash = [
        stage.settings[0]
        for stage in (places.stages[place] for place in taken)
        if stage.name not in ("temperature", "smoothing", "mirostat")
        and any(np.any(np.logical_and(step[0], on)) for step in stage.steps(values))
    ]
    if clash:
        raise ValueError(f"mirostat takes temperature and smoothing alone beside it, not {' or '.join(clash)}")
    return steps


def _with_plain_temperature(steps: list[PossibleStep], temperature: Any, rows: Any) -> list[PossibleStep]:
    """Have the temperature itself in place of a dynamic one in these rows, which is what llama.cpp puts before mirostat."""
    changed: list[PossibleStep] = []
    for on, number, *numbers in steps:
        if number == NUMBER["dynamic_temperature"]:
            changed.append((on & rows & (temperature != 1), NUMBER["temperature"], temperature, 0.0, 0.0))
            on = np.logical_and(on, np.logical_not(rows))  # noqa: PLW2901
        changed.append((on, number, *numbers))
    return changed


def _with_some_last(steps: list[PossibleStep], last: Any) -> list[PossibleStep]:
    """From the order with the temperature last, make one that has it last in these rows, and first in the others."""
    bending = [step for step in steps if step[1] in BENDING]
    return _where(np.logical_not(last), bending) + _where(last, steps, BENDING.__contains__)


def _where(rows: Any, steps: list[PossibleStep], which: Callable[[float], bool] = bool) -> list[PossibleStep]:
    """Turn the steps of these numbers off in all other rows; leave out what is off in every row then."""
    changed = [(np.logical_and(step[0], rows), *step[1:]) if which(step[1]) else step for step in steps]
    return [step for step in changed if np.any(step[0])]


def _warn_of_the_tail(steps: Sequence[PossibleStep]) -> None:
    """Warn where adaptive-p is on, and nothing cuts the improbable tokens before it."""
    on = [step[0] for step in steps if step[1] == NUMBER["adaptive_p"]]
    # XTC cuts the most probable.
    cut = [step[0] for step in steps if step[1] not in BENDING | {NUMBER["xtc"], NUMBER["adaptive_p"]}]
    if np.any(np.logical_and(reduce(np.logical_or, on, False), np.logical_not(reduce(np.logical_or, cut, False)))):
        warnings.warn(
            "adaptive_target is on without a truncation such as min_p or top_k: every improbable token has a little weight then, "
            "and in a large vocabulary they are drawn nearly always",
            stacklevel=_frames_of_ours(),
        )


def _frames_of_ours() -> int:
    """Count the frames up to the one that called this package."""
    count, frame = 0, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("thermonucleus", "functools"):
        count, frame = count + 1, frame.f_back
    return count
