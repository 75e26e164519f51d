"""The rows that are made by name."""

import subprocess
import sys

import numpy as np
import pytest

from thermonucleus.rows import HARD, KINDS, pool


@pytest.mark.parametrize("kind", [*KINDS, *HARD])
@pytest.mark.parametrize("size", [5, 300])
def test_every_kind_of_row_can_be_sampled_from(kind: str, size: int) -> None:
    rows = pool(kind, size, 2, seed=1)
    assert [row.shape for row in rows] == [(size,)] * 2
    assert {row.dtype for row in rows} == {np.dtype(np.float32)}
    assert min(row.max() for row in rows) > -1e9


@pytest.mark.parametrize("kind", [*KINDS, *HARD])
def test_the_rows_of_a_pool_differ_and_come_again(kind: str) -> None:
    first, second = pool(kind, 300, 2)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(pool(kind, 300, 2), [first, second])


def test_nothing_that_samples_imports_them() -> None:
    code = "import sys, thermonucleus.cli; print({'thermonucleus.rows', 'thermonucleus.timing'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
