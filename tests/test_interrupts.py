"""Ctrl-C: a long batch ends soon, in every thread; nothing half drawn is returned, and the library goes on as before."""

import subprocess
import sys

import pytest

# The slowest level, for a batch that takes long and little memory; the interrupt comes when an eighth of it is done.
PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import thermonucleus as tn

kind, workers = sys.argv[1], int(sys.argv[2])
rows = np.random.default_rng(0).normal(0, 0.05, (100, 131_072)).astype(np.float32)
u, out = np.full(len(rows), 0.5), np.zeros_like(rows)
calls = {
    "sample": lambda: tn.sample(rows, top_p=0.9, u=u, workers=workers),
    "probabilities": lambda: tn.probabilities(rows, top_p=0.9, out=out, workers=workers),
    "draws": lambda: tn.sample(rows[0], u=np.linspace(0, 0.999, 30_000), num_samples=30_000),
}
call = calls[kind]

start = time.perf_counter()
right = np.copy(call())
whole = time.perf_counter() - start

sent = 0.0
def interrupt():
    global sent
    sent = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(whole / 8, interrupt).start()
returned = None
try:
    returned = call()
    time.sleep(10)
except KeyboardInterrupt:
    took = time.perf_counter() - sent
assert returned is None, "the call came through to its end"
left = out.copy()
time.sleep(0.1)
assert np.array_equal(out, left), "a thread went on to write"
assert np.array_equal(call(), right)
print(took / whole)
"""


@pytest.mark.parametrize(("kind", "workers"), [("sample", 1), ("sample", 2), ("probabilities", 3), ("draws", 1)])
def test_ctrl_c_ends_a_long_call(kind: str, workers: int) -> None:
    command = [sys.executable, "-c", PROGRAM, kind, str(workers)]
    done = subprocess.run(
        command, env={"THERMONUCLEUS_TARGET": "generic"}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    # Some 0.03 s; to the end of the call it would be seven eighths of the whole, some 0.2 s.
    assert float(done.stdout) < 0.5
