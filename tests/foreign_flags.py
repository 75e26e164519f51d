"""A build with the flags of a user who wants speed at any price: python tests/foreign_flags.py [gcc | clang].

The kernel's own flags come after them, so that it must still compute what every build computes (test_stored_digest.py), and leave
the process as it is: gcc below 13 links into such a module what has subnormal numbers flushed to zero.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sanitized import build

FLAGS = {
    "gcc": "-Ofast -funsafe-math-optimizations -fassociative-math -freciprocal-math -fno-signed-zeros -ffp-contract=fast "
    "-fsingle-precision-constant -mfpmath=387 -march=native",
    "clang": "-Ofast -ffast-math -funsafe-math-optimizations -fapprox-func -ffp-contract=fast -march=native",
}

PROBE = """
import sys
import test_stored_digest
import thermonucleus
from thermonucleus.kernel import dispatch

assert sys.float_info.min / 2 > 0, "subnormal numbers are flushed to zero in the whole process"
for level in thermonucleus.targets():
    with dispatch.using(level):
        test_stored_digest.test_this_build_computes_what_every_build_computes()
        test_stored_digest.test_so_it_does_with_every_stage()
print(f"what every build computes, at {', '.join(thermonucleus.targets())}")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Build with flags that let a compiler change results, and compare.")
    parser.add_argument("compiler", choices=FLAGS, nargs="?", default="gcc")
    compiler = parser.parse_args().compiler
    with tempfile.TemporaryDirectory() as folder:
        found = build(Path(folder) / compiler, FLAGS[compiler], compiler=compiler)
        path = os.pathsep.join([found["PYTHONPATH"], str(Path(__file__).parent)])
        subprocess.run([sys.executable, "-c", PROBE], env={**os.environ, "PYTHONPATH": path}, check=True)


if __name__ == "__main__":
    main()
