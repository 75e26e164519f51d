"""Text of single letters, each scored from the one before: the smallest generators that there are (slides 8 and 9)."""

import numpy as np

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampling import sample
from thermonucleus.settings import Column, check_fraction, check_integer, check_temperature

__all__ = ["simple_text_generator", "simple_text_generator_top_p"]

VOCABULARY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ "
CODES = np.array([ord(letter) for letter in VOCABULARY], np.float64)
PULL = 0.1
"""How far a letter's score moves from its own code towards that of the letter before."""


def simple_text_generator(prompt: str, length: int, temperature: float, *, rng: Seed = None) -> str:
    """Add letters to a text, drawn under a temperature (slide 8).

    Parameters
    ----------
    prompt : str
        The text to go on from, of at least one character.
    length : int
        How many letters to add, 0 or more.
    temperature : float
        As in `thermonucleus.sample`.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and the letters, each of them a capital or a space.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range, or the prompt is empty.

    Notes
    -----
    A letter's score is its code, moved a tenth of the way towards the code of the letter before. What comes before so adds the same
    number to all scores, which a softmax does not see: it is Z that is always the most probable, by a factor of exp(0.9 / T) before
    Y. The slide's weights overflow at temperature 0.1; here any temperature will do.

    Examples
    --------
    >>> from thermonucleus.text import simple_text_generator
    >>> simple_text_generator("THE QUICK BROWN FOX ", 20, 0.1, rng=0)
    'THE QUICK BROWN FOX ZZZZZZZZZZZZZZZZZZZZ'
    >>> simple_text_generator("THE QUICK BROWN FOX ", 20, 5.0, rng=0)
    'THE QUICK BROWN FOX XSJFYZXYWZYBZIYQZWTV'
    """
    return _extended(prompt, length, check_temperature(temperature), 1.0, rng)


def simple_text_generator_top_p(prompt: str, length: int, p: float, *, rng: Seed = None) -> str:
    """Add letters to a text, drawn from the nucleus (slide 9).

    Parameters
    ----------
    prompt, length, rng
        As in `simple_text_generator`.
    p : float
        From 0 to 1; `top_p` of `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and the letters.

    Raises
    ------
    ValueError, TypeError
        As from `simple_text_generator`.

    Notes
    -----
    Slide 9 finds no end of its nucleus at p = 1 (StopIteration).

    Examples
    --------
    >>> from thermonucleus.text import simple_text_generator_top_p
    >>> simple_text_generator_top_p("THE QUICK BROWN FOX ", 20, 0.9, rng=0)
    'THE QUICK BROWN FOX ZYXXZZZZZZZXZXZYZZYZ'
    """
    return _extended(prompt, length, 1.0, check_fraction(p, name="p"), rng)


def _extended(prompt: str, length: int, temperature: Column, top_p: Column, rng: Seed) -> str:
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, got {prompt!r}")
    if not prompt:
        raise ValueError("prompt must hold at least one character, for the first letter to follow")
    count = check_integer(length, name="length")
    generator = as_generator(rng)
    text = prompt
    for _ in range(count):
        scores = CODES + PULL * (ord(text[-1]) - CODES)
        text += VOCABULARY[sample(scores, temperature=temperature, top_p=top_p, rng=generator)]
    return text
