"""The same functions in plain float64 NumPy, written to be read: what each of them means.

The kernel is tested against this package, and measured against it. For the same logits, settings and `u` the two return the same
token, unless `u` falls within rounding (a few parts in 1e7) of the boundary between two tokens. Every function sorts and copies
as it likes, and takes arguments as the fast functions take them: settings, generators and uniform numbers are checked, the rest is
not.
"""

from thermonucleus.reference.sampling import (
    Step,
    apply_steps,
    distribution,
    draw,
    draw_token,
    probabilities,
    sample,
)
from thermonucleus.reference.slides import (
    adaptive_sampling,
    apply_temperature,
    apply_top_p,
    combined_sampling,
    get_token_probs,
    sample_with_temperature,
    token_probabilities,
    top_p_sampling,
)
from thermonucleus.reference.stages import nucleus_floor
from thermonucleus.reference.weights import ROUNDING, SMALLEST, Row, normalised, softmax

__all__ = [
    "ROUNDING",
    "SMALLEST",
    "Row",
    "Step",
    "adaptive_sampling",
    "apply_steps",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "distribution",
    "draw",
    "draw_token",
    "get_token_probs",
    "normalised",
    "nucleus_floor",
    "probabilities",
    "sample",
    "sample_with_temperature",
    "softmax",
    "token_probabilities",
    "top_p_sampling",
]
