"""The fastest rival that we could write: C++ with intrinsics that reads the row once, compiled on the spot.

`one_read/sampler.h` tells how it works. It is an expert's program for one case: one thread, the GIL held, contiguous float32, the
instructions of AVX-512 or AVX2, the same settings for all rows. It makes use of the 1e-6 by which a sum may fall short of top_p or
not: what is far down is weighed in float32 alone. Timed: all of it, the random number (xoshiro256++) included, from one call of an
extension module that takes the NumPy array itself; memory is allocated before.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sysconfig
from functools import cache, partial
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import numpy as np

import thermonucleus as tn
from contestants.contract import Batch, Contestant, Mask, Row, Settings, System, UnavailableError

SOURCES = Path(__file__).parent / "one_read"
MODULE = "one_read"
LEVELS = {"x86_64_v4": "AVX-512", "x86_64_v3": "AVX2"}
"""By the library's name of a level, the instructions that are written out for it."""

MACHINES = {"x86_64_v4": "x86-64-v4", "x86_64_v3": "x86-64-v3"}
"""By the library's name of a level, the compiler's."""


def compiler() -> str:
    for name in (os.environ.get("CXX", ""), "c++", "g++", "clang++"):
        if found := shutil.which(name):
            return found
    raise UnavailableError("no C++ compiler: neither CXX names one nor is c++, g++ or clang++ to be found")


def told_by(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise UnavailableError(f"{command[0]} fails: {' '.join(done.stderr.split())[:300]}")
    return done.stdout.strip()


def command_for(level: str) -> list[str]:
    folders = [sysconfig.get_path("include"), np.get_include()]
    code = ["-std=c++17", "-O3", "-fPIC", "-shared", f"-march={MACHINES[level]}", "-mtune=native"]
    extra = shlex.split(os.environ.get("CXXFLAGS", ""))
    return [compiler(), *code, *extra, *(f"-I{folder}" for folder in folders), str(SOURCES / "module.cpp")]


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "thermonucleus-benchmarks"


@cache
def built(level: str) -> Any:
    """Load the module for a level, compiled unless it was before, from the same sources by the same command."""
    command = command_for(level)
    parts = [*command, told_by([command[0], "--version"]), str(sysconfig.get_config_var("EXT_SUFFIX"))]
    parts += [file.read_text(encoding="utf-8") for file in sorted(SOURCES.iterdir())]
    folder = cache_folder() / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    library = folder / f"{MODULE}.so"
    if not library.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(f"nowhere to compile it to: {error}") from error
        # Others may compile the same at the same time: what has the name is whole.
        unfinished = folder / f"{os.getpid()}.so"
        told_by([*command, "-o", str(unfinished)])
        unfinished.replace(library)
    loader = ExtensionFileLoader(MODULE, str(library))
    specification = spec_from_loader(MODULE, loader)
    assert specification is not None
    module = module_from_spec(specification)
    loader.exec_module(module)
    return module


class IntrinsicsPass(Contestant):
    def __init__(self, settings: Settings, level: str) -> None:
        self.sampler = built(level).Sampler(settings.temperature, settings.top_k, settings.top_p, 0)

    def draw(self, prepared: Batch) -> list[int]:
        drawn: list[int] = self.sampler.draw(prepared)
        return drawn

    def prepare(self, batch: Batch) -> Batch:
        self.sampler.reserve(batch.shape[1])
        return batch

    def kept(self, row: Row) -> Mask:
        kept: Mask = row >= self.sampler.cutoff(row)
        return kept


def systems() -> list[System]:
    levels = [level for level in tn.targets() if level in LEVELS]
    if not levels:
        raise UnavailableError("it is written for AVX2 and AVX-512, which this processor, or this build, does not have")
    for level in levels:
        built(level)
    version = f"{Path(compiler()).name} {told_by([compiler(), '-dumpversion'])}"
    timed = "one call of a compiled module, with its own random number"
    return [System(f"C++, one read, {LEVELS[level]}", version, timed, partial(IntrinsicsPass, level=level)) for level in levels]
