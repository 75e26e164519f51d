"""The strongest exact rival: what an expert writes in an afternoon, compiled by numba.

One pass gives the maximum and the sum of the exponentials, by an exponential of its own that vectorises. Tokens of less than
(1 - p) / V of the mass cannot be in the nucleus, so only the blocks whose maximum exceeds that are looked into; a higher bound,
which is enough for most rows of a model, is tried first. Among the candidates the cutoff is found by a quickselect on mass: a pivot
guessed from a sample, what lies above it gathered and summed. The draw walks the candidates in the order of their index. Timed: all
of it, the random number included; memory is allocated before.
"""

from typing import Any

import numba
import numpy as np
from numba import njit
from numpy.polynomial import Chebyshev, Polynomial

from contestants.contract import Batch, Contestant, Mask, Row, Settings, System

BLOCK = 128
SAMPLE = 64
LIKELY = 1e-4
"""A share of the mass that the last token of a model's nucleus is likely to have."""

# 2**x for -1/2 <= x <= 1/2, within 2e-8 of it.
POWER = tuple(np.float32(c) for c in Chebyshev.interpolate(np.exp2, 6, [-0.5, 0.5]).convert(kind=Polynomial).coef)

# Sums may be reordered, so that they vectorise; infinities must stay what they are, since a logit may be -inf.
LOOSE = {"nnan", "nsz", "arcp", "contract", "reassoc"}


@njit(fastmath=LOOSE, cache=True)
def exp2(x):
    x = max(x, np.float32(-126.0))
    whole = np.floor(x + np.float32(0.5))
    t = x - whole
    power = POWER[6]
    power = power * t + POWER[5]
    power = power * t + POWER[4]
    power = power * t + POWER[3]
    power = power * t + POWER[2]
    power = power * t + POWER[1]
    power = power * t + POWER[0]
    return power * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(cache=True)
def ordered(bits):
    """Map the bits of floats to integers of the same order, and back: numba vectorises the maximum of integers alone."""
    return np.int32(bits ^ ((bits >> 31) & 0x7FFFFFFF))


@njit(cache=True)
def largest_of(values):
    bits = values.view(np.int32)
    largest = np.int32(-(2**31))
    for i in range(len(bits)):
        largest = max(largest, ordered(bits[i]))
    return np.int32(ordered(largest)).view(np.float32)


@njit(fastmath=LOOSE, cache=True)
def weigh(values, largest, scale, weights):
    for i in range(len(values)):
        weights[i] = exp2((values[i] - largest) * scale)


@njit(fastmath=LOOSE, cache=True)
def mass(values, largest, scale):
    total = np.float32(0.0)
    for i in range(len(values)):
        total += exp2((values[i] - largest) * scale)
    return np.float64(total)


@njit(fastmath=LOOSE, cache=True)
def total_of(weights):
    """Sum in float32 within blocks, in float64 across them."""
    total = np.float64(0.0)
    for start in range(0, len(weights), BLOCK):
        part = np.float32(0.0)
        for i in range(start, min(start + BLOCK, len(weights))):
            part += weights[i]
        total += part
    return total


@njit(cache=True)
def summarise(row, scale, maxima):
    """Read the row once: the maximum of each block, that of the row, and the sum of the exponentials relative to it."""
    largest, total = np.float32(-np.inf), 0.0
    for b in range(len(maxima)):
        block = row[b * BLOCK : (b + 1) * BLOCK]
        maxima[b] = largest_of(block)
        if maxima[b] > largest:
            total *= np.float64(exp2((largest - maxima[b]) * scale))
            largest = maxima[b]
        total += mass(block, largest, scale)
    return largest, total


@njit(cache=True)
def gather(row, maxima, floor, tokens, values):
    """Collect the tokens at or above the floor, in order."""
    count = 0
    for b in range(len(maxima)):
        if maxima[b] >= floor:
            for i in range(b * BLOCK, min((b + 1) * BLOCK, len(row))):
                tokens[count] = i
                values[count] = row[i]
                count += row[i] >= floor
    return count


@njit(cache=True)
def guess(values, largest, scale, share):
    """Guess the value above which the given share of the mass lies, from a sample: always one of the values."""
    sample = np.sort(values[:: max(1, len(values) // SAMPLE)])[::-1]
    weights = np.empty(len(sample), np.float32)
    weigh(sample, largest, scale, weights)
    goal = share * total_of(weights)
    running = 0.0
    for i in range(len(sample)):
        running += weights[i]
        if running >= goal:
            return sample[i]
    return sample[-1]


@njit(cache=True)
def split(values, pivot, above, below):
    """Copy the values above the pivot and those below it, and count both."""
    more = less = 0
    for i in range(len(values)):
        above[more] = values[i]
        more += values[i] > pivot
        below[less] = values[i]
        less += values[i] < pivot
    return more, less


@njit(cache=True)
def cutoff(values, largest, scale, goal, spare, weights):
    """Find the largest value such that all at or above it hold the goal: a quickselect on mass."""
    held = 0.0
    left = mass_of(values, largest, scale, weights)
    turn = 0
    while len(values) > 1:
        pivot = guess(values, largest, scale, (goal - held) / left)
        above, below = spare[turn], spare[turn + 1]
        turn = 2 - turn
        more, less = split(values, pivot, above, below)
        upper = mass_of(above[:more], largest, scale, weights)
        equal = (len(values) - more - less) * np.float64(exp2((pivot - largest) * scale))
        if held + upper >= goal:
            values, left = above[:more], upper
        elif held + upper + equal >= goal or less == 0:
            return pivot
        else:
            held += upper + equal
            values, left = below[:less], left - upper - equal
    return values[0]


@njit(cache=True)
def mass_of(values, largest, scale, weights):
    weigh(values, largest, scale, weights)
    return total_of(weights[: len(values)])


@njit(cache=True)
def walk(tokens, values, lowest, weights, parts, u):
    """Find the token at which the running sum of the kept weights exceeds u of their whole."""
    count = len(tokens)
    for b in range((count + BLOCK - 1) // BLOCK):
        parts[b] = kept_mass(values[b * BLOCK : (b + 1) * BLOCK], weights[b * BLOCK : min((b + 1) * BLOCK, count)], lowest)
    used = parts[: (count + BLOCK - 1) // BLOCK]
    goal = u * used.sum()
    running, b = 0.0, 0
    while b < len(used) - 1 and running + used[b] <= goal:
        running += used[b]
        b += 1
    last = -1
    for i in range(b * BLOCK, count):
        if values[i] >= lowest:
            last = i
            running += weights[i]
            if running > goal:
                break
    return tokens[last]


@njit(fastmath=LOOSE, cache=True)
def kept_mass(values, weights, lowest):
    total = np.float32(0.0)
    for i in range(len(weights)):
        total += weights[i] if values[i] >= lowest else np.float32(0.0)
    return total


@njit(cache=True)
def truncate(row, scale, top_k, top_p, maxima, tokens, values, weights, spare):
    """Collect the candidates, and find the lowest value kept and the largest."""
    if 0 < top_k < len(row):
        for b in range(len(maxima)):
            maxima[b] = largest_of(row[b * BLOCK : (b + 1) * BLOCK])
        largest = largest_of(maxima)
        # The k-th largest of the blocks' maxima is at most the k-th largest of all.
        floor = np.partition(maxima, len(maxima) - top_k)[len(maxima) - top_k] if top_k <= len(maxima) else np.float32(-np.inf)
        count = gather(row, maxima, floor, tokens, values)
        floor = np.partition(values[:count], count - top_k)[count - top_k]
        count = gather(row, maxima, floor, tokens, values)
        total = mass_of(values[:count], largest, scale, weights)
    else:
        largest, total = summarise(row, scale, maxima)
        # Half the bound makes up for the rounding of what it is compared with.
        for share in (LIKELY, 0.5 * (1 - top_p) / len(row)):
            floor = np.float32(largest + np.log2(total * share) / scale)
            count = gather(row, maxima, floor, tokens, values)
            if mass_of(values[:count], largest, scale, weights) > top_p * total:
                break
    return count, largest, cutoff(values[:count], largest, scale, top_p * total, spare, weights)


@njit(cache=True)
def draw_row(row, scale, top_k, top_p, u, maxima, tokens, values, weights, spare, parts):
    count, largest, lowest = truncate(row, scale, top_k, top_p, maxima, tokens, values, weights, spare)
    weigh(values[:count], largest, scale, weights)
    return walk(tokens[:count], values, lowest, weights, parts, u)


class NumbaPass(Contestant):
    def __init__(self, settings: Settings) -> None:
        self.scale = np.float32(np.log2(np.e) / settings.temperature)
        self.settings = settings
        self.generator = np.random.default_rng(0)
        self.size = -1

    def allocate(self, size: int) -> None:
        if size != self.size:
            blocks = -(-size // BLOCK)
            self.size = size
            self.maxima = np.empty(blocks, np.float32)
            # A token is written before it is known to be a candidate, hence one place more.
            self.tokens = np.empty(size + 1, np.int64)
            self.values, self.weights = np.empty((2, size + 1), np.float32)
            self.spare = np.empty((4, size + 1), np.float32)
            self.parts = np.empty(blocks, np.float64)

    def prepare(self, batch: Batch) -> Batch:
        self.allocate(batch.shape[1])
        return batch

    def draw(self, prepared: Batch) -> list[int]:
        return [self.draw_one(row) for row in prepared]

    def draw_one(self, row: Row) -> int:
        top_k, top_p = self.settings.top_k, self.settings.top_p
        buffers: tuple[Any, ...] = (self.maxima, self.tokens, self.values, self.weights, self.spare, self.parts)
        return int(draw_row(row, self.scale, top_k, top_p, self.generator.random(), *buffers))

    def kept(self, row: Row) -> Mask:
        self.allocate(len(row))
        buffers = (self.maxima, self.tokens, self.values, self.weights, self.spare)
        lowest = truncate(row, self.scale, self.settings.top_k, self.settings.top_p, *buffers)[2]
        kept: Mask = row >= lowest
        return kept


def systems() -> list[System]:
    return [System("numba, one pass", numba.__version__, "one pass with its own exp, candidates, quickselect", NumbaPass)]
