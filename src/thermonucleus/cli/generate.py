"""`thermonucleus generate`: a text that a language model goes on with."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, SupportsIndex

from thermonucleus import Sampler
from thermonucleus.cli import models
from thermonucleus.cli.prompts import STDIN, add_prompt, piped, read_prompt
from thermonucleus.cli.settings import add_settings, option_of, refusing, settings_of
from thermonucleus.cli.values import as_integer, check_text
from thermonucleus.settings import SETTINGS

if TYPE_CHECKING:
    from thermonucleus.text import TextModel
    from thermonucleus.text.model import Row

ADAPTED = ("temperature", "top_p")
"""The settings that may follow the text."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.usage = "thermonucleus generate [options] [PROMPT]"
    parser.description = "Continue a text with a language model. The same seed gives the same text."
    parser.set_defaults(run=run, parser=parser, names={"rng": "seed"})
    add_prompt(parser)
    models.add_model(parser)
    parser.add_argument(
        "--corpus",
        metavar="FILE",
        help=f"train the built-in model on this text instead of its own; {STDIN} reads the text from a pipe",
    )
    parser.add_argument(
        "--max-tokens",
        type=as_integer("--max-tokens"),
        default=60,
        metavar="N",
        help="how many tokens, words or parts of words, to draw at most (default: %(default)s)",
    )
    parser.add_argument("--seed", type=as_integer("--seed"), metavar="N", help="an integer; without it each text is another")
    parser.add_argument(
        "--adaptive", action="store_true", help="let temperature and top-p, the only settings then, follow the text as it grows"
    )
    add_settings(parser)


def run(options: argparse.Namespace) -> None:
    """Print the text, piece by piece."""
    with refusing(options):
        _check(options)
        prompt = read_prompt(options)
        settings = settings_of(options)
        sampler = Sampler(**settings, rng=options.seed)
    model = _model(options)
    models.say_unknown_words(model, prompt)
    draw = _adaptive(options, model, prompt) if options.adaptive else sampler
    pieces = model.stream(prompt, sampler=draw, max_tokens=options.max_tokens)
    print(prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()


def _check(options: argparse.Namespace) -> None:
    """Raise ValueError if options do not go together."""
    others = [option_of(name) for name in settings_of(options) if name not in ADAPTED]
    if options.adaptive and others:
        raise ValueError(f"--adaptive must be with no settings but --temperature and --top-p, got {' and '.join(others)}")
    if options.corpus is None:
        return
    if not models.is_builtin(options):
        raise ValueError(f"--corpus must be without --model, for it is the built-in model that it trains, got {options.model!r}")
    if options.corpus == STDIN and options.prompt in (None, STDIN):
        raise ValueError(f"PROMPT must be given in quotes beside --corpus {STDIN}: standard input is the corpus then")


def _model(options: argparse.Namespace) -> "TextModel":
    if options.corpus is None:
        return models.load(options)
    from thermonucleus.text import LanguageModel, read_corpus
    from thermonucleus.text.corpus import paragraphs_of

    if options.corpus != STDIN:
        return LanguageModel.train(read_corpus(options.corpus))
    return LanguageModel.train(paragraphs_of(check_text(piped("--corpus"), "--corpus"), name="standard input"))


def _adaptive(options: argparse.Namespace, model: "TextModel", prompt: str) -> "Callable[[Row], SupportsIndex]":
    from thermonucleus.text import AdaptiveSampler

    temperature, top_p = (getattr(options, name, SETTINGS[name].default) for name in ADAPTED)
    return AdaptiveSampler(temperature, top_p, context=model.encode(prompt), rng=options.seed)
