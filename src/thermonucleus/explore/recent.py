"""What was computed last is kept, for who asks the same again."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The values that were asked for or put in last, by their keys, for several threads.

    Parameters
    ----------
    most : int
        How many there are at most.

    Examples
    --------
    >>> recent = Recent[str, int](2)
    >>> for number, key in enumerate("abac"):
    ...     recent[key] = number
    >>> recent.get("a"), recent.get("b"), recent.get("c")
    (2, None, 3)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """Return a value, None if it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def __setitem__(self, key: Key, value: Value) -> None:
        """Keep a value, and let the one go that nobody has asked for longest."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
