"""How times are taken: which calls are counted, and which are not."""

import time

from thermonucleus.timing import Timing, low_seconds, median_seconds, median_within


def test_median_within_keeps_to_its_limits() -> None:
    timing = median_within(time.sleep, [0.001], 0.0, before=lambda one: time.sleep(5 * one))
    assert timing.calls == 3
    assert 0.001 <= timing.seconds < 0.005
    assert median_within(len, [""], 10.0, most=7).calls == 7


def test_inputs_are_taken_in_turn_and_a_first_round_is_not_counted() -> None:
    taken: list[int] = []
    assert median_seconds(taken.append, [1, 2, 3], calls=4) > 0
    assert taken == [1, 2, 3, 1, 2, 3, 1]
    slept = iter([0.02] * 2 + [0.0] * 6)
    assert low_seconds(lambda _: time.sleep(next(slept)), [1, 2], rounds=3) < 0.01


def test_a_timing_has_the_quartiles() -> None:
    assert Timing.of([4.0, 1.0, 2.0, 3.0, 5.0]) == Timing(seconds=3.0, calls=5, low=2.0, high=4.0)
