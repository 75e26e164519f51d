"""From the requests or keywords of a call to the table of numbers that the kernel reads."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from thermonucleus.settings.checks import Column, as_array
from thermonucleus.settings.settings import SETTINGS, Keywords, Settings, setting_named

__all__ = ["Requests", "as_requests", "as_table", "check_keywords", "count_rows", "plan", "plan_of", "settings_table", "table_of"]

Requests: TypeAlias = Settings | Sequence[Settings] | None
"""The settings of a call: one request for all rows, or one for each; None for all defaults."""

DEFAULTS = [float(setting.default) for setting in SETTINGS.values()]

numbers_of = attrgetter(*SETTINGS)


def as_table(requests: Requests, keywords: Mapping[str, object], rows: int | None = None) -> NDArray[np.float64]:
    """Check the settings of a call and lay them out in rows of numbers, in the order of `Settings`.

    Parameters
    ----------
    requests : Settings, sequence of Settings or None
        A request for all rows, or one for each.
    keywords : mapping of str to number or array_like of shape (rows,)
        Settings that take the place of those of the requests. What is not given is not checked.
    rows : int, optional
        Number of rows in the batch; None for a single row, whose settings are numbers.

    Returns
    -------
    ndarray of float64, shape (1, n) or (rows, n)
        A column for each setting. One row of settings serves all rows of logits.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type, shape or range; the message names it and its value.

    Examples
    --------
    >>> as_table(Settings(temperature=0.5), {"top_p": [0.9, 0.8]}, rows=2)
    array([[0.5, 0. , 0.9, 0. , 0. ],
           [0.5, 0. , 0.8, 0. , 0. ]])
    """
    if requests is not None and not isinstance(requests, Settings):
        requests = as_requests(requests, rows)
    return table_of(requests, check_keywords(keywords, rows), rows)


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
        shape: tuple[int, ...] = () if isinstance(value, float | int | None) else as_array(value, name).shape
        if shape:
            return shape[0]
    return None


def check_keywords(keywords: Mapping[str, object], rows: int | None = None) -> dict[str, Column]:
    """Return settings by name as numbers or arrays of shape (rows,); raise TypeError or ValueError."""
    return {name: (SETTINGS.get(name) or setting_named(name)).check(value, rows) for name, value in keywords.items()}


def table_of(
    requests: Settings | Sequence[Settings] | None, columns: Mapping[str, Column], rows: int | None
) -> NDArray[np.float64]:
    """Lay out requests and keywords that have been checked."""
    if requests is None or isinstance(requests, Settings):
        numbers: list[Column] = list(DEFAULTS if requests is None else numbers_of(requests))
        for name, column in columns.items():
            numbers[SETTINGS[name].index] = column
        if rows is None or all(isinstance(column, float) for column in columns.values()):
            return np.array([numbers], np.float64)
        return np.column_stack(np.broadcast_arrays(*numbers))
    table = np.array([numbers_of(request) for request in requests], np.float64).reshape(-1, len(SETTINGS))
    for name, column in columns.items():
        table[:, SETTINGS[name].index] = column
    return table


def settings_table(*values: object, rows: int | None = None, **keywords: object) -> NDArray[np.float64]:
    """Check settings, given in their order or by name, and lay them out as `as_table` does."""
    return as_table(None, dict(zip(SETTINGS, values, strict=False)) | keywords, rows)


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
        If a setting has the wrong type or range; the message names it and its value.

    Examples
    --------
    >>> plan(top_p=0.95) == plan(Settings(top_p=0.95)) == plan(top_p=0.95, top_k=None)
    True
    """
    return plan_of(as_table(settings, keywords)).tobytes() + END


def plan_of(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay out rows of settings as the steps that the kernel reads: (rows, steps, 4)."""
    plan = np.zeros((len(table), 5, 4))
    for at, stage, number, off in ((1, 4, 1, 0), (2, 5, 2, 1), (3, 6, 3, 0)):
        plan[:, at, 0] = np.where(table[:, number] != off, stage, 0)
        plan[:, at, 1] = table[:, number]
    last = table[:, 4] != 0
    for at, here in ((0, ~last), (4, last)):
        plan[:, at, 0] = here & (table[:, 0] != 1)
        plan[:, at, 1] = table[:, 0]
    return plan


END = np.full(4, -1.0).tobytes()
