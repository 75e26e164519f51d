"""Randomness: one uniform number in [0, 1) a draw, from a seed or from the caller."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Seed", "as_generator", "as_uniforms"]

# numpy.random takes longer to import than this package and NumPy is in no hurry to do so: it is named in full, where it is used.
Seed: TypeAlias = "int | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator | None"


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


def as_uniforms(u: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the caller's uniform numbers as float64 of the given shape, one a draw.

    Raises
    ------
    TypeError, ValueError
        If they are not numbers, not of that shape, or not all in [0, 1).
    """
    array = np.asarray(u)
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
