"""Lines on standard error, in the command's name."""

import os
import sys


def notice(text: str) -> None:
    """Say something, in one line."""
    print(f"thermonucleus: {text}", file=sys.stderr)


def complain(error: Exception) -> None:
    """Say what is wrong, in one line: foreign errors may have several."""
    if isinstance(error, OSError) and error.strerror is not None:
        notice(error.strerror if error.filename is None else f"{error.strerror}: {os.fspath(error.filename)!r}")
    else:
        notice(" ".join(str(error).split()) or type(error).__name__)
