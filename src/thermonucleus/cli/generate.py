"""`thermonucleus generate`: text from the built-in language model."""

import argparse

from thermonucleus import Sampler
from thermonucleus.cli.settings import add_settings, option_of, settings_of
from thermonucleus.settings import SETTINGS


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "generate",
        help="continue a text with the built-in language model",
        description="Continue a text with an n-gram language model, trained on the spot. The same seed gives the same text.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(run=run, names={"rng": "seed"})
    parser.add_argument("prompt", help="the text to go on from")
    add_settings(parser)
    parser.add_argument("--max-tokens", type=int, default=60, help="number of tokens (words and marks) to draw")
    parser.add_argument("--seed", type=int, help="an integer; without it each text differs")
    parser.add_argument(
        "--adaptive", action="store_true", help="let temperature and top-p, the only settings then, follow the text"
    )
    parser.add_argument("--corpus", metavar="FILE", help="text to train on instead of the built-in one")


def run(options: argparse.Namespace) -> None:
    """Print the text, piece by piece."""
    from thermonucleus.text import AdaptiveSampler, LanguageModel, builtin_model, read_corpus

    settings = settings_of(options)
    changed = [name for name, value in settings.items() if value not in (SETTINGS[name].default, None)]
    others = [option_of(name) for name in changed if name not in ("temperature", "top_p")]
    if options.adaptive and others:
        raise ValueError(f"--adaptive takes --temperature and --top-p alone, not {' or '.join(others)}")
    sampler: Sampler | AdaptiveSampler = Sampler(**settings, rng=options.seed)
    model = builtin_model() if options.corpus is None else LanguageModel.train(read_corpus(options.corpus))
    if options.adaptive:
        known = model.tokenizer.encode(options.prompt)
        sampler = AdaptiveSampler(options.temperature, options.top_p, context=known, rng=options.seed)
    pieces = model.stream(options.prompt, sampler=sampler, max_tokens=options.max_tokens)
    print(options.prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()
