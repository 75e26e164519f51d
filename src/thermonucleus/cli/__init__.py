"""The command line: one file a command, each with its arguments and what it runs, and what they share.

Which commands there are, and how any of them ends, is in ``_thermonucleus_command``, which can be imported without this package.
"""

from _thermonucleus_command import main

__all__ = ["main"]
