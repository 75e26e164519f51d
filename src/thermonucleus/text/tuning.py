"""Search for the temperature and top-p whose text is most like what people write (slide 12)."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonucleus.randomness import Seed, as_generator
from thermonucleus.settings import check_fraction, check_integer, check_several, check_temperature
from thermonucleus.text.corpus import builtin_corpus
from thermonucleus.text.language_model import LanguageModel
from thermonucleus.text.loading import BUILTIN, AnyModel, as_model
from thermonucleus.text.model import TextModel
from thermonucleus.text.objective import Objective, Study, Trial
from thermonucleus.text.split import halves, split_corpus

__all__ = ["TEMPERATURE_BOUNDS", "TOP_P_BOUNDS", "Trial", "Tuning", "judge", "optimize_params", "sweep"]

TEMPERATURE_BOUNDS = (0.1, 2.0)
TOP_P_BOUNDS = (0.1, 1.0)

LOWEST = np.array([TEMPERATURE_BOUNDS[0], TOP_P_BOUNDS[0]])
RANGE = np.array([TEMPERATURE_BOUNDS[1], TOP_P_BOUNDS[1]]) - LOWEST

TEXTS, TEXTS_OF_LARGE = 60, 24
"""Chosen: texts that a trial draws from n-grams, and from a model that takes milliseconds for a token. With as few, a trial of the
model SmolLM2 takes some seconds, and measures vary more."""

FIRST_STEP = 0.2
"""Of each range. The loss has steps and is noisy: a method that starts with smaller ones sees little but these."""


@dataclass(frozen=True)
class Tuning:
    """What a search has found, and how. Iterating over it gives the temperature and the top-p.

    Parameters
    ----------
    trials : tuple of Trial
        All of them, in their order.
    human : mapping of str to float
        The measures of human text, means over samples of as many texts as a trial draws.
    """

    trials: tuple[Trial, ...]
    human: Mapping[str, float]

    @property
    def start(self) -> Trial:
        """The first trial, at the settings given."""
        return self.trials[0]

    @property
    def best(self) -> Trial:
        """The first trial of the smallest loss."""
        return min(self.trials, key=lambda trial: trial.loss)

    @property
    def temperature(self) -> float:
        """The best trial's temperature."""
        return self.best.temperature

    @property
    def top_p(self) -> float:
        """The best trial's top-p."""
        return self.best.top_p

    @property
    def loss(self) -> float:
        """The best trial's loss."""
        return self.best.loss

    def __iter__(self) -> Iterator[float]:
        """Yield the temperature and the top-p."""
        return iter((self.temperature, self.top_p))


def optimize_params(
    initial_temp: float,
    initial_top_p: float,
    *,
    model: AnyModel = None,
    texts: Iterable[str] | None = None,
    objective: Objective | None = None,
    evaluations: int = 60,
    method: str = "Nelder-Mead",
    rng: Seed = 0,
    progress: bool = True,
) -> Tuning:
    """Search for the temperature and top-p under which a model writes most like people (slide 12).

    Parameters
    ----------
    initial_temp : float
        Where to start: a temperature from 0.1 to 2.
    initial_top_p : float
        Where to start: a top-p from 0.1 to 1.
    model : TextModel, str or path-like, optional
        What to tune, or its name as `load_model` takes it. The built-in model, the default, is trained on a part of `texts` for it:
        see `split_corpus`.
    texts : iterable of str, optional
        Paragraphs by people, the built-in corpus by default. With a model they give the prompts and the human text, and must be new
        to it; without one they are also what a part of trains it.
    objective : callable, optional
        Takes the texts of a trial, as lists of token ids, and returns a number: less is better. By default the distance to human
        text over several measures, whose equation is with `thermonucleus.text.objective.Study`.
    evaluations : int, default 60
        Number of trials at most.
    method : str, default "Nelder-Mead"
        A method of `scipy.optimize.minimize` that heeds bounds. The loss is flat nearly everywhere and jumps where a token changes,
        so that a method that follows a gradient, as L-BFGS-B does, never leaves the start.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, default 0
        How the corpus is split, which texts give the prompts, and the uniform numbers that all trials share.
    progress : bool, default True
        Whether to show progress bars on standard error.

    Returns
    -------
    Tuning
        Unpacks into temperature and top-p.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range.
    ImportError
        If SciPy or tqdm is not installed, or what runs the model.
    OSError
        If there is no such model.

    Notes
    -----
    The slide has L-BFGS-B look at one fixed text: its loss is a constant, and what it returns is where it started.

    Good settings lie in a narrow, bent valley: a higher temperature asks for a lower top-p. After at most 60 trials, over three
    splits of the corpus, the mean loss from a start of (1.0, 0.9) and from one of (0.4, 0.4) was 1.88 and 2.14 with Nelder-Mead,
    1.75 and 5.19 with Powell, and 1.55 and 4.78 with COBYQA (``python benchmarks/tuning.py 3 --methods``).

    Examples
    --------
    >>> from thermonucleus.text.tuning import optimize_params
    >>> temperature, top_p = optimize_params(1.0, 0.9, evaluations=3, progress=False)
    >>> 0.1 <= temperature <= 2.0, 0.1 <= top_p <= 1.0
    (True, True)
    """
    start = np.array(
        [
            _within("initial_temp", check_temperature(initial_temp, name="initial_temp"), TEMPERATURE_BOUNDS),
            _within("initial_top_p", check_fraction(initial_top_p, name="initial_top_p"), TOP_P_BOUNDS),
        ]
    )
    check_integer(evaluations, name="evaluations", least=1)
    with _extra():
        from scipy.optimize import minimize
        from tqdm import tqdm

    study = _study(model, texts, objective, rng, progress=progress)
    trials: list[Trial] = []

    def loss(point: NDArray[np.float64]) -> float:
        if len(trials) == evaluations:
            raise _Spent
        temperature, top_p = start if not trials else LOWEST + RANGE * np.clip(point, 0.0, 1.0)
        trials.append(study.trial(float(temperature), float(top_p)))
        bar.update()
        bar.set_postfix(loss=min(trial.loss for trial in trials))
        return trials[-1].loss

    with tqdm(total=evaluations, unit="trial", disable=not progress) as bar, contextlib.suppress(_Spent):
        first = (start - LOWEST) / RANGE
        minimize(loss, first, method=method, bounds=[(0.0, 1.0)] * 2, options=_options(method, first))
    return Tuning(tuple(trials), study.human)


def sweep(
    temperatures: Sequence[float],
    top_ps: Sequence[float],
    *,
    model: AnyModel = None,
    texts: Iterable[str] | None = None,
    objective: Objective | None = None,
    n_jobs: int | None = None,
    rng: Seed = 0,
    progress: bool = False,
) -> NDArray[np.float64]:
    """Return the loss at each of a grid of settings, as `optimize_params` with the same `rng` sees it.

    Parameters
    ----------
    temperatures : sequence of float
        0 or more each.
    top_ps : sequence of float
        From 0 to 1 each.
    model, texts, objective, rng
        As in `optimize_params`.
    n_jobs : int, optional
        As in joblib: number of processes, -1 for one a core; by default what ``joblib.parallel_config`` says, or 1. Under
        ``joblib.parallel_config(backend="dask")`` or ``"ray"`` the sweep runs on a cluster. The losses are the same anywhere. Each
        process loads a model in a file anew.
    progress : bool, default False
        As in `optimize_params`.

    Returns
    -------
    ndarray of float64, shape (len(temperatures), len(top_ps))
        The losses.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range.
    ImportError, OSError
        As from `optimize_params`, if joblib or tqdm is not installed.

    Examples
    --------
    >>> from thermonucleus.text.tuning import sweep
    >>> losses = sweep([0.1, 1.0], [0.1, 1.0])
    >>> losses.shape, bool(losses[1, 1] == losses.min())
    ((2, 2), True)
    """
    vertical = check_several(check_temperature, temperatures, name="temperatures")
    horizontal = check_several(check_fraction, top_ps, name="top_ps")
    with _extra():
        from joblib import Parallel, delayed
        from tqdm import tqdm

    study = _study(model, texts, objective, rng, progress=progress)
    cells = list(product(vertical.tolist(), horizontal.tolist()))
    losses = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_loss)(study, *cell) for cell in cells)
    surface = list(tqdm(losses, total=len(cells), unit="trial", disable=not progress))
    return np.array(surface, np.float64).reshape(len(vertical), len(horizontal))


def judge(
    temperature: float,
    top_p: float,
    *,
    model: AnyModel = None,
    texts: Iterable[str] | None = None,
    objective: Objective | None = None,
    repeats: int = 5,
    rng: Seed = 0,
    progress: bool = False,
) -> Trial:
    """Judge a setting by text that it was not tuned on.

    Parameters
    ----------
    temperature, top_p : float
        As in `thermonucleus.sample`.
    model, objective
        As in `optimize_params`; by default the model that this tunes with the same `rng`.
    texts : iterable of str, optional
        With a model that was given: paragraphs that the search has not seen. By default, those that neither the model nor the
        search saw with the same `rng`.
    repeats : int, default 5
        Number of trials, each with other prompts and uniform numbers, whose loss and measures are averaged.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, default 0
        As in `optimize_params`. Settings are judged alike with the same.
    progress : bool, default False
        As in `optimize_params`.

    Returns
    -------
    Trial
        The means.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from thermonucleus.text.tuning import judge
    >>> judge(1.0, 1.0, repeats=1).loss < judge(0.1, 0.5, repeats=1).loss
    True
    """
    check_temperature(temperature)
    check_fraction(top_p, name="top_p")
    check_integer(repeats, name="repeats", least=1)
    generator = as_generator(rng)
    study = _study(model, texts, objective, generator, judging=True, progress=progress)
    dealt = _watched(study.deals(repeats, generator), "trial", total=repeats, progress=progress)
    trials = [study.trial(temperature, top_p) for study in dealt]
    measures = {name: fmean(trial.measures[name] for trial in trials) for name in trials[0].measures}
    return Trial(temperature, top_p, fmean(trial.loss for trial in trials), measures)


def _within(name: str, value: Any, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, got {value:g}")
    return float(value)


class _Spent(Exception):  # noqa: N818 - ends a search, is no error
    """All evaluations are done. SciPy's methods look at their own limits only between iterations."""


def _options(method: str, first: NDArray[np.float64]) -> dict[str, Any]:
    """Return the first steps, each towards the farther bound, in the terms of the methods that can be told."""
    steps = np.diag(np.where(first > 0.5, -FIRST_STEP, FIRST_STEP))
    options: dict[str, dict[str, Any]] = {
        "Nelder-Mead": {"initial_simplex": np.vstack([first, first + steps])},
        "Powell": {"direc": steps},
        "COBYQA": {"initial_tr_radius": FIRST_STEP},
    }
    return options.get(method, {})


def _study(
    model: AnyModel, texts: Iterable[str] | None, objective: Objective | None, rng: Seed, *, judging: bool = False, progress: bool
) -> Study:
    if objective is not None and not callable(objective):
        raise TypeError(f"objective must be callable, got {objective!r}")
    generator = as_generator(rng)
    loaded, paragraphs = _model_and_texts(model, texts, generator, judging=judging)
    count = TEXTS if isinstance(loaded, LanguageModel) else TEXTS_OF_LARGE
    # Not the uniform numbers of the search again.
    numbers = generator.spawn(2)[judging]
    return Study(loaded, paragraphs, objective, texts=count, rng=numbers, watch=partial(_watched, unit="text", progress=progress))


def _model_and_texts(
    model: AnyModel, texts: Iterable[str] | None, generator: np.random.Generator, *, judging: bool
) -> tuple[TextModel, Iterable[str]]:
    if model is None or model == BUILTIN:
        split = split_corpus(texts, rng=generator)
        return split.model, split.judging if judging else split.tuning
    loaded = as_model(model)
    if texts is not None:
        return loaded, texts
    if isinstance(loaded, LanguageModel):
        raise ValueError("texts must be given with n-grams of your own: only who trained them knows which texts they have not seen")
    return loaded, halves(builtin_corpus(), rng=generator)[judging]


def _loss(study: Study, temperature: float, top_p: float) -> float:
    return study.trial(temperature, top_p).loss


def _watched(things: Iterable[Any], unit: str, *, total: int | None = None, progress: bool) -> Iterable[Any]:
    """Return the things one by one, with a bar that goes when they are through."""
    if not progress:
        return things
    with _extra():
        from tqdm import tqdm
    bar: Iterable[Any] = tqdm(things, total=total, unit=unit, leave=False)
    return bar


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError('thermonucleus.text.tuning needs SciPy, joblib and tqdm: pip install "thermonucleus[tune]"') from error
