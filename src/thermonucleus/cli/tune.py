"""`thermonucleus tune`: the temperature and top-p under which a language model writes most like people."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from _thermonucleus_command.interrupts import loading
from thermonucleus.cli import models
from thermonucleus.cli.pictures import add_out, check_out, save
from thermonucleus.cli.progress import progress_in_lines
from thermonucleus.cli.settings import option_of, refusing
from thermonucleus.cli.values import as_integer, as_setting
from thermonucleus.settings import SETTINGS
from thermonucleus.text.tuning import TEMPERATURE_BOUNDS, TOP_P_BOUNDS

if TYPE_CHECKING:
    from thermonucleus.text.tuning import Trial, Tuning

TEMPERATURES = [i / 10 for i in range(4, 17)]
TOP_PS = [i / 20 for i in range(10, 21)]
"""The grid of the picture. Chosen: 143 trials, more than twice as many as the search."""

START = {"temperature": (1.0, TEMPERATURE_BOUNDS), "top_p": (0.9, TOP_P_BOUNDS)}
"""Where the search starts, and how far it goes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.usage = "thermonucleus tune [options]"
    parser.description = (
        "Search for the temperature and top-p under which a language model writes most like people, and judge what was found by "
        'text that the search has not seen. The same seed gives the same result. It needs pip install "thermonucleus[tune]".'
    )
    parser.set_defaults(run=run, parser=parser, names={"rng": "seed"})
    models.add_model(parser)
    parser.add_argument(
        "--texts",
        metavar="FILE",
        help="human text to go on from and to compare with, in place of the built-in text: one half for the search, the other for "
        "the judgement; the built-in model is trained on a part of it first",
    )
    for name, (default, bounds) in START.items():
        low, high = bounds
        parser.add_argument(
            option_of(name),
            type=_within(name, bounds),
            metavar="X",
            default=default,
            help=f"where to start, from {low:g} to {high:g} (default: {default:g})",
        )
    for option, least, default, says in (
        ("--seed", 0, 0, "which texts and random numbers settings are tried with"),
        ("--evaluations", 1, 60, "number of trials at most"),
        ("--jobs", None, 1, "number of processes that the picture may take; -1 for one a core"),
    ):
        parser.add_argument(
            option, type=as_integer(option, least), metavar="N", default=default, help=f"{says} (default: %(default)s)"
        )
    add_out(parser, "draw the loss and the search in this file")


def _within(name: str, bounds: tuple[float, float]) -> Callable[[str], float]:
    """Return a function of a word to a setting that a search may start from."""
    low, high = bounds
    read = as_setting(SETTINGS[name], option_of(name))

    def value(word: str) -> float:
        number: float = read(word)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{option_of(name)} must be from {low:g} to {high:g}, got {number:g}")
        return number

    return value


def run(options: argparse.Namespace) -> None:
    """Print the start and the optimum beside human text and what they are judged by, and draw the picture if it is asked for."""
    with refusing(options):
        _check(options)
    from thermonucleus.text import read_corpus
    from thermonucleus.text.tuning import judge, optimize_params

    texts = None if options.texts is None else read_corpus(options.texts)
    search: dict[str, Any] = {"model": None, "texts": texts, "rng": options.seed, "progress": True}
    judging = dict(search)  # of the same text, the built-in model has parts for either
    if not models.is_builtin(options):
        search["model"] = judging["model"] = models.load(options)
        if texts is not None:
            search["texts"], judging["texts"] = texts[::2], texts[1::2]
    with progress_in_lines():
        tuning = optimize_params(options.temperature, options.top_p, **search, evaluations=options.evaluations)
        print(table(tuning), flush=True)
        start = judge(tuning.start.temperature, tuning.start.top_p, **judging)
        best = start if tuning.best is tuning.start else judge(tuning.temperature, tuning.top_p, **judging)
        print(f"\n{judgement(start, best)}", flush=True)
        if options.out is not None:
            draw(tuning, options.out, n_jobs=options.jobs, **search)


def _check(options: argparse.Namespace) -> None:
    """Raise ValueError or ImportError if anything that is asked for could not be done."""
    if options.jobs == 0:
        raise ValueError("--jobs must be 1 or more, or -1 for one a core, got 0")
    try:
        with loading():
            import joblib  # noqa: F401
            import scipy.optimize  # noqa: F401
            import tqdm  # noqa: F401
    except ImportError as error:
        raise ImportError('tune needs SciPy, joblib and tqdm: pip install "thermonucleus[tune]"') from error
    if options.out is not None:
        check_out(options.out)


def table(tuning: "Tuning") -> str:
    """Return the start, the optimum and human text side by side, a line a number.

    Examples
    --------
    >>> from thermonucleus.text.objective import Trial
    >>> from thermonucleus.text.tuning import Tuning
    >>> start, optimum = Trial(1.0, 0.9, 2.0, {"zipf": 0.7}), Trial(0.9, 1.0, 1.5, {"zipf": 0.8})
    >>> print(table(Tuning((start, optimum), human={"zipf": 0.9})))
                       start  optimum    human
    temperature        1.000    0.900        -
    top_p              0.900    1.000        -
    loss               2.000    1.500        -
    zipf               0.700    0.800    0.900
    """
    rows: dict[str, tuple[float, float] | tuple[float, float, float]] = {
        name: (getattr(tuning.start, name), getattr(tuning, name)) for name in ("temperature", "top_p", "loss")
    }
    for name, human in tuning.human.items():
        rows[name] = (tuning.start.measures[name], tuning.best.measures[name], human)
    lines = [f"{'':15}{'start':>9}{'optimum':>9}{'human':>9}"]
    lines += [
        f"{name:15}" + "".join(f"{number:9.3f}" for number in row) + f"{'-':>9}" * (3 - len(row)) for name, row in rows.items()
    ]
    return "\n".join(lines)


def judgement(start: "Trial", optimum: "Trial") -> str:
    """Say what text that the search has not seen makes of the start and of what was found.

    Examples
    --------
    >>> from thermonucleus.text.objective import Trial
    >>> print(judgement(Trial(1.0, 0.9, 1.81, {}), Trial(1.01, 0.89, 1.94, {})))
    On text that the search has not seen, the loss is 1.810 at the start and 1.940 at the optimum:
    no better than where you began.
    """
    said = f"On text that the search has not seen, the loss is {start.loss:.3f} at the start and {optimum.loss:.3f} at the optimum"
    return f"{said}." if optimum.loss < start.loss else f"{said}:\nno better than where you began."


def draw(tuning: "Tuning", file: str, **asked: Any) -> None:
    """Write a picture of the loss over temperature and top-p, and of the trials."""
    from thermonucleus import plots
    from thermonucleus.plots.axes import new_figure
    from thermonucleus.text.tuning import sweep

    losses = sweep(TEMPERATURES, TOP_PS, **asked)
    figure = new_figure()
    ax = plots.plot_tuning(tuning, TEMPERATURES, TOP_PS, losses, ax=figure.add_subplot())
    ax.set_title("Distance of drawn text to human text")
    save(figure, file)
