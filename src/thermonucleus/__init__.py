"""Temperature and top-p: language-model logits to tokens on the CPU."""

from thermonucleus.functional import (
    adaptive_sampling,
    apply_temperature,
    apply_top_p,
    combined_sampling,
    get_token_probs,
    sample_with_temperature,
    token_probabilities,
    top_p_sampling,
)
from thermonucleus.kernel.dispatch import target, targets
from thermonucleus.sampler import Sampler
from thermonucleus.sampling import probabilities, sample
from thermonucleus.settings import Settings
from thermonucleus.state import State

__version__ = "0.1.0"

__all__ = [
    "Sampler",
    "Settings",
    "State",
    "__version__",
    "adaptive_sampling",
    "apply_temperature",
    "apply_top_p",
    "combined_sampling",
    "get_token_probs",
    "probabilities",
    "sample",
    "sample_with_temperature",
    "target",
    "targets",
    "token_probabilities",
    "top_p_sampling",
]
