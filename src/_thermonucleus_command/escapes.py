r"""Text that the console has no characters for is printed with escapes, such as \xe9, rather than lost."""

import codecs
import io
import sys

NAME = "thermonucleus.escape"


def allow() -> list[str]:
    """Have standard output escape what its encoding lacks; return the list that such texts are put in."""
    escaped: list[str] = []

    def escape(error: UnicodeError) -> tuple[str | bytes, int]:
        if isinstance(error, UnicodeEncodeError):
            escaped.append(error.object[error.start : error.end])
        return codecs.backslashreplace_errors(error)

    # Who asked for another way to treat such characters, by PYTHONIOENCODING, has it. The POSIX locale has "surrogateescape".
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in ("strict", "surrogateescape", NAME):
        codecs.register_error(NAME, escape)
        sys.stdout.reconfigure(errors=NAME)
    return escaped


def advice(escaped: list[str]) -> str:
    """Return a line on what to do about it."""
    return (
        f"this console's encoding, {sys.stdout.encoding}, lacks some characters, which are escaped, such as "
        f"{escaped[0][0]!a}; set PYTHONIOENCODING=utf-8 to have them as they are"
    )
