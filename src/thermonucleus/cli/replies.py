"""The built-in chatbot in the terminal: its reply, and what its settings made of the replies that it chose from."""

from collections.abc import Mapping

from thermonucleus.cli.said import said
from thermonucleus.functional import get_token_probs
from thermonucleus.randomness import Seed, as_generator
from thermonucleus.text.chatbot import Choice, Personality, chatbot_choice
from thermonucleus.text.language_model import builtin_model

__all__ = ["reply_to_lines", "table"]

LINE = 79
NUMBER = 6


def reply_to_lines(voices: Mapping[str, Personality], seed: Seed) -> None:
    """Reply to each line of standard input."""
    generator = as_generator(seed)
    builtin_model()  # trained before anyone waits for a reply
    greeting = "Say something; 'quit' ends the talk, /help says more. '>' marks the reply that was drawn."
    for text in said(greeting, lambda: "There is nothing to forget: each reply is to one line alone."):
        drawn = int(generator.integers(2**63))
        choices = {name: chatbot_choice(text, **voice, rng=drawn) for name, voice in voices.items()}
        width = max(map(len, choices))
        for name, choice in choices.items():
            print(f"{name + ':':{width + 1}} {choice.chosen}")
        print(f"\n{table(choices, voices)}\n", flush=True)


def table(choices: Mapping[str, Choice], voices: Mapping[str, Personality]) -> str:
    """Return the candidates, a line each, with their probabilities at temperature 1 and as each voice drew from them."""
    any_choice = next(iter(choices.values()))  # they differ in nothing but the settings
    candidates = any_choice.candidates
    before = get_token_probs(any_choice.logits)
    first = max(map(len, (*candidates, any_choice.category)))
    room = (LINE - first - 2 - NUMBER) // len(choices)
    lines = [
        f"{any_choice.category:{first}}  {'T=1':>{NUMBER}}" + "".join(f"    {name:{room - 4}}" for name in choices),
        " " * (first + 2 + NUMBER) + "".join(f"    {_settings(voices[name]):{room - 4}}" for name in choices),
    ]
    for i, candidate in enumerate(candidates):
        cells = [_cell(choice.probabilities[i], choice.chosen == candidate, room) for choice in choices.values()]
        lines.append(f"{candidate:{first}}  {before[i]:{NUMBER}.1%}" + "".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def _settings(voice: Personality) -> str:
    return f"T={voice['temperature']:g}, top-p={voice['top_p']:g}"


def _cell(probability: float, drawn: bool, room: int) -> str:
    number = f"{probability:{NUMBER}.1%}" if probability else f"{'cut':>{NUMBER}}"
    bar = "#" * round(probability * (room - NUMBER - 5))
    return f"  {'>' if drawn else ' '} {number} {bar}".ljust(room)
