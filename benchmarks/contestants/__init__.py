"""The samplers that `peers.py` measures: one module a library, imported only if it is asked for, and allowed to be missing."""

from collections.abc import Iterable
from importlib import import_module

from contestants.contract import System, UnavailableError

MODULES = {
    "thermonucleus": "contestants.ours",
    "naive-numpy": "contestants.naive_numpy",
    "tuned-numpy": "contestants.tuned_numpy",
    "numba": "contestants.numba_pass",
    "one-read": "contestants.intrinsics_pass",
    "llama-cpp": "contestants.llama_chain",
    "openvino": "contestants.openvino_generation",
    "onnxruntime": "contestants.onnx_generation",
    "torch": "contestants.hugging_face",
    "mlx": "contestants.mlx_sampling",
    "jax": "contestants.jax_sampling",
}
"""By the name that the command line gives them."""


def gather(names: Iterable[str]) -> tuple[list[System], dict[str, str]]:
    """Find the systems of the libraries that are installed, and say of each of the others why it is missing."""
    systems: list[System] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            systems += import_module(MODULES[name]).systems()
        except ImportError as error:
            missing[name] = f"not installed ({error})"
        except UnavailableError as error:
            missing[name] = str(error)
    return systems, missing
