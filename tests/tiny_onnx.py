"""Tiny models in ONNX, built on the spot: a decoder of one layer of attention, with a cache or without, and a table of bigrams."""

from typing import Any

import numpy as np
import onnx
import onnx.parser
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

VOCABULARY, WIDTH, HEADS, LONGEST = 29, 8, 2, 64

CACHED = """
decoder (
    int64[B, S] input_ids, int64[B, T] attention_mask, int64[B, S] position_ids, bool[1] use_cache_branch,
    {type}[B, 2, P, 4] "past_key_values.0.key", {type}[B, 2, P, 4] "past_key_values.0.value"
) => ({type}[B, S, 29] logits, {type}[B, 2, T, 4] "present.0.key", {type}[B, 2, T, 4] "present.0.value") {{
    branch = Cast <to = {number}> (use_cache_branch)
    past_keys = Mul ("past_key_values.0.key", branch)
    "present.0.key" = Concat <axis = 2> (past_keys, "new.key")
    "present.0.value" = Concat <axis = 2> ("past_key_values.0.value", "new.value")
    {attention}
}}
"""
"""The newest tokens in; the flag of merged decoders makes a difference: without it, past keys are 0."""

UNCACHED = """
decoder (int64[B, S] input_ids, int64[B, T] attention_mask) => ({type}[B, S, 29] logits) {{
    "present.0.key" = Identity ("new.key")
    "present.0.value" = Identity ("new.value")
    tokens_so_far = CumSum (attention_mask, one)
    position = Sub (tokens_so_far, one)
    position_ids = Max (position, zero)
    {attention}
}}
"""
"""All tokens in; it finds their positions itself."""

ATTENTION = """
    word = Gather (words, input_ids)
    place = Gather (places, position_ids)
    x = Add (word, place)
    query_row = MatMul (x, query_weights)
    query_heads = Reshape (query_row, to_heads)
    query = Transpose <perm = [0, 2, 1, 3]> (query_heads)
    key_row = MatMul (x, key_weights)
    key_heads = Reshape (key_row, to_heads)
    key = Transpose <perm = [0, 2, 1, 3]> (key_heads)
    value_row = MatMul (x, value_weights)
    value_heads = Reshape (value_row, to_heads)
    value = Transpose <perm = [0, 2, 1, 3]> (value_heads)
    "new.key" = Cast <to = {number}> (key)
    "new.value" = Cast <to = {number}> (value)
    all_keys = Cast <to = 1> ("present.0.key")
    all_values = Cast <to = 1> ("present.0.value")

    keys_across = Transpose <perm = [0, 1, 3, 2]> (all_keys)
    score = MatMul (query, keys_across)
    mask_shape = Shape (attention_mask)
    length = Gather (mask_shape, one)
    ids_shape = Shape (input_ids)
    newest = Gather (ids_shape, one)
    first = Sub (length, newest)
    key_at = Range (zero, length, one)
    query_at = Range (first, length, one)
    query_down = Unsqueeze (query_at, last_axis)
    before = LessOrEqual (key_at, query_down)
    token = Cast <to = 9> (attention_mask)
    token_across = Unsqueeze (token, middle_axes)
    visible = And (before, token_across)
    seen = Where (visible, score, never)
    weight = Softmax <axis = -1> (seen)
    mixed = MatMul (weight, all_values)
    mixed_rows = Transpose <perm = [0, 2, 1, 3]> (mixed)
    attended = Reshape (mixed_rows, to_rows)
    y = Add (x, attended)
    scores = MatMul (y, head)
    logits = Cast <to = {number}> (scores)
"""


def decoder(*, cache: bool, half: bool = False) -> bytes:
    """Build the decoder; its weights are the same each time. Half: with logits, and a cache, of float16."""
    number, name = (TensorProto.FLOAT16, "float16") if half else (TensorProto.FLOAT, "float")
    graph = CACHED if cache else UNCACHED
    text = graph.format(attention=ATTENTION.format(number=number), type=name, number=number)
    rng = np.random.default_rng(0)
    squares = {f"{role}_weights": rng.normal(0, 0.5, (WIDTH, WIDTH)) for role in ("query", "key", "value")}
    weights = squares | {
        "words": rng.normal(0, 1, (VOCABULARY, WIDTH)),
        "places": rng.normal(0, 0.5, (LONGEST, WIDTH)),
        "head": rng.normal(0, 0.6, (WIDTH, VOCABULARY)),
        "never": np.array(-1e9),
    }
    indices = {"zero": 0, "one": 1, "last_axis": [1], "middle_axes": [1, 2]}
    shapes = {"to_heads": [0, 0, HEADS, WIDTH // HEADS], "to_rows": [0, 0, WIDTH]}
    constants = {name: np.array(numbers, np.int64) for name, numbers in (indices | shapes).items()}
    return model(text, {name: array.astype(np.float32) for name, array in weights.items()} | constants)


def bigrams(table: NDArray[Any]) -> bytes:
    """Build a model that has, for each token, the logits of the next one."""
    text = f"bigrams (int64[B, T] input_ids) => (float[B, T, {table.shape[1]}] logits) {{ logits = Gather (table, input_ids) }}"
    return model(text, {"table": table.astype(np.float32)})


def model(graph: str, constants: dict[str, NDArray[Any]]) -> bytes:
    """Read a graph in ONNX's textual syntax and give it its constants."""
    parsed = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 17]> {graph}')
    parsed.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    serialized: bytes = parsed.SerializeToString()
    return serialized
