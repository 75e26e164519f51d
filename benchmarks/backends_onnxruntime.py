"""The sampling's share of the time of a token: ONNX Runtime in the loop that most people write, and in this package's.

Run as ``python benchmarks/backends_onnxruntime.py``, half a minute; it needs onnx and onnxruntime. The model, made on the spot, is
the last layer of one, as wide as GPT-2's, and a cache: its tokens take less time than a whole model's, so that the sampling's share
is larger. ONNX Runtime has no sampler for a loop of one's own; the usual one is in NumPy.
"""

import argparse
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import machine
import numpy as np
import onnx.parser
import onnxruntime
from contestants.contract import Settings
from contestants.naive_numpy import NaiveNumPy
from numpy.typing import NDArray
from onnx import numpy_helper
from tables import microseconds, print_table
from usual_row import usual_row

import thermonucleus as tn
from thermonucleus.backends.onnxruntime import stream

SIZES = [50_257, 128_256]
BATCHES = [1, 8]
WORDS = 64

GRAPH = """
<ir_version: 8, opset_import: ["": 17]>
last_layer (int64[B, S] input_ids, float[B, 1, P, 1] "past_key_values.0.key")
    => (float[B, S, {size}] logits, float[B, 1, T, 1] "present.0.key") {{
    word = Mod (input_ids, words)
    x = Gather (embeddings, word)
    y = MatMul (x, head)
    logits = Add (y, bias)
    number = Cast <to = 1> (input_ids)
    entry = Unsqueeze (number, axes)
    "present.0.key" = Concat <axis = 2> ("past_key_values.0.key", entry)
}}
"""

LEGEND = """\
Temperature 0.8, top_p 0.95. Medians over the tokens of a text. The sampling is all that a token takes besides the run of the
session: in NumPy a softmax, argsort, cumsum and choice for each row; here `stream`, with all that it does between two runs."""


class Clocked(onnxruntime.InferenceSession):  # type: ignore[misc]
    """A session that notes how long its last run took."""

    seconds = 0.0

    def run(self, *arguments: Any) -> Any:
        start = time.perf_counter()
        outputs = super().run(*arguments)
        self.seconds = time.perf_counter() - start
        return outputs


Loop = Callable[[Clocked, NDArray[np.int64], int, Settings], Iterator[object]]


def usually(session: Clocked, ids: NDArray[np.int64], count: int, settings: Settings) -> Iterator[object]:
    """Generate in the way that most people write first."""
    sampler = NaiveNumPy(settings)
    past = np.zeros((len(ids), 1, 0, 1), np.float32)
    for _ in range(count):
        logits, past = session.run(["logits", "present.0.key"], {"input_ids": ids, "past_key_values.0.key": past})
        ids = np.array(sampler.draw(logits[:, -1]))[:, None]
        yield ids


def here(session: Clocked, ids: NDArray[np.int64], count: int, settings: Settings) -> Iterator[object]:
    return stream(session, ids, max_new_tokens=count, temperature=settings.temperature, top_p=settings.top_p, rng=0)


LOOPS: dict[str, Loop] = {"NumPy": usually, "thermonucleus": here}


def model(size: int, width: int) -> Clocked:
    """Make a layer whose logits are a language model's, give or take what the last token does to them."""
    rng = np.random.default_rng(0)
    constants = {
        "words": np.array(WORDS),
        "axes": np.array([1, 3]),
        "embeddings": rng.standard_normal((WORDS, width), np.float32),
        "head": rng.standard_normal((width, size), np.float32) / np.float32(width**0.5),
        "bias": usual_row(size),
    }
    parsed = onnx.parser.parse_model(GRAPH.format(size=size))
    parsed.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    return Clocked(parsed.SerializeToString(), providers=["CPUExecutionProvider"])


def medians(loop: Loop, session: Clocked, batch: int, count: int) -> tuple[float, float]:
    """Median seconds of the model and of the rest of a token; the first two tokens, one of them the prompt's, are not counted."""
    ids = np.arange(batch)[:, None]
    times = []
    start = time.perf_counter()
    for _ in loop(session, ids, count + 2, Settings()):
        token = time.perf_counter() - start
        times.append((session.seconds, token - session.seconds))
        start = time.perf_counter()
    of_model, of_sampling = np.median(times[2:], axis=0)
    return float(of_model), float(of_sampling)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="V", help="vocabulary sizes")
    parser.add_argument("--width", type=int, default=768, help="width of the layer (default: 768)")
    parser.add_argument("--tokens", type=int, default=40, help="tokens a text (default: 40)")
    options = parser.parse_args(given)
    print(
        f"ONNX Runtime {onnxruntime.__version__} on {machine.processor()}, {machine.cores()} cores, level {tn.target}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}\n"
    )
    body = []
    for size in options.sizes:
        session = model(size, options.width)
        for batch in BATCHES:
            for name, loop in LOOPS.items():
                of_model, of_sampling = medians(loop, session, batch, options.tokens)
                share = of_sampling / (of_model + of_sampling)
                body.append([name, f"{size:,}", f"{batch}", microseconds(of_model), microseconds(of_sampling), f"{share:.1%}"])
    print_table(["sampler", "V", "sequences", "model, µs", "sampling, µs", "sampling's share"], body, numbers=5)
    print(f"\n{LEGEND}")


if __name__ == "__main__":
    main()
