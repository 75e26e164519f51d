"""`thermonucleus generate`: text from the built-in language model."""

import argparse

import thermonucleus


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "generate",
        help="continue a text with the built-in language model",
        description="Continue a text with an n-gram language model, trained on the spot. The same seed gives the same text.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("prompt", help="the text to go on from")
    parser.add_argument("--temperature", type=float, default=1.0, help="0 takes the most probable token each time")
    parser.add_argument("--top-k", type=int, default=0, help="keep this many tokens; 0 keeps all")
    parser.add_argument("--top-p", type=float, default=1.0, help="keep the most probable tokens that sum to this")
    parser.add_argument("--min-p", type=float, default=0.0, help="keep tokens at least this probable relative to the first")
    parser.add_argument("--max-tokens", type=int, default=60, help="number of tokens (words and marks) to draw")
    parser.add_argument("--seed", type=int, help="an integer; without it each text differs")
    parser.add_argument("--corpus", metavar="FILE", help="text to train on instead of Python's own reference")


def run(options: argparse.Namespace) -> None:
    """Print the text, piece by piece."""
    from thermonucleus.text import LanguageModel, read_corpus

    sampler = thermonucleus.Sampler(
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        min_p=options.min_p,
        rng=options.seed,
    )
    model = LanguageModel.train(None if options.corpus is None else read_corpus(options.corpus))
    pieces = model.stream(options.prompt, sampler=sampler, max_tokens=options.max_tokens)
    print(options.prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()
