"""`generate_text`: text from a model that has a name."""

import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from thermonucleus.backends.transformers.attachment import attach
from thermonucleus.randomness import Seed, as_generator
from thermonucleus.settings import check_fraction, check_integer, check_temperature

__all__ = ["generate_text"]


def generate_text(
    prompt: str, max_length: int, temperature: float = 1.0, top_p: float = 1.0, *, model: str | os.PathLike[str], rng: Seed = None
) -> str:
    """Continue a text with a language model under a temperature and top-p (slide 6).

    Parameters
    ----------
    prompt : str
        The text to go on from.
    max_length : int
        How many tokens to end at, those of the prompt included; more than these. The text is shorter if the model ends it.
    temperature, top_p : float, default 1.0
        As in `thermonucleus.sample`.
    model : str or path-like
        What `AutoModelForCausalLM` and `AutoTokenizer` load it by: a name on the Hugging Face Hub, such as "gpt2", or a folder. It
        is loaded on each call. For many texts, load it once and `attach` it.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    str
        The prompt and what the model makes of it, without special tokens.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    OSError
        If there is no such model.

    Notes
    -----
    Slide 6 keeps the 50 most probable tokens without saying so, which is transformers' default; here there is no top-k. Other
    settings that come with the model (its generation configuration), such as a repetition penalty, apply.

    Examples
    --------
    >>> from thermonucleus.backends.transformers import generate_text
    >>> text = generate_text("The future is", 50, temperature=0.7, model="gpt2", rng=1)  # doctest: +SKIP
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, got {prompt!r}")
    max_length = check_integer(max_length, name="max_length")
    if not isinstance(model, str | os.PathLike):
        raise TypeError(f"model must be the name of a model or a folder, got {type(model).__name__}")
    heat, share = float(check_temperature(temperature)), float(check_fraction(top_p, name="top_p"))
    generator = as_generator(rng)
    tokenizer = AutoTokenizer.from_pretrained(model)
    encoded = tokenizer(prompt, return_tensors="pt")
    known = encoded["input_ids"].shape[1]
    if known == 0:
        raise ValueError(f"prompt must hold a token at least, got {prompt!r}")
    if known >= max_length:
        raise ValueError(f"max_length must be more than the number of tokens of the prompt, {known}, got {max_length}")
    sampling = {"do_sample": True, "temperature": heat, "top_k": 0, "top_p": share} if heat > 0 else {"do_sample": False}
    network = AutoModelForCausalLM.from_pretrained(model)
    attach(network, rng=generator)
    tokens = network.generate(**encoded, max_length=max_length, max_new_tokens=None, num_return_sequences=1, **sampling)[0]
    return prompt + _continuation(tokenizer, tokens, known)


def _continuation(tokenizer: AutoTokenizer, tokens: torch.Tensor, known: int) -> str:
    """Return the text of what follows the known tokens, with the space that belongs before it."""
    before = tokenizer.decode(tokens[:known], skip_special_tokens=True)
    text: str = tokenizer.decode(tokens, skip_special_tokens=True)
    return text.removeprefix(before) if text.startswith(before) else tokenizer.decode(tokens[known:], skip_special_tokens=True)
