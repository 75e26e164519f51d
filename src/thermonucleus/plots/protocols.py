"""What the pictures ask of the objects that they are given: attributes, and no class of their own."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["HasSettings", "HasTrials"]


class HasSettings(Protocol):
    """A temperature and a top-p: those that a token was drawn with, or that a search tried."""

    @property
    def temperature(self) -> float: ...  # noqa: D102
    @property
    def top_p(self) -> float: ...  # noqa: D102


class HasTrials(HasSettings, Protocol):
    """A search for the temperature and top-p of the smallest loss, with those that it found."""

    @property
    def trials(self) -> Sequence[HasSettings]:
        """What it tried, in this order."""
        ...

    @property
    def start(self) -> HasSettings:
        """What it started from."""
        ...
