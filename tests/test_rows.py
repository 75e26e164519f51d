"""The rows that are made by name, and how near those like a language model's are to real ones."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from thermonucleus.rows import HARD, KINDS, Row, pool

Numbers = NDArray[np.float64]

SIZE = 49_152


@pytest.mark.parametrize("kind", [*KINDS, *HARD])
@pytest.mark.parametrize("size", [1, 2, 5, 300])
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


@pytest.fixture(scope="module")
def language_model_rows() -> list[Row]:
    return pool("language model", SIZE, 200)


def nuclei_and_entropies(rows: list[Row], temperature: float) -> tuple[Numbers, Numbers]:
    """Count the tokens of the 0.95 nucleus of each row, and return its entropy too."""
    nuclei, entropies = [], []
    for row in rows:
        weights = np.exp((row - row.max()) / temperature)
        p = np.sort(weights / weights.sum(dtype=float))[::-1].astype(float)
        p = p[p > 0]
        nuclei.append(np.searchsorted(p.cumsum(), 0.95) + 1)
        entropies.append(-(p * np.log(p)).sum())
    return np.array(nuclei, float), np.array(entropies)


def test_logits_spread_as_those_of_a_real_model(language_model_rows: list[Row]) -> None:
    # Here and below: what 723 rows of SmolLM2-135M have. The tolerances are chosen: twice what another seed changes.
    assert np.median([row.std() for row in language_model_rows]) == pytest.approx(3.3, abs=0.1)
    above = np.percentile([row.max() - row.mean() for row in language_model_rows], [5, 50, 95])
    np.testing.assert_allclose(above, [14.6, 17.8, 23.5], atol=1.0)


@pytest.mark.parametrize(("temperature", "real"), [(1.0, [24, 136, 476, 1385]), (0.7, [3, 7, 24, 101])])
def test_nuclei_differ_as_those_of_a_real_model(language_model_rows: list[Row], temperature: float, real: list[int]) -> None:
    nuclei, _ = nuclei_and_entropies(language_model_rows, temperature)
    found = np.percentile(nuclei, [25, 50, 75, 95])
    np.testing.assert_allclose(np.log(found / real), 0, atol=np.log(1.6))


def test_entropies_differ_as_those_of_a_real_model(language_model_rows: list[Row]) -> None:
    _, entropies = nuclei_and_entropies(language_model_rows, 1.0)
    np.testing.assert_allclose(np.percentile(entropies, [25, 50, 75]), [1.8, 2.9, 4.2], atol=0.4)


def test_the_largest_logits_stand_at_the_beginning_as_those_of_a_real_model(language_model_rows: list[Row]) -> None:
    largest = np.array([np.argpartition(row, -10)[-10:] for row in language_model_rows])
    shares = [(largest < SIZE // 100).mean(), (largest < SIZE // 10).mean()]
    np.testing.assert_allclose(shares, [0.53, 0.84], atol=0.08)


@pytest.mark.parametrize(("size", "least", "most"), [(1000, 8, 40), (128_256, 100, 250)])
def test_the_spread_stays_with_another_size(size: int, least: int, most: int) -> None:
    rows = pool("language model", size, 60)
    assert np.median([row.std() for row in rows]) == pytest.approx(3.4, abs=0.25)
    assert least / 2 < np.median(nuclei_and_entropies(rows, 1.0)[0]) < most


def test_flat_and_peaked_rows_are_what_they_are_called() -> None:
    flat, _ = nuclei_and_entropies(pool("flat", SIZE, 8), 0.8)
    assert (abs(flat / SIZE - 2 / 3) < 0.02).all()
    peaked, _ = nuclei_and_entropies(pool("peaked", SIZE, 8), 0.8)
    assert (peaked == 1).all()
