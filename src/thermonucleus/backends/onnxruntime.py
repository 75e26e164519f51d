"""ONNX Runtime: the generation loop over a session of a decoder, with or without a cache of keys and values."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.logits import as_rows, is_sound
from thermonucleus.randomness import Seeds, as_generators
from thermonucleus.sampling import draw_tokens
from thermonucleus.settings import Keywords, Requests, as_array, as_plan, check_integer, takes_settings
from thermonucleus.workers import check_workers

try:
    from onnxruntime import InferenceSession, NodeArg
except ImportError as error:
    raise ImportError('onnxruntime is needed here, and is not installed: pip install "thermonucleus[onnxruntime]"') from error

__all__ = ["generate", "stream"]

Tokens = NDArray[np.int64]

TYPES: dict[str, type[np.generic]] = {
    "tensor(bool)": np.bool_,
    "tensor(double)": np.float64,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@takes_settings
def stream(
    session: InferenceSession,
    input_ids: ArrayLike,
    settings: Requests = None,
    *,
    max_new_tokens: int,
    attention_mask: ArrayLike | None = None,
    rng: Seeds = None,
    eos_token_id: int | Sequence[int] | None = None,
    pad_token_id: int | None = None,
    stop: Callable[[Tokens], bool] | None = None,
    workers: int = 1,
    **keywords: Unpack[Keywords],
) -> Iterator[Tokens]:
    """Continue a batch of sequences, token by token.

    What a sequence draws does not depend on which others are beside it, nor on when they end, as far as the model computes the
    same logits for it. Logits of float32 are read where the session has left them, without a copy, where they are contiguous: at
    each step of a model with a cache, and for a single sequence.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        A decoder under the names that Optimum and the model builder of ONNX Runtime GenAI export it with. Inputs: ``input_ids``
        and, where the model has them, ``attention_mask``, ``position_ids``, ``use_cache_branch`` and ``past_key_values.*``.
        Outputs: ``logits`` of shape (B, T, V) and, for each of the past, ``present.*``. A model with a past is fed the newest
        token alone after the first step, one without is fed all of them at each step.
    input_ids : array_like of int, shape (B, T)
        The prompts, those that are shorter padded on the left.
    settings : Settings or sequence of Settings, optional
        As in `thermonucleus.sample`: of all sequences, or one for each.
    max_new_tokens : int
        How many tokens to draw for each sequence at most.
    attention_mask : array_like of shape (B, T), optional
        1 for a token, 0 for padding. All are tokens by default. A model whose attention is ONNX Runtime's operator
        GroupQueryAttention takes no padding on the left, and a session does not tell: give it prompts of one length.
    rng : Seed or sequence of Seed, optional
        One for each sequence, which then draws as it would alone; or one for all, from which NumPy spawns a generator for each.
    eos_token_id : int or sequence of int, optional
        A token, or tokens, that end a sequence.
    pad_token_id : int, optional
        What follows in a sequence that has ended, as long as others go on: by default `eos_token_id`, or the first of several.
    stop : callable, optional
        Takes the tokens of a sequence so far, its prompt without the padding and what was drawn, and says whether it has ended. It
        is asked after each token. It needs a `pad_token_id`.
    workers : int, default 1
        Number of threads that share the rows of logits, as in `thermonucleus.sample`. (The session has threads of its own.)
    **keywords : number or array_like of shape (B,)
        Settings by name, as in `thermonucleus.sample`; arrays give each sequence its own.

    Returns
    -------
    iterator of ndarray of int64, shape (B,)
        The next token of each sequence, as they are drawn. The session runs when they are asked for. It ends when all sequences
        have.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the session has other inputs and outputs: at the call. If logits are NaN, +inf or
        nothing but -inf: at that step, which the message names with row and index.

    See Also
    --------
    generate : The same, all at once.

    Examples
    --------
    A model that knows, for each token, which one follows, and nothing else:

    >>> import onnx.parser
    >>> import onnxruntime
    >>> from thermonucleus.backends.onnxruntime import stream
    >>> model = onnx.parser.parse_model('''<ir_version: 8, opset_import: ["": 17]>
    ...     bigrams (int64[B, T] input_ids) => (float[B, T, 3] logits)
    ...     <float[3, 3] table = {0.0, 9.0, 0.0, 0.0, 0.0, 9.0, 9.0, 0.0, 0.0}> { logits = Gather(table, input_ids) }''')
    >>> session = onnxruntime.InferenceSession(model.SerializeToString())
    >>> for tokens in stream(session, [[0], [1]], max_new_tokens=3, top_p=0.9, rng=1):
    ...     print(tokens)
    [1 2]
    [2 0]
    [0 1]
    """
    ids = _as_prompts(input_ids)
    mask = _as_mask(attention_mask, ids.shape)
    decoder = _Decoder(session, len(ids), padded=not mask.all())
    plan = as_plan(settings, keywords, len(ids))
    ends = _as_ids("eos_token_id", [] if eos_token_id is None else eos_token_id)
    if pad_token_id is None and stop is not None and not ends:
        raise ValueError("stop needs a pad_token_id, to follow in a sequence that has ended before others have")
    pad = check_integer(pad_token_id, name="pad_token_id") if pad_token_id is not None else next(iter(ends), 0)
    loop = _Loop(
        decoder=decoder,
        plan=plan,
        generators=as_generators(rng, len(ids)),
        workers=check_workers(workers),
        ends=ends,
        pad=pad,
        stop=stop,
    )
    return loop.run(ids, mask, check_integer(max_new_tokens, name="max_new_tokens"))


@takes_settings
def generate(
    session: InferenceSession,
    input_ids: ArrayLike,
    settings: Requests = None,
    *,
    max_new_tokens: int,
    attention_mask: ArrayLike | None = None,
    rng: Seeds = None,
    eos_token_id: int | Sequence[int] | None = None,
    pad_token_id: int | None = None,
    stop: Callable[[Tokens], bool] | None = None,
    workers: int = 1,
    **keywords: Unpack[Keywords],
) -> Tokens:
    """Continue a batch of sequences, and return them when they have ended.

    Parameters
    ----------
    session, input_ids, settings, max_new_tokens, attention_mask, rng, eos_token_id, pad_token_id, stop, workers, **keywords
        As in `stream`.

    Returns
    -------
    ndarray of int64, shape (B, T + n)
        The prompts as they were given, and the n tokens that the longest sequence has drawn; the others are padded on the right.

    Raises
    ------
    TypeError, ValueError
        As from `stream`.

    Examples
    --------
    >>> import onnx.parser
    >>> import onnxruntime
    >>> from thermonucleus.backends.onnxruntime import generate
    >>> model = onnx.parser.parse_model('''<ir_version: 8, opset_import: ["": 17]>
    ...     bigrams (int64[B, T] input_ids) => (float[B, T, 3] logits)
    ...     <float[3, 3] table = {0.0, 9.0, 0.0, 0.0, 0.0, 9.0, 9.0, 0.0, 0.0}> { logits = Gather(table, input_ids) }''')
    >>> session = onnxruntime.InferenceSession(model.SerializeToString())
    >>> generate(session, [[0], [1]], max_new_tokens=3, top_p=0.9, eos_token_id=2, rng=1)
    array([[0, 1, 2],
           [1, 2, 2]])
    """
    drawn = stream(
        session,
        input_ids,
        settings,
        max_new_tokens=max_new_tokens,
        attention_mask=attention_mask,
        rng=rng,
        eos_token_id=eos_token_id,
        pad_token_id=pad_token_id,
        stop=stop,
        workers=workers,
        **keywords,
    )
    return np.column_stack([_as_prompts(input_ids), *drawn])


@dataclass(frozen=True)
class _Loop:
    """What stays the same from token to token: apart from `stream`, whose checks must not wait for the first one."""

    decoder: "_Decoder"
    plan: NDArray[np.float64]
    generators: "Sequence[np.random.Generator]"
    workers: int
    ends: Sequence[int]
    pad: int
    stop: Callable[[Tokens], bool] | None

    def run(self, ids: Tokens, mask: Tokens, limit: int) -> Iterator[Tokens]:
        """Yield the next token of each sequence, and take it to the others."""
        ended = np.zeros(len(ids), np.bool_)
        for step in range(limit):
            tokens = self.draw(self.decoder(ids, mask), ended, step)
            ids = np.column_stack([ids, tokens])
            mask = np.column_stack([mask, np.ones_like(tokens)])
            yield tokens
            ended = self.ended(ids, mask, ended)
            if ended.all():
                return

    def draw(self, logits: NDArray[Any], ended: NDArray[np.bool_], step: int) -> Tokens:
        rows = as_rows(logits)
        if ended.any():
            # What the model says after the end is nobody's concern, be it NaN. The array is the loop's own.
            rows[ended] = -np.inf
            rows[ended, 0] = 0.0
        u = [0.0 if over else generator.random() for generator, over in zip(self.generators, ended, strict=True)]
        try:
            tokens = np.asarray(draw_tokens(rows, rows, self.plan, None, u, None, self.workers)[1])
        except ValueError as error:
            if is_sound(rows).all():
                raise  # it is about what the generators gave
            raise ValueError(f"at step {step} {error}") from error
        tokens[ended] = self.pad
        return tokens

    def ended(self, ids: Tokens, mask: Tokens, before: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say of each sequence whether its last token has ended it, or has come after the end."""
        ended = before | [token in self.ends for token in ids[:, -1].tolist()]
        if self.stop is not None:
            for i in np.flatnonzero(~ended):
                ended[i] = self.stop(ids[i, mask[i] > 0])
        return ended


class _Decoder:
    """A session, and the keys and values that it has computed: the tokens so far in, the logits of the next ones out."""

    def __init__(self, session: InferenceSession, count: int, *, padded: bool) -> None:
        if not isinstance(session, InferenceSession):
            raise TypeError(f"session must be an onnxruntime.InferenceSession, got {type(session).__name__}")
        self.session = session
        inputs = session.get_inputs()
        self.types = {node.name: _type_of(node) for node in inputs}
        self.cache = {node.name: _empty_cache(node, count) for node in inputs if node.name.startswith("past_key_values.")}
        self.outputs = ["logits", *(name.replace("past_key_values", "present", 1) for name in self.cache)]
        self.cached = 0
        given = [node.name for node in session.get_outputs()]
        known = {"input_ids", "attention_mask", "position_ids", "use_cache_branch", *self.cache}
        if "input_ids" not in self.types or not self.types.keys() <= known or not set(self.outputs) <= set(given):
            raise ValueError(
                "session must take input_ids, perhaps attention_mask, position_ids, use_cache_branch and past_key_values.*, "
                f"and return logits, and a present.* for each of the past; it takes {list(self.types)} and returns {given}"
            )
        if padded and "attention_mask" not in self.types:
            raise ValueError("attention_mask must not mask anything: the session has no such input, and would read the padding")

    def __call__(self, ids: Tokens, mask: Tokens) -> NDArray[Any]:
        """Return the logits of the next tokens, shape (B, V), given all tokens so far."""
        tokens = {
            "input_ids": ids[:, self.cached :],
            "attention_mask": mask,
            # Padding has no position; what stands there is not looked at.
            "position_ids": np.maximum(mask.cumsum(axis=1) - 1, 0)[:, self.cached :],
            "use_cache_branch": np.array([self.cached > 0]),
        }
        feeds = {name: array.astype(self.types[name], copy=False) for name, array in tokens.items() if name in self.types}
        logits, *present = self.session.run(self.outputs, feeds | self.cache)
        if self.cache:
            self.cache = dict(zip(self.cache, present, strict=True))
            self.cached = ids.shape[1]
        if logits.ndim != 3:
            raise ValueError(f"session must return logits of shape (B, T, V), got {logits.shape}")
        last: NDArray[Any] = logits[:, -1]
        return last


def _type_of(node: NodeArg) -> type[np.generic]:
    if node.type not in TYPES:
        raise ValueError(f"session must take tensors of a type that NumPy has, its input {node.name} is a {node.type}")
    return TYPES[node.type]


def _empty_cache(node: NodeArg, count: int) -> NDArray[Any]:
    """Make what a model takes for the keys or values of no tokens: no entries along the one axis, but the first, that may grow."""
    free = [axis for axis, size in enumerate(node.shape) if axis > 0 and not isinstance(size, int)]
    if len(free) != 1:
        raise ValueError(
            f"session must take a past with the batch first and one axis that grows, {node.name} has shape {node.shape}: "
            "another that is left open takes a size from onnxruntime.SessionOptions.add_free_dimension_override_by_name"
        )
    shape = [count, *node.shape[1:]]
    shape[free[0]] = 0
    return np.zeros(shape, _type_of(node))


def _as_prompts(input_ids: ArrayLike) -> Tokens:
    expected = "a batch of prompts, integers of 0 or more, shape (B, T), the shorter ones padded on the left"
    array = as_array(input_ids, "input_ids", expected)
    if array.dtype.kind not in "iu":
        raise TypeError(f"input_ids must be {expected}, got dtype {array.dtype}")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"input_ids must be {expected}, got shape {array.shape}")
    if array.min() < 0:
        raise ValueError(f"input_ids must be {expected}, got {array.min()}")
    return array.astype(np.int64)


def _as_mask(attention_mask: ArrayLike | None, shape: tuple[int, ...]) -> Tokens:
    if attention_mask is None:
        return np.ones(shape, np.int64)
    mask = as_array(attention_mask, "attention_mask")
    if mask.shape != shape:
        raise ValueError(f"attention_mask must be of the shape of input_ids, {shape}, got {mask.shape}")
    if not np.isin(mask, [0, 1]).all():
        raise ValueError(f"attention_mask must hold 1 for tokens and 0 for padding, got {mask!r}")
    if not mask[:, -1].all():
        raise ValueError("attention_mask must end in 1: the prompts are padded on the left, and go on where they end")
    return mask.astype(np.int64)


def _as_ids(name: str, value: int | Sequence[int]) -> list[int]:
    values = value if isinstance(value, Iterable) else [value]
    return [check_integer(one, name=name) for one in values]
