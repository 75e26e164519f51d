"""Progress bars where standard error is no terminal: a line a minute."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from time import monotonic
from typing import TextIO

__all__ = ["progress_in_lines"]

SECONDS = 60.0
"""Between two lines. Chosen: a log that is read later is not to be full of them."""


@contextmanager
def progress_in_lines() -> Iterator[None]:
    """Have the bars that are drawn on standard error stand in lines of their own, a minute apart, if it is no terminal."""
    if sys.stderr is None or sys.stderr.isatty():
        yield
        return
    lines = Lines(sys.stderr)
    with redirect_stderr(lines):
        yield
    lines.finish()


class Lines(io.TextIOBase):
    r"""A stream that puts what is drawn over and over, after a carriage return, in lines, and leaves out most of them.

    Examples
    --------
    >>> stream = io.StringIO()
    >>> lines = Lines(stream)
    >>> for text in ("\r 0%", "\r50%", "\r99%", "\n", "done\n"):
    ...     _ = lines.write(text)
    >>> stream.getvalue()
    '0%\n99%\ndone\n'
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting = ""
        self._last = -SECONDS

    @property
    def encoding(self) -> str:  # type: ignore[override]  # bars ask for it
        """The stream's."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write a text, now or not at all."""
        if text.startswith("\r"):
            self._waiting = text.strip()
            if monotonic() - self._last >= SECONDS:
                self.finish()
        elif text:
            if self._waiting:  # and the bar ends here
                self.finish()
                text = text.removeprefix("\n")
            self._stream.write(text)
        return len(text)

    def finish(self) -> None:
        """Write the line that waits."""
        if self._waiting:
            self._stream.write(f"{self._waiting}\n")
            self._waiting = ""
            self._last = monotonic()

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()
