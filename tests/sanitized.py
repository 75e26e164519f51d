"""The kernel with sanitizers, and with its own checks: python tests/sanitized.py [--seconds N], gcc and what builds the library
needed.

Two copies of the library are built beside the one that is installed: with the address and the undefined-behaviour sanitizer, all
levels; and with THERMONUCLEUS_DEBUG, which checks what the rooms of the kernel rely on, the generic level. With each, the tests of
the kernel run, then random rows between guard pages (fuzz.py); with the first, rows that another thread writes to as well
(race.py). Each of these programs takes its share of the seconds: 180 by default, an hour's worth for who changes the kernel. The
first fault ends it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent

SANITIZERS = "-g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
DEBUG = "cmake.define.THERMONUCLEUS_DEBUG=ON"

# What the interpreter itself holds until it ends is no leak; what the kernel takes is counted by test_failing_allocations.py.
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1"}

KERNEL = ["kernel", "stored_digest", "failing_allocations", "sampling", "sampler", "single_rows", "workers"]
"""Words of the names of the test files that run: those that go through the kernel in many ways."""


def run(command: Sequence[str | Path], environment: Mapping[str, str], title: str) -> None:
    print(f"-- {title}", flush=True)
    subprocess.run(command, env={**os.environ, **environment}, check=True)


def build(target: Path, cflags: str = "", *settings: str, compiler: str = "") -> dict[str, str]:
    """Install a copy of the library into a folder; returns the environment in which it is the one that is imported."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    # A build folder of its own: the one in the tree has objects of other flags.
    configuration = [f"--config-settings=build-dir={target}-build", *(f"--config-settings={setting}" for setting in settings)]
    environment = {name: value for name, value in {"CFLAGS": cflags, "CC": compiler}.items() if value}
    run([*command, *configuration, str(ROOT)], environment, f"build {target.name}")
    return {"PYTHONPATH": str(target)}


def sanitizer_libraries() -> str:
    """Return the libraries that must be loaded before Python, which was not built with them."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or "cc"
    names = ("libasan.so", "libubsan.so")
    found = [subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True) for name in names]
    return " ".join(result.stdout.strip() for result in found)


def tests_of_the_kernel(environment: Mapping[str, str], leave_out: str) -> None:
    files = sorted(path for path in TESTS.glob("test_*.py") if any(word in path.name for word in KERNEL))
    options = ["-q", "-n", "auto", "-p", "no:cacheprovider", "-k", f"not ({leave_out})"]
    run([sys.executable, "-m", "pytest", *options, *files], environment, "the kernel's tests")


def program(name: str, seconds: float, environment: Mapping[str, str]) -> None:
    run([sys.executable, TESTS / name, "--seconds", f"{seconds:.0f}"], environment, f"{name}, {seconds:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the kernel with sanitizers, and with its own checks.")
    parser.add_argument(
        "--seconds", type=float, default=180, help="for the random rows and those that change; the tests come on top"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sanitized = build(Path(folder) / "sanitized", SANITIZERS) | {"LD_PRELOAD": sanitizer_libraries(), **OPTIONS}
        # Which registers a level uses is another question where every access is checked.
        tests_of_the_kernel(sanitized, leave_out="registers")
        program("fuzz.py", options.seconds / 2, sanitized)
        program("race.py", options.seconds / 3, sanitized)
        checked = build(Path(folder) / "checked", "", DEBUG)
        # Checks are of rows that stay as they are. The tests of which level is taken start processes that import the other copy.
        tests_of_the_kernel(checked, leave_out="changing_rows or kernel_dispatch")
        program("fuzz.py", options.seconds / 6, checked)
    print(f"no fault: tests, {options.seconds:.0f} s of random rows and of rows that change, with sanitizers and with checks")


if __name__ == "__main__":
    main()
