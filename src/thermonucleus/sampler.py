"""`Sampler`: settings and random state kept from token to token."""

import reprlib
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.kernel.bridge import SingleRow
from thermonucleus.kernel.dispatch import active
from thermonucleus.logits import Logits, as_rows
from thermonucleus.randomness import Seed, Uniforms, as_generator
from thermonucleus.sampling import draw
from thermonucleus.settings import settings_table
from thermonucleus.workers import check_workers

__all__ = ["Sampler"]


class Sampler:
    """A sampler with its settings and its random generator: call it with logits, get tokens.

    Arguments are checked when the sampler is made; a call does no more than it must.

    Parameters
    ----------
    temperature, top_k, top_p, min_p, temperature_last : number or array_like of shape (B,)
        As in `thermonucleus.sample`. Arrays fit batches of B rows, and only these.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in SPEC 7. The generator goes on from call to call: an integer gives one reproducible stream of tokens.
    workers : int, default 1
        Number of threads that share the rows of a batch; -1 for one a core.

    Attributes
    ----------
    generator : numpy.random.Generator
        The random generator; it advances by one uniform number a draw.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type, shape or range.

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
    """

    def __init__(
        self,
        *,
        temperature: ArrayLike = 1.0,
        top_k: ArrayLike | None = 0,
        top_p: ArrayLike = 1.0,
        min_p: ArrayLike = 0.0,
        temperature_last: ArrayLike = False,
        rng: Seed = None,
        workers: int = 1,
    ) -> None:
        self._rows = _common_length(temperature, top_k, top_p, min_p, temperature_last)
        self._table = settings_table(temperature, top_k, top_p, min_p, temperature_last, rows=self._rows)
        self._single = None if self._rows is not None else SingleRow(self._table)
        self._workers = check_workers(workers)
        self.generator = as_generator(rng)
        self._text = _differences(
            temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, temperature_last=temperature_last, workers=workers
        )

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
        if self._single is not None and type(logits) is np.ndarray and u is None and num_samples is None:
            token = self._single.draw(active(), logits, self.generator.random)
            if token >= 0:
                return token
        rows = as_rows(logits)
        if self._rows is not None and rows.shape[:-1] != (self._rows,):
            raise ValueError(f"logits must be a batch of {self._rows} rows, as this sampler's settings are, got shape {rows.shape}")
        return draw(logits, rows, self._table, self.generator, u, num_samples, self._workers)

    def __repr__(self) -> str:
        return f"Sampler({self._text})"


def _common_length(*settings: ArrayLike | None) -> int | None:
    """Return the length of the settings that are arrays; that all of them agree is for `settings_table` to check."""
    for setting in settings:
        if isinstance(setting, list | tuple | np.ndarray) and not (isinstance(setting, np.ndarray) and setting.ndim == 0):
            return len(setting)
    return None


def _differences(**arguments: object) -> str:
    """Write those arguments of a sampler that are not its defaults, as a call has them."""
    defaults = Sampler.__init__.__kwdefaults__
    assert defaults is not None
    differ = [name for name, value in arguments.items() if not (isinstance(value, SINGLE) and value == defaults[name])]
    return ", ".join(f"{name}={BRIEF.repr(arguments[name])}" for name in differ)


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

SINGLE = Real | np.bool_
"""What may be a default: a comparison with an array would give an array."""
