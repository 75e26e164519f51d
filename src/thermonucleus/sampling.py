"""`sample` and `probabilities`: arguments checked once, rows handed to the kernel."""

from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from thermonucleus.kernel import bridge, dispatch
from thermonucleus.logits import AnyAxes, Batch, Foreign, Logits, Row, as_rows, explain_fault
from thermonucleus.randomness import Seed, Uniforms, as_generator, as_uniforms
from thermonucleus.settings import Keywords, Requests, as_plan, check_integer, takes_settings
from thermonucleus.workers import check_workers, for_ranges

__all__ = ["draw_tokens", "probabilities", "sample"]

Tokens = int | NDArray[np.int64]


class Options(Keywords, total=False):
    """What `sample` takes beside logits, settings and num_samples."""

    rng: Seed
    u: Uniforms | None
    workers: int


@overload
def sample(logits: AnyAxes, settings: Requests = None, *, num_samples: None = None, **options: Unpack[Options]) -> Any: ...
@overload
def sample(logits: Row, settings: Requests = None, *, num_samples: None = None, **options: Unpack[Options]) -> int: ...
@overload
def sample(
    logits: Batch, settings: Requests = None, *, num_samples: None = None, **options: Unpack[Options]
) -> NDArray[np.int64]: ...
@overload
def sample(logits: Foreign, settings: Requests = None, *, num_samples: None = None, **options: Unpack[Options]) -> Any: ...
@overload
def sample(logits: Logits, settings: Requests = None, *, num_samples: int, **options: Unpack[Options]) -> NDArray[np.int64]: ...
@overload
def sample(logits: Logits, settings: Requests = None, *, num_samples: int | None = None, **options: Unpack[Options]) -> Tokens: ...
@takes_settings
def sample(
    logits: Logits,
    settings: Requests = None,
    *,
    rng: Seed = None,
    u: Uniforms | None = None,
    num_samples: int | None = None,
    workers: int = 1,
    **keywords: Unpack[Keywords],
) -> Tokens:
    """Draw tokens from rows of logits.

    The logits are divided by the temperature and turned into probabilities by a softmax. Top-k, top-p and min-p follow in this
    order, each on the renormalised probabilities that the one before left. The draw walks the tokens that are kept in the order of
    their indices and returns the first at which the running sum of probabilities exceeds `u`. Nothing else enters: the same row,
    settings and `u` give the same token at every instruction level, with any number of workers and at any place in any batch.

    Parameters
    ----------
    logits : array_like of shape (V,) or (B, V)
        A row, or a batch of rows. Contiguous float32 is read without a copy. ``-inf`` means 'never this token'.
    settings : Settings or sequence of Settings, optional
        The settings of all rows, or for a batch one for each. All defaults by default.
    <common settings>
    **keywords : number or array_like of shape (B,)
        These and any other field of `thermonucleus.Settings`, by name: for all rows, or for a batch one for each. They take the
        place of what `settings` has. None is the default, with which a setting is off.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        Where the uniform numbers come from, as in SPEC 7: one for each draw, in the order of the rows, whatever the settings. A
        seed starts the same stream on every call; pass a Generator to draw on.
    u : float or array_like, optional
        The uniform numbers themselves, in [0, 1), instead of `rng`: of the shape of the result.
    num_samples : int, optional
        Number of tokens to draw from each row, independently and with replacement.
    workers : int, default 1
        Number of threads that share the rows of a batch; -1 for one a core.

    Returns
    -------
    int or ndarray of int64
        An int for a row; (B,) for a batch. With `num_samples`, (num_samples,) or (B, num_samples).

    Raises
    ------
    ValueError
        If an argument is out of range or of the wrong shape, or if a row holds NaN or +inf or nothing but -inf. Then nothing is
        drawn for any row, and the generator has not advanced.
    TypeError
        If an argument is of the wrong type.
    RuntimeError
        If no token was left to draw in a row that another thread or process wrote to during the call, which nothing may do. Where
        a token is left, it is one of the vocabulary and means nothing; no memory is touched that was not given.

    See Also
    --------
    thermonucleus.Sampler : Keeps settings and generator from call to call.
    thermonucleus.probabilities : The distribution that is drawn from.

    References
    ----------
    Holtzman, Buys, Du, Forbes, Choi (2019), "The Curious Case of Neural Text Degeneration", arXiv:1904.09751, equation 2: top-p.
    Fan, Lewis, Dauphin (2018), "Hierarchical Neural Story Generation", arXiv:1805.04833: top-k.
    Nguyen et al. (2024), "Turning Up the Heat: Min-p Sampling", arXiv:2407.01082: min-p.

    Examples
    --------
    >>> import numpy as np
    >>> import thermonucleus as tn
    >>> logits = np.log([0.1, 0.2, 0.3, 0.4])
    >>> tn.sample(logits, temperature=0)
    3
    >>> tn.sample(logits, top_p=0.7, u=0.4), tn.sample(logits, top_p=0.7, u=0.5)
    (2, 3)
    >>> tn.sample([logits, logits[::-1]], temperature=[1.0, 0.5], u=[0.5, 0.5])
    array([2, 0])
    >>> tn.sample([logits, logits[::-1]], [tn.Settings(), tn.Settings(temperature=0.5)], u=[0.5, 0.5])
    array([2, 0])
    >>> tn.sample(logits, rng=1, num_samples=5)
    array([2, 3, 1, 3, 2])
    """
    if rng is not None and u is not None:
        raise ValueError("rng and u are both given: u takes the place of the random generator")
    rows = as_rows(logits)
    plan = as_plan(settings, keywords, len(rows) if rows.ndim == 2 else None)
    generator = as_generator(rng) if u is None else None
    return draw_tokens(logits, rows, plan, generator, u, num_samples, check_workers(workers))[1]


def draw_tokens(
    logits: Logits,
    rows: NDArray[np.float32],
    plan: NDArray[np.float64],
    generator: "np.random.Generator | None",
    u: Uniforms | None,
    num_samples: int | None,
    workers: int,
) -> tuple[bridge.Batch, Tokens]:
    """Draw from checked rows with checked settings: from `u`, or from the generator where `u` is None.

    The batch comes before the tokens: it can be asked about the draw.
    """
    shape = rows.shape[:-1] + _draws(num_samples)
    uniforms = None if u is None else as_uniforms(u, shape)
    batch = _read(logits, rows, plan, workers)
    if uniforms is None:
        assert generator is not None
        if shape == ():
            return batch, batch.draw_one(generator.random())
        uniforms = generator.random(shape)
    tokens = np.empty(shape, np.int64)
    for_ranges(lambda start, stop: batch.draw(uniforms, tokens, start, stop), batch.count, workers, batch.stop)
    return batch, int(tokens) if shape == () else tokens


@takes_settings
def probabilities(
    logits: Logits,
    settings: Requests = None,
    *,
    out: NDArray[np.float32] | None = None,
    workers: int = 1,
    **keywords: Unpack[Keywords],
) -> NDArray[np.float32]:
    """Compute the distribution that `sample` draws from.

    Parameters
    ----------
    logits, settings, workers, **keywords
        As in `sample`.
    out : ndarray of float32, optional
        C-contiguous array of the shape of `logits` to write the probabilities to. It may not overlap `logits`.

    Returns
    -------
    ndarray of float32, of the shape of `logits`
        Probabilities, within 1e-6 of each other's sum of 1; exactly 0 for the tokens that are not kept, and for those whose
        probability is below float32's smallest number. `out` if it was given. NumPy's ``multinomial`` and ``choice`` add up in
        float64 and want a sum of 1 there: give them ``p = probabilities(...).astype(float)`` divided by ``p.sum()``.

    Raises
    ------
    ValueError, TypeError, RuntimeError
        As in `sample`. Nothing is written to `out` then.

    Examples
    --------
    >>> import numpy as np
    >>> import thermonucleus as tn
    >>> tn.probabilities(np.log([0.1, 0.2, 0.3, 0.4]), top_p=0.7).round(4)
    array([0.    , 0.    , 0.4286, 0.5714], dtype=float32)
    >>> tn.probabilities([1.0, 2.0, 3.0], temperature=0)
    array([0., 0., 1.], dtype=float32)
    """
    rows = as_rows(logits)
    plan = as_plan(settings, keywords, len(rows) if rows.ndim == 2 else None)
    workers = check_workers(workers)
    result = np.empty(rows.shape, np.float32) if out is None else _check_out(out, rows, logits)
    # A caller's array is not touched before all of its rows are known to be sound; the only row is, before it is weighed.
    batch = _read(logits, rows, plan, workers, result if out is None or rows.ndim == 1 else None, filling=True)
    for_ranges(lambda start, stop: batch.fill(result, start, stop), batch.count, workers, batch.stop)
    return result


def _read(
    logits: Logits,
    rows: NDArray[np.float32],
    plan: NDArray[np.float64],
    workers: int,
    weights: NDArray[np.float32] | None = None,
    *,
    filling: bool = False,
) -> bridge.Batch:
    batch = bridge.Batch(dispatch.active(), rows, plan)
    faults = for_ranges(lambda start, stop: batch.read(start, stop, weights, filling), batch.count, workers, batch.stop)
    fault = next((fault for fault in faults if fault >= 0), -1)
    if fault >= 0:
        raise explain_fault(logits, fault)
    return batch


def _draws(num_samples: int | None) -> tuple[int, ...]:
    if num_samples is None:
        return ()
    return (check_integer(num_samples, name="num_samples"),)


def _check_out(out: NDArray[np.float32], rows: NDArray[np.float32], logits: Logits) -> NDArray[np.float32]:
    if not isinstance(out, np.ndarray) or out.dtype != np.float32:
        raise TypeError(f"out must be a float32 array, got {getattr(out, 'dtype', type(out).__name__)}")
    if out.shape != rows.shape:
        raise ValueError(f"out must be of the shape of logits, {rows.shape}, got {out.shape}")
    if not (out.flags.c_contiguous and out.flags.aligned and out.flags.writeable):
        raise ValueError("out must be C-contiguous, aligned and writeable")
    if np.may_share_memory(out, np.asarray(logits)):  # not `rows`, which may be a copy
        raise ValueError("out must not share memory with logits, which are never written to")
    return out
