"""What the tests of the pictures share: logits, and what stands on the axes."""

from types import SimpleNamespace as Object
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGE", "PEAK", "RISING", "STEPS", "bars", "draw", "heights", "legend", "names"]

RISING = [1, 2, 3, 4, 5]
PEAK = [1, 2, 3, 4, 5, 4, 3, 2, 1]
LARGE: NDArray[Any] = np.random.default_rng(3).normal(0.0, 3.0, 500)
STEPS = [Object(temperature=0.8 + 0.01 * i, top_p=0.9 - 0.02 * i) for i in range(6)]


def heights(ax: Any, label: str) -> NDArray[Any]:
    return np.asarray(next(line for line in ax.lines if line.get_label() == label).get_ydata())


def bars(container: Any) -> tuple[list[int], list[float]]:
    """Return the tokens that the bars stand for, and their heights."""
    return [round(bar.get_x() + bar.get_width() / 2) for bar in container], [bar.get_height() for bar in container]


def legend(ax: Any) -> list[str]:
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def names(ax: Any) -> list[str]:
    return [label.get_text() for label in ax.get_xticklabels()]


def draw(ax: Any) -> None:
    ax.figure.draw_without_rendering()
