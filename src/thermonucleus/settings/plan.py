"""From the requests or keywords of a call to the plan that the kernel reads: the steps that are on, for all rows or for each."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from thermonucleus.settings.chain import chain, refuse_state
from thermonucleus.settings.checks import Column, as_array
from thermonucleus.settings.orders import STEPS, Order, PossibleStep
from thermonucleus.settings.settings import DEFAULTS, SETTINGS, Keywords, Settings, setting_named

__all__ = [
    "Requests",
    "Step",
    "as_plan",
    "as_requests",
    "check_keywords",
    "count_rows",
    "of_row",
    "plan",
    "plan_of",
    "steps_in",
    "steps_of",
]

Requests: TypeAlias = Settings | Sequence[Settings] | None
"""The settings of a call: one request for all rows, or one for each; None for all defaults."""

Step: TypeAlias = tuple[str, *tuple[float, ...]]
"""The name of a step, then its numbers."""

NAMES = tuple(STEPS)

WIDTH = 4
"""A step in a plan: its number in the kernel, and up to three numbers of its own."""

NOTHING = (0.0,) * WIDTH

END = np.full(WIDTH, -1.0).tobytes()
"""What follows the steps where there is no array that says how many they are."""

PLAIN = frozenset({bool, float, int, str, type(None)})
"""The types of values that are the same wherever they are equal."""


def as_plan(requests: Requests, keywords: Mapping[str, object], rows: int | None = None) -> NDArray[np.float64]:
    """Check the settings of a call, and lay out the steps that they ask for.

    Parameters
    ----------
    requests : Settings, sequence of Settings or None
        A request for all rows, or one for each.
    keywords : mapping of str to number or array_like of shape (rows,)
        Settings that take the place of those of the requests. What is not given is not looked at.
    rows : int, optional
        Number of rows in the batch; None for a single row, whose settings are numbers.

    Returns
    -------
    ndarray of float64, shape (1, n, 4) or (rows, n, 4)
        For all rows or for each, n steps: a step's number in the kernel, then its own numbers. 0 is no step. Not to be written to.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type, shape or range, or cannot be beside another; the message names it. If one needs a Sampler.

    Examples
    --------
    >>> as_plan(Settings(temperature=0.5), {"top_p": [0.9, 1.0]}, rows=2)
    array([[[1. , 0.5, 0. , 0. ],
            [5. , 0.9, 0. , 0. ]],
    <BLANKLINE>
           [[1. , 0.5, 0. , 0. ],
            [0. , 0. , 0. , 0. ]]])
    """
    if requests is None and PLAIN.issuperset(map(type, keywords.values())):
        return _plan_of_plain(tuple(keywords.items()), tuple(map(type, keywords.values())))
    if requests is not None and not isinstance(requests, Settings):
        requests = as_requests(requests, rows)
    return plan_of(requests, check_keywords(keywords, rows), rows, stateless=True)


@lru_cache(256)
def _plan_of_plain(keywords: tuple[tuple[str, object], ...], types: tuple[type, ...]) -> NDArray[np.float64]:
    """Make the plan of single values once, as loops call with the same again and again; the types tell 1 from True."""
    return plan_of(None, check_keywords(dict(keywords)), None, stateless=True)


def as_requests(requests: object, rows: int | None = None) -> tuple[Settings, ...]:
    """Return a request for each of the rows; raise TypeError or ValueError if that is not what they are."""
    if not isinstance(requests, Sequence) or isinstance(requests, str | bytes):
        raise TypeError(
            f"settings must be a thermonucleus.Settings or a sequence of them, got {requests!r} of type {type(requests).__name__} "
            "(a single setting is given by its name, as in temperature=0.8)"
        )
    for i, request in enumerate(requests):
        if not isinstance(request, Settings):
            raise TypeError(f"settings[{i}] must be a thermonucleus.Settings, got {request!r} of type {type(request).__name__}")
    if len(requests) != rows:
        wanted = "a single one for a single row" if rows is None else f"one, or one for each of the {rows} rows"
        raise ValueError(f"settings must be {wanted}, got a sequence of {len(requests)}")
    return tuple(requests)


def count_rows(requests: Requests, keywords: Mapping[str, object]) -> int | None:
    """Return the number of rows that settings are for, None if they are for any; that all of them agree is for others to check."""
    if isinstance(requests, Sequence):
        return len(requests)
    for name, value in keywords.items():
        if name == "order":  # a sequence that is for all rows
            continue
        shape: tuple[int, ...] = () if isinstance(value, float | int | str | None) else as_array(value, name).shape
        if shape:
            return shape[0]
    return None


def check_keywords(keywords: Mapping[str, object], rows: int | None = None) -> dict[str, Column | Order]:
    """Return settings by name as numbers or arrays of shape (rows,); raise TypeError or ValueError."""
    return {name: (SETTINGS.get(name) or setting_named(name)).check(value, rows) for name, value in keywords.items()}


def plan_of(
    requests: Requests, columns: Mapping[str, Column | Order], rows: int | None, *, stateless: bool = False
) -> NDArray[np.float64]:
    """Lay out requests and keywords that have been checked one by one; refuse those that need a Sampler, where there is none."""
    if requests is None or isinstance(requests, Settings):
        if not any(isinstance(column, np.ndarray) for column in columns.values()):
            lines = _lines(requests, columns)
            if stateless and lines:
                refuse_state(max(lines)[0])
            return np.array(lines, np.float64).reshape(1, len(lines), WIDTH)
        assert rows is not None
        plan = _in_columns(chain(*_given(requests, columns)), rows)
    else:
        plan = _in_rows([_lines(request, _of_row(columns, i)) for i, request in enumerate(requests)])
    if stateless and plan.size:
        refuse_state(plan[:, :, 0].max())
    return plan


def _given(request: Settings | None, columns: Mapping[str, Column | Order]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what is given by a request and beside it, and all values then."""
    given = columns if request is None else {**request._columns, **columns}
    return given, {**DEFAULTS, **given}


def _lines(request: Settings | None, columns: Mapping[str, Column | Order]) -> list[tuple[float, ...]]:
    """Return the lines of a plan for one request and what is given beside it."""
    if request is not None and not columns:
        return request._lines
    return [step[1:] for step in chain(*_given(request, columns))]


def _of_row(columns: Mapping[str, Column | Order], row: int) -> Mapping[str, Column | Order]:
    """Return settings by name as a row has them."""
    return columns and {name: of_row(column, row) for name, column in columns.items()}


def of_row(column: Column | Order, row: int) -> float | Order:
    """Return what a row has of what is for all of them, or one for each."""
    return float(column[row]) if isinstance(column, np.ndarray) else column


def _in_rows(each: Sequence[list[tuple[float, ...]]]) -> NDArray[np.float64]:
    """Lay out the lines of each row."""
    longest = max(map(len, each), default=0)
    # What fills up the shorter ones comes first: adaptive_p is the last step.
    lines = [line for row in each for line in [NOTHING] * (longest - len(row)) + row]
    return np.array(lines, np.float64).reshape(len(each), longest, WIDTH)


def _in_columns(steps: Sequence[PossibleStep], rows: int) -> NDArray[np.float64]:
    """Lay out steps that differ from row to row."""
    table = np.zeros((rows, len(steps), WIDTH))
    for i, (on, *numbers) in enumerate(steps):
        for j, number in enumerate(numbers):
            table[:, i, j] = np.where(on, number, 0.0)
    return table


def steps_in(row: NDArray[np.float64]) -> list[Step]:
    """Return the steps of a row of a plan by name.

    Examples
    --------
    >>> steps_in(np.array([[1.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [17.0, 0.5, 0.1, 0.0]]))
    [('temperature', 0.5), ('xtc', 0.5, 0.1)]
    """
    named = ((NAMES[int(number) - 1], numbers) for number, *numbers in row.tolist() if number)
    return [(name, *numbers[: STEPS[name]]) for name, numbers in named]


def steps_of(settings: Settings | None = None, **keywords: Unpack[Keywords]) -> list[Step]:
    """Return the steps that settings ask for, as `thermonucleus.reference` takes them.

    Parameters
    ----------
    settings : Settings, optional
        The settings; all defaults by default.
    **keywords
        Single values of settings, by name, that take the place of those.

    Returns
    -------
    list of tuples
        The name of a step, then its numbers; what is off is left out. Mirostat and adaptive-p stand there as before a first draw.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or range, or cannot be beside another; the message names it.

    Examples
    --------
    >>> steps_of(temperature=0.8, top_p=0.95, top_k=50)
    [('temperature', 0.8), ('top_k', 50.0), ('top_p', 0.95)]
    >>> steps_of(Settings.preset("llama.cpp"), min_p=None)
    [('top_k', 40.0), ('top_p', 0.95), ('temperature', 0.8)]
    """
    return steps_in(plan_of(settings, check_keywords(keywords), None)[0])


def plan(settings: Settings | None = None, **keywords: Unpack[Keywords]) -> bytes:
    """Make one thing of the settings of a row, for the functions of `thermonucleus.kernel.cython_api` that take a plan.

    Parameters
    ----------
    settings : Settings, optional
        The settings; all defaults by default.
    **keywords
        Single values of settings, by name, that take the place of those.

    Returns
    -------
    bytes
        For this version and this kind of machine alone.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or range, or cannot be beside another; the message names it. If one needs a Sampler.

    Examples
    --------
    >>> plan(top_p=0.95) == plan(Settings(top_p=0.95)) == plan(top_p=0.95, top_k=None)
    True
    """
    return as_plan(settings, keywords).tobytes() + END
