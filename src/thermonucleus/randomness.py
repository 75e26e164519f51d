"""Randomness: one uniform number in [0, 1) a draw, from a seed or from the caller."""

from collections.abc import Sequence
from typing import Any, SupportsFloat, TypeAlias, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from thermonucleus.settings import Numbers, as_array

__all__ = ["Seed", "Seeds", "Uniforms", "as_generator", "as_generators", "as_uniforms", "is_several"]

# numpy.random takes longer to import than this package and NumPy is in no hurry to do so: it is named in full, where it is used.
Seed: TypeAlias = (
    "int | Sequence[int] | NDArray[np.integer] | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator | None"
)

Seeds: TypeAlias = "Seed | Sequence[Seed]"

Uniforms: TypeAlias = Numbers | Sequence[Sequence[SupportsFloat]]


def as_generator(rng: Seed) -> "np.random.Generator":
    """Return the generator that SPEC 7 says `rng` stands for: itself, or a new one seeded with it.

    Raises
    ------
    TypeError, ValueError
        If `rng` is not None, an integer of 0 or more or a sequence of them, or a SeedSequence, BitGenerator or Generator of NumPy.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if not isinstance(rng, np.random.SeedSequence | np.random.BitGenerator | None):
        _check_seed(rng)
    return np.random.default_rng(rng)


def _check_seed(rng: object) -> None:
    """Raise a TypeError or ValueError if it is not an integer of 0 or more, or a sequence of them."""
    parts: Sequence[Any] = rng if is_several(rng) else [rng]
    if not all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts):
        hint = ""
        if isinstance(rng, np.random.RandomState):
            hint = ": it draws other numbers than a Generator does; pass its bit generator, rng._bit_generator"
        raise TypeError(
            "rng must be None, an integer, a sequence of integers, or a SeedSequence, BitGenerator or Generator of numpy.random, "
            f"got {rng!r}{hint}"
        )
    for part in parts:
        if part < 0:
            raise ValueError(f"rng must be 0 or more where it is an integer, got {part}")


def is_several(rng: object) -> TypeGuard[Sequence[Any]]:
    """Say whether it is a sequence: one seed of several integers to `as_generator`, several seeds to `as_generators`."""
    return (isinstance(rng, Sequence) and not isinstance(rng, str | bytes)) or (isinstance(rng, np.ndarray) and rng.ndim == 1)


def as_generators(rng: Seeds, count: int) -> "list[np.random.Generator]":
    """Return a generator for each of some sequences, so that what one draws does not depend on which others are beside it.

    Parameters
    ----------
    rng : Seed or sequence of Seed
        One for each sequence: sequence i then draws as it would alone with ``rng[i]``. Or a single one: of a single sequence it is
        the seed; several get the generators that NumPy spawns from it. A list is always one for each: a single seed of several
        integers is a SeedSequence here.
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
    if is_several(rng):
        if len(rng) != count:
            raise ValueError(f"rng must be a single seed or one for each of the {count} sequences, got {len(rng)} of them")
        return [as_generator(seed) for seed in rng]
    generator = as_generator(cast("Seed", rng))
    return [generator] if count == 1 else generator.spawn(count)


def as_uniforms(u: object, shape: tuple[int, ...]) -> NDArray[np.float64]:
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
