"""What each stage does with a row: a function a stage, of one shape, so that a chain of them is a fold.

A stage takes the logits of one row as the stage before left them, -inf for an absent token, and its numbers. A truncation returns
-inf for what it cuts; a transform returns other logits, in which only the differences mean something. The probabilities of a stage
are the softmax of what it is given, so each stage renormalises over what the one before left. Equal logits share one fate, and no
stage cuts everything. The stages have the names that
`thermonucleus.settings.steps_of` gives to steps.
"""

import math
from collections.abc import Callable

import numpy as np

from thermonucleus.reference.state import zipf_count, zipf_exponent
from thermonucleus.reference.weights import ROUNDING, Row, below_largest, cut, cut_below, entropy, present, softmax, surprises

__all__ = [
    "STAGES",
    "adaptive_p",
    "dynamic_temperature",
    "entropy_temperature",
    "epsilon_cutoff",
    "eta_cutoff",
    "min_k",
    "min_p",
    "mirostat_1",
    "mirostat_2",
    "nucleus_floor",
    "p_less",
    "p_less_norm",
    "smoothing",
    "temperature",
    "tfs",
    "top_a",
    "top_h",
    "top_k",
    "top_n_sigma",
    "top_p",
    "typical_p",
    "xtc",
]

STRAIGHT = 4 * 2.0**-52 / ROUNDING
"""Second differences of the sorted probabilities that sum to less than this are rounding errors.

Chosen: the rounding of probabilities, which sum to 1, changes that sum by about 4 units of 2^-52. Where the sum is smaller than
this, that may change a share of it by more than `ROUNDING`.
"""

SPREAD = 0.3
"""A token this far from adaptive-p's target has the weight exp(-STEEPNESS / 2). Chosen by its authors."""

STEEPNESS = 10.0
"""How fast the logarithm of that weight falls further off. Chosen by its authors."""


# ---- transforms


def transformed(x: Row, transform: Callable[[Row], Row]) -> Row:
    """Apply a transform that keeps the order to the distances from the largest logit, which are at most 0.

    Logits that differ still differ then, in the last bit at least: only equal ones share one fate.
    """
    values, places = np.unique(x, return_inverse=True)
    y = np.full_like(values, -np.inf)
    finite = values > -np.inf
    with np.errstate(over="ignore"):
        y[finite] = transform(below_largest(values[finite]))
    if (y[:-1] >= y[1:]).any():
        for i in reversed(range(len(y) - 1)):
            y[i] = min(y[i], np.nextafter(y[i + 1], -np.inf))
    after: Row = y[places]
    return after


def temperature(x: Row, t: float) -> Row:
    """Divide the logits by t; at 0, leave the first of the largest.

    Examples
    --------
    >>> softmax(temperature(np.log([0.1, 0.2, 0.3, 0.4]), 0.5)).round(4)
    array([0.0333, 0.1333, 0.3   , 0.5333])
    """
    if t == 1:
        return x
    if t == 0:
        return cut(x, np.arange(len(x)) == x.argmax())
    return transformed(x, lambda d: d / t)


def dynamic_temperature(x: Row, low: float, high: float, exponent: float = 1.0) -> Row:
    """Divide the logits by a temperature from low to high that rises with the entropy.

    Examples
    --------
    >>> softmax(dynamic_temperature(np.log([0.1, 0.2, 0.3, 0.4]), 0.5, 1.5)).round(4)
    array([0.1344, 0.2187, 0.2908, 0.356 ])
    """
    return temperature(x, entropy_temperature(x, low, high, exponent))


def entropy_temperature(x: Row, low: float, high: float, exponent: float = 1.0) -> float:
    """Compute the temperature of `dynamic_temperature`: high where all tokens are as probable, low where one has it all.

    The entropy is measured against that of as many equal tokens as are left. A single token has no such measure, and no use for a
    temperature.

    Examples
    --------
    >>> entropy_temperature(np.zeros(4), 0.5, 1.5)
    1.5
    """
    n = len(present(x))
    if n == 1:
        return 1.0
    share = min(entropy(x) / math.log(n), 1.0)
    return low + (high - low) * math.pow(share, exponent)


def smoothing(x: Row, factor: float, curve: float = 1.0) -> Row:
    """Bend the logits: those near the largest come nearer to it, those further off go further.

    With d the distance from the largest, at most 0, and k = (3 - curve) / 2, s = (curve - 1) / 2, the logits become
    factor (s d^3 - k d^2), rounded to float32 as all logits are. Their order stays for curves from 1 to 3 only.

    Examples
    --------
    >>> smoothing(np.array([2.0, 1.0, 0.0, -1.0]), 0.5)
    array([ 0. , -0.5, -2. , -4.5])
    """
    if not 1 <= curve <= 3:
        raise ValueError(f"smoothing_curve must be a number from 1 to 3, got {curve}")
    if factor == 0:
        return x
    y = np.full_like(x, -np.inf)
    d = below_largest(x[x > -np.inf])
    with np.errstate(over="ignore"):
        bent = factor * ((curve - 1) / 2 * d**3 - (3 - curve) / 2 * d**2)
        y[x > -np.inf] = np.maximum(bent, np.finfo(np.float32).min).astype(np.float32)
    return y


# ---- cutoffs: what is as probable as some token, or more, is kept


def top_k(x: Row, k: float) -> Row:
    """Keep the k most probable (Fan et al. 2018), and those equal to the last; 0 keeps all.

    Examples
    --------
    >>> np.exp(top_k(np.log([0.1, 0.2, 0.3, 0.2, 0.2]), 2))
    array([0. , 0.2, 0.3, 0.2, 0.2])
    """
    values = present(x)
    if k <= 0 or k >= len(values):
        return x
    return cut(x, x >= values[int(k) - 1])


def top_p(x: Row, p: float) -> Row:
    """Keep the most probable until their sum reaches p (Holtzman et al. 2019, equation 2), and those equal to the last.

    Examples
    --------
    >>> np.exp(top_p(np.log([0.1, 0.2, 0.3, 0.4]), 0.6))
    array([0. , 0. , 0.3, 0.4])
    """
    if p >= 1:
        return x
    kept = x > -np.inf
    return cut(x, x >= nucleus_floor(x[kept], softmax(x[kept]), p))


def nucleus_floor(values: Row, p: Row, top_p: float) -> float:
    """Find the value of the last token of the nucleus: the first at which the sum of p reaches top_p.

    This is equation 2 of Holtzman et al. (2019). `values` are what the tokens are ordered by; tokens as large as the last one are
    in the nucleus too.
    """
    order = np.argsort(-values, kind="stable")
    reached = np.cumsum(p[order]) >= top_p - ROUNDING
    last = reached.argmax() if reached.any() else -1
    return float(values[order[last]])


def min_p(x: Row, ratio: float) -> Row:
    """Keep what is at least `ratio` times as probable as the most probable (Nguyen et al. 2024).

    Examples
    --------
    >>> np.exp(min_p(np.log([0.1, 0.2, 0.3, 0.4]), 0.6))
    array([0. , 0. , 0.3, 0.4])
    """
    if ratio == 0:
        return x
    p = softmax(x)
    return cut_below(x, p, ratio * p.max())


def epsilon_cutoff(x: Row, epsilon: float) -> Row:
    """Keep probabilities of at least epsilon (Hewitt, Manning and Liang 2022).

    Examples
    --------
    >>> np.exp(epsilon_cutoff(np.log([0.1, 0.2, 0.3, 0.4]), 0.2))
    array([0. , 0.2, 0.3, 0.4])
    """
    return cut_below(x, softmax(x), epsilon)


def eta_cutoff(x: Row, epsilon: float) -> Row:
    """Keep probabilities of at least epsilon or sqrt(epsilon) exp(-entropy), whichever is less (Hewitt, Manning and Liang 2022).

    Examples
    --------
    >>> np.exp(eta_cutoff(np.log([0.1, 0.2, 0.3, 0.4]), 0.3))
    array([0. , 0.2, 0.3, 0.4])
    """
    p = softmax(x)
    return cut_below(x, p, min(epsilon, math.sqrt(epsilon) * math.exp(-entropy(x))))


def top_a(x: Row, a: float) -> Row:
    """Keep probabilities of at least a times the square of the largest.

    Examples
    --------
    >>> np.exp(top_a(np.log([0.1, 0.2, 0.3, 0.4]), 1.0))
    array([0. , 0.2, 0.3, 0.4])
    """
    p = softmax(x)
    return cut_below(x, p, a * p.max() ** 2)


def top_n_sigma(x: Row, n: float) -> Row:
    """Keep logits within n standard deviations of the largest (Tang et al. 2024); 0 or less keeps all.

    The deviation is that of the logits which are left, their own population. Logits are compared as they are, without a tolerance.

    Examples
    --------
    >>> top_n_sigma(np.array([3.0, 1.0, 2.0, -1.0, 2.5, 0.0]), 1.0)
    array([ 3. , -inf,  2. , -inf,  2.5, -inf])
    """
    if n <= 0:
        return x
    # Sorted, so that the rounding of the sums does not depend on where a token stands.
    return cut(x, x >= x.max() - n * present(x).std())


def p_less(x: Row) -> Row:
    """Keep probabilities of at least the sum of their squares (Tan, Wu and Howard 2025).

    Examples
    --------
    >>> np.exp(p_less(np.log([0.1, 0.2, 0.3, 0.4])))
    array([0. , 0. , 0.3, 0.4])
    """
    p = softmax(x)
    return cut_below(x, p, (p * p).sum())


def p_less_norm(x: Row) -> Row:
    """Keep probabilities of at least (V S - 1) / (V - 1), with S the sum of their squares (Tan, Wu and Howard 2025).

    V is the length of the row, absent tokens included.

    Examples
    --------
    >>> np.exp(p_less_norm(np.log([0.05, 0.25, 0.3, 0.4])))
    array([0.  , 0.25, 0.3 , 0.4 ])
    """
    if len(x) == 1:
        return x
    p = softmax(x)
    return cut_below(x, p, (len(x) * (p * p).sum() - 1) / (len(x) - 1))


def top_h(x: Row, h: float) -> Row:
    """Keep the most probable while their sum of -p ln p stays within h times that of all (Baghaei Potraghloo et al. 2025).

    The first always stays; so do those equal to the last. p is not renormalised over what is kept.

    Examples
    --------
    >>> np.exp(top_h(np.log([0.1, 0.2, 0.3, 0.4]), 0.6))
    array([0. , 0. , 0.3, 0.4])
    """
    values = present(x)
    s = surprises(values)
    running = np.cumsum(np.exp(-s) * s)
    within = int(np.count_nonzero(running <= (h + ROUNDING) * running[-1]))
    return cut(x, x >= values[max(within, 1) - 1])


def tfs(x: Row, z: float) -> Row:
    """Keep the head of the sorted probabilities, up to where their curve has straightened: tail-free sampling.

    The head ends where the second differences have taken more than the share z of the sum of their sizes. A second difference
    counts as that of the middle one of its three tokens, as in text-generation-webui. So the first token always stays, and the last
    stays only if it equals one that does.

    Examples
    --------
    >>> np.exp(tfs(np.log([0.3, 0.25, 0.16, 0.11, 0.08, 0.06, 0.04]), 0.8))
    array([0.3 , 0.25, 0.16, 0.  , 0.  , 0.  , 0.  ])
    """
    values = present(x)
    if z >= 1 or len(values) <= 2:
        return x
    bends = np.abs(np.diff(softmax(values), 2))
    total = bends.sum()
    within = len(bends) if total < STRAIGHT else np.count_nonzero(np.cumsum(bends) <= (z + ROUNDING) * total)
    return cut(x, x >= values[within])


def min_k(x: Row, tau: float, divided_by: float = 1.0) -> Row:
    """Keep the tokens above the steepest fall of the sorted logits, a fall counting for less the later it is (Ding et al. 2026).

    Where the logits range over little, floor(tau / range) tokens stay, if these are more.

    Parameters
    ----------
    x : ndarray of float64
        The logits.
    tau : float
        As the paper has it: of the range of logits before any temperature.
    divided_by : float, default 1.0
        The temperature that the logits have already been divided by.

    Examples
    --------
    >>> min_k(np.array([5.0, 4.8, 4.7, 1.0, 0.5]), 3.0)
    array([ 5. ,  4.8,  4.7, -inf, -inf])
    """
    values = present(x)
    spread = float(values[0] - values[-1]) * divided_by
    if spread == 0:
        return x
    falls = -np.diff(values) / np.arange(1, len(values))
    # The first of equal ones, where rounding may tell them apart.
    steepest = float((falls >= falls.max() * (1 - ROUNDING)).argmax())
    k = int(min(max(steepest + 1, tau / spread), len(values)))
    return cut(x, x >= values[k - 1])


# ---- bands: the most probable may be cut too


def typical_p(x: Row, p: float) -> Row:
    """Keep the tokens whose surprise is nearest to the entropy, until their sum reaches p (Meister et al. 2022).

    A surprise is as far from the entropy as its logit is from the mean logit, each weighted by its probability. All that is as far
    as the last token stays, above the mean and below it.

    Examples
    --------
    >>> np.exp(typical_p(np.log([0.1, 0.3, 0.6]), 0.2))
    array([0. , 0.3, 0. ])
    """
    if p >= 1:
        return x
    kept = x > -np.inf
    weights, d = softmax(x[kept]), below_largest(x[kept])
    distance = np.full_like(x, np.inf)
    distance[kept] = np.abs(d - (weights * d).sum())
    last = -nucleus_floor(-distance[kept], weights, p)
    # In a row of 0.5 and fifty times 0.01 all tokens are as far from the mean, and rounding makes one side the nearer.
    return cut(x, distance <= last + ROUNDING)


def xtc(x: Row, probability: float, threshold: float, *protected: int) -> Row:
    """Cut those of at least the threshold but for the least probable of them: exclude top choices.

    Parameters
    ----------
    x : ndarray of float64
        The logits.
    probability : 0 or 1
        How the coin fell: at 0 everything stays. `thermonucleus.reference.draw_token` throws it.
    threshold : float
        Above 0.5 everything stays, as no two tokens can be that probable.
    *protected : int
        Tokens that stay, and do not count.

    Examples
    --------
    >>> np.exp(xtc(np.log([0.4, 0.3, 0.15, 0.1, 0.05]), 1, 0.1))
    array([0.  , 0.  , 0.  , 0.1 , 0.05])
    """
    if 0 < probability < 1:
        raise ValueError(f"a chain has to throw the coin of xtc before: the probability must be 0 or 1, got {probability}")
    if probability == 0 or threshold > 0.5:
        return x
    above = (x > -np.inf) & (softmax(x) >= threshold * (1 - ROUNDING))
    above[[int(token) for token in protected]] = False
    return cut(x, ~above | (x == x[above].min(initial=np.inf)))


# ---- with what a draw changes for the next one, which thermonucleus.reference.state computes


def mirostat_2(x: Row, mu: float) -> Row:
    """Keep surprises of at most mu bits (Basu et al. 2020).

    Examples
    --------
    >>> np.exp(mirostat_2(np.log([0.5, 0.25, 0.125, 0.125]), 2.0))
    array([0.5 , 0.25, 0.  , 0.  ])
    """
    return cut_below(x, softmax(x), 2.0 ** -max(mu, 0.0))


def mirostat_1(x: Row, mu: float, m: float = 100) -> Row:
    """Keep as many of the most probable as would have an expected surprise of mu bits under Zipf's law (Basu et al. 2020).

    Parameters
    ----------
    x : ndarray of float64
        The logits.
    mu : float
        As `mirostat_update` leaves it.
    m : int, default 100
        How many of the most probable the exponent of the law is measured on.

    Examples
    --------
    >>> np.exp(mirostat_1(np.log([0.5, 0.25, 0.125, 0.125]), 2.0))
    array([0.5 , 0.25, 0.  , 0.  ])
    """
    n = len(present(x))
    exponent = zipf_exponent(x, m) if n > 1 else 0.0
    # Where the most probable are equal, no law can be fitted, and everything stays.
    return x if exponent <= 0 else top_k(x, int(min(max(zipf_count(exponent, mu, len(x)), 1.0), n)))


def adaptive_p(x: Row, target: float) -> Row:
    """Give tokens weights that fall with the distance of their probability from the target: adaptive-p.

    The weight is exp(-10 a^2 / (1 + a)) for a distance of 0.3 a. Its logarithm comes back, so the softmax is what a token is drawn
    from. This must be the last stage of a chain. A token of probability 0 has a weight all the same.

    Parameters
    ----------
    x : ndarray of float64
        The logits.
    target : float
        As `adapted_target` computes it; below 0 the logits stay as they are.

    Examples
    --------
    >>> softmax(adaptive_p(np.log([0.5, 0.25, 0.125, 0.0625, 0.0625]), 0.5)).round(4)
    array([9.766e-01, 2.210e-02, 9.000e-04, 2.000e-04, 2.000e-04])
    """
    if target < 0:
        return x
    a = np.abs(softmax(x) - target) / SPREAD
    return cut(-STEEPNESS * a * a / (1 + a), x > -np.inf)


STAGES: dict[str, Callable[..., Row]] = {
    stage.__name__: stage
    for stage in (
        temperature,
        dynamic_temperature,
        smoothing,
        top_k,
        top_p,
        min_p,
        epsilon_cutoff,
        eta_cutoff,
        top_a,
        top_n_sigma,
        p_less,
        p_less_norm,
        top_h,
        tfs,
        min_k,
        typical_p,
        xtc,
        mirostat_1,
        mirostat_2,
        adaptive_p,
    )
}
