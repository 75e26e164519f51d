"""What tests share: instruction levels, rows chosen to hurt, one trained language model, samplers that stand in, and a browser."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cases import SHAPES, Row
from explorer_page import Explorer
from hypothesis import HealthCheck, settings

from thermonucleus.kernel import dispatch
from thermonucleus.text import LanguageModel, builtin_corpus

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

Draw = Callable[[Row], int]

# A slow machine, or one that is busy with other tests, takes its time over an example and is not wrong for it.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Have workers steal tests from each other, where -n asks for workers: plain "load" deals a module out to all of them.

    Each of them then needs the module's fixtures. It is no option in pyproject.toml, which pytest-benchmark would take for workers.
    """
    if config.getoption("dist", None) == "load":
        config.option.dist = "worksteal"


@pytest.fixture(params=dispatch.targets())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each instruction level of this machine in turn; rows go through it."""
    with dispatch.using(request.param):
        yield request.param


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    """Return the name of a kind of row, each in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def make_row() -> Callable[[str, int, int], Row]:
    """Return a function of (shape, size, seed) to a row that is chosen to hurt."""

    def build(shape: str, size: int, seed: int) -> Row:
        row = SHAPES[shape](np.random.default_rng(seed), size).astype(np.float32)
        if row.max() == -np.inf:
            row[0] = 0.0
        return row

    return build


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    return builtin_corpus()


@pytest.fixture(scope="session")
def language_model(corpus: list[str]) -> LanguageModel:
    return LanguageModel.train(corpus)


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.sweep)], ids=["short", "thorough"])
def thorough(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Say whether a search may take long. If not, human text is measured on 4 samples: all 20 take longer than the search."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.param:
            patch.setattr("thermonucleus.text.objective.SAMPLES", 4)
        yield request.param


@pytest.fixture
def pyplot() -> Iterator[Any]:
    """Return matplotlib's pyplot, which shows nothing; close its figures at the end."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    yield plt
    plt.close("all")


@pytest.fixture
def ax() -> Any:
    """Return axes of a figure that pyplot knows nothing of."""
    pytest.importorskip("matplotlib")
    from thermonucleus.plots.axes import new_figure

    return new_figure().add_subplot()


@pytest.fixture
def greedy() -> Draw:
    return lambda row: int(row.argmax())


@pytest.fixture
def random_sampler() -> Draw:
    rng = np.random.default_rng(1)

    def draw(row: Row) -> int:
        weights = np.exp(row - row.max(), dtype=np.float64)
        return int(rng.choice(len(row), p=weights / weights.sum()))

    return draw


@pytest.fixture(scope="session")
def explorer_address() -> Iterator[str]:
    """Serve the explorer, and return its address."""
    for package in ("playwright", "axe_playwright_python", "starlette", "uvicorn", "plotly"):
        pytest.importorskip(package)
    from explore_pictures import served

    with served() as address:
        yield address


@pytest.fixture(scope="session")
def chromium(explorer_address: str) -> "Iterator[BrowserContext]":
    """Return a browser, where one is installed: one for all tests, as it then keeps the large script of the charts."""
    from explore_pictures import Chromium, chromium

    if chromium() is None:
        pytest.skip("Chromium is not installed")
    with Chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


@pytest.fixture
def explorer(chromium: "BrowserContext", explorer_address: str) -> Iterator[Explorer]:
    """Return the explorer's page, on which nothing may go wrong."""
    page = Explorer(chromium.new_page(), explorer_address)
    yield page
    page.page.close()
    assert page.wrongs == []
