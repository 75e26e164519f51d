"""The command `thermonucleus`, up to where the library is needed: what must answer at once, and end well, whatever happens.

It stands beside the package, and not in it: whatever is in the package imports NumPy and the kernel first, which takes a while, can
be interrupted, and fails where THERMONUCLEUS_TARGET is wrong. The commands themselves are in `thermonucleus.cli`.
"""

from collections.abc import Sequence

INTERRUPTED = 130
"""Exact: 128 and the number of SIGINT, what a shell reports of a program that this signal ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; by default what the program was called with.

    Returns
    -------
    int
        The exit status: 0, or 1 where something failed, 130 after Ctrl-C, 141 where nobody reads on, as after ``| head -1``.

    Raises
    ------
    SystemExit
        With status 2 if the arguments cannot be understood or are out of range, with 0 after ``--help`` and ``--version``.
    """
    try:
        from _thermonucleus_command.interrupts import loading

        with loading():
            from _thermonucleus_command.ending import run
        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
