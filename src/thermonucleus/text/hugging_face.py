"""A language model of transformers, by its name or folder."""

import inspect
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.text.model import Message, Row, TextModel, log_softmax

try:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
except ImportError as error:
    raise ImportError('transformers and torch are needed here: pip install "thermonucleus[transformers]"') from error

__all__ = ["HuggingFaceModel"]


class HuggingFaceModel(TextModel):
    """A language model that transformers loads, in float32 on the CPU.

    What was computed for the last texts is kept, for texts of one length that all go on from them.

    Parameters
    ----------
    model : str or path-like
        What `AutoModelForCausalLM` and `AutoTokenizer` load it by: a name on the Hugging Face Hub, such as "gpt2", or a folder.
    gguf_file : str, optional
        The file in the folder, if the model is one in a GGUF file; this needs the package gguf.
    name : str, optional
        What to call it; `model` by default.

    Raises
    ------
    OSError
        If there is no such model.
    """

    def __init__(self, model: str | os.PathLike[str], *, gguf_file: str | None = None, name: str | None = None) -> None:
        where: dict[str, Any] = {} if gguf_file is None else {"gguf_file": gguf_file}
        self.name = os.fspath(model) if name is None else name
        self._tokenizer = AutoTokenizer.from_pretrained(model, **where)
        self._network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, **where).eval()
        self.begin = tuple(self._tokenizer("")["input_ids"])
        self.size = self._network.get_output_embeddings().weight.shape[0]
        ends = self._network.generation_config.eos_token_id
        self.context = getattr(self._network.config, "max_position_embeddings", None)
        self.ends = frozenset(end for end in ([ends] if isinstance(ends, int) else ends or ()) if end is not None)
        # transformers 5.24 gave the argument another name.
        self._cache_argument = next(name for name in ("cache", "past_key_values") if name in _parameters(self._network))
        self._kept: list[list[int]] = []
        self._cache = DynamicCache()

    @cached_property
    def names(self) -> Sequence[str]:
        """The tokens as they are read."""
        # A vocabulary may be filled up to a round number; what is beyond the tokenizer's has no name.
        known = min(len(self._tokenizer), self.size)
        return tuple(self._tokenizer.decode([token]) if token < known else f"<{token}>" for token in range(self.size))

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, after those of `begin`; of an empty text at least one."""
        tokens: list[int] = self._tokenizer(text)["input_ids"]
        begin = self._tokenizer.bos_token_id
        return tokens or [begin if begin is not None else min(self.ends)]

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a talk, by the model's own template, up to where the assistant is to speak."""
        if self._tokenizer.chat_template is None:
            return super().encode_chat(messages)
        told = self._tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, return_dict=True)
        tokens: list[int] = told["input_ids"]
        return tokens

    def pieces(self, known: Sequence[int]) -> Callable[[int], str]:
        """Return a function that takes the tokens after the known ones, in turn, and returns what each adds to the text."""
        tokens = list(known)
        shown = self._decoded(tokens)

        def piece(token: int) -> str:
            nonlocal shown
            tokens.append(token)
            text = self._decoded(tokens)
            if text.endswith("\ufffd"):  # the token ends within a character
                return ""
            new = text.removeprefix(shown) if text.startswith(shown) else self._decoded([token])
            shown = text
            return new

        return piece

    def rows(self, texts: Sequence[Sequence[int]]) -> Row:
        """Return the logits of the token after each of several texts."""
        lengths = [len(text) for text in texts]
        if not texts or not all(lengths):
            raise ValueError(f"texts must be at least one, each of at least one token, got lengths {lengths}")
        checked = [self._checked(text) for text in texts]
        known = self._common(checked)
        if not known:
            self._cache = DynamicCache()
        self._kept = []  # until the cache is whole again: a call that is interrupted leaves it halfway
        longest = max(lengths)
        padded = np.array([[*text, *[0] * (longest - len(text))] for text in checked], np.int64)
        mask = np.arange(longest) < np.array(lengths)[:, None]
        logits = self._forward(padded[:, known:], mask)
        # A cache that holds padding is of no use to the next call.
        self._kept = checked if min(lengths) == longest else []
        rows: Row = logits[torch.arange(len(texts)), torch.tensor(lengths) - 1 - known].numpy()
        return rows

    def forget(self) -> None:
        """Forget what was computed of earlier texts: the same calls after it give the same rows."""
        self._kept, self._cache = [], DynamicCache()

    def logprobs(self, tokens: Sequence[int], start: int = 1) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each token from a place on, given all before it: in one pass."""
        self.forget()
        tokens = self._checked(tokens)
        logits = self._forward(np.array([tokens[:-1]], np.int64), np.ones((1, len(tokens) - 1), np.bool_))[0, start - 1 :].numpy()
        return np.array([log_softmax(row)[token] for row, token in zip(logits, tokens[start:], strict=True)], np.float64)

    def _common(self, texts: Sequence[Sequence[int]]) -> int:
        """Return how many tokens of each text the cache holds: all but some of their ends, or none."""
        known = len(self._kept[0]) if len(self._kept) == len(texts) else 0
        goes_on = all(len(text) > known and list(text[:known]) == kept for text, kept in zip(texts, self._kept, strict=False))
        return known if goes_on else 0

    def _forward(self, tokens: NDArray[np.int64], mask: NDArray[np.bool_]) -> "torch.Tensor":
        with torch.inference_mode():
            return self._network(
                input_ids=torch.from_numpy(tokens),
                attention_mask=torch.from_numpy(mask.astype(np.int64)),
                use_cache=True,
                **{self._cache_argument: self._cache},
            ).logits.float()

    def _decoded(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _parameters(network: Any) -> Any:
    return inspect.signature(network.forward).parameters
