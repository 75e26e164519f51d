"""C that tests need: what Python has no function for, compiled and loaded on the spot."""

import ctypes
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest


def load_c(name: str, folder: Path) -> ctypes.PyDLL:
    """Compile one of the C files beside this one, and load it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.fail("a C compiler is needed for what Python has no function for: the library itself was built with one")
    built = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", f"-I{sysconfig.get_path('include')}", source, "-o", built], check=True, timeout=60
    )
    return ctypes.PyDLL(str(built))
