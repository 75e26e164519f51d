"""Ctrl-C while modules are imported."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from _thermonucleus_command import INTERRUPTED


@contextmanager
def loading() -> Iterator[None]:
    """Have Ctrl-C end the process at once, without a word.

    It is for imports alone. KeyboardInterrupt, raised anywhere in them, comes out as something else now and then: NumPy says that
    its installation is bad, a class that it could not be made, and some callbacks ignore it.
    """
    is_main = threading.current_thread() is threading.main_thread()
    # A shell that runs the command in the background has it ignore the signal.
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
