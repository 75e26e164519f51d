"""The option that says which language model is asked, said once for all commands."""

import argparse
from typing import TYPE_CHECKING

from _thermonucleus_command.interrupts import loading
from _thermonucleus_command.messages import notice
from thermonucleus.text.loading import BUILTIN, SMOLLM2, load_model

if TYPE_CHECKING:
    from thermonucleus.text import TextModel

__all__ = ["add_model", "is_builtin", "load", "say_unknown_words"]

MOST = 10
"""Words that are named. Chosen: a line or two."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--model",
        default=BUILTIN,
        help=f"the language model: {BUILTIN}; {SMOLLM2}, a small real one; a GGUF file; or a model of transformers, by its folder "
        "or its name at Hugging Face (default: %(default)s)",
    )


def is_builtin(options: argparse.Namespace) -> bool:
    """Say whether it is the built-in model that is asked."""
    return bool(options.model == BUILTIN)


def load(options: argparse.Namespace) -> "TextModel":
    """Load the model."""
    with loading():
        return load_model(options.model)


def say_unknown_words(model: "TextModel", prompt: str) -> None:
    """Name, on standard error, the words of a prompt that make no difference to the model."""
    words = model.unknown_words(prompt)
    if words:
        more = f" and {len(words) - MOST:,} more" if len(words) > MOST else ""
        notice(f"words that the model does not know: {', '.join(words[:MOST])}{more}")
