"""What tuning brings: the loss at the slide's start and at the setting found, on prompts and text that the search has not seen.

Run as ``python benchmarks/tuning.py [SEEDS]``, half a minute a seed, or with ``--model smollm2``, some minutes; ``--help`` tells
of other starts. A seed decides how the built-in corpus is split into text to train on, to tune with and to judge by, which prompts
are used, and the uniform numbers. The losses that are judged are means over several draws, with the same prompts and numbers for
both settings.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import product
from statistics import fmean

import machine
from tables import print_table
from tqdm import tqdm

from thermonucleus.text import TextModel, load_model
from thermonucleus.text.tuning import judge, optimize_params

REPEATS = 10
METHODS = ["Nelder-Mead", "Powell", "COBYQA"]
STARTS = [(1.0, 0.9), (0.4, 0.4)]


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tuning.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="?", default=10, help="how many (default: 10)")
    parser.add_argument("--temperature", type=float, default=1.0, help="where to start (default: 1.0, as on the slide)")
    parser.add_argument("--top-p", type=float, default=0.9, help="where to start (default: 0.9, as on the slide)")
    parser.add_argument("--model", default="builtin", help="what to tune, as `load_model` takes it (default: builtin)")
    parser.add_argument("--evaluations", type=int, default=60, help="trials of a search at most (default: 60)")
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"draws that are judged (default: {REPEATS})")
    parser.add_argument("--methods", action="store_true", help="compare methods of search instead, by the loss they were given")
    return parser.parse_args(given)


def compare_methods(seeds: int) -> None:
    """Print the mean loss that each method ends with, from the slide's start and from one far off."""
    runs = list(product(METHODS, STARTS, range(seeds)))
    losses: dict[tuple[str, tuple[float, float]], list[float]] = {}
    for method, start, seed in tqdm(runs, unit="search", file=sys.stderr, disable=not sys.stderr.isatty()):
        found = optimize_params(*start, method=method, rng=seed, progress=False)
        losses.setdefault((method, start), []).append(found.loss)
    body = [[method, *(f"{fmean(losses[method, start]):.2f}" for start in STARTS)] for method in METHODS]
    print_table(["method", *(f"from {start}" for start in STARTS)], body, numbers=len(STARTS))


def judge_seeds(seeds: int, start: tuple[float, float], model: TextModel | str, evaluations: int, repeats: int) -> None:
    """Print for each seed what the search found, and how both it and its start are judged."""
    body = []
    better = 0
    for seed in tqdm(range(seeds), unit="seed", file=sys.stderr, disable=not sys.stderr.isatty()):
        began = time.perf_counter()
        tuning = optimize_params(*start, model=model, evaluations=evaluations, rng=seed, progress=False)
        minutes = (time.perf_counter() - began) / 60
        before, after = (judge(*setting, model=model, repeats=repeats, rng=seed).loss for setting in (start, tuple(tuning)))
        better += after < before
        numbers = (tuning.temperature, tuning.top_p, tuning.start.loss, tuning.loss, before, after, minutes)
        body.append([str(seed), *(f"{number:.2f}" for number in numbers)])
    header = ["seed", "temperature", "top-p", "start, tuned on", "found, tuned on", "start, judged", "found, judged", "minutes"]
    print_table(header, body, numbers=7)
    print(f"\nThe model {model if isinstance(model, str) else model.name}, on {machine.processor()}, {machine.cores()} cores.")
    print(f"Start {start}; what was found is better on text not seen for {better} of {seeds} seeds.")


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    if options.methods:
        compare_methods(options.seeds)
    else:
        # The built-in one is trained anew for each seed, a file is loaded once.
        model = options.model if options.model == "builtin" else load_model(options.model)
        judge_seeds(options.seeds, (options.temperature, options.top_p), model, options.evaluations, options.repeats)


if __name__ == "__main__":
    main()
