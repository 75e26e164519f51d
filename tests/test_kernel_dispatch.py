"""Which level runs, and that all levels are one kernel: the same bits, no wider registers than they may use."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Row

import thermonucleus as tn
import thermonucleus.kernel as package
from thermonucleus.kernel import dispatch
from thermonucleus.kernel.bridge import Kernel

SETTINGS: list[dict[str, Any]] = [
    {"temperature": 0.8, "top_p": 0.95},
    {"top_k": 40, "top_p": 0.8},
    {"top_k": 3000},
    {"min_p": 0.03, "temperature": 1.7},
    {"temperature": 0.0},
    {},
]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("size", [1, 5, 17, 100, 513, 2000, 30_000])
def test_every_level_gives_the_same_bits(make_row: Callable[[str, int, int], Row], shape: str, size: int) -> None:
    row = make_row(shape, size, size)
    u = np.random.default_rng(size).random(20)
    for setting in SETTINGS:
        results = set()
        for target in tn.targets():
            with dispatch.using(target):
                p = tn.probabilities(row, **setting)
                tokens = np.asarray(tn.sample(row, u=u, num_samples=20, **setting))
            results.add((p.tobytes(), tokens.tobytes()))
        assert len(results) == 1, setting


def test_the_best_level_is_taken() -> None:
    result = run("import thermonucleus as tn; print(tn.target)")
    assert result.stdout.split() == [tn.targets()[0]]


@pytest.mark.parametrize("target", tn.targets())
def test_the_environment_forces_a_level(target: str) -> None:
    code = "import thermonucleus as tn; print(tn.target, tn.sample([0.0, 5.0], u=0.5))"
    assert run(code, THERMONUCLEUS_TARGET=target).stdout.split() == [target, "1"]


@pytest.mark.parametrize("target", ["avx9000", "x86_64_v9", "GENERIC"])
def test_a_level_that_is_not_there_is_an_error_that_lists_those_that_are(target: str) -> None:
    result = run("import thermonucleus", THERMONUCLEUS_TARGET=target)
    assert result.returncode == 1
    known = f"one of {', '.join(tn.targets())}, the levels that this processor runs"
    assert f"ValueError: THERMONUCLEUS_TARGET must be {known}, got {target!r}" in result.stderr


def test_an_empty_variable_forces_nothing() -> None:
    assert run("import thermonucleus as tn; print(tn.target)", THERMONUCLEUS_TARGET="").stdout.split() == [tn.targets()[0]]


def test_using_a_level_ends_with_the_block() -> None:
    before = dispatch.active()
    with dispatch.using("generic"):
        assert dispatch.active().target == "generic"
    assert dispatch.active() is before


def test_a_build_with_other_signatures_is_refused() -> None:
    class Other:
        __pyx_capi__ = dict.fromkeys(("read_row", "draw_token", "fill_row"), tn.sample)

    with pytest.raises(ValueError, match="PyCapsule"):
        Kernel("other", Other)  # type: ignore[arg-type]


def disassembly(name: str) -> str:
    objdump = shutil.which("objdump")
    if objdump is None:
        pytest.fail("objdump is needed to look into the compiled modules: install binutils")
    (path,) = (path for folder in package.__path__ for path in Path(folder).glob(f"{name}.*so"))
    return subprocess.run([objdump, "-d", path], capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize("name", ["cpu", "numbers", "bridge", "followed", "quick_call", "cython_api", "row_kernel_generic"])
def test_modules_that_every_processor_loads_hold_baseline_instructions_only(name: str) -> None:
    assert re.search(r"%[yz]mm", disassembly(name)) is None


@pytest.mark.skipif("x86_64_v4" not in tn.targets(), reason="no AVX-512 on this processor")
def test_the_levels_use_the_registers_they_are_named_for() -> None:
    assert "%zmm" in disassembly("row_kernel_x86_64_v4")
    v3 = disassembly("row_kernel_x86_64_v3")
    assert "%ymm" in v3
    assert "%zmm" not in v3


def test_importing_needs_numpy_only() -> None:
    code = """
import sys, numpy
before = set(sys.modules)
import thermonucleus
new = {name.partition('.')[0] for name in set(sys.modules) - before}
print(sorted(name for name in new - sys.stdlib_module_names if 'cython' not in name))
"""
    assert run(code).stdout.strip() == "['numpy', 'thermonucleus']"


FLOATING_POINT_MODE = """
import sys, threading
import numpy as np

def subnormals_survive():
    tiny = np.full(100, sys.float_info.min) / 2, np.full(100, np.finfo(np.float32).tiny) / np.float32(2)
    return sys.float_info.min / 2 > 0 and all((x > 0).all() for x in tiny)

import thermonucleus as tn
row = np.random.default_rng(0).normal(size=(8, 5000)).astype(np.float32)
results = [subnormals_survive()]
for target in tn.targets():
    from thermonucleus.kernel import dispatch
    with dispatch.using(target):
        tn.sample(row, top_p=0.9, rng=0, workers=2)
        tn.probabilities(row, temperature=0.01)
    results.append(subnormals_survive())
thread = threading.Thread(target=lambda: (tn.sample(row, rng=0), results.append(subnormals_survive())))
thread.start()
thread.join()
print(results == [True] * (len(tn.targets()) + 2))
"""


def test_the_process_keeps_its_floating_point_mode() -> None:
    result = run(FLOATING_POINT_MODE)
    assert result.stdout.strip() == "True", result.stderr
