"""What tuning brings: the loss at the slide's start and at the setting found, on prompts and text that the search has not seen.

Run as ``python benchmarks/tuning.py [SEEDS]``, a dozen seconds a seed; ``--help`` tells of other starts. A seed decides how the
built-in corpus is split into text to train on, to tune with and to judge by, which prompts are used, and the uniform numbers. The
losses that are judged are means over several draws, with the same prompts and uniform numbers for both settings.
"""

import argparse
import sys
from collections.abc import Sequence

from tables import print_table
from tqdm import tqdm

from thermonucleus.text.tuning import judge, optimize_params

REPEATS = 10


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tuning.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="?", default=10, help="how many (default: 10)")
    parser.add_argument("--temperature", type=float, default=1.0, help="where to start (default: 1.0, as on the slide)")
    parser.add_argument("--top-p", type=float, default=0.9, help="where to start (default: 0.9, as on the slide)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    start = (options.temperature, options.top_p)
    body = []
    better = 0
    for seed in tqdm(range(options.seeds), unit="seed", file=sys.stderr, disable=not sys.stderr.isatty()):
        tuning = optimize_params(*start, rng=seed, progress=False)
        before, after = (judge(*setting, repeats=REPEATS, rng=seed).loss for setting in (start, tuple(tuning)))
        better += after < before
        numbers = (tuning.temperature, tuning.top_p, tuning.start.loss, tuning.loss, before, after)
        body.append([str(seed), *(f"{number:.2f}" for number in numbers)])
    header = ["seed", "temperature", "top-p", "start, tuned on", "found, tuned on", "start, judged", "found, judged"]
    print_table(header, body, numbers=6)
    print(f"\nStart {start}; what was found is better on text not seen for {better} of {options.seeds} seeds.")


if __name__ == "__main__":
    main()
