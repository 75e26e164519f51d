"""The sampling's share of the time of a token: llama-cpp-python with its own sampler, and with the kernel attached.

Run as ``python benchmarks/backends_llama_cpp.py``, some seconds; it needs llama-cpp-python and gguf. The model, made on the spot,
is a single narrow layer under a head of full size: its tokens take less time than a larger model's, and the sampling's share is
larger. Both samplers serve the same `generate`, in turns.
"""

import argparse
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import llama_cpp
import machine
import numpy as np
import tiny_gguf
from tables import microseconds, print_table, ratio

import thermonucleus as tn
from thermonucleus.backends.llama_cpp import attach

SIZES = [50_257, 128_256]
SETTINGS: dict[str, dict[str, Any]] = {
    "the defaults: temp=0.8, top_k=40, top_p=0.95, min_p=0.05": {},
    "the defaults with repeat_penalty=1.1": {"repeat_penalty": 1.1},
    "temp=0.8, top_p=0.95": {"temp": 0.8, "top_k": 0, "top_p": 0.95, "min_p": 0.0},
    "temp=1, top_p=0.95": {"temp": 1.0, "top_k": 0, "top_p": 0.95, "min_p": 0.0},
    "temp=0": {"temp": 0.0},
}
PROMPT = list(range(300, 316))


@dataclass
class Times:
    """Seconds of each token, and of the sampling in it."""

    tokens: list[float] = field(default_factory=list)
    sampling: list[float] = field(default_factory=list)

    def medians(self) -> tuple[float, float]:
        return float(np.median(self.tokens)), float(np.median(self.sampling))


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="V", help="vocabulary sizes")
    parser.add_argument("--width", type=int, default=64, help="width of the model (default: 64)")
    parser.add_argument("--tokens", type=int, default=40, help="tokens a text (default: 40)")
    parser.add_argument("--rounds", type=int, default=5, help="texts from each sampler (default: 5)")
    return parser.parse_args(given)


@contextmanager
def timed_sampling(llm: llama_cpp.Llama, seconds: list[float]) -> Iterator[None]:
    """Note the time of each call of `Llama.sample`."""
    sample = llm.sample

    def timed(**settings: Any) -> int:
        start = time.perf_counter()
        token: int = sample(**settings)
        seconds.append(time.perf_counter() - start)
        return token

    llm.sample = timed
    yield
    del llm.sample


def generate(llm: llama_cpp.Llama, settings: dict[str, Any], count: int, times: Times) -> None:
    """Generate a text; its first token, whose time is that of the prompt, is not counted."""
    llm.reset()
    sampling: list[float] = []
    with timed_sampling(llm, sampling):
        stamps = [time.perf_counter() for _ in islice(llm.generate(PROMPT, **settings), count + 1)]
    times.tokens += np.diff(stamps).tolist()
    times.sampling += sampling[1:]


def measured(llm: llama_cpp.Llama, settings: dict[str, Any], count: int, rounds: int) -> tuple[Times, Times]:
    """Let the model's own sampler and ours take turns."""
    theirs, ours = Times(), Times()
    for round_ in range(rounds):
        generate(llm, settings, count, theirs)
        with attach(llm, rng=round_):
            generate(llm, settings, count, ours)
    return theirs, ours


def line(size: int, name: str, theirs: Times, ours: Times) -> list[str]:
    (their_token, their_sampling), (our_token, our_sampling) = theirs.medians(), ours.medians()
    return [
        f"{size:,}",
        name,
        *map(microseconds, (their_sampling, our_sampling)),
        ratio(their_sampling / our_sampling),
        *map(microseconds, (their_token, our_token)),
        f"{their_sampling / their_token:.1%}",
        f"{our_sampling / our_token:.1%}",
    ]


HEADER = [
    "V",
    "settings",
    "sampling, theirs, µs",
    "ours, µs",
    "theirs / ours",
    "whole token, theirs, µs",
    "with ours, µs",
    "share of sampling, theirs",
    "ours",
]


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    print(
        f"llama-cpp-python {llama_cpp.__version__}, thermonucleus {tn.__version__} at level {tn.target}, Python"
        f" {platform.python_version()}; {machine.processor()}, 1 thread; one layer of width {options.width}, float32;"
        f" medians of {options.tokens * options.rounds} tokens\n"
    )
    body = []
    with TemporaryDirectory() as folder:
        for size in options.sizes:
            model = tiny_gguf.write(Path(folder) / f"{size}.gguf", vocab_size=size, width=options.width)
            with closing(llama_cpp.Llama(str(model), n_ctx=512, n_threads=1, verbose=False)) as llm:
                for name, settings in SETTINGS.items():
                    body.append(line(size, name, *measured(llm, settings, options.tokens, options.rounds)))
    print_table(HEADER, body, numbers=7)


if __name__ == "__main__":
    main()
