"""The kernel from other compiled code: an example is built against the installed package, and draws what the library draws."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from cases import Row

import thermonucleus as tn
from thermonucleus.kernel import cython_api
from thermonucleus.settings import plan

EXAMPLE = Path(__file__).parent.parent / "docs" / "cython_example"
SETTINGS = [(0.0, 0, 1.0, 0.0), (0.8, 0, 0.95, 0.0), (1.5, 50, 0.9, 0.01), (1.0, 0, 1.0, 0.0)]
OUT_OF_RANGE = [
    *((temperature, 0, 1.0, 0.0) for temperature in (-1.0, np.nan, np.inf)),
    (1.0, -1, 1.0, 0.0),
    *((1.0, 0, top_p, 0.0) for top_p in (-0.1, 1.1, np.nan)),
    *((1.0, 0, 1.0, min_p) for min_p in (-0.1, 1.1, np.nan)),
]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("cython") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.c", "*.so", "build"))
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    # Its results don't depend on how well it is optimized, which is what takes most of the time of a build.
    environment = {**os.environ, "CFLAGS": "-O0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("batch.*.so")
    spec = importlib.util.spec_from_file_location("batch", built)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_functions_and_their_types_are_those_that_others_were_built_with() -> None:
    settings = "Py_ssize_t, double, Py_ssize_t, double, double"
    assert {name: str(capsule).split('"')[1] for name, capsule in cython_api.__pyx_capi__.items()} == {
        "workspace_bytes": "size_t (Py_ssize_t)",
        "sample_planned": "Py_ssize_t (float const *, Py_ssize_t, char const *, double, void *)",
        "fill_planned": "int (float const *, Py_ssize_t, char const *, float *, void *)",
        "sample_row": f"Py_ssize_t (float const *, {settings}, double, void *)",
        "fill_probabilities": f"int (float const *, {settings}, float *, void *)",
    }


def test_the_declarations_are_installed() -> None:
    assert "sample_row" in files("thermonucleus.kernel").joinpath("cython_api.pxd").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [1, 2, 511, 1025, 32_000])
def test_it_draws_the_tokens_of_the_library(example: Any, size: int) -> None:
    rng = np.random.default_rng(size)
    rows, u = rng.normal(0, 3, (20, size)).astype(np.float32), rng.random(20)
    for temperature, top_p in [(0.0, 1.0), (0.8, 0.95), (1.5, 1.0), (1.0, 0.0)]:
        settings: dict[str, Any] = {"temperature": temperature, "top_p": top_p}
        for last in (False, True):
            want = np.asarray(tn.sample(rows, u=u, temperature_last=last, **settings)).tolist()
            assert example.draw(rows, u, plan(temperature_last=last, **settings)) == want
        want = np.asarray(tn.sample(rows, u=u, **settings)).tolist()
        assert [example.draw_one(row, temperature, 0, top_p, 0.0, at) for row, at in zip(rows, u, strict=True)] == want


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_fills_the_probabilities_of_the_library(
    example: Any, make_row: Callable[[str, int, int], Row], shape: str, settings: tuple[float, int, float, float]
) -> None:
    temperature, top_k, top_p, min_p = settings
    for size in (1, 7, 600, 3000):
        row = make_row(shape, size, 1)
        out = np.full(size, np.nan, np.float32)
        assert example.probabilities(row, out, *settings) == 0
        named: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
        np.testing.assert_array_equal(out, tn.probabilities(row, **named))
        for last in (False, True):
            assert example.planned_probabilities(row, out, plan(temperature_last=last, **named)) == 0
            np.testing.assert_array_equal(out, tn.probabilities(row, temperature_last=last, **named))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_that_cannot_be_sampled_from_is_told_and_nothing_written(example: Any, value: float) -> None:
    rows = np.zeros((3, 700), np.float32)
    rows[1, 650] = value
    with pytest.raises(ValueError, match="row 1 holds NaN"):
        example.draw(rows, np.zeros(3), plan())
    out = np.full(700, 7, np.float32)
    assert example.probabilities(rows[1], out, 1.0, 0, 1.0, 0.0) == -1
    assert (out == 7).all()
    assert example.probabilities(np.full(5, -np.inf, np.float32), out[:5], 1.0, 0, 1.0, 0.0) == -1


@pytest.mark.parametrize("wrong", OUT_OF_RANGE, ids=str)
def test_settings_out_of_range_are_told_and_nothing_written(example: Any, wrong: tuple[float, int, float, float]) -> None:
    out = np.full(5, 7, np.float32)
    assert example.probabilities(np.zeros(5, np.float32), out, *wrong) == -2
    assert (out == 7).all()


@pytest.mark.parametrize("u", [-0.1, 1.0, np.nan])
def test_a_u_out_of_range_and_an_empty_row_are_told(example: Any, u: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        example.draw(np.zeros((1, 5), np.float32), np.array([u]), plan())
    assert example.probabilities(np.zeros(0, np.float32), np.zeros(1, np.float32), 1.0, 0, 1.0, 0.0) == -2
