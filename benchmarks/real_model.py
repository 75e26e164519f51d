"""The deck's prompt on a real model: texts at three temperatures, and tokens a second with llama.cpp's own sampler and ours.

Run as ``python benchmarks/real_model.py``; it takes the extra `demo`. Each sampler generates as many tokens from the same prompt,
in turn; medians over the rounds. The model takes the same time with both.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import machine
from tables import print_table

import thermonucleus as tn
from thermonucleus.text import generate_text, load_model
from thermonucleus.text.loading import smollm2_file

PROMPT = "The future of artificial intelligence is"

TEMPERATURES = [(0.3, 1.0), (0.7, 0.9), (2.0, 1.0)]
"""Chosen: the guide's, cold to hot; the middle one with the deck's top-p."""

SETTINGS: dict[str, dict[str, Any]] = {
    "T 0.8, top-p 0.95": {"temperature": 0.8, "top_k": 0, "top_p": 0.95, "min_p": 0.0},
    "llama.cpp's defaults": {"temperature": 0.8, "top_k": 40, "top_p": 0.95, "min_p": 0.05},
}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="real_model.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=64, help="tokens of a text (default: 64)")
    parser.add_argument("--rounds", type=int, default=15, help="texts of each sampler (default: 15)")
    parser.add_argument("--seed", type=int, default=1, help="of the texts (default: 1)")
    return parser.parse_args(given)


def print_texts(tokens: int, seed: int) -> None:
    """Print what the model makes of the prompt."""
    model = load_model("smollm2")
    longest = len(model.encode(PROMPT)) + tokens
    for temperature, top_p in TEMPERATURES:
        text = generate_text(PROMPT, longest, temperature, top_p, model=model, rng=seed)
        print(f"T = {temperature:g}, top_p = {top_p:g}: {text!r}\n")


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def print_speeds(tokens: int, rounds: int) -> None:
    """Print tokens a second of both samplers, for each of the settings."""
    import llama_cpp

    from thermonucleus.backends.llama_cpp import attach

    llm = llama_cpp.Llama(str(smollm2_file()), n_ctx=256, n_threads=2, verbose=False)
    llm.set_seed(0)

    def text(settings: dict[str, Any]) -> None:
        # `generate` goes on after a token that ends a text, so that all texts are of one length.
        drawn = llm.generate(
            llm.tokenize(PROMPT.encode()),
            temp=settings["temperature"],
            **{name: settings[name] for name in ("top_k", "top_p", "min_p")},
        )
        for _ in zip(range(tokens), drawn, strict=False):
            pass

    body = []
    for name, settings in SETTINGS.items():
        times: dict[str, list[float]] = {"own": [], "ours": []}
        for _ in range(rounds):
            times["own"].append(seconds(lambda: text(settings)))  # noqa: B023 - called at once
            with attach(llm, rng=0):
                times["ours"].append(seconds(lambda: text(settings)))  # noqa: B023
        own, ours = (tokens / median(times[way]) for way in ("own", "ours"))
        body.append([name, f"{own:.1f}", f"{ours:.1f}", f"{ours / own:.2f}"])
    print_table(["settings", "its own sampler, tokens/s", "ours, tokens/s", "ours / own"], body, numbers=3)


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    print(f"SmolLM2-135M-Instruct, {machine.processor()}, {machine.cores()} cores, level {tn.target}\n")
    print_texts(options.tokens, options.seed)
    print_speeds(options.tokens, options.rounds)


if __name__ == "__main__":
    main()
