"""Which instruction level runs: the best that this processor has, or the one that THERMONUCLEUS_TARGET names.

All levels compute the same bits; they differ in speed alone.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from thermonucleus.kernel.bridge import Kernel
from thermonucleus.kernel.cpu import runs

__all__ = ["active", "in_use", "kernel", "target", "targets", "using"]

LEVELS = ("x86_64_v4", "x86_64_v3", "generic")
VARIABLE = "THERMONUCLEUS_TARGET"


@cache
def targets() -> tuple[str, ...]:
    """Instruction levels that were built and run on this processor, best first.

    Returns
    -------
    tuple of str
        Some of ``"x86_64_v4"`` (AVX-512), ``"x86_64_v3"`` (AVX2 and FMA) and ``"generic"``, which is always there.

    Examples
    --------
    >>> import thermonucleus
    >>> "generic" in thermonucleus.targets()
    True
    >>> thermonucleus.target in thermonucleus.targets()
    True
    """
    # A level is looked for before the processor is known to run it, but imported only after.
    return tuple(level for level in LEVELS if runs(level) and find_spec(_module(level)) is not None)


@cache
def kernel(level: str) -> Kernel:
    """Load the kernel of one of `targets()`."""
    if level not in targets():
        known = ", ".join(targets())
        raise ValueError(f"{VARIABLE} must be one of {known}, the levels that this processor runs, got {level!r}")
    return Kernel(level, import_module(_module(level)))


def _module(level: str) -> str:
    return f"thermonucleus.kernel.row_kernel_{level}"


def active() -> Kernel:
    """Return the kernel that rows go through."""
    return in_use[0]


@contextmanager
def using(level: str) -> Iterator[None]:
    """Send rows through another level for a while: for tests and benchmarks, in the whole process."""
    before = in_use[0]
    in_use[0] = kernel(level)
    try:
        yield
    finally:
        in_use[0] = before


in_use = [kernel(os.environ.get(VARIABLE) or targets()[0])]
"""One kernel. It stands in a list since compiled code looks it up at every call, which is then quicker than to call `active`."""

target = active().target
