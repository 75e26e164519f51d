"""One digest for every build on every machine: what is computed does not depend on compiler, flags, processor or NumPy.

Levels are compared with each other elsewhere; a compiler that changed all of them alike would not be seen there. So the rows here
are made of integers and of exact steps alone, from a bit generator whose numbers NumPy promises to keep.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import thermonucleus as tn

DIGEST = "513ea7ced72aff0a980f3a7b073e2f3e"
"""Of the first `SETTINGS`. It changes where a kept set, a probability or a token does: then the change that did it says why."""

DIGEST_OF_STAGES = "29ec3795cf6c83ed25f63c7b8972f97b"
"""The same of every further stage."""

SIZES = [1, 2, 5, 16, 17, 100, 511, 512, 513, 1024, 1025, 3000, 8192, 8193, 20_000, 128_256]

SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0},
    {"temperature": 0.25},
    {"temperature": 40.0},
    {"top_p": 0.95, "temperature": 0.8},
    {"top_p": 0.5},
    {"top_p": 0.999, "temperature": 1.5},
    {"top_p": 0.9999999},
    {"top_p": 0},
    {"top_k": 1},
    {"top_k": 50, "top_p": 0.9},
    {"top_k": 3000, "top_p": 0.75},
    {"top_k": 12_000},
    {"min_p": 0.05, "temperature": 2.0},
    {"min_p": 1},
    {"top_k": 300, "top_p": 0.97, "min_p": 0.01, "temperature": 0.3},
    {"top_k": 40, "top_p": 0.95, "min_p": 0.05, "temperature": 0.8, "temperature_last": True},
    {"top_p": 0.99, "temperature": 3.0, "temperature_last": True},
]

STAGES: list[dict[str, Any]] = [
    {"epsilon_cutoff": 3e-4},
    {"eta_cutoff": 2e-3, "temperature": 0.8},
    {"top_a": 0.2},
    {"top_n_sigma": 1.0, "temperature": 1.5},
    {"p_less": True},
    {"p_less": "norm"},
    {"top_h": 0.4},
    {"tfs": 0.95},
    {"min_k": 3.0},
    {"typical_p": 0.9},
    {"typical_p": 0.2, "temperature": 0.5},
    {"xtc_probability": 0.5, "xtc_threshold": 0.02},
    {"dynatemp_range": 0.5, "dynatemp_exponent": 1.5},
    {"smoothing_factor": 0.3, "smoothing_curve": 1.5, "top_p": 0.95},
    {"order": "llama.cpp", "top_n_sigma": 1.5, "top_k": 40, "typical_p": 0.95, "top_p": 0.95, "min_p": 0.05, "temperature": 0.8},
    {"order": ("xtc", "top_p", "typical_p", "min_p"), "xtc_probability": 1.0, "top_p": 0.9, "typical_p": 0.5, "min_p": 0.1},
]


def rows_of(size: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Rows of every kind, each number a small integer times a power of two, rounded to float32 where it is not one."""
    bits = np.random.PCG64(seed).random_raw(size)
    quarters = bits.view(np.uint16).reshape(size, 4).astype(np.int64)
    bell = (quarters.sum(axis=1) - 131_070) / 2.0**14  # four uniform numbers: nearly normal, with a standard deviation of 2.3
    rare = (bits % np.uint64(311) == 0) * (bits >> np.uint64(54)) / 64.0
    yield bell.astype(np.float32)
    yield (bell + rare).astype(np.float32)
    yield (bell / 64).astype(np.float32)
    yield (bell * 37).astype(np.float32)
    yield (np.rint(bell * 2) / 2).astype(np.float32)
    yield (bell * 100 + 2.0**20).astype(np.float32)
    yield np.where(bits & np.uint64(1), bell, -np.inf).astype(np.float32)
    yield (bell + 30.0 * (np.arange(size) == size // 3)).astype(np.float32)


def digest_of_all(all_settings: list[dict[str, Any]]) -> tuple[int, str]:
    """Return how many rows were sampled from, counting a row once for each of the settings, and the digest of what came of them."""
    state, count = blake2b(digest_size=16), 0
    for number, size in enumerate(SIZES):
        u = (np.random.PCG64(1000 + number).random_raw(5) >> np.uint64(11)) * 2.0**-53
        for row in rows_of(size, number):
            row[0] = max(row[0], 0.0)  # not -inf throughout
            for settings in all_settings:
                state.update(tn.probabilities(row, **settings).astype("<f4").tobytes())
                state.update(np.asarray(tn.sample(row, u=u, num_samples=5, **settings)).astype("<i8").tobytes())
                count += 1
    return count, state.hexdigest()


@pytest.mark.usefixtures("level")
def test_this_build_computes_what_every_build_computes() -> None:
    assert digest_of_all(SETTINGS) == (2304, DIGEST)


@pytest.mark.usefixtures("level")
def test_so_it_does_with_every_stage() -> None:
    assert digest_of_all(STAGES) == (2048, DIGEST_OF_STAGES)
