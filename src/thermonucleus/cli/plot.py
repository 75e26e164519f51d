"""`thermonucleus plot`: pictures of what temperature and top-p do to the distribution of the next token."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thermonucleus.cli.pictures import check_out, save

if TYPE_CHECKING:
    from thermonucleus.text import LanguageModel

RISING = [1, 2, 3, 4, 5]
PEAK, LETTERS = [1, 2, 3, 4, 5, 4, 3, 2, 1], "abcdefghi"
ROOM = 60


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, its kinds of pictures and their arguments."""
    parser = commands.add_parser(
        "plot",
        help="draw what temperature and top-p do to a distribution",
        description="Draw what temperature and top-p do to the distribution of the next token.",
    )
    parser.set_defaults(run=run, names={"temperatures": "temperature", "top_ps": "top_p"})
    kinds = parser.add_subparsers(title="kinds of pictures", metavar="KIND", dest="kind", required=True)
    temperature = _add_kind(kinds, "temperature", "the distribution under several temperatures")
    _add_numbers(temperature, "--temperature", [0.1, 0.5, 1.0, 2.0], "a line each")
    comparison = _add_kind(kinds, "comparison", "what a temperature does beside what top-p does")
    comparison.add_argument("--temperature", type=float, default=0.5, help="drawn without top-p")
    comparison.add_argument("--top-p", type=float, default=0.9, help="drawn at temperature 1")
    tokens = _add_kind(kinds, "tokens", "the tokens' probabilities as bars, and which tokens are cut")
    _add_numbers(tokens, "--temperature", [0.5], "bars each, without top-p")
    _add_numbers(tokens, "--top-p", [0.9], "bars each, at temperature 1")
    heatmap = _add_kind(kinds, "heatmap", "the largest token probability over temperature and top-p")
    _add_numbers(heatmap, "--temperature", [i / 10 for i in range(1, 21)], "a row of cells each")
    _add_numbers(heatmap, "--top-p", [i / 20 for i in range(2, 21)], "a column of cells each")


def _add_kind(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, shows: str) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        name, help=shows, description=f"Draw {shows}.", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        default=argparse.SUPPRESS,
        help="the picture: .png, .svg, .pdf or what else matplotlib writes",
    )
    parser.add_argument("--prompt", help="show what the built-in language model expects after this text, not a row of small logits")
    return parser


def _add_numbers(parser: argparse.ArgumentParser, name: str, default: list[float], meaning: str) -> None:
    parser.add_argument(name, type=float, nargs="+", metavar="NUMBER", default=default, help=meaning)


def run(options: argparse.Namespace) -> None:
    """Write the picture."""
    from thermonucleus import plots
    from thermonucleus.plots.axes import new_figure

    check_out(options.out)
    figure = new_figure()
    logits: NDArray[np.float32] | Sequence[float]
    tokens: Sequence[str] | None
    if options.prompt is not None:
        logits, tokens = next_token_logits(options.prompt)
        title = f"Next token after “{_ending(options.prompt)}”"
    else:
        logits, tokens = (PEAK, LETTERS) if options.kind == "tokens" else (RISING, None)
        title = f"Logits {', '.join(map(str, logits))}"
    ax = figure.add_subplot()
    if options.kind == "temperature":
        plots.plot_temperature(logits, options.temperature, tokens=tokens, ax=ax)
    elif options.kind == "comparison":
        plots.plot_comparison(logits, temperature=options.temperature, top_p=options.top_p, tokens=tokens, ax=ax)
    elif options.kind == "tokens":
        plots.plot_tokens(logits, _alone(options.temperature, options.top_p), tokens=tokens, ax=ax)
    else:
        plots.plot_heatmap(logits, options.temperature, options.top_p, ax=ax)
    ax.set_title(title, parse_math=False)
    save(figure, options.out)


def next_token_logits(prompt: str, model: "LanguageModel | None" = None) -> tuple[NDArray[np.float32], list[str]]:
    """Return the logits of the token that follows a text, and the names of all tokens.

    Parameters
    ----------
    prompt : str
        The text, which may be empty.
    model : LanguageModel, optional
        The built-in model by default.

    Returns
    -------
    logits : ndarray of float32, shape (V,)
        One a token of the vocabulary; -inf for those that no text shows.
    tokens : list of str, of length V
        The tokens as they are read, without the marks that say where no space stands.

    Examples
    --------
    >>> from thermonucleus.text import LanguageModel
    >>> logits, tokens = next_token_logits("The cat", LanguageModel.train(["The cat sat. The cat sat, and sat."]))
    >>> tokens
    ['<unk>', '<bos>', '<eos>', 'sat', 'The', 'cat', '.', 'and', ',']
    >>> tokens[logits.argmax()]
    'sat'
    """
    from thermonucleus.text import builtin_model
    from thermonucleus.text.tokenizer import JOINER

    model = builtin_model() if model is None else model
    return model(model.tokenizer.encode(prompt)), [token.strip(JOINER) for token in model.tokenizer.vocabulary]


def _alone(temperatures: Sequence[float], top_ps: Sequence[float]) -> dict[str, dict[str, float]]:
    """Return settings of a single temperature or top-p each, after the ones that change nothing."""
    return (
        {"original": {}}
        | {f"temperature {value:g}": {"temperature": value} for value in temperatures}
        | {f"top-p {value:g}": {"top_p": value} for value in top_ps}
    )


def _ending(text: str) -> str:
    """Return as much of the end of a text as there is room for in a title."""
    return text if len(text) <= ROOM else f"…{text[-ROOM:]}"
