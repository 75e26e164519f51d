"""Text from a model, in one call (slide 6)."""

from thermonucleus.randomness import Seed
from thermonucleus.sampler import Sampler
from thermonucleus.settings import check_integer
from thermonucleus.text.checks import check_text
from thermonucleus.text.loading import AnyModel, as_model

__all__ = ["generate_text"]


def generate_text(
    prompt: str,
    max_length: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    *,
    model: AnyModel = None,
    rng: Seed = None,
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
    model : TextModel, str or path-like, optional
        By default the built-in model, which needs no download. A name, as `load_model` takes it, is loaded on each call: load a
        model once for several texts.
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
        If `model` is a name, and what runs it is not installed.
    OSError
        If there is no such model.

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
    check_text(prompt, name="prompt")
    sampler = Sampler(temperature=temperature, top_p=top_p, rng=rng)
    most = check_integer(max_length, name="max_length")
    model = as_model(model)
    known = len(model.encode(prompt))
    if known >= most:
        raise ValueError(f"max_length must be more than the number of tokens of the prompt, {known}, got {max_length}")
    return prompt + "".join(model.stream(prompt, sampler=sampler, max_tokens=most - known))
