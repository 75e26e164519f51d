"""A sampler whose temperature and top-p follow the text that it draws (slide 13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import SupportsIndex

from thermonucleus.functional import adapted_settings
from thermonucleus.logits import Logits
from thermonucleus.randomness import Seed, as_generator
from thermonucleus.sampling import sample
from thermonucleus.settings import as_array, check_temperature
from thermonucleus.text.checks import check_tokens

__all__ = ["AdaptiveSampler", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """A token, and the temperature and top-p that it was drawn under."""

    token: int
    temperature: float
    top_p: float


class AdaptiveSampler:
    """A sampler for a generation loop that draws each token as `thermonucleus.adaptive_sampling` does, given all before it.

    Parameters
    ----------
    temperature : float
        Temperature on an empty context, 0 or more. It grows by a hundredth of this with each token.
    top_p : float
        Top-p on an empty context, 0 or more. It shrinks by up to a fifth of this, the more the larger the share of distinct tokens;
        what comes out is limited to 1.
    context : iterable of int, optional
        The tokens of the prompt. Those that are drawn follow.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Attributes
    ----------
    steps : list of Step
        What was drawn so far, and under which settings: `thermonucleus.plots.plot_adaptive` draws them.
    generator : numpy.random.Generator
        The random generator; it advances by one uniform number a draw.

    Raises
    ------
    ValueError, TypeError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from thermonucleus.text import AdaptiveSampler
    >>> sampler = AdaptiveSampler(0.8, 0.9, rng=1)
    >>> [sampler([1.0, 2.0, 3.0, 4.0]) for _ in range(4)]
    [3, 3, 2, 3]
    >>> [(round(step.temperature, 3), round(step.top_p, 3)) for step in sampler.steps]
    [(0.8, 0.9), (0.808, 0.72), (0.816, 0.81), (0.824, 0.78)]
    """

    def __init__(self, temperature: float, top_p: float, *, context: Iterable[SupportsIndex] = (), rng: Seed = None) -> None:
        # Top-p has a temperature's range here: what comes out of a base above 1 may well be below it.
        self._bases = float(check_temperature(temperature)), float(check_temperature(top_p, name="top_p"))
        self.generator = as_generator(rng)
        self.steps: list[Step] = []
        tokens = check_tokens(context, name="context")
        # Kept as it grows: counting anew at each token would take longer with each.
        self._distinct = set(tokens)
        self._length = len(tokens)

    def __call__(self, logits: Logits) -> int:
        """Draw a token from a row of logits.

        Parameters
        ----------
        logits : array_like of shape (V,)
            As in `thermonucleus.sample`.

        Returns
        -------
        int
            The token, which is part of the context from here on.

        Raises
        ------
        ValueError, TypeError
            As from `thermonucleus.sample`; then nothing has changed.
        """
        shape = as_array(logits, "logits").shape
        if len(shape) != 1:
            raise ValueError(f"logits must be a row (V,), got shape {shape}: a text is drawn token by token")
        temperature, top_p = adapted_settings(*self._bases, self._length, len(self._distinct))
        token = int(sample(logits, temperature=temperature, top_p=top_p, rng=self.generator))
        self.steps.append(Step(token, temperature, top_p))
        self._distinct.add(token)
        self._length += 1
        return token

    def __repr__(self) -> str:
        return f"<AdaptiveSampler from temperature={self._bases[0]}, top_p={self._bases[1]}, after {self._length} tokens>"
