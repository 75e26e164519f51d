"""Which characters the current font of matplotlib lacks, and which installed one has them."""

from collections.abc import Iterable, Iterator, Sequence

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

__all__ = ["hint", "lacking"]

NAMED = 4
"""How many of the characters a hint names. Chosen: enough to see which script they are of."""


def lacking(characters: Iterable[str]) -> list[str]:
    """Return the characters that no family of ``font.family`` has, each once.

    Examples
    --------
    >>> lacking("a你b你")
    ['你']
    """
    # Not by get_char_index, for which every font has what the font of last resort has: a box for each character.
    charmaps = [get_font(path).get_charmap() for path in _current_fonts()]
    return [one for one in dict.fromkeys(characters) if not any(ord(one) in charmap for charmap in charmaps)]


def hint(characters: Sequence[str]) -> str:
    """Say that the current font lacks these characters, and which setting of matplotlib helps."""
    more = f" and {len(characters) - NAMED:,} more" if len(characters) > NAMED else ""
    says = (
        f"tokens hold characters that the font lacks: {', '.join(characters[:NAMED])}{more}; their numbers stand in their place. "
        'Set matplotlib.rcParams["font.family"] to'
    )
    name, missing = _best_installed(characters)
    if name is None:
        return f"{says} a font that has them; none is installed here."
    return f"{says} {[*mpl.rcParams['font.family'], name]!r} to see {'most of them' if missing else 'them'}."


def _current_fonts() -> Sequence[str]:
    """Return the files in which matplotlib looks for a character, one after the other."""
    found = []
    for family in mpl.rcParams["font.family"]:
        try:
            found.append(findfont(FontProperties(family=[family]), fallback_to_default=False))
        except ValueError:  # it is not installed
            continue
    return found or [findfont(FontProperties())]


def _best_installed(characters: Sequence[str]) -> tuple[str | None, int]:
    """Return the name of the installed font that lacks the fewest of the characters, and how many; None where none has any."""
    best: str | None = None
    fewest = len(characters)
    for name, file in _installed():
        charmap = get_font(file).get_charmap()
        missing = sum(ord(one) not in charmap for one in characters)
        if missing < fewest:
            best, fewest = name, missing
        if not missing:
            break
    return best, fewest


def _installed() -> Iterator[tuple[str, str]]:
    """Yield the names and files of the upright fonts of usual weight: first those without serifs, as matplotlib's own is."""
    for font in sorted(fontManager.ttflist, key=lambda font: ("Sans" not in font.name, font.name)):
        # The font of last resort, in any of its spellings, has a box for every character.
        if font.style == "normal" and font.weight == 400 and "lastresort" not in font.name.lower().replace(" ", ""):
            yield font.name, font.fname
