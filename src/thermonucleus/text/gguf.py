"""A language model in a GGUF file, by llama-cpp-python."""

import codecs
import ctypes
import logging
import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.text.model import Message, Row, TextModel, log_softmax

try:
    import llama_cpp
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter
except ImportError as error:
    raise ImportError('llama-cpp-python is needed here, and is not installed: pip install "thermonucleus[llama-cpp]"') from error

__all__ = ["GgufModel"]

BATCH = 512
"""Chosen: tokens that llama.cpp is given at once, its own default."""

SLOTS = 64
"""Exact: texts that it can remember side by side in any of its versions (LLAMA_MAX_SEQ was 64 before it was 256)."""

TEMPLATE = "tokenizer.chat_template"


class GgufModel(TextModel):
    """A language model in a GGUF file.

    What llama.cpp has computed of earlier texts is kept: a text that begins as one of the last 64 did takes only what is new of it.

    Parameters
    ----------
    path : path-like
        The file.
    name : str, optional
        What to call the model; the path by default.
    context : int, default 8192
        Tokens that all texts may have together, for which the memory is taken at once. One text may be as long as those that the
        model was trained on.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If llama.cpp cannot read it.

    Notes
    -----
    Flash attention is off: with it, a logit depends in its first digits on where in memory its text stands, and so on what was
    computed before. What is left is the rounding of sums in another order, and that of another processor.
    """

    def __init__(self, path: str | os.PathLike[str], *, name: str | None = None, context: int = 8192) -> None:
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"model must be a GGUF file, and there is none at {os.fspath(path)!r}")
        try:
            # The context that it makes for itself is not used, and is to be small.
            self._llm = llama_cpp.Llama(str(path), n_ctx=32, n_batch=32, verbose=False)
        except ValueError as error:
            raise ValueError(f"model must be a GGUF file that llama.cpp can read, got {os.fspath(path)!r}: {error}") from error
        # It takes llama.cpp's warnings for errors, whose levels have moved: one is that texts together may be longer than a text.
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)
        self.name = os.fspath(path) if name is None else name
        self.size = self._llm.n_vocab()
        self.begin = tuple(self._llm.tokenize(b""))
        self.ends = frozenset({self._llm.token_eos()} | _other_ends(self._llm))
        self._path, self._context = path, context
        self.context: int = min(context, self._llm._model.n_ctx_train())
        self._memory = _Memory(self._llm, context, _threads())

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), name=self.name, context=self._context), (self._path,)  # another process reads the file itself

    @cached_property
    def names(self) -> Sequence[str]:
        """The tokens as they are read; bytes that are no text by themselves as Python writes them."""
        return tuple(self._bytes_of(token).decode("utf-8", "backslashreplace") for token in range(self.size))

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, after those of `begin`; of an empty text at least one."""
        return self._checked(self._llm.tokenize(text.encode(), special=False)) or [self._first()]

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a talk, by the model's own template, up to where the assistant is to speak."""
        template = self._llm.metadata.get(TEMPLATE)
        if template is None:
            return super().encode_chat(messages)
        eos, bos = (self._bytes_of(token).decode() for token in (self._llm.token_eos(), self._llm.token_bos()))
        formatted = Jinja2ChatFormatter(template, eos_token=eos, bos_token=bos)(messages=list(messages))
        return self._checked(self._llm.tokenize(formatted.prompt.encode(), add_bos=not formatted.added_special, special=True))

    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        """Return a function that takes the tokens after the known ones, in turn, and returns what each adds to the text."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a token may end within a character
        return lambda token: decoder.decode(self._bytes_of(token))

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        """Return the logits of the token after each of several texts."""
        for text in texts:
            self._checked(text)
        return self._memory.rows(texts, self.size)

    def forget(self) -> None:
        """Forget what was computed of earlier texts: the same calls after it give the same rows, to the last bit."""
        self._memory.clear()

    def logprobs(self, tokens: Sequence[int], start: int = 1) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each token from a place on, given all before it: in one pass."""
        rows = self._memory.rows_along(self._checked(tokens), start - 1, self.size)
        return np.array([log_softmax(row)[token] for row, token in zip(rows, tokens[start:], strict=False)], np.float64)

    def _bytes_of(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(32)
        size = llama_cpp.llama_token_to_piece(self._llm._model.vocab, token, buffer, len(buffer), 0, True)
        if size < 0:
            buffer = ctypes.create_string_buffer(-size)
            size = llama_cpp.llama_token_to_piece(self._llm._model.vocab, token, buffer, len(buffer), 0, True)
        return bytes(buffer.raw[:size])

    def _first(self) -> int:
        begin: int = self._llm.token_bos()
        return begin if begin >= 0 else int(self._llm.token_eos())


class _Memory:
    """llama.cpp's keys and values of up to `SLOTS` texts, and which tokens they are of."""

    def __init__(self, llm: Any, context: int, threads: int) -> None:
        self._llm = llm  # which owns the weights
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_seq_max, params.kv_unified = context, SLOTS, True
        params.n_batch = params.n_ubatch = BATCH
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_threads = params.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(llm.model, params)
        if not self._context:
            raise MemoryError(f"llama.cpp has no memory for a context of {context:,} tokens")
        self._room = context
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._kept: list[list[int]] = [[] for _ in range(SLOTS)]

    def __del__(self) -> None:
        if getattr(self, "_context", None):
            llama_cpp.llama_free(self._context)
            self._context = None

    def rows(self, texts: Sequence[Sequence[int]], size: int) -> Row:
        """Return the logits after each text."""
        if not texts or not all(map(len, texts)):
            raise ValueError(f"texts must be at least one, each of at least one token, got lengths {[len(text) for text in texts]}")
        rows = np.empty((len(texts), size), np.float32)
        for first in range(0, len(texts), SLOTS):
            part = texts[first : first + SLOTS]
            self._decode([(slot, text, len(text) - 1) for slot, text in enumerate(part)], rows[first : first + SLOTS])
        return rows

    def rows_along(self, tokens: list[int], start: int, size: int) -> Row:
        """Return the logits after each token of a text from a place on, but for the last."""
        rows = np.empty((len(tokens) - 1 - start, size), np.float32)
        self._decode([(0, tokens[:-1], start)], rows)
        return rows

    def _decode(self, texts: Sequence[tuple[int, Sequence[int], int]], rows: Row) -> None:
        """Compute what is not kept of each text in a slot, and copy the logits after its places from one on, text by text."""
        total = sum(len(text) for _, text, _ in texts)
        if total > self._room:
            raise ValueError(f"texts must have at most {self._room:,} tokens together, got {total:,}")
        known = [self._prepare(slot, text[:wanted]) for slot, text, wanted in texts]
        new = [
            (text[place], place, slot, place >= wanted)
            for (slot, text, wanted), start in zip(texts, known, strict=True)
            for place in range(start, len(text))
        ]
        self._make_room(len(texts), len(new))
        row = iter(rows)
        for first in range(0, len(new), BATCH):
            self._decode_batch(new[first : first + BATCH], row)
        for slot, text, _ in texts:
            self._kept[slot] = list(text)

    def _prepare(self, slot: int, text: Sequence[int]) -> int:
        """Make a slot hold as much of the beginning of a text as is kept anywhere, nothing else, and return how much."""
        common = [_common(kept, text) for kept in self._kept]
        best = max(range(SLOTS), key=lambda other: (common[other], other == slot))
        start = common[best]
        if best == slot:
            self._forget(slot, start)
        else:
            self._forget(slot, 0)
            llama_cpp.llama_memory_seq_cp(self._memory, best, slot, 0, start)
            self._kept[slot] = list(text[:start])
        return start

    def _make_room(self, used: int, new: int) -> None:
        """Forget the texts in the slots that are not used now where their tokens and the new ones would be too many."""
        if sum(map(len, self._kept)) + new > self._room:
            for slot in range(used, SLOTS):
                self._forget(slot, 0)

    def _forget(self, slot: int, start: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, slot, start, -1)
        del self._kept[slot][start:]

    def _decode_batch(self, tokens: Sequence[tuple[int, int, int, bool]], rows: Any) -> None:
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        try:
            for i, (token, place, slot, wanted) in enumerate(tokens):
                batch.token[i], batch.pos[i], batch.logits[i] = token, place, wanted
                batch.n_seq_id[i], batch.seq_id[i][0] = 1, slot
            batch.n_tokens = len(tokens)
            status = llama_cpp.llama_decode(self._context, batch)
        finally:
            llama_cpp.llama_batch_free(batch)
        if status != 0:
            self.clear()
            raise RuntimeError(f"llama.cpp could not compute {len(tokens)} tokens: llama_decode returned {status}")
        for i, (_, _, _, wanted) in enumerate(tokens):
            if wanted:
                row = next(rows)
                row[:] = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self._context, i), row.shape)

    def clear(self) -> None:
        """Forget all texts."""
        llama_cpp.llama_memory_clear(self._memory, True)
        self._kept = [[] for _ in range(SLOTS)]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _threads() -> int:
    """Return how many threads llama.cpp is to have: all cores but one.

    They wait for each other in busy loops. Tuned, on two cores that had other work too: 200 tokens took 42 s with two threads, and
    2.5 s with one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores - 1, 1)


def _other_ends(llm: Any) -> set[int]:
    """Return the tokens beside EOS that llama.cpp says end what a model generates."""
    vocab = llm._model.vocab
    return {token for token in range(llm.n_vocab()) if llama_cpp.llama_vocab_is_eog(vocab, token)}
