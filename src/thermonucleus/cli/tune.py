"""`thermonucleus tune`: the temperature and top-p under which the built-in language model writes most like people."""

import argparse
import sys
from typing import TYPE_CHECKING

from thermonucleus.cli.pictures import check_out, save

if TYPE_CHECKING:
    from thermonucleus.text.tuning import Tuning

TEMPERATURES = [i / 10 for i in range(4, 17)]
TOP_PS = [i / 20 for i in range(10, 21)]
"""The grid of the picture: some ten seconds of trials."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser(
        "tune",
        help="search for the temperature and top-p whose text is most like people's",
        description="Search for the temperature and top-p under which the built-in language model writes most like people, by text "
        "that it was not trained on. The same seed gives the same result.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(run=run, names={"rng": "seed", "initial_temp": "temperature", "initial_top_p": "top_p"})
    parser.add_argument("--temperature", type=float, default=1.0, help="where to start, from 0.1 to 2")
    parser.add_argument("--top-p", type=float, default=0.9, help="where to start, from 0.1 to 1")
    parser.add_argument("--seed", type=int, default=0, help="which texts and uniform numbers settings are tried with")
    parser.add_argument("--evaluations", type=int, default=60, help="number of trials at most")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes that the picture may take; -1 for one a core")
    parser.add_argument(
        "--out", metavar="FILE", help="draw the loss and the search: .png, .svg, .pdf or what else matplotlib writes"
    )


def run(options: argparse.Namespace) -> None:
    """Print the start and the optimum beside human text, and draw the picture if it is asked for."""
    from thermonucleus.text.tuning import optimize_params

    if options.out is not None:
        check_out(options.out)
    tuning = optimize_params(
        options.temperature, options.top_p, evaluations=options.evaluations, rng=options.seed, progress=sys.stderr.isatty()
    )
    print(table(tuning), flush=True)
    if options.out is not None:
        draw(tuning, options.out, seed=options.seed, jobs=options.jobs)


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


def draw(tuning: "Tuning", file: str, *, seed: int, jobs: int) -> None:
    """Write a picture of the loss over temperature and top-p, and of the trials."""
    from thermonucleus import plots
    from thermonucleus.plots.axes import new_figure
    from thermonucleus.text.tuning import sweep

    losses = sweep(TEMPERATURES, TOP_PS, n_jobs=jobs, rng=seed)
    figure = new_figure()
    ax = plots.plot_tuning(tuning, TEMPERATURES, TOP_PS, losses, ax=figure.add_subplot())
    ax.set_title("Distance of drawn text to human text")
    save(figure, file)
