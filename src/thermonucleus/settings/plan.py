"""The settings of a call, laid out as the kernel reads them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.settings.checks import check_flag, check_fraction, check_temperature, check_top_k

__all__ = ["plan", "settings_table"]


def settings_table(
    temperature: ArrayLike,
    top_k: ArrayLike | None,
    top_p: ArrayLike,
    min_p: ArrayLike,
    temperature_last: ArrayLike = False,
    *,
    rows: int | None = None,
) -> NDArray[np.float64]:
    """Check the settings of a call and lay them out in rows of numbers, in the order of the arguments.

    Parameters
    ----------
    temperature, top_k, top_p, min_p, temperature_last : number or array_like of shape (rows,)
        As in `thermonucleus.sample`.
    rows : int, optional
        Number of rows in the batch; None for a single row, whose settings are numbers.

    Returns
    -------
    ndarray of float64, shape (1, 5) or (rows, 5)
        One row of settings serves all rows of logits.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type, shape or range; the message names it and its value.
    """
    columns = (
        check_temperature(temperature, rows),
        check_top_k(top_k, rows),
        check_fraction(top_p, rows, name="top_p"),
        check_fraction(min_p, rows, name="min_p"),
        check_flag(temperature_last, rows, name="temperature_last"),
    )
    if all(isinstance(column, float) for column in columns):
        return np.array([columns])
    return np.column_stack(np.broadcast_arrays(*columns))


def plan(
    *,
    temperature: float = 1.0,
    top_k: int | None = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    temperature_last: bool = False,
) -> bytes:
    """Make one thing of the settings of a row, for the functions of `thermonucleus.kernel.cython_api` that take a plan.

    Parameters
    ----------
    temperature, top_k, top_p, min_p, temperature_last : number
        As in `thermonucleus.sample`.

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
    >>> plan(top_p=0.95) == plan(top_p=0.95, top_k=None)
    True
    """
    return settings_table(temperature, top_k, top_p, min_p, temperature_last).tobytes()
