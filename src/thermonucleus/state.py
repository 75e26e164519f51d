"""`State`: what a `Sampler` remembers of the tokens that it drew."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermonucleus.kernel.bridge import Batch
from thermonucleus.kernel.dispatch import active
from thermonucleus.kernel.followed import FollowedRow, KeptRow
from thermonucleus.laws import NOTHING, OFF, Remembered, Rules, adapted_target, find_stateful, start_of
from thermonucleus.settings import Numbers, SupportsArray, as_array
from thermonucleus.settings.checks import FINITE, NON_NEGATIVE, Range

__all__ = ["State", "Tokens"]

Tokens: TypeAlias = int | np.integer | SupportsArray | Sequence[int]
"""A token, or one for each row."""


class Draw(NamedTuple):
    """The last draw: what it takes to undo it, and to have another token in its place."""

    before: Remembered
    rows: Batch | KeptRow
    vocabulary: int


class State:
    """What a `Sampler` remembers of the tokens that it drew, for the settings that depend on them: mirostat and adaptive-p.

    It belongs to a sampler, as ``sampler.state``, and changes when tokens have been drawn: not where a call raises. Its numbers can
    be read, and set at any time. They are floats in a sampler that draws from single rows. The first batch that is drawn from makes
    them arrays with an entry for each of its rows, and so do settings for each row, and an array that is assigned. From then on, as
    many rows belong to the state, sequence i to row i; other logits are a ValueError until `reset`.

    Attributes
    ----------
    mu : float or ndarray of shape (B,), or None
        Mirostat's bound on the surprise in bits: 2 `mirostat_tau` at the start. After a draw it falls by `mirostat_eta` times what
        the surprise of the token, among the tokens that were kept, was above `mirostat_tau`. None with mirostat off, NaN in a row
        that has it off.
    weighted_sum, total_weight : float or ndarray of shape (B,), or None
        Adaptive-p's sums, of probabilities of the tokens drawn and of their weights. At the start they are those of infinitely many
        tokens as probable as `adaptive_target`. A draw multiplies both by `adaptive_decay`, then adds the probability and 1. None
        with adaptive-p off, NaN in a row that has it off.

    Raises
    ------
    ValueError, TypeError
        If an attribute is set to what is no number, or one out of its range, or if the setting that it belongs to is off.

    See Also
    --------
    thermonucleus.Sampler : Whose state it is.

    Notes
    -----
    Arrays are read as they are at that moment, and cannot be written to: assign another one. `copy` and `copy.deepcopy` give a
    state that goes its own way, and so does `pickle`, which leaves out what `accept` needs of the last draw.

    Examples
    --------
    >>> import numpy as np
    >>> import thermonucleus as tn
    >>> sampler = tn.Sampler(mirostat=2, mirostat_tau=1, mirostat_eta=0.5)
    >>> sampler.state
    State(mu=2.0)
    >>> logits = np.log([0.5, 0.25, 0.125, 0.0625, 0.0625])
    >>> sampler(logits, u=0.9)
    1
    >>> round(sampler.state.mu, 6)
    1.707519
    >>> sampler.state.mu = 3
    >>> sampler.state
    State(mu=3.0)
    """

    __slots__ = ("_is_kept", "_is_shared", "_last", "_now", "_rules", "_settled", "_shape")

    _is_kept: bool  # whether there is anything to remember
    _rules: Rules
    _settled: tuple[int, ...] | None  # the shape that the settings ask for
    _shape: tuple[int, ...] | None  # of the tokens of a draw: () or (B,), None where both may be
    _now: Remembered
    _last: Draw | None
    _is_shared: bool  # whether a copy of this state may ask about the last draw too

    def __init__(self, rules: Rules, rows: int | None = None) -> None:
        self._rules = rules
        self._is_kept = rules is not OFF
        self._settled = None if rows is None else (rows,)
        self.reset()

    @property
    def mu(self) -> Any:
        """Mirostat's bound on the surprise, in bits."""
        return self._read("mu", self._rules.mirostat)

    @mu.setter
    def mu(self, value: Numbers) -> None:
        self._set("mu", value, self._rules.mirostat, "mirostat", FINITE)

    @property
    def weighted_sum(self) -> Any:
        """Adaptive-p's sum of the probabilities of the tokens drawn."""
        return self._read("weighted_sum", self._rules.adaptive)

    @weighted_sum.setter
    def weighted_sum(self, value: Numbers) -> None:
        self._set("weighted_sum", value, self._rules.adaptive, "adaptive_target", NON_NEGATIVE)

    @property
    def total_weight(self) -> Any:
        """Adaptive-p's sum of the weights of the tokens drawn."""
        return self._read("total_weight", self._rules.adaptive)

    @total_weight.setter
    def total_weight(self, value: Numbers) -> None:
        self._set("total_weight", value, self._rules.adaptive, "adaptive_target", NON_NEGATIVE)

    def accept(self, tokens: Tokens) -> None:
        """Have tokens that were drawn elsewhere take the place of the last ones drawn: see `Sampler.accept`.

        Parameters
        ----------
        tokens : int or array_like of int of shape (B,)
            The token; after a draw from a batch, one for each row.

        Raises
        ------
        TypeError, ValueError
            If they are no tokens, or not as many as were drawn. If nothing has been drawn since the state was made, set or reset.

        Examples
        --------
        >>> import thermonucleus as tn
        >>> sampler = tn.Sampler(mirostat=2, mirostat_tau=1, mirostat_eta=0.5)
        >>> sampler([0.0, 0.0, 0.0, 0.0], u=0.5)
        2
        >>> sampler.state.accept(3)
        >>> sampler.state.mu
        1.5
        """
        array = _as_tokens(tokens)
        if not self._is_kept:
            return
        if self._last is None:
            raise ValueError("tokens take the place of those drawn last: none have been since the state was made, set or reset")
        if array.shape != self._shape:
            wanted = f"one for each of the {self._shape[0]} rows" if self._shape else "a single one, as a single row was drawn from"
            raise ValueError(f"tokens must be {wanted}, got shape {array.shape}")
        if array.size and array.max() >= self._last.vocabulary:
            raise ValueError(f"tokens must be less than {self._last.vocabulary}, the size of the vocabulary, got {array.max()}")
        self._follow(array, self._last)

    def reset(self, rows: Any = None) -> None:
        """Begin anew, as before the first draw.

        Parameters
        ----------
        rows : int or array_like of int or bool, optional
            The rows that another sequence begins in, as NumPy's indexing has them; the others go on. All by default: then the next
            logits may also be of another number of rows.

        Raises
        ------
        TypeError, ValueError
            If there are no such rows.

        Examples
        --------
        >>> import thermonucleus as tn
        >>> sampler = tn.Sampler(mirostat=2, mirostat_eta=0.5)
        >>> tokens = sampler([[0.0, 0.0], [0.0, 0.0]], u=[0.3, 0.6])
        >>> sampler.state.reset(1)
        >>> sampler.state
        State(mu=array([12., 10.]))
        >>> sampler.state.reset()
        >>> sampler.state
        State(mu=10.0)
        """
        start = start_of(self._rules) if self._is_kept else NOTHING
        if rows is not None:
            chosen = self._chosen(rows)
            start = Remembered(*(np.where(chosen, new, old) for new, old in zip(start, self._now, strict=True)))
        else:
            self._shape = self._settled
        self._now, self._last, self._is_shared = start, None, False

    def copy(self) -> Self:
        """Return a state with the same numbers, which goes its own way from here.

        Returns
        -------
        State

        Examples
        --------
        >>> import thermonucleus as tn
        >>> sampler = tn.Sampler(mirostat=2)
        >>> before = sampler.state.copy()
        >>> token = sampler([0.0, 0.0])
        >>> sampler.state.mu, before.mu
        (10.4, 10.0)
        """
        return copy.copy(self)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self.copy()

    def __copy__(self) -> Self:
        # Nothing that a state is made of is written to, but for the copy of a row that it alone knows.
        self._is_shared = True
        new = self.__class__.__new__(self.__class__)
        for name in State.__slots__:
            setattr(new, name, getattr(self, name))
        return new

    def __getstate__(self) -> tuple[object, ...]:
        # Without the last draw, which has a copy of the logits.
        return self._is_kept, self._rules, self._settled, self._shape, self._now

    def __setstate__(self, parts: tuple[Any, ...]) -> None:
        self._is_kept, self._rules, self._settled, self._shape, self._now = parts
        self._last, self._is_shared = None, False

    def __repr__(self) -> str:
        known = ((name, getattr(self, name)) for name in Remembered._fields)
        with np.printoptions(threshold=6, edgeitems=3, linewidth=1000):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in known if value is not None)})"

    # ---- for the sampler whose it is

    def _follows(self, rules: Rules, rows: int | None) -> bool:
        """Say whether it is the state of settings with these rules, which are for so many rows or for any."""
        return self._settled == (None if rows is None else (rows,)) and self._rules.are(rules)

    def _check(self, shape: tuple[int, ...]) -> None:
        """Raise a ValueError for other rows than before: (B,), or () for a single one."""
        if self._shape not in (None, shape):
            wanted, got = (f"a batch of {one[0]}" if one else "a single row" for one in (self._shape, shape))
            raise ValueError(
                f"logits must be {wanted}, as those before were that this sampler's state follows, got {got}: "
                "sampler.state.reset() begins anew"
            )

    def _plan(self, plan: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """Return a plan with the numbers of the next draw, for each of so many rows."""
        now = self._now.of_rows(count)
        filled = plan.copy() if len(plan) == count else np.repeat(plan, count, axis=0)
        mirostat, adaptive = find_stateful(filled)
        np.copyto(filled[:, :, 1], now.mu[:, np.newaxis], where=mirostat)
        target = adapted_target(self._rules.target, now.weighted_sum, now.total_weight)
        np.copyto(filled[:, :, 1], target[:, np.newaxis], where=adaptive)
        return filled

    def _take(self, tokens: NDArray[np.int64], rows: Batch, vocabulary: int) -> None:
        """Remember tokens that have been drawn from a batch that nothing writes to."""
        if tokens.size:
            self._is_shared = False
            self._follow(tokens, Draw(self._now.of_rows(tokens.size), rows, vocabulary))

    def _draw(self, row: FollowedRow, logits: NDArray[np.float32], u: float | None) -> int:
        """Draw from a single row, and remember the token; -1 if it cannot be drawn from, and nothing has changed."""
        now, last = self._now, self._last
        target = adapted_target(self._rules.target.item(), now.weighted_sum.item(), now.total_weight.item())
        spare = last.rows if last and isinstance(last.rows, KeptRow) and not self._is_shared else None
        drawn = row.draw(active(), logits, now.mu.item(), target, u, spare)
        if drawn.token >= 0:
            # Ctrl-C may come at any moment: nothing is known of a last draw while its copy of the row is written over.
            self._last = None
            drawn.keep(logits, spare)  # the caller's may be other ones by the time that `accept` asks about them
            self._now, self._shape, self._is_shared = now.after_one(self._rules, drawn.p), (), False
            self._last = Draw(now, drawn, logits.size)
        return drawn.token

    def _follow(self, tokens: NDArray[np.int64], draw: Draw) -> None:
        if isinstance(draw.rows, KeptRow):
            now = draw.before.after_one(self._rules, draw.rows.probability(tokens.item()))
        else:
            p = np.empty(tokens.size)
            draw.rows.token_probabilities(tokens, p)
            now = draw.before.after(self._rules, p)
        self._now, self._shape, self._last = now, tokens.shape, draw

    # ---- attributes

    def _read(self, name: str, on: NDArray[np.bool_]) -> Any:
        if not on.any():
            return None
        numbers: NDArray[np.float64] = getattr(self._now, name)
        if not self._shape:
            return float(numbers[0])
        numbers = numbers.view()
        numbers.flags.writeable = False
        return numbers

    def _set(self, name: str, value: Numbers, on: NDArray[np.bool_], switch: str, kind: Range) -> None:
        if not on.any():
            raise ValueError(f"{name} cannot be set: {switch} is off")
        array = as_array(value, name)
        shape = array.shape if self._shape is None and array.ndim == 1 else self._shape
        if array.shape == on.shape and array.dtype.kind in "iufO":
            value = np.where(on, array, 0.0)  # rows that have it off may be whatever they are read as
        numbers = np.where(on, kind(value, shape[0] if shape else None, name=name), np.nan)
        self._now = self._now._replace(**{name: numbers}).of_rows(*shape or (1,))
        self._shape, self._last = shape, None

    def _chosen(self, rows: Any) -> NDArray[np.bool_]:
        """Return whether each row is one of these."""
        if not self._shape:
            raise ValueError("rows must not be given where the state is not that of a batch: reset() begins anew")
        chosen = np.zeros(self._shape, np.bool_)
        try:
            chosen[as_array(rows, "rows")] = True
        except IndexError as error:
            raise ValueError(f"rows must be some of the {len(chosen)} rows: {error}") from None
        return chosen


def _as_tokens(tokens: Tokens) -> NDArray[np.int64]:
    """Return a token or tokens in a row as an array; raise TypeError or ValueError."""
    array = as_array(tokens, "tokens", "a token or one for each row")
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"tokens must be an integer, or one for each row, got {tokens!r} of type {type(tokens).__name__}")
    if array.size and array.min() < 0:
        raise ValueError(f"tokens must be 0 or more, got {array.min()}")
    return array.astype(np.int64)
