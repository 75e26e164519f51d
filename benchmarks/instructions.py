"""How many instructions a draw takes, by valgrind's callgrind: the same number every time, whatever else the machine does.

Run as ``python benchmarks/instructions.py``, some three minutes. Counted at the AVX2 level, since valgrind knows no AVX-512. A
count is the difference between twice as many draws and as many, so that nothing of the start is in it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import machine
import numpy as np
from tables import print_table, ratio
from tqdm import tqdm

import thermonucleus as tn
from thermonucleus.rows import KINDS, pool

LEVEL = "x86_64_v3"
SIZE = 128_256
POOL = 8
SETTINGS: dict[str, dict[str, Any]] = {
    "temperature=0.8, top_p=0.95": {"temperature": 0.8, "top_p": 0.95},
    "the same after top_k=50": {"temperature": 0.8, "top_k": 50, "top_p": 0.95},
    "temperature=0.8": {"temperature": 0.8},
}
FLOOR = "np.max"


def draw(kind: str, settings: str, rounds: int) -> None:
    """Go `rounds` times through the pool: what is counted."""
    call: Any = np.max if settings == FLOOR else tn.Sampler(**SETTINGS[settings], rng=0)
    rows = pool(kind, SIZE, POOL)
    for _ in range(rounds):
        for row in rows:
            call(row)


def count(kind: str, settings: str, rounds: int) -> int:
    """Return all instructions of a process that goes `rounds` times through the pool."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={Path(folder) / 'out'}", sys.executable, __file__]
        environment = {**os.environ, "THERMONUCLEUS_TARGET": LEVEL, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        asked = ["--draw", kind, settings, str(rounds)]
        done = subprocess.run([*command, *asked], env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        sys.exit(f"valgrind failed: {done.stderr[-2000:]}")
    return int(found[1])


def per_draw(kind: str, settings: str) -> float:
    return (count(kind, settings, 2) - count(kind, settings, 1)) / POOL


def told(counts: dict[tuple[str, str], float], settings: str, kind: str) -> str:
    return f"{counts[settings, kind] / 1e3:,.0f} ({ratio(counts[settings, kind] / counts[FLOOR, kind])})"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="instructions.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts to a file")
    parser.add_argument("--draw", nargs=3, metavar=("KIND", "SETTINGS", "ROUNDS"), help="only draw: what is run under valgrind")
    options = parser.parse_args(given)
    if options.draw:
        kind, settings, rounds = options.draw
        draw(kind, settings, int(rounds))
        return
    if LEVEL not in tn.targets():
        sys.exit(f"{LEVEL} is what is counted, and this processor runs {', '.join(tn.targets())} only")
    cells = list(product([FLOOR, *SETTINGS], KINDS))
    counts = {cell: per_draw(cell[1], cell[0]) for cell in tqdm(cells, unit="cell", file=sys.stderr)}
    print(f"thermonucleus {tn.__version__}, {LEVEL}; NumPy {np.__version__}; {machine.processor()}")
    print(f"\nInstructions of one draw, in thousands, and as a ratio to `np.max`; V = {SIZE:,}.\n")
    body = [[settings, *(told(counts, settings, kind) for kind in KINDS)] for settings in [FLOOR, *SETTINGS]]
    print_table(["Sampler(...)", *KINDS], body, len(KINDS))
    if options.json:
        found = [{"settings": settings, "kind": kind, "instructions": counts[settings, kind]} for settings, kind in cells]
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
