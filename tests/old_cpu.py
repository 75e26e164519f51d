"""Processors of other years, by emulation: python tests/old_cpu.py needs qemu-x86_64 (Debian's qemu-user).

Each must pick its own level, meet no instruction that it lacks (it would die of it) and compute the bits that this processor does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Nehalem (2008) has SSE4.2 and no AVX: what NumPy itself needs. Haswell (2013) is the first with AVX2 and FMA.
PROCESSORS = {"Nehalem": "generic", "Haswell": "x86_64_v3"}
IDENTITY = Path(__file__).with_name("identity.py")


def digest(prefix: list[str]) -> tuple[str, str]:
    """Return the level that ran and the digest of what it computed."""
    # The interpreter itself, not a virtual environment's link to it, which the emulator does not follow to its packages.
    command = [*prefix, os.path.realpath(sys.executable), str(IDENTITY), "--rows", "5000", "--digest"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # OPENBLAS_CORETYPE would have NumPy's BLAS believe that it runs on this processor, and not on the emulated one.
    for variable in ("THERMONUCLEUS_TARGET", "OPENBLAS_CORETYPE"):
        environment.pop(variable, None)
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    level, found = result.stdout.split()
    return level, found


def main() -> None:
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        sys.exit("qemu-x86_64 is needed to emulate other processors: install Debian's qemu-user")
    level, here = digest([])
    print(f"this processor: {level}, {here}")
    for processor, expected in PROCESSORS.items():
        level, there = digest([emulator, "-cpu", processor])
        print(f"{processor}: {level}, {there}")
        if (level, there) != (expected, here):
            sys.exit(f"{processor}: expected {expected} to run and to compute what this processor computes")


if __name__ == "__main__":
    main()
