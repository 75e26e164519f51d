"""`Sampler`: settings, random state and what the tokens drawn leave behind, kept from token to token."""

import copy
import reprlib
from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from thermonucleus.kernel.bridge import SingleRow
from thermonucleus.kernel.followed import FollowedRow
from thermonucleus.kernel.quick_call import quickly
from thermonucleus.laws import rules_of
from thermonucleus.logits import AnyAxes, Batch, Foreign, Logits, Row, as_rows, explain_fault
from thermonucleus.randomness import Seed, Uniforms, as_generator, as_uniforms
from thermonucleus.sampling import draw_tokens
from thermonucleus.settings import (
    SETTINGS,
    Column,
    Keywords,
    Order,
    Requests,
    Setting,
    Settings,
    as_requests,
    check_keywords,
    count_rows,
    of_row,
    plan_of,
    takes_settings,
)
from thermonucleus.state import State, Tokens
from thermonucleus.workers import check_workers

__all__ = ["Sampler"]


class Changes(Keywords, total=False):
    """What `Sampler.replace` takes."""

    settings: Requests
    rng: Seed
    workers: int


class Sampler:
    """A sampler with its settings, its random generator and its state: call it with logits, get tokens.

    Arguments are checked when the sampler is made; a call does no more than it must. Its settings can be read, as in
    ``sampler.settings`` and ``sampler.temperature``, and do not change: `replace` makes another sampler.

    Parameters
    ----------
    settings : Settings or sequence of Settings, optional
        As in `thermonucleus.sample`. A sequence fits batches of as many rows, and only these.
    **keywords : number or array_like of shape (B,)
        Settings by name, as in `thermonucleus.sample`. Arrays fit batches of B rows, and only these.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in SPEC 7. The generator goes on from call to call: a seed gives one reproducible stream of tokens.
    workers : int, default 1
        Number of threads that share the rows of a batch; -1 for one a core.

    Attributes
    ----------
    settings : Settings or tuple of Settings
        The settings; where they are for each row, one for each.
    generator : numpy.random.Generator
        The random generator; it advances by one uniform number a draw.
    workers : int
        As it was given.
    state : State
        What mirostat and adaptive-p remember of the tokens drawn: to be read, set and reset.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range.

    Notes
    -----
    A sampler can be pickled and copied. What comes out of `pickle` or `copy.deepcopy`, also in another process, has a generator of
    its own that goes on from where the original's was: it draws the same numbers. So do processes forked with a sampler. Where
    each is to draw its own, give it a generator of its own: ``sampler.replace(rng=child)`` for each child of
    ``sampler.generator.spawn(n)``. `copy.copy` and `replace` share the generator, and take turns.

    With mirostat or adaptive-p, a draw depends on those before it. `state` has what is remembered of them, for one stream of
    tokens: a row at a time, or a batch of as many rows each time; other logits are refused until ``sampler.state.reset()``, and so
    is `num_samples`, which draws independently. What comes out of `pickle` and `copy.deepcopy` has a state of its own that goes on
    from where it was, and `copy.copy` shares it. What `replace` returns has a copy of it; or a new one, if a setting of mirostat or
    adaptive-p changes, or the number of rows that settings are for. For several streams, have a sampler for each, or a batch. Only
    one thread at a time may call a sampler then. It keeps a copy of the last logits, for `accept`.

    Examples
    --------
    >>> import numpy as np
    >>> import thermonucleus as tn
    >>> sampler = tn.Sampler(temperature=0.8, top_p=0.95, rng=1)
    >>> logits = np.log([0.1, 0.2, 0.3, 0.4])
    >>> [sampler(logits) for _ in range(5)]
    [2, 3, 1, 3, 2]
    >>> sampler
    Sampler(temperature=0.8, top_p=0.95)
    >>> sampler.replace(temperature=0)(logits)
    3
    >>> sampler = tn.Sampler(mirostat=2, mirostat_tau=3.0, rng=1)
    >>> sampler(logits), round(sampler.state.mu, 3)
    (2, 6.126)
    """

    # Without a __dict__, a name that is no setting can't be assigned to either. A subclass has one, and may have names of its own.
    __slots__ = (
        "__weakref__",
        "_columns",
        "_followed",
        "_generator",
        "_plan",
        "_requests",
        "_rows",
        "_single",
        "_state",
        "_texts",
        "_threads",
        "_workers",
    )

    _requests: tuple[Settings, ...] | None  # where there is one for each row
    _columns: dict[str, Column | Order]  # settings by name, checked
    _texts: dict[str, str]  # the same as they were given, but for the defaults
    _workers: int
    _generator: "np.random.Generator"
    _rows: int | None
    _plan: NDArray[np.float64]
    _threads: int
    _single: SingleRow | None  # draws from the next row, where what was drawn before makes no difference
    _followed: FollowedRow | None  # draws from it where it does
    _state: State

    @takes_settings
    def __init__(self, settings: Requests = None, *, rng: Seed = None, workers: int = 1, **keywords: Unpack[Keywords]) -> None:
        self._build(*_checked(settings, keywords), workers, as_generator(rng))

    def _build(
        self,
        requests: tuple[Settings, ...] | None,
        columns: dict[str, Column | Order],
        texts: dict[str, str],
        workers: int,
        generator: "np.random.Generator",
        state: State | None = None,
    ) -> None:
        """Set what the sampler is made of, and what follows from it."""
        self._threads = check_workers(workers)
        self._workers = int(workers)
        self._requests, self._columns, self._texts, self._generator = requests, columns, texts, generator
        self._rows = count_rows(requests, columns)
        self._plan = plan_of(requests, columns, self._rows)
        rules = rules_of(self._plan, lambda name: self._value(SETTINGS[name]))
        self._state = state if state is not None and state._follows(rules, self._rows) else State(rules, self._rows)
        alone, kept = self._rows is None, self._state._is_kept
        self._single = SingleRow(self._plan, generator) if alone and not kept else None
        self._followed = FollowedRow(self._plan, generator) if alone and kept else None

    @overload
    def __call__(self, logits: AnyAxes, *, u: Uniforms | None = None, num_samples: None = None) -> Any: ...
    @overload
    def __call__(self, logits: Row, *, u: Uniforms | None = None, num_samples: None = None) -> int: ...
    @overload
    def __call__(self, logits: Batch, *, u: Uniforms | None = None, num_samples: None = None) -> NDArray[np.int64]: ...
    @overload
    def __call__(self, logits: Foreign, *, u: Uniforms | None = None, num_samples: None = None) -> Any: ...
    @overload
    def __call__(self, logits: Logits, *, u: Uniforms | None = None, num_samples: int) -> NDArray[np.int64]: ...
    @overload
    def __call__(self, logits: Logits, *, u: Uniforms | None = None, num_samples: int | None = None) -> int | NDArray[np.int64]: ...
    @quickly
    def __call__(self, logits: Logits, *, u: Uniforms | None = None, num_samples: int | None = None) -> int | NDArray[np.int64]:
        """Draw a token from a row of logits, or one from each row of a batch.

        Parameters
        ----------
        logits, u, num_samples
            As in `thermonucleus.sample`. If `u` is given, the generator does not advance.

        Returns
        -------
        int or ndarray of int64
            As from `thermonucleus.sample`.

        Raises
        ------
        ValueError, TypeError, RuntimeError
            As from `thermonucleus.sample`.
        """
        rows = as_rows(logits)
        if self._rows is not None and rows.shape[:-1] != (self._rows,):
            raise ValueError(f"logits must be a batch of {self._rows} rows, as this sampler's settings are, got shape {rows.shape}")
        if self._state._is_kept:
            return self._draw_and_remember(logits, rows, u, num_samples)
        return draw_tokens(logits, rows, self._plan, self._generator, u, num_samples, self._threads)[1]

    def _draw_and_remember(
        self, logits: Logits, rows: NDArray[np.float32], u: Uniforms | None, num_samples: int | None
    ) -> int | NDArray[np.int64]:
        """Draw from checked rows by what the state says, and have the state follow."""
        if num_samples is not None:
            raise ValueError(
                "num_samples cannot be given with mirostat or adaptive_target: tokens are drawn independently then, and here each "
                "depends on those before. Call the sampler once a token"
            )
        self._state._check(rows.shape[:-1])
        if self._followed is not None and rows.ndim == 1:
            token = self._state._draw(self._followed, rows, None if u is None else as_uniforms(u, ()).item())
            if token < 0:
                raise explain_fault(logits, 0)
            return token
        plan = self._state._plan(self._plan, len(rows))
        # The caller's logits may be other ones by the time that `accept` asks about them.
        batch, tokens = draw_tokens(logits, rows.copy(), plan, self._generator, u, None, self._threads)
        self._state._take(np.asarray(tokens), batch, rows.shape[-1])
        return tokens

    def accept(self, tokens: Tokens) -> None:
        """Say which tokens the text goes on with, where they may be others than those drawn last.

        The state then is as if these had been drawn: as it was before the last draw, and followed by these tokens with the
        probabilities that they had there. With settings that remember nothing this does nothing, so that a loop in which a grammar
        or a draft model has the last word may call it after every draw. It draws no random number.

        Parameters
        ----------
        tokens : int or array_like of int of shape (B,)
            The token; after a draw from a batch, one for each row. A token that could not have been drawn leaves mirostat's mu as
            it was before, and counts with probability 0 in adaptive-p's sums.

        Raises
        ------
        TypeError, ValueError
            If they are no tokens, which is all that is asked of them with settings that remember nothing; or not as many as were
            drawn. If nothing has been drawn yet, or since the state was set, reset or unpickled.

        Examples
        --------
        >>> import numpy as np
        >>> import thermonucleus as tn
        >>> sampler = tn.Sampler(mirostat=2, mirostat_tau=1, mirostat_eta=0.5)
        >>> logits = np.log([0.5, 0.25, 0.125, 0.0625, 0.0625])
        >>> sampler(logits, u=0.9), round(sampler.state.mu, 6)
        (1, 1.707519)
        >>> sampler.accept(0)
        >>> round(sampler.state.mu, 6)
        2.207519
        """
        self._state.accept(tokens)

    def replace(self, **changes: Unpack[Changes]) -> Self:
        """Return a sampler with some of the arguments changed; what is not named stays, and the generator is shared.

        The state is copied, where no setting of mirostat or adaptive-p changes, and begins anew where one does.

        Parameters
        ----------
        **changes
            Any arguments of `Sampler`. Settings by name change these alone, `settings` all of them.

        Returns
        -------
        Sampler

        Raises
        ------
        ValueError, TypeError
            As from `Sampler`.

        Examples
        --------
        >>> import thermonucleus as tn
        >>> tn.Sampler(temperature=0.8, top_p=0.95).replace(top_p=None, top_k=50)
        Sampler(temperature=0.8, top_k=50)
        """
        keywords = {name: value for name, value in changes.items() if name not in ("settings", "rng", "workers")}
        if "settings" in changes:
            requests, columns, texts = _checked(changes["settings"], keywords)
        else:
            kept = {name: column for name, column in self._columns.items() if name not in keywords}
            requests, columns, texts = _checked(self._requests, keywords, kept)
            texts = {name: text for name, text in self._texts.items() if name in kept} | texts
        generator = as_generator(changes["rng"]) if "rng" in changes else self._generator
        new = copy.copy(self)
        new._build(requests, columns, texts, changes.get("workers", self._workers), generator, self._state.copy())
        return new

    @property
    def settings(self) -> Settings | tuple[Settings, ...]:
        """The settings; where they are for each row, one for each."""
        if self._rows is None:
            return self._settings_of(Settings(), 0)
        requests = self._requests or (Settings(),) * self._rows
        return tuple(self._settings_of(request, i) for i, request in enumerate(requests))

    def _settings_of(self, request: Settings, row: int) -> Settings:
        """Return the settings of a row: what it asked for, and over it what was given by name."""
        return request.replace(**{name: SETTINGS[name].plain(of_row(column, row)) for name, column in self._columns.items()})

    @property
    def generator(self) -> "np.random.Generator":
        """The random generator; it advances by one uniform number a draw."""
        return self._generator

    @property
    def workers(self) -> int:
        """Number of threads that share the rows of a batch, as it was given."""
        return self._workers

    @property
    def state(self) -> State:
        """What mirostat and adaptive-p remember of the tokens drawn."""
        return self._state

    def _value(self, setting: Setting) -> Any:
        """Return a setting as a number, or as an array where it is one for each row."""
        if setting.name in self._columns:
            return setting.plain(self._columns[setting.name])
        if self._requests is None:
            return setting.default
        return setting.joined([getattr(request, setting.name) for request in self._requests])

    if TYPE_CHECKING:
        # A property for each setting, below. `settings` has their types.
        def __getattr__(self, name: str) -> Any: ...
    else:

        def __setattr__(self, name: str, value: object) -> None:
            if name == "state":
                raise AttributeError(
                    "state of a Sampler cannot be assigned to: set its attributes, as in sampler.state.mu = 8.0, or call "
                    "sampler.state.reset()"
                )
            if name in PUBLIC:
                raise AttributeError(
                    f"{name} of a Sampler cannot be assigned to: sampler.replace({PUBLIC[name]}=...) returns another one with it"
                )
            super().__setattr__(name, value)

    def __getstate__(self) -> tuple[object, ...]:
        # What the kernel holds is made anew; a subclass may have a __dict__.
        parts = (self._requests, self._columns, self._texts, self._workers, self._generator, self._state)
        return getattr(self, "__dict__", {}), parts

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        own, parts = state
        for name, value in own.items():
            setattr(self, name, value)
        self._build(*parts)

    def __repr__(self) -> str:
        first = [] if self._requests is None else [BRIEF.repr(list(self._requests))]
        named = [f"{name}={self._texts[name]}" for name in SETTINGS if name in self._texts]
        last = [] if self._workers == 1 else [f"workers={self._workers}"]
        return f"{type(self).__name__}({', '.join(first + named + last)})"


PUBLIC = {name: name for name in ("settings", "workers", *SETTINGS)} | {"generator": "rng"}
"""What can be read of a sampler, and the argument that it comes from."""

for _setting in SETTINGS.values():
    setattr(Sampler, _setting.name, property(partial(Sampler._value, setting=_setting), doc=_setting.says))


def _checked(
    settings: Requests, keywords: Mapping[str, object], kept: dict[str, Column | Order] | None = None
) -> tuple[tuple[Settings, ...] | None, dict[str, Column | Order], dict[str, str]]:
    """Check settings, together with those that are kept from before.

    Returns the requests where there is one for each row, all others by name, and how those are written in a call.
    """
    if isinstance(settings, Settings):
        keywords = {name: getattr(settings, name) for name in SETTINGS} | dict(keywords)
        settings = None
    kept = kept or {}
    rows = count_rows(settings, kept | dict(keywords))
    requests = None if settings is None else as_requests(settings, rows)
    columns = kept | check_keywords(keywords, rows)
    texts = {
        name: BRIEF.repr(value)
        for name, value in keywords.items()
        if not (value is None or (isinstance(value, SINGLE) and value == SETTINGS[name].default))
    }
    return requests, columns, texts


class _Brief(reprlib.Repr):
    """Writes what `repr` does, but for the middle of a long array, list or tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.maxother = 100  # so that numbers are whole

    def repr_ndarray(self, array: NDArray[np.generic], level: int) -> str:
        """Write an array, on one line."""
        with np.printoptions(threshold=self.maxlist, edgeitems=self.maxlist // 2, linewidth=1000):
            return repr(array)


BRIEF = _Brief()

SINGLE = Real | np.bool_ | str
"""What may be a default: a comparison with an array would give an array."""
