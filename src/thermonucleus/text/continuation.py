"""Text from a model, in one call (slide 6)."""

import os

from thermonucleus.randomness import Seed
from thermonucleus.sampler import Sampler
from thermonucleus.settings import check_integer
from thermonucleus.text.language_model import LanguageModel, builtin_model

__all__ = ["generate_text"]


def generate_text(
    prompt: str,
    max_length: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    *,
    model: LanguageModel | str | os.PathLike[str] | None = None,
    rng: Seed = None,
) -> str:
    """Continue a text with a language model under a temperature and top-p (slide 6).

    Parameters
    ----------
    prompt : str
        The text to go on from.
    max_length : int
        How many tokens to end at, those of the prompt included; more than these.
    temperature, top_p : float, default 1.0
        As in `thermonucleus.sample`.
    model : LanguageModel, str or path-like, optional
        By default the built-in model, which needs no download. A name on the Hugging Face Hub, such as "gpt2", or a folder is
        loaded on each call; ``pip install "thermonucleus[transformers]"`` brings what that takes.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and what the model makes of it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    ImportError
        If `model` is a name or a folder, and transformers is not installed.

    Notes
    -----
    The slide loads its model anew for each text and keeps the 50 most probable tokens without saying so (transformers' default).

    Examples
    --------
    >>> from thermonucleus.text import LanguageModel, generate_text
    >>> model = LanguageModel.train(["The cat sat on the mat. The cat sat on the dog."])
    >>> generate_text("The cat", 7, temperature=0.1, model=model, rng=1)
    'The cat sat on the mat'
    """
    if isinstance(model, str | os.PathLike):
        from thermonucleus.backends import transformers

        return transformers.generate_text(prompt, max_length, temperature, top_p, model=model, rng=rng)
    model = builtin_model() if model is None else model
    if not isinstance(model, LanguageModel):
        raise TypeError(f"model must be a LanguageModel, or a name or folder of transformers' models, got {type(model).__name__}")
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, got {prompt!r}")
    most = check_integer(max_length, name="max_length")
    known = len(model.tokenizer.encode(prompt))
    if known >= most:
        raise ValueError(f"max_length must be more than the number of tokens of the prompt, {known}, got {max_length}")
    sampler = Sampler(temperature=temperature, top_p=top_p, rng=rng)
    return prompt + "".join(model.stream(prompt, sampler=sampler, max_tokens=most - known))
