"""What the draw takes of the time of a token that transformers generates: its own draw, and the kernel's through `attach`.

Run as ``python benchmarks/backends_transformers.py``, about two minutes. The model is a Llama of two layers with a whole
vocabulary at its head, whose logits are like a trained model's; a larger one takes longer for a token and as long for a draw.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import machine
import numpy as np
import torch
import transformers
from tables import microseconds, print_table, ratio
from tqdm import tqdm
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from usual_row import usual_row

import thermonucleus as tn
from thermonucleus.backends.transformers import attach
from thermonucleus.backends.transformers.draw import Draw
from thermonucleus.timing import median_within

SIZES = [50_257, 128_256]
SEQUENCES = [1, 8]
HIDDEN, LAYERS = 128, 2
SETTINGS: dict[str, dict[str, Any]] = {
    "temperature=0.8, top_p=0.95": {"temperature": 0.8, "top_k": 0, "top_p": 0.95},
    "the same after top_k=50": {"temperature": 0.8, "top_k": 50, "top_p": 0.95},
}


@dataclass(frozen=True)
class Times:
    """Seconds of a draw for each sequence, and of all that `generate` does for a token of each."""

    draw: float
    token: float


def make_model(size: int) -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=size, hidden_size=HIDDEN, intermediate_size=4 * HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=4,
        bos_token_id=0, eos_token_id=None, pad_token_id=0, tie_word_embeddings=False,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.lm_head = torch.nn.Linear(HIDDEN, size)
    with torch.no_grad():
        # The head of a language model's row, and a tenth of its spread to tell one step from another.
        model.lm_head.weight.normal_(0, 0.2 / HIDDEN**0.5)
        model.lm_head.bias.copy_(torch.from_numpy(usual_row(size)))
    return model


def warpers(temperature: float, top_k: int, top_p: float) -> LogitsProcessorList:
    """What transformers makes of these settings."""
    first = [TemperatureLogitsWarper(temperature), *([TopKLogitsWarper(top_k)] if top_k else [])]
    return LogitsProcessorList([*first, TopPLogitsWarper(top_p)])


def their_draw(warp: LogitsProcessorList, ids: Any, logits: Any) -> Any:
    return torch.multinomial(torch.nn.functional.softmax(warp(ids, logits), dim=-1), num_samples=1).squeeze(1)


def our_draw(draw: LogitsProcessorList, ids: Any, logits: Any) -> Any:
    return torch.argmax(draw(ids, logits), dim=-1)


def measure(model: Any, sequences: int, settings: dict[str, Any], options: argparse.Namespace) -> dict[str, Times]:
    """Time both ways of one cell of the table."""
    ids = torch.arange(5, 13).repeat(sequences, 1)
    mask = torch.ones_like(ids)
    rows = [model(ids + i).logits[:, -1].detach().clone() for i in range(8)]

    def generate(_: object) -> None:
        model.generate(ids, attention_mask=mask, do_sample=True, max_new_tokens=options.tokens, **settings)

    def times(draw: Callable[[Any], object]) -> Times:
        one = median_within(draw, rows, options.budget)
        whole = median_within(generate, [None], 4 * options.budget)
        return Times(one.seconds, whole.seconds / options.tokens)

    warp = warpers(**settings)
    generators = [np.random.default_rng(i) for i in range(sequences)]
    draw = LogitsProcessorList([Draw(warp, generators, workers=1, keep_scores=False)])
    theirs = times(partial(their_draw, warp, ids))
    with attach(model, rng=0):
        ours = times(partial(our_draw, draw, ids))
    return {"theirs": theirs, "ours": ours}


def line(size: int, sequences: int, settings: str, found: dict[str, Times]) -> list[str]:
    theirs, ours = found["theirs"], found["ours"]
    return [
        f"{size:,}", str(sequences), settings,
        microseconds(theirs.draw), microseconds(ours.draw), ratio(theirs.draw / ours.draw),
        microseconds(theirs.token), microseconds(ours.token), ratio(theirs.token / ours.token),
        f"{theirs.draw / theirs.token:.0%}", f"{ours.draw / ours.token:.0%}",
    ]  # fmt: skip


LEGEND = f"Medians. A token is all that `generate` does for one more of each sequence: Llama, {LAYERS} layers of {HIDDEN}, float32."

HEADER = [
    "V", "sequences", "settings", "draw, theirs, µs", "ours, µs", "theirs / ours",
    "token, theirs, µs", "ours, µs", "theirs / ours", "share of the draw, theirs", "ours",
]  # fmt: skip


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="backends_transformers.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", metavar="V", default=SIZES, help=f"vocabulary sizes (default: {SIZES})")
    parser.add_argument("--sequences", type=int, nargs="+", metavar="B", default=SEQUENCES, help=f"default: {SEQUENCES}")
    parser.add_argument("--tokens", type=int, metavar="N", default=32, help="tokens of a call of generate (default: 32)")
    parser.add_argument(
        "--threads", type=int, metavar="N", default=torch.get_num_threads(), help="PyTorch's threads (default: its own)"
    )
    parser.add_argument(
        "--budget", type=float, metavar="S", default=1.0, help="seconds for a draw (default: 1), four times that for generate"
    )
    options = parser.parse_args(given)
    torch.set_num_threads(options.threads)
    cells = [(size, sequences, name) for size in options.sizes for sequences in options.sequences for name in SETTINGS]
    body: list[list[str]] = []
    model: Any = None
    for size, sequences, name in tqdm(cells, unit="cell", file=sys.stderr, disable=None):
        if model is None or model.config.vocab_size != size:
            model = make_model(size)
        body.append(line(size, sequences, name, measure(model, sequences, SETTINGS[name], options)))
    versions = f"torch {torch.__version__} with {torch.get_num_threads()} threads, transformers {transformers.__version__}"
    print(f"thermonucleus {tn.__version__}, {tn.target}, 1 worker; {versions}; {machine.processor()}")
    print(f"\n{LEGEND}\n")
    print_table(HEADER, body, len(HEADER) - 3)


if __name__ == "__main__":
    main()
