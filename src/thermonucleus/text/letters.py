"""Text of single letters, each scored from the one before: the smallest generators that there are (slides 8 and 9)."""

import numpy as np

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampler import Sampler
from thermonucleus.sampling import sample
from thermonucleus.settings import Column, check_fraction, check_integer, check_temperature
from thermonucleus.text.checks import check_text
from thermonucleus.text.loading import AnyModel, as_model

__all__ = ["simple_text_generator", "simple_text_generator_top_p"]

VOCABULARY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ "
CODES = np.array([ord(letter) for letter in VOCABULARY], np.float64)
PULL = 0.1
"""How far a letter's score moves from its own code towards that of the letter before."""


def simple_text_generator(prompt: str, length: int, temperature: float, *, model: AnyModel = None, rng: Seed = None) -> str:
    """Add letters to a text, drawn under a temperature (slide 8).

    Parameters
    ----------
    prompt : str
        The text to go on from, of at least one character.
    length : int
        How many letters to add, 0 or more; with a model, how many tokens at most.
    temperature : float
        As in `thermonucleus.sample`.
    model : TextModel, str or path-like, optional
        Whose tokens to draw in place of letters, as in `generate_text`; "builtin" is the built-in one.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and the letters, each of them a capital or a space; or what the model goes on with.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range, or the prompt is empty.
    ImportError, OSError
        As from `load_model`.

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
    return _extended(prompt, length, check_temperature(temperature), 1.0, model, rng)


def simple_text_generator_top_p(prompt: str, length: int, p: float, *, model: AnyModel = None, rng: Seed = None) -> str:
    """Add letters to a text, drawn from the nucleus (slide 9).

    Parameters
    ----------
    prompt, length, model, rng
        As in `simple_text_generator`.
    p : float
        From 0 to 1; `top_p` of `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and the letters, or what the model goes on with.

    Raises
    ------
    ValueError, TypeError, ImportError, OSError
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
    return _extended(prompt, length, 1.0, check_fraction(p, name="p"), model, rng)


def _extended(prompt: str, length: int, temperature: Column, top_p: Column, model: AnyModel, rng: Seed) -> str:
    if not check_text(prompt, name="prompt"):
        raise ValueError("prompt must hold at least one character, for the first letter to follow, got ''")
    count = check_integer(length, name="length")
    generator = as_generator(rng)
    if model is not None:
        sampler = Sampler(temperature=temperature, top_p=top_p, rng=generator)
        return prompt + "".join(as_model(model).stream(prompt, sampler=sampler, max_tokens=count))
    text = prompt
    for _ in range(count):
        scores = CODES + PULL * (ord(text[-1]) - CODES)
        text += VOCABULARY[sample(scores, temperature=temperature, top_p=top_p, rng=generator)]
    return text
