"""llama-cpp-python: generation that draws with the kernel, and the logits where llama.cpp has left them."""

import ctypes
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Self, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from thermonucleus.logits import is_sound
from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampler import Sampler
from thermonucleus.settings import SETTINGS, Settings

try:
    import llama_cpp
except ImportError as error:
    raise ImportError('llama_cpp is needed here, and is not installed: pip install "thermonucleus[llama-cpp]"') from error

__all__ = ["Attachment", "attach", "current_logits"]

Row = NDArray[np.float32]
Processor = Callable[[NDArray[np.intc], Row], Any]

TOKEN = np.dtype([("id", np.intc), ("logit", np.float32), ("p", np.float32)])
"""llama.cpp's llama_token_data."""

OF_CALLS = {
    "temperature": "temperature",
    "temp": "temperature",
    **{name: name for name in ("top_k", "top_p", "min_p", "typical_p", "mirostat_mode", "mirostat_tau", "mirostat_eta")},
    "mirostat": "mirostat_mode",
}
"""Settings that the calls of llama-cpp-python take, with their names there."""


class Beside(TypedDict, total=False):
    """Settings of llama.cpp that those calls have no argument for."""

    top_n_sigma: float | None
    xtc_probability: float | None
    xtc_threshold: float | None
    dynatemp_range: float | None
    dynatemp_exponent: float | None
    adaptive_target: float | None
    adaptive_decay: float | None


def attach(llm: llama_cpp.Llama, *, rng: Seed = None, **settings: Unpack[Beside]) -> "Attachment":
    """Let a model draw its tokens with the kernel from now on; nothing else about it changes.

    This serves whatever generates with the model: calling it, `create_completion`, `create_chat_completion`, `generate` and
    `sample`, streaming or not. The settings are those of these calls, with the meaning that llama.cpp gives them.

    Parameters
    ----------
    llm : llama_cpp.Llama
        The model. It has one attachment at a time: another one takes its place.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in SPEC 7: one generator, which goes on from call to call, and ``seed=`` of the calls has no effect. By default it is
        ``seed=`` that counts: the generator starts anew wherever the model's seed is set, by a completion or by ``llm.set_seed``.
    **settings : float or None
        Settings of llama.cpp that these calls have no argument for: ``top_n_sigma``, ``xtc_probability``, ``xtc_threshold``,
        ``dynatemp_range``, ``dynatemp_exponent``, ``adaptive_target`` and ``adaptive_decay``, as in `thermonucleus.Settings`. They
        count in every generation from now on.

    Returns
    -------
    Attachment
        To detach by, at once or at the end of a ``with`` statement. It need not be kept.

    Raises
    ------
    TypeError, ValueError
        If `llm` is no Llama or has been closed, `rng` is not as described, or a setting is out of range, or one that the calls
        give. Further, when a text is generated: if a setting of the call is out of range; if logits are NaN, +inf or nothing but
        -inf, at a step that the message names with row and index.
    RuntimeError
        If this version of llama-cpp-python makes its samplers in another way.

    Notes
    -----
    Of a call's settings, those of the draw go to the kernel: ``temperature``, ``top_k`` (0 and less keep all), ``typical_p``,
    ``top_p``, ``min_p`` and those of mirostat, each as in `thermonucleus.sample` with ``order="llama.cpp"``: what cuts does so on
    the logits as they are, and the temperature comes last. Those that change the logits before are honoured as well, in llama.cpp's
    order: ``logits_processor`` or ``logit_bias``, then ``repeat_penalty``, ``frequency_penalty`` and ``presence_penalty``, then
    ``grammar``. Negative temperatures are refused.

    A temperature of 0 takes the most probable of all tokens, and a ``mirostat_mode`` of 1 or 2 draws by mirostat alone, at
    temperature 1: beside either no other setting has an effect, as without the attachment. Mirostat and adaptive-p start anew with
    each generation.

    A logits processor that decides on the token would serve too, but for its errors: llama.cpp calls it where exceptions are lost,
    and draws on. (Where a call has both ``logits_processor`` and ``logit_bias``, llama-cpp-python 0.3.36 drops both.)

    Examples
    --------
    >>> from llama_cpp import Llama
    >>> from thermonucleus.backends.llama_cpp import attach
    >>> llm = Llama("model.gguf", verbose=False)  # doctest: +SKIP
    >>> attach(llm)  # doctest: +SKIP
    <Attachment: the seed of each call>
    >>> answer = llm("Once upon a time", temperature=0.8, top_p=0.95, seed=1)  # doctest: +SKIP
    >>> attach(llm, xtc_probability=0.5)  # doctest: +SKIP
    <Attachment: the seed of each call, xtc_probability=0.5>
    """
    return Attachment(llm, rng, settings)


class Attachment:
    """A model's tie to the kernel, as `attach` makes it: a context manager that detaches."""

    def __init__(self, llm: llama_cpp.Llama, rng: Seed, settings: Beside) -> None:
        _check_open(llm)
        _check_beside(settings)
        self._settings = settings
        if not hasattr(llm, "_init_sampler"):
            raise RuntimeError(f"llama_cpp {llama_cpp.__version__} makes its samplers in a way that is not known here")
        self._seeded = rng is None
        self._generator = _generator_of(llm._seed) if rng is None else as_generator(rng)
        # The model is freed when its user lets go of it: what it holds must not hold it.
        self._llm: Any = weakref.proxy(llm)
        llm._init_sampler = self._init_sampler
        llm.set_seed = self._set_seed
        llm._sampler = None  # left by an earlier generation, `Llama.sample` would go on with it

    def detach(self) -> None:
        """Let the model draw its tokens as it did before, if it does not already."""
        try:
            attached = self._llm.__dict__.get("_init_sampler") == self._init_sampler
        except ReferenceError:  # it has been freed
            return
        if attached:
            del self._llm._init_sampler, self._llm.set_seed
            self._llm._sampler = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.detach()

    def __repr__(self) -> str:
        settings = "".join(f", {name}={value!r}" for name, value in self._settings.items())
        return f"<Attachment: {'the seed of each call' if self._seeded else self._generator}{settings}>"

    def _set_seed(self, seed: int) -> None:
        """Stand in for `Llama.set_seed`."""
        self._llm.__class__.set_seed(self._llm, seed)
        if self._seeded:
            self._generator = _generator_of(seed)

    def _init_sampler(
        self,
        *,
        temp: float,
        top_k: int,
        top_p: float,
        min_p: float,
        typical_p: float,
        mirostat_mode: int,
        mirostat_tau: float,
        mirostat_eta: float,
        logits_processor: Iterable[Processor] | None,
        repeat_penalty: float,
        frequency_penalty: float,
        presence_penalty: float,
        grammar: llama_cpp.LlamaGrammar | None,
        # None of these has an effect in llama.cpp either.
        tfs_z: float,
        penalize_nl: bool,
    ) -> "_TokenSource":
        """Stand in for `Llama._init_sampler`, which makes a generation's sampler."""
        sampler = Sampler(
            **self._settings,
            temperature=temp,
            top_k=max(top_k, 0),
            top_p=top_p,
            min_p=min_p,
            typical_p=typical_p,
            order="llama.cpp",
            rng=self._generator,
        )
        mirostat = SETTINGS["mirostat"].check(mirostat_mode, name="mirostat_mode")
        # llama-cpp-python makes a chain of nothing else in these cases; llama.cpp has the temperature before mirostat.
        if temp == 0:
            sampler = Sampler(temperature=0, rng=self._generator)
        elif mirostat:
            sampler = Sampler(mirostat=mirostat, mirostat_tau=mirostat_tau, mirostat_eta=mirostat_eta, rng=self._generator)
        penalties = {
            "repeat_penalty": repeat_penalty,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
        }
        free = grammar is None and list(penalties.values()) == [1, 0, 0]
        restraints = None if free else _Restraints(self._llm, penalties, grammar)
        return _TokenSource(self._llm, logits_processor or (), restraints, sampler)


class _TokenSource:
    """Stands in for a `LlamaSampler`, for one generation."""

    def __init__(self, llm: Any, processors: Iterable[Processor], restraints: "_Restraints | None", sampler: Sampler) -> None:
        self._llm = llm
        self._size = llm.n_vocab()
        self._processors = processors
        self._restraints = restraints
        self._sampler = sampler
        self._step = 0

    def sample(self, context: Any, index: int = -1) -> int:
        """Draw the token that follows one of the last batch."""
        row = _view(context.ctx, self._size, index)
        if self._processors:
            row = row.copy()
            for process in self._processors:
                row[:] = process(self._llm.input_ids[: self._llm.n_tokens], row)
        if self._restraints is not None:
            row = self._restraints(row)
        try:
            token = int(self._sampler(row))
        except ValueError as error:
            if is_sound(row):
                raise  # it is the generator's
            raise ValueError(f"at step {self._step} {error}") from error
        if self._restraints is not None:
            self._restraints.accept(token)
        self._step += 1
        return token


class _Restraints:
    """Penalties and a grammar: what llama.cpp does to logits before it draws, done by llama.cpp."""

    def __init__(self, llm: Any, penalties: dict[str, float], grammar: llama_cpp.LlamaGrammar | None) -> None:
        # At temperature 0 nothing else follows in llama.cpp's chain that would change logits.
        self._chain = llm.__class__._init_sampler(llm, grammar=grammar, temp=0.0, **penalties)
        self._drawn: set[int] = set()
        self._everywhere = grammar is not None

    def __call__(self, row: Row) -> Row:
        """Return a copy of the logits with the restraints applied."""
        # Penalties are for tokens drawn before: without the others there is no array of all tokens to be filled.
        ids = np.arange(len(row)) if self._everywhere else np.fromiter(self._drawn, int)
        tokens = np.zeros(len(ids), TOKEN)
        tokens["id"], tokens["logit"] = ids, row[ids]
        data = tokens.ctypes.data_as(llama_cpp.llama_token_data_p)
        array = llama_cpp.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._chain.sampler, array)
        restrained = row.copy()
        restrained[tokens["id"]] = tokens["logit"]
        return restrained

    def accept(self, token: int) -> None:
        """Take note of a token that was drawn."""
        self._chain.accept(token)
        self._drawn.add(token)


def current_logits(llm: llama_cpp.Llama, index: int = -1) -> Row:
    """Return the logits that a model holds, without a copy, for a generation loop of one's own.

    Parameters
    ----------
    llm : llama_cpp.Llama
        The model, after `eval`.
    index : int, default -1
        A token of the batch that was decoded last: from its start, or from its end if negative. Others than the last have logits
        only if the model was made with ``logits_all=True``.

    Returns
    -------
    ndarray of float32, shape (V,)
        llama.cpp's own memory. It is valid until the next `eval`, which writes to it, and must not be touched after `close`: what
        is needed longer has to be copied. It may be written to before a draw.

    Raises
    ------
    TypeError, ValueError
        If `llm` is no Llama or has been closed, or has no logits at `index`.

    Examples
    --------
    >>> from llama_cpp import Llama
    >>> import thermonucleus as tn
    >>> from thermonucleus.backends.llama_cpp import current_logits
    >>> sampler = tn.Sampler(temperature=0.8, top_p=0.95, rng=1)
    >>> llm = Llama("model.gguf", verbose=False)  # doctest: +SKIP
    >>> llm.eval(llm.tokenize(b"Once upon a time"))  # doctest: +SKIP
    >>> token = sampler(current_logits(llm))  # doctest: +SKIP
    """
    _check_open(llm)
    return _view(llm.ctx, llm.n_vocab(), index)


def _view(context: Any, size: int, index: int) -> Row:
    pointer = llama_cpp.llama_get_logits_ith(context, index)
    if not pointer:
        raise ValueError(f"index must be that of a token of the last batch that has logits, got {index}")
    memory: Any = (ctypes.c_float * size).from_address(ctypes.addressof(pointer.contents))
    row: Row = np.frombuffer(memory, np.float32)
    return row


def _check_beside(settings: Beside) -> None:
    for name in settings:
        if name in OF_CALLS:
            raise TypeError(f"{name} is a setting that the calls of the model give, as in llm(prompt, {OF_CALLS[name]}=...)")
        if name not in Beside.__annotations__:
            raise TypeError(
                f"unexpected keyword {name!r}: the settings that calls do not give are {', '.join(Beside.__annotations__)}"
            )
    Settings.preset("llama.cpp").replace(**settings)  # which checks them, beside what the calls give by default


def _check_open(llm: llama_cpp.Llama) -> None:
    if not isinstance(llm, llama_cpp.Llama):
        raise TypeError(f"llm must be a llama_cpp.Llama, got {llm!r}")
    if llm.ctx is None:
        raise ValueError("llm must be open, and has been closed")


def _generator_of(seed: int) -> "np.random.Generator":
    """Read a seed as llama.cpp does: 32 bits, of which one pattern stands for no seed."""
    bits = ctypes.c_uint32(seed).value
    return as_generator(None if bits == llama_cpp.LLAMA_DEFAULT_SEED else bits)
