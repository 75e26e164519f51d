"""Randomness: one uniform number in [0, 1) a draw, from a seed or from the caller."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonucleus.settings import as_array

__all__ = ["Seed", "Seeds", "as_generator", "as_generators", "as_uniforms"]

# numpy.random takes longer to import than this package and NumPy is in no hurry to do so: it is named in full, where it is used.
Seed: TypeAlias = "int | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator | None"

Seeds: TypeAlias = "Seed | Sequence[Seed]"


def as_generator(rng: Seed) -> "np.random.Generator":
    """Return the generator that SPEC 7 says `rng` stands for: itself, or a new one seeded with it.

    Raises
    ------
    TypeError, ValueError
        If `rng` is not None, an integer of 0 or more, or a SeedSequence, BitGenerator or Generator of NumPy.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    kinds = int | np.integer | np.random.SeedSequence | np.random.BitGenerator | None
    if isinstance(rng, bool) or not isinstance(rng, kinds):
        raise TypeError(f"rng must be None, an integer, or a SeedSequence, BitGenerator or Generator of numpy.random, got {rng!r}")
    if isinstance(rng, int | np.integer) and rng < 0:
        raise ValueError(f"rng must be 0 or more where it is an integer, got {rng}")
    return np.random.default_rng(rng)


def as_generators(rng: Seeds, count: int) -> "list[np.random.Generator]":
    """Return a generator for each of some sequences, so that what one draws does not depend on which others are beside it.

    Parameters
    ----------
    rng : Seed or sequence of Seed
        One for each sequence: sequence i then draws as it would alone with ``rng[i]``. Or a single one: of a single sequence it is
        the seed; several get the generators that NumPy spawns from it.
    count : int
        Number of sequences.

    Raises
    ------
    TypeError, ValueError
        As from `as_generator`, or if there are not as many seeds as sequences.

    Examples
    --------
    >>> [generator.random() for generator in as_generators([7, 8], 2)] == [as_generator(7).random(), as_generator(8).random()]
    True
    """
    if isinstance(rng, list | tuple):
        if len(rng) != count:
            raise ValueError(f"rng must be a single seed or one for each of the {count} sequences, got {len(rng)} of them")
        return [as_generator(seed) for seed in rng]
    generator = as_generator(rng)  # type: ignore[arg-type]  # any other sequence is refused there
    return [generator] if count == 1 else generator.spawn(count)


def as_uniforms(u: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the caller's uniform numbers as float64 of the given shape, one a draw.

    Raises
    ------
    TypeError, ValueError
        If they are not numbers, not of that shape, or not all in [0, 1).
    """
    array = as_array(u, "u", "numbers in [0, 1)")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"u must be numbers in [0, 1), got {u!r} of type {type(u).__name__}")
    if array.shape != shape:
        wanted = "a single number" if shape == () else f"of shape {shape}, one a draw"
        raise ValueError(f"u must be {wanted}, got shape {array.shape}")
    uniforms = np.require(array, np.float64, ["C", "A"])  # checked as float64: a wider type may round to 1
    outside = ~((uniforms >= 0) & (uniforms < 1))
    if outside.any():
        raise ValueError(f"u must be in [0, 1), got {uniforms[outside].flat[0]}")
    return uniforms
