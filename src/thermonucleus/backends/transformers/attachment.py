"""`attach`: a model's `generate` goes on as before, but for its draws."""

import copy
import weakref
from functools import partial
from typing import Any, Self, cast

import numpy as np
import torch
from transformers import GenerationMixin, LogitsProcessorList, StoppingCriteriaList, StopStringCriteria
from transformers.generation import GenerationMode

from thermonucleus.backends.transformers.draw import Criteria, Draw, split
from thermonucleus.randomness import Seed, Seeds, as_generator, as_generators, is_several
from thermonucleus.workers import check_workers

__all__ = ["Attachment", "attach"]


def attach(model: GenerationMixin, *, rng: Seeds = None, workers: int = 1) -> "Attachment":
    """Let ``model.generate`` draw its tokens with the kernel from now on; nothing else about the model changes.

    This serves every call that samples (``do_sample=True``), whoever makes it. Settings are those that the call has in
    transformers: its arguments, its ``generation_config`` or the model's. Greedy decoding, beam search, assisted decoding and a
    ``custom_generate`` stay as they were.

    Parameters
    ----------
    model : transformers.GenerationMixin
        The model. It has one attachment at a time: another one takes its place.
    rng : Seed or sequence of Seed, optional
        As in `thermonucleus.randomness.as_generators`: one for each sequence of a call (with ``num_return_sequences``, those of the
        first prompt come first), or one that those of several sequences are spawned from. The generators go on from call to call.
        By default each call takes a seed from PyTorch's generator: ``torch.manual_seed`` and ``transformers.set_seed`` count, as
        they did before.
    workers : int, default 1
        Number of threads that share the rows of logits, as in `thermonucleus.sample`. (The model has PyTorch's threads.)

    Returns
    -------
    Attachment
        To detach by, at once or at the end of a ``with`` statement. It need not be kept.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the model already has a ``generate`` that is not its class's. Further, from
        ``model.generate``: if there are not as many seeds as sequences; if logits are NaN, +inf or nothing but -inf, at a step that
        the message names with row and index.

    Notes
    -----
    The loop is that of transformers, so cache, streamer, stopping criteria and what is returned are too. Logits go through all
    logits processors in transformers' order. Those at their end that are settings of a draw are the kernel's: ``temperature``,
    ``top_h``, ``top_k``, ``top_p``, ``min_p``, ``typical_p``, ``epsilon_cutoff`` and ``eta_cutoff``, as in `thermonucleus.sample`
    with ``order="transformers"``. Where something else follows (a watermark, ``renormalize_logits``), what comes before it stays
    with transformers, and the kernel draws from what comes out; so does one of these that stands elsewhere, or keeps more than one
    token at least. ``scores`` that are asked for are what transformers draws from, computed by its own means.

    What a sequence draws does not depend on which others are beside it, nor on when they end, as far as the model computes the same
    logits for it: in float32, PyTorch may add in another order in another batch.

    Logits of float32 on the CPU are read where transformers has left them. Others are converted, or moved there from the device.

    The hook is ``custom_generate``, which would do on its own but for the streamer and, with ``stop_strings``, the tokenizer:
    transformers (5.24) keeps them from it, and they are handed over here.

    Examples
    --------
    >>> import torch
    >>> from transformers import LlamaConfig, LlamaForCausalLM
    >>> from thermonucleus.backends.transformers import attach
    >>> model = LlamaForCausalLM(LlamaConfig(vocab_size=99, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, bos_token_id=0, eos_token_id=1))
    >>> attach(model, rng=1)
    <Attachment of LlamaForCausalLM>
    >>> model.generate(torch.tensor([[5, 6]]), do_sample=True, temperature=0.8, top_p=0.95, max_new_tokens=3).shape
    torch.Size([1, 5])
    """
    if not isinstance(model, GenerationMixin):
        raise TypeError(f"model must be a model of transformers that generates, got {type(model).__name__}")
    own = vars(model).get("generate")
    if own is not None and not isinstance(getattr(own, "__self__", None), Attachment):
        raise ValueError(f"model must generate as its class does, and has a generate of its own: {own!r}")
    attachment = Attachment(model, rng, workers)
    model.generate = attachment._generate
    return attachment


class Attachment:
    """A model's tie to the kernel, as `attach` makes it: a context manager that detaches."""

    def __init__(self, model: GenerationMixin, rng: Seeds, workers: int) -> None:
        # The model is freed when its user lets go of it: what it holds must not hold it.
        self._model = weakref.ref(model)
        self._rng = _as_kept(rng)
        self._workers = check_workers(workers)

    def detach(self) -> None:
        """Let the model draw its tokens as it did before, if it does not already."""
        model = self._model()
        if model is not None and vars(model).get("generate") == self._generate:
            del model.generate

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.detach()

    def __repr__(self) -> str:
        model = self._model()
        return f"<Attachment of {'nothing' if model is None else type(model).__name__}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy of the model takes along, so that it is attached on its own."""
        return vars(self) | {"_model": self._model()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _model=weakref.ref(state["_model"]))

    def _generate(self, inputs: Any = None, generation_config: Any = None, *, streamer: Any = None, **options: Any) -> Any:
        """Stand in for the model's `generate`."""
        model = self._model()
        if model is None:
            raise ReferenceError("the model has been freed: keep it, and not its generate alone")
        config, _ = model._prepare_generation_config(generation_config, **options)
        mode = config.get_generation_mode(options.get("assistant_model"))
        if mode == GenerationMode.SAMPLE and options.get("custom_generate") is None:
            if config.stop_strings is not None and options.get("tokenizer") is not None:
                criterion = StopStringCriteria(options["tokenizer"], config.stop_strings)
                options["stopping_criteria"] = [*(options.get("stopping_criteria") or ()), criterion]
                generation_config = _without_stop_strings(generation_config, options, model)
            options["custom_generate"] = partial(self._sample, streamer=streamer)
        first = () if inputs is None else (inputs,)
        return type(model).generate(model, *first, generation_config=generation_config, streamer=streamer, **options)

    def _sample(
        self,
        model: GenerationMixin,
        input_ids: torch.Tensor,
        *,
        logits_processor: LogitsProcessorList,
        stopping_criteria: StoppingCriteriaList,
        generation_config: Any,
        **rest: Any,
    ) -> Any:
        """Run transformers' loop with the draw as its last logits processor, and the argmax to tell what was drawn."""
        processors, warpers = split(logits_processor)
        rng = int(torch.randint(2**63 - 1, ())) if self._rng is None else self._rng
        config = copy.copy(generation_config)
        keep_scores = config.return_dict_in_generate and config.output_scores
        draw = Draw(warpers, as_generators(rng, len(input_ids)), workers=self._workers, keep_scores=keep_scores)
        config.do_sample = False
        result = model._sample(
            input_ids,
            logits_processor=LogitsProcessorList([*processors, draw]),
            stopping_criteria=Criteria(stopping_criteria, draw),
            generation_config=config,
            **rest,
        )
        if getattr(result, "scores", None) is not None:
            result.scores = draw.scores[: len(result.scores)]
        return result


def _as_kept(rng: Seeds) -> "np.random.Generator | list[np.random.Generator] | None":
    """Make generators of seeds, so that they go on from call to call; None stays."""
    if rng is None:
        return None
    return as_generators(rng, len(rng)) if is_several(rng) else as_generator(cast("Seed", rng))


def _without_stop_strings(generation_config: Any, options: dict[str, Any], model: GenerationMixin) -> Any:
    """Return the configuration without its stop strings; where it has them from elsewhere, let the options say so."""
    if generation_config is None or model.generation_config.stop_strings is not None:
        options["stop_strings"] = None
        return generation_config
    options.pop("stop_strings", None)
    config = copy.deepcopy(generation_config)
    config.stop_strings = None
    return config
