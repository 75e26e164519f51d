"""The tables of `targets.py`, and what it says about how they came about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alternating import Ratios
from by_size import Curve
from further_reads import Reads
from goals import Goal
from regimes import Regime
from tables import microseconds, print_table


@dataclass(frozen=True)
class Held:
    """What came of a goal, at one level and on the rows named."""

    level: str
    rows: str
    goal: Goal
    ratios: Ratios

    @property
    def met(self) -> bool:
        return self.goal.met(self.ratios.median, self.ratios.mean)


UNSTEADY = 1.5
"""Chosen: the medians of `np.max` on the same rows differ by less where these stay in the cache."""

TIMES = ["np.max, µs", "draw, µs", "median", "mean", "quartiles"]


def fine(value: float) -> str:
    """Return a ratio to as many digits as goals have."""
    return f"{value:.2f}" if value < 9.995 else f"{value:,.1f}"


def quartiles(ratios: Ratios) -> str:
    return f"{fine(ratios.low)} to {fine(ratios.high)}"


def times(ratios: Ratios) -> list[str]:
    """Return the cells under `TIMES`."""
    return [
        microseconds(ratios.floor),
        microseconds(ratios.draw),
        fine(ratios.median),
        fine(ratios.mean),
        quartiles(ratios),
    ]


def print_method(real: int, synthetic: int, repeats: int) -> None:
    named = f"{real} of SmolLM2-135M-Instruct (real), {synthetic} of each synthetic kind" if real else f"{synthetic} of each kind"
    print(
        f"Rows: {named}. np.max and the draw are called in turns, on rows of a pool that stays in the\n"
        "last-level cache, each on a row that the other has read half a round before. A row's ratio is that of the medians of\n"
        f"{repeats} calls each, after a first round that is not counted; the median, the mean and the quartiles are over the rows."
    )


def print_goals(level: str, found: Sequence[Held]) -> None:
    print(f"\n## {level}\n")
    body = [
        [one.rows, f"{one.goal.size:,}", one.goal.words, "yes" if one.met else "no", *times(one.ratios), str(one.goal)]
        for one in found
    ]
    print_table(["rows", "V", "settings", "met", *TIMES, "goal"], body, numbers=6)
    print(f"\n{sum(one.met for one in found)} of {len(found)} goals are met at {level}.")
    for warning in warnings(found):
        print(warning)


def warnings(found: Sequence[Held]) -> Iterator[str]:
    """Say where the rows did not stay in the cache, so that ratios came out too small."""
    for rows, size in dict.fromkeys((one.rows, one.goal.size) for one in found):
        floors = [one.ratios.floor for one in found if (one.rows, one.goal.size) == (rows, size)]
        if max(floors) > UNSTEADY * min(floors):
            least, most = microseconds(min(floors)), microseconds(max(floors))
            yield (
                f"{rows}, V = {size:,}: np.max took {least} µs beside one setting and {most} µs beside another.\n"
                "What else runs here, or a draw that takes long, pushed the rows out of the cache: ratios beside the slower\n"
                "np.max are too small."
            )


def print_reads(level: str, found: Sequence[Reads]) -> None:
    if not found:
        return
    print(f"\n## Rows that are read once, {level}\n")
    body = [
        [one.rows, f"{one.size:,}", one.words, f"{one.count:,}", *(f"{share:.0%}" for share in (one.once, one.twice, one.more))]
        for one in found
    ]
    print_table(["rows", "V", "settings", "how many", "read once", "one further sweep", "more"], body, numbers=4)
    print(
        "\nThe shares of rows over which the search for the nucleus goes once more after the first read, or more often, or not at\n"
        "all. These are counts, not times: another machine has the same, but for rows where a last bit of crude sums decides."
    )


def print_regimes(level: str, found: Sequence[Regime]) -> None:
    if not found:
        return
    print(f"\n## By where the rows were before, {level}\n")
    body = [[one.rows, f"{one.size:,}", one.words, one.before, *times(one.ratios)] for one in found]
    print_table(["rows", "V", "settings", "rows were before", *TIMES], body, numbers=5)
    print(
        "\nThe same row again: np.max has read it just before. From memory: rows of twice the last-level cache, in turn.\n"
        "Just written: by a matrix product in another process, which NumPy computes with one thread on a core of its own while\n"
        "this one waits awake; np.max and the draw each read a row that was written anew."
    )


def print_curves(level: str, curves: Sequence[Curve]) -> None:
    if not curves:
        return
    print(f"\n## Time against V, temperature=0.8, top_p=0.95, {level}\n")
    lines = zip(*(curve.ratios for curve in curves), strict=True)
    body = [
        [f"{size:,}", *(text for one in line for text in (microseconds(one.draw), fine(one.median), quartiles(one)))]
        for size, line in zip(curves[0].sizes, lines, strict=True)
    ]
    header = ["V", *(text for curve in curves for text in (f"{curve.kind}, µs", "/ np.max", "quartiles"))]
    print_table(header, body, numbers=3 * len(curves))
    print()
    for curve in curves:
        step, first, second = curve.largest_step()
        print(f"{curve.kind}: from {first:,} to {second:,} the time grows {step:.2f} times as much as V, and nowhere more.")
