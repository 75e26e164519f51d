"""ONNX Runtime GenAI's own sampling, on a model that computes nothing.

The library samples only what a model has computed, so a tiny decoder is built that returns zeros; before each draw it runs, and
`set_logits` replaces its logits by the rows. Timed: `generate_next_token`, which samples the tokens and appends them, and fetching
them. The generator cannot be asked what it keeps, so that is found from draws.

The library wants a token that ends the text; it is one more than the row has, and has a logit of -inf, so that it is never drawn.
"""

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime_genai
from numpy.typing import NDArray
from onnx import TensorProto, helper

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System, kept_by_draws

LONGEST = 100_000
"""Tokens that a generator can append before it has to be made anew."""

CACHES = ("key", "value")

Running = tuple[Any, Batch]
"""A generator, and the rows that it is to sample from."""


def decoder(size: int) -> Any:
    """Make a model of one layer of one number: logits of 0, and caches that grow by a number a token."""
    old = [helper.make_tensor_value_info(f"past_key_values.0.{name}", TensorProto.FLOAT, ["b", 1, "p", 1]) for name in CACHES]
    new = [helper.make_tensor_value_info(f"present.0.{name}", TensorProto.FLOAT, ["b", 1, "t", 1]) for name in CACHES]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "s"]),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["b", "t"]),
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "s", size])
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("Concat", ["shape", "size"], ["full"], axis=0),
        helper.make_node("ConstantOfShape", ["full"], ["logits"]),
        helper.make_node("Cast", ["input_ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["numbers", "axes"], ["entry"]),
        *(helper.make_node("Concat", [f"past_key_values.0.{name}", "entry"], [f"present.0.{name}"], axis=2) for name in CACHES),
    ]
    constants = [
        helper.make_tensor("size", TensorProto.INT64, [1], [size]),
        helper.make_tensor("axes", TensorProto.INT64, [2], [1, 3]),
    ]
    graph = helper.make_graph(nodes, "zeros", [*inputs, *old], [logits, *new], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def configuration(size: int) -> dict[str, Any]:
    names = {
        "inputs": {
            "input_ids": "input_ids",
            "attention_mask": "attention_mask",
            "past_key_names": "past_key_values.%d.key",
            "past_value_names": "past_key_values.%d.value",
        },
        "outputs": {"logits": "logits", "present_key_names": "present.%d.key", "present_value_names": "present.%d.value"},
    }
    widths = dict.fromkeys(["head_size", "hidden_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers"], 1)
    model = {"type": "llama", "vocab_size": size, "context_length": LONGEST, "pad_token_id": 0, "bos_token_id": 0}
    return {
        "model": model | {"eos_token_id": size - 1, "decoder": {"filename": "model.onnx"} | widths | names},
        "search": {"max_length": LONGEST, "past_present_share_buffer": False},
    }


def loaded(size: int) -> Any:
    with TemporaryDirectory() as folder:
        onnx.save(decoder(size), Path(folder) / "model.onnx")
        (Path(folder) / "genai_config.json").write_text(json.dumps(configuration(size)), encoding="utf-8")
        return onnxruntime_genai.Model(folder)


class OnnxGeneration(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.options = {"do_sample": True, "random_seed": 1, "max_length": LONGEST} | {
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "top_p": settings.top_p,
        }
        self.models: dict[int, Any] = {}

    def prepare(self, batch: Batch) -> Running:
        batch = np.pad(batch, ((0, 0), (0, 1)), constant_values=-np.inf)
        count, size = batch.shape
        if size not in self.models:
            self.models[size] = loaded(size)
        parameters = onnxruntime_genai.GeneratorParams(self.models[size])
        parameters.set_search_options(batch_size=count, **self.options)
        generator = onnxruntime_genai.Generator(self.models[size], parameters)
        generator.append_tokens(np.zeros((count, 1), np.int32))
        return generator, batch

    def restore(self, prepared: Running) -> None:
        generator, batch = prepared
        # The model has to have run before its logits can be replaced.
        generator.get_logits()
        generator.set_logits(batch[:, None])

    def draw(self, prepared: Running) -> NDArray[np.int32]:
        generator = prepared[0]
        generator.generate_next_token()
        tokens: NDArray[np.int32] = generator.get_next_tokens()
        return tokens

    def kept(self, row: Row) -> Mask:
        prepared = self.prepare(row[None])
        return kept_by_draws(partial(self.redraw, prepared), len(row))

    def redraw(self, prepared: Running) -> int:
        self.restore(prepared)
        return int(self.draw(prepared)[0])


def systems() -> list[System]:
    version = f"onnxruntime-genai {onnxruntime_genai.__version__}"
    return [System("ONNX Runtime GenAI", version, "generate_next_token after set_logits", OnnxGeneration, from_draws=True)]
