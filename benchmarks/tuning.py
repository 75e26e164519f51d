"""What tuning brings: the loss at the slide's start and at the setting found, on prompts and text that the search has not seen.

Run as ``python benchmarks/tuning.py [SEEDS]``. A seed decides how the built-in corpus is split into text to train on, to tune with
and to judge by, which prompts are used, and the uniform numbers. The losses that are judged are means over several draws, with
the same prompts and uniform numbers for both settings.
"""

import sys
import time

from tables import print_table

from thermonucleus.text.tuning import judge, optimize_params

START = (1.0, 0.9)
REPEATS = 10


def main(seeds: int = 10) -> None:
    body = []
    better = 0
    begun = time.perf_counter()
    for seed in range(seeds):
        tuning = optimize_params(*START, rng=seed, progress=False)
        before, after = (judge(*setting, repeats=REPEATS, rng=seed).loss for setting in (START, tuple(tuning)))
        better += after < before
        numbers = (tuning.temperature, tuning.top_p, tuning.start.loss, tuning.loss, before, after)
        body.append([str(seed), *(f"{number:.2f}" for number in numbers)])
    header = ["seed", "temperature", "top-p", "start, tuned on", "found, tuned on", "start, judged", "found, judged"]
    print_table(header, body, numbers=6)
    print(f"\nStart {START}; what was found is better on text not seen for {better} of {seeds} seeds.", end=" ")
    print(f"{(time.perf_counter() - begun) / seeds:.1f} s a seed.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
