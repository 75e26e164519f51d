"""A real language model in the terminal: one conversation a voice, which differ in their settings alone."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from _thermonucleus_command.messages import complain, notice
from thermonucleus import Sampler
from thermonucleus.cli.said import is_terminal, said
from thermonucleus.randomness import Seed, as_generator
from thermonucleus.text.conversation import Conversation
from thermonucleus.text.model import TextModel

__all__ = ["Conversations"]


class Conversations:
    """The same said to several voices of a model, one after the other.

    Parameters
    ----------
    model : TextModel
        What replies.
    voices : mapping of str to mapping
        The settings of each voice, by its name.
    seed : Seed
        What they draw with: all with the same random numbers, which are others after each reset.
    **options
        As `Conversation` takes them.

    Raises
    ------
    ValueError, TypeError
        As from `Conversation`.
    """

    def __init__(self, model: TextModel, voices: Mapping[str, Mapping[str, Any]], seed: Seed, **options: Any) -> None:
        self._model, self._voices, self._options = model, voices, options
        self._generator = as_generator(seed)
        self.reset()

    def reset(self) -> str:
        """Begin anew, and return what to say of it."""
        seed = int(self._generator.integers(2**63))
        self._talks = {
            name: Conversation(self._model, Sampler(**settings, rng=seed), **self._options)
            for name, settings in self._voices.items()
        }
        return "What was said is forgotten."

    def reply_to_lines(self) -> None:
        """Reply to each line of standard input."""
        width = max(map(len, self._talks))
        for text in said(f"Say something to {self._model.name}; 'quit' ends the talk, /help says more.", self.reset):
            for name, talk in self._talks.items():
                _reply(f"{name + ':':{width + 1}} ", talk, text)
            print(flush=True)


def _reply(beginning: str, talk: Conversation, text: str) -> None:
    """Print a reply as it is drawn, after the beginning of its line."""
    before = talk.forgotten
    try:
        with closing(talk.say(text)) as pieces:
            print(beginning, end="", flush=True)
            for piece in pieces:
                print(piece, end="", flush=True)
    except KeyboardInterrupt:
        if not is_terminal():
            raise
    except ValueError as error:  # it is too long
        if not is_terminal():
            raise
        complain(error)
        return
    print("" if talk.finished else " [...]", flush=True)
    if talk.forgotten > before:
        notice(f"the talk is longer than the model's context: {talk.forgotten} messages are forgotten")
