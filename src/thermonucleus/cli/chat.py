"""`thermonucleus chat`: a talk with the built-in chatbot, or with a real language model, under several settings at once."""

import argparse
from collections.abc import Mapping
from typing import Any

from thermonucleus import Settings
from thermonucleus.cli import models
from thermonucleus.cli.conversations import Conversations
from thermonucleus.cli.replies import reply_to_lines
from thermonucleus.cli.settings import add_settings, option_of, refusing, settings_of
from thermonucleus.cli.values import as_integer, as_text
from thermonucleus.settings import SETTINGS
from thermonucleus.text.chatbot import PERSONALITIES, Personality
from thermonucleus.text.conversation import MAX_TOKENS

BOTH, OWN = "both", "custom"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.usage = "thermonucleus chat [options]"
    parser.description = (
        "Talk to a chatbot, line by line, on a terminal or through a pipe. The built-in one picks one of a few replies, and shows "
        "what it picked from: the probability of each reply at temperature 1 and under the settings, which replies these cut, and, "
        "marked with >, which was drawn. With --model, a real language model replies. All personalities draw with the same random "
        "numbers, so that they differ by their settings alone. The line 'quit' ends the talk, and '/help' says what else there is."
    )
    parser.set_defaults(run=run, parser=parser, names={"rng": "seed", "model": "model", "max_tokens": "max_tokens"})
    models.add_model(parser)
    described = ", ".join(f"{name} ({_described(voice)})" for name, voice in PERSONALITIES.items())
    parser.add_argument(
        "--personality",
        choices=[*PERSONALITIES, BOTH],
        help=f"who replies: {described}, or {BOTH} of them (default: {BOTH})",
    )
    parser.add_argument("--seed", type=as_integer("--seed"), metavar="N", help="an integer; without it each talk is another")
    parser.add_argument("--system", type=as_text("--system"), metavar="TEXT", help="what a --model is told before the talk begins")
    parser.add_argument(
        "--max-tokens",
        type=as_integer("--max-tokens", 1),
        metavar="N",
        help=f"how many tokens, words or parts of words, a reply of a --model may have (default: {MAX_TOKENS})",
    )
    add_settings(
        parser,
        note="They take the place of a personality's. Without --personality, there is then a single voice, which has the settings "
        "that you give and no others. The built-in chatbot knows temperature and top-p; all others are for a --model.",
    )


def _described(voice: Personality) -> str:
    return ", ".join(f"{option_of(name)[2:]} {value:g}" for name, value in voice.items())


def run(options: argparse.Namespace) -> None:
    """Reply to each line."""
    with refusing(options):
        voices = chosen_voices(options.personality, settings_of(options))
        for settings in voices.values():
            Settings(**settings)
        if models.is_builtin(options):
            _check_builtin(options)
    if models.is_builtin(options):
        reply_to_lines({name: _whole(settings) for name, settings in voices.items()}, options.seed)
        return
    model = models.load(options)
    asked = {} if options.max_tokens is None else {"max_tokens": options.max_tokens}
    with refusing(options):
        conversations = Conversations(model, voices, options.seed, system=options.system, **asked)
    conversations.reply_to_lines()


def chosen_voices(personality: str | None, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return who replies, by name, and under which settings."""
    if personality is None and settings:
        return {OWN: dict(settings)}
    asked = PERSONALITIES if personality in (None, BOTH) else {personality: PERSONALITIES[personality]}
    return {name: {**voice, **settings} for name, voice in asked.items()}


def _whole(settings: Mapping[str, Any]) -> Personality:
    """Return settings with the defaults of those that the built-in chatbot knows."""
    temperature, top_p = (settings.get(name, SETTINGS[name].default) for name in ("temperature", "top_p"))
    return {"temperature": temperature, "top_p": top_p}


def _check_builtin(options: argparse.Namespace) -> None:
    """Raise ValueError if something is asked of the built-in chatbot that takes a language model."""
    asked = [name for name in settings_of(options) if name not in Personality.__annotations__]
    asked += [name for name in ("system", "max_tokens") if getattr(options, name) is not None]
    if asked:
        raise ValueError(
            f"{option_of(asked[0])} must be with a --model that talks, such as smollm2: the built-in chatbot picks one of a few "
            "replies, by a temperature and a top-p"
        )
