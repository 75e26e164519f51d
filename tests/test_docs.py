"""Every example in a docstring or in the README gives what it says."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import thermonucleus

MODULES = ["thermonucleus"] + [
    module.name
    for module in pkgutil.walk_packages(thermonucleus.__path__, "thermonucleus.")
    if not module.name.endswith("__main__") and ".row_kernel_" not in module.name
]
TAKES = {
    "thermonucleus.backends.transformers": ["torch", "transformers"],
    "thermonucleus.backends.llama_cpp": ["llama_cpp"],
    "thermonucleus.backends.onnxruntime": ["onnxruntime", "onnx"],
    "thermonucleus.text.hugging_face": ["torch", "transformers"],
    "thermonucleus.text.gguf": ["llama_cpp"],
}
"""What the examples of modules take; the gate runs them with all of it."""

PUBLIC = sorted(name for name in thermonucleus.__all__ if callable(getattr(thermonucleus, name)))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    for beginning, libraries in TAKES.items():
        for library in libraries if name.startswith(beginning) else ():
            pytest.importorskip(library)
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_have_an_example_and_say_what_they_raise(name: str) -> None:
    documentation = getattr(thermonucleus, name).__doc__
    assert ">>> " in documentation
    assert "Returns\n" in documentation or "Attributes\n" in documentation
    assert "Raises\n" in documentation or name == "targets"


def test_the_examples_of_the_readme_hold() -> None:
    result = doctest.testfile(str(Path(__file__).parent.parent / "README.md"), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0
