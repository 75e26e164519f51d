"""`thermonucleus chat`: a chatbot that shows what its settings made of each choice."""

import argparse
import sys
from collections.abc import Iterator, Mapping

from thermonucleus.functional import get_token_probs
from thermonucleus.randomness import as_generator
from thermonucleus.settings import check_fraction, check_temperature
from thermonucleus.text.chatbot import PERSONALITIES, Choice, Personality, chatbot_choice
from thermonucleus.text.language_model import builtin_model

LINE = 79
NUMBER = 6


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "chat",
        help="talk to a chatbot that shows how its settings change its choices",
        description="Talk to a chatbot, line by line, on a terminal or from a pipe. It shows the probabilities of its replies at "
        "temperature 1 and under the settings, what these cut, and (>) what was drawn. All personalities draw with the same random "
        "numbers. The line 'quit' ends the talk.",
    )
    parser.set_defaults(run=run, names={"rng": "seed"})
    parser.add_argument("--personality", choices=[*PERSONALITIES, "both"], help="who replies (default: both, side by side)")
    parser.add_argument("--temperature", type=float, help="instead of the personality's; without --personality, one of your own")
    parser.add_argument("--top-p", type=float, help="likewise; what your own is not given is 1")
    parser.add_argument("--seed", type=int, help="an integer; without it each talk differs")


def run(options: argparse.Namespace) -> None:
    """Reply to each line."""
    voices = chosen_voices(options.personality, options.temperature, options.top_p)
    for voice in voices.values():
        check_temperature(voice["temperature"])
        check_fraction(voice["top_p"], name="top_p")
    generator = as_generator(options.seed)
    builtin_model()  # trained before anyone waits for a reply
    for text in said():
        seed = int(generator.integers(2**63))
        choices = {name: chatbot_choice(text, **voice, rng=seed) for name, voice in voices.items()}
        width = max(map(len, choices))
        for name, choice in choices.items():
            print(f"{name + ':':{width + 1}} {choice.chosen}")
        print(f"\n{table(choices, voices)}\n", flush=True)


def chosen_voices(personality: str | None, temperature: float | None, top_p: float | None) -> dict[str, Personality]:
    """Return who replies, by name, and under which settings."""
    if personality is None and (temperature is not None or top_p is not None):
        asked: Mapping[str, Personality] = {"custom": {"temperature": 1.0, "top_p": 1.0}}
    elif personality in (None, "both"):
        asked = PERSONALITIES
    else:
        asked = {personality: PERSONALITIES[personality]}
    return {
        name: {
            "temperature": voice["temperature"] if temperature is None else temperature,
            "top_p": voice["top_p"] if top_p is None else top_p,
        }
        for name, voice in asked.items()
    }


def said() -> Iterator[str]:
    """Yield the lines of standard input that say something, until it ends or one says quit."""
    talk = sys.stdin.isatty() and sys.stdout.isatty()
    if talk:
        print("Say something; 'quit' ends the talk. '>' marks the reply that was drawn.\n")
    while True:
        try:
            text = input("you: " if talk else "").strip()
        except EOFError:
            if talk:
                print()  # the shell's prompt is not to stand behind ours
            return
        if text.casefold() == "quit":
            return
        if text:
            yield text


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
