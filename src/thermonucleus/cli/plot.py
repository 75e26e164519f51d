"""`thermonucleus plot`: what settings do to the distribution of the next token, as bars in the terminal or as a picture."""

import argparse
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.cli import models
from thermonucleus.cli.bars import bars, largest
from thermonucleus.cli.console import Console
from thermonucleus.cli.pictures import add_out, check_out, save
from thermonucleus.cli.settings import option_of, refusing
from thermonucleus.cli.values import as_setting, as_text
from thermonucleus.settings import SETTINGS

RISING = [1, 2, 3, 4, 5]
PEAK, LETTERS = [1, 2, 3, 4, 5, 4, 3, 2, 1], "abcdefghi"
ROOM = 60
"""Characters of a prompt in a title. Chosen: a line."""

ALONE = ("temperature", "top_k", "top_p", "min_p")
"""The settings that bars are drawn for, each alone."""

TEMPERATURES = [i / 5 for i in range(1, 11)]
TOP_PS = [i / 10 for i in range(1, 11)]
"""The table in the terminal. Chosen: what 80 columns have room for; the picture's grid is finer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the kinds of pictures and what each takes."""
    parser.usage = "thermonucleus plot {temperature,comparison,tokens,heatmap} [options]"
    parser.description = (
        "Draw what settings do to the probabilities of the next token: in the terminal, or with --out to a file "
        "(pip install \"thermonucleus[plots]\"). 'thermonucleus plot KIND --help' says more of a kind."
    )
    kinds = parser.add_subparsers(title="kinds of pictures", metavar="KIND", dest="kind", required=True, prog="thermonucleus plot")
    temperature = _add_kind(kinds, "temperature", "the distribution under several temperatures")
    _add_numbers(temperature, "temperature", [0.1, 0.5, 1, 2], "one or more, each drawn alone")
    comparison = _add_kind(kinds, "comparison", "what a temperature does beside what top-p does")
    _add_number(comparison, "temperature", 0.5, "drawn without top-p")
    _add_number(comparison, "top_p", 0.9, "drawn at temperature 1")
    tokens = _add_kind(kinds, "tokens", "the tokens' probabilities, and which tokens are cut")
    _add_numbers(tokens, "temperature", [0.5], "one or more, each drawn alone")
    for name, default in (("top_k", []), ("top_p", [0.9]), ("min_p", [])):
        _add_numbers(tokens, name, default, "one or more, each drawn alone, at temperature 1")
    heatmap = _add_kind(kinds, "heatmap", "the largest token probability over temperature and top-p")
    _add_numbers(heatmap, "temperature", None, "two or more, rising; a row each (default: from near 0 to 2)")
    _add_numbers(heatmap, "top_p", None, "two or more, rising; a column each (default: from 0.1 to 1)")


def _add_kind(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, shows: str) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=shows, description=f"Draw {shows}.", usage=f"thermonucleus plot {name} [options]")
    parser.set_defaults(run=run, parser=parser)
    add_out(parser, "draw in this file, not in the terminal")
    parser.add_argument(
        "--prompt", type=as_text("--prompt"), help="show what a model expects after this text, not a row of small logits"
    )
    models.add_model(parser)
    return parser


def _add_number(parser: argparse.ArgumentParser, name: str, default: float, meaning: str) -> None:
    option = option_of(name)
    says = f"{meaning} (default: %(default)s)"
    parser.add_argument(option, type=as_setting(SETTINGS[name], option), metavar="X", default=default, help=says)


def _add_numbers(parser: argparse.ArgumentParser, name: str, default: list[float] | None, meaning: str) -> None:
    option = option_of(name)
    says = f"{meaning} (default: {' '.join(f'{number:g}' for number in default)})" if default else meaning
    parser.add_argument(option, type=as_setting(SETTINGS[name], option), nargs="+", metavar="X", default=default, help=says)


def run(options: argparse.Namespace) -> None:
    """Print bars, or write the picture."""
    with refusing(options):
        _check(options)
    row, names = _row(options)
    if options.out is None:
        print(_title(options, row, '"', "..."), "", *_lines(options, row, names), sep="\n")
    else:
        _draw(options, row, names)


def _check(options: argparse.Namespace) -> None:
    """Raise ValueError if options do not go together, or the file cannot be written."""
    if options.prompt is None and not models.is_builtin(options):
        raise ValueError(f"--model must be with a --prompt, which it is to go on from, got {options.model!r}")
    if options.kind == "heatmap":
        for name in ("temperature", "top_p"):
            _check_rising(option_of(name), getattr(options, name))
    if options.out is not None:
        check_out(options.out)


def _check_rising(option: str, values: Sequence[float] | None) -> None:
    if values is None:
        return
    if len(values) < 2 or any(following <= value for value, following in pairwise(values)):
        shown = " ".join(f"{value:g}" for value in values)
        raise ValueError(f"{option} must be two or more numbers, each above the one before, got {shown}")


def _row(options: argparse.Namespace) -> tuple[NDArray[np.float32], Sequence[str] | None]:
    """Return the logits, and the names of the tokens if they have any."""
    if options.prompt is None:
        logits, names = (PEAK, LETTERS) if options.kind == "tokens" else (RISING, None)
        return np.array(logits, np.float32), names
    model = models.load(options)
    models.say_unknown_words(model, options.prompt)
    return model.next_logits(options.prompt), model.names


def _title(options: argparse.Namespace, row: NDArray[np.float32], quotes: str, more: str) -> str:
    if options.prompt is None:
        return f"Logits {', '.join(f'{logit:g}' for logit in row)}"
    shown = options.prompt if len(options.prompt) <= ROOM else more + options.prompt[-ROOM:]
    return f"Next token after {quotes[0]}{shown}{quotes[-1]}"


def _settings(options: argparse.Namespace) -> Mapping[str, Mapping[str, Any]]:
    """Return each setting alone, by what it is called in a picture."""
    alone: dict[str, Mapping[str, Any]] = {} if options.kind == "temperature" else {"original": {}}
    for name in ALONE:
        values = getattr(options, name, [])
        for value in values if isinstance(values, list) else [values]:
            alone[f"{option_of(name)[2:]} {value:g}"] = {name: value}
    return alone


def _lines(options: argparse.Namespace, row: NDArray[np.float32], names: Sequence[str] | None) -> list[str]:
    console = Console.of_output()
    if options.kind == "heatmap":
        return largest(row, options.temperature or TEMPERATURES, options.top_p or TOP_PS, console)
    return bars(row, _settings(options), names, console)


def _draw(options: argparse.Namespace, row: NDArray[np.float32], names: Sequence[str] | None) -> None:
    from thermonucleus import plots
    from thermonucleus.plots.axes import new_figure

    figure = new_figure()
    ax = figure.add_subplot()
    if options.kind == "temperature":
        plots.plot_temperature(row, options.temperature, tokens=names, ax=ax)
    elif options.kind == "comparison":
        plots.plot_comparison(row, temperature=options.temperature, top_p=options.top_p, tokens=names, ax=ax)
    elif options.kind == "tokens":
        plots.plot_tokens(row, _settings(options), tokens=names, ax=ax)
    else:
        grid = {"temperatures": options.temperature, "top_ps": options.top_p}
        plots.plot_heatmap(row, **{name: values for name, values in grid.items() if values is not None}, ax=ax)
    ax.set_title(_title(options, row, "“”", "…"), parse_math=False)
    save(figure, options.out)
