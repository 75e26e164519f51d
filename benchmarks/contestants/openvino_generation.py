"""OpenVINO GenAI's own sampling, on a model that looks the rows up.

The library samples only what a model has computed, so a model is built that holds the rows and gives them out one after the other.
What is reported is the time that the library itself gives for each sampling step, the copy of the logits into its own tokens
included. Its sampling cannot be called alone, so it is not measured with the caches flushed, and its kept set is found from draws.
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openvino
import openvino_genai
from numpy.typing import NDArray
from openvino import opset13 as op

from contestants.contract import DRAWS, Batch, Contestant, Mask, Row, Settings, System

STEPS = 32
"""Tokens a call of `generate`, for each row of a batch."""

CACHE = "past_key_values.0.key.present.0.key"


def parameter(name: str, shape: list[int], kind: type) -> Any:
    node = op.parameter(shape, kind, name=name)
    node.output(0).set_names({name})
    return node


def lookup(batches: NDArray[np.float32]) -> Any:
    """Make a model whose logits at position i are those of batch i, and which keeps a cache, since one is expected."""
    count, rows, size = batches.shape
    tokens, positions = parameter("input_ids", [-1, -1], np.int64), parameter("position_ids", [-1, -1], np.int64)
    mask, order = parameter("attention_mask", [-1, -1], np.int64), parameter("beam_idx", [-1], np.int32)
    first = op.multiply(op.mod(positions, op.constant(np.int64(count))), op.constant(np.int64(rows)))
    which = op.add(first, op.constant(np.arange(rows, dtype=np.int64)[:, None]))
    logits = op.gather(op.constant(batches.reshape(-1, size)), which, op.constant(np.int64(0)))
    logits.output(0).set_names({"logits"})
    empty = op.constant(np.zeros((rows, 1, 0, 1), np.float32))
    cache = op.gather(op.read_value(empty, CACHE, openvino.Type.f32, openvino.PartialShape([-1, 1, -1, 1])), order, op.constant(0))
    entry = op.unsqueeze(op.convert(tokens, "f32"), op.constant(np.array([1, 3])))
    grown = op.assign(op.concat([cache, entry], 2), CACHE)
    return openvino.Model([op.result(logits, name="logits")], [grown], [tokens, mask, positions, order], "lookup")


def pipeline(batches: NDArray[np.float32]) -> Any:
    with TemporaryDirectory() as name:
        folder = Path(name)
        openvino.save_model(lookup(batches), folder / "openvino_model.xml", compress_to_fp16=False)
        (folder / "config.json").write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
        # The token that ends a text has to be named; this is none that a row has.
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": batches.shape[2]}), encoding="utf-8")
        return openvino_genai.LLMPipeline(folder, "CPU", ATTENTION_BACKEND="SDPA")


class OpenVinoGeneration(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.configuration = openvino_genai.GenerationConfig()
        self.configuration.update_generation_config(do_sample=True, ignore_eos=True, rng_seed=1, temperature=settings.temperature)
        self.configuration.update_generation_config(top_p=settings.top_p, **({"top_k": settings.top_k} if settings.top_k else {}))

    def generate(self, made: Any, rows: int, tokens: int) -> Any:
        self.configuration.max_new_tokens = tokens
        first, mask = openvino.Tensor(np.zeros((rows, 1), np.int64)), openvino.Tensor(np.ones((rows, 1), np.int64))
        return made.generate(openvino_genai.TokenizedInputs(first, mask), self.configuration)

    def own_times(self, batches: list[Batch], budget: float) -> list[float]:
        made, rows = pipeline(np.stack(batches)), len(batches[0])
        # A first call, which is not counted, is as short as the batches allow.
        self.generate(made, rows, len(batches))
        times: list[float] = []
        begun = time.perf_counter()
        while len(times) < 200 and (len(times) < 3 or time.perf_counter() - begun < budget):
            steps = STEPS if rows == 1 else 4
            times += [one * 1e-6 for one in self.generate(made, rows, steps).perf_metrics.raw_metrics.sampling_durations]
        return times

    def draw(self, prepared: Any) -> Any:
        raise NotImplementedError("the library keeps the time itself")

    def kept(self, row: Row) -> Mask:
        kept = np.zeros(len(row), bool)
        kept[self.generate(pipeline(row[None, None]), 1, DRAWS).tokens[0]] = True
        return kept


def systems() -> list[System]:
    version = f"openvino-genai {openvino_genai.__version__.partition('-')[0]}"
    timed = "a sampling step, by the library's own clock"
    return [System("OpenVINO GenAI", version, timed, OpenVinoGeneration, from_draws=True, own_clock=True)]
