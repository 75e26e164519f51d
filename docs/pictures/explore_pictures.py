"""The pictures of the explorer's page: what a browser on this machine shows.

Run as ``python docs/pictures/explore_pictures.py``, with the extras browser, explore and demo, and Chromium. They are taken by
hand, as letters look different on each machine.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

__all__ = ["Chromium", "address_of", "chromium", "served", "settled"]

FOLDER = Path(__file__).parent

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names that Chromium and its kin are installed by."""

PROMPT = "The future of artificial intelligence is"

PATIENCE = 60_000
"""Milliseconds that a page has to be ready. Chosen: a model is loaded, and writes eight texts, in less on a busy machine."""


def chromium() -> str | None:
    """Return where Chromium is, None if it is not installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Serve the explorer, and yield its address."""
    command = [sys.executable, "-m", "thermonucleus", "explore", "--no-browser", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            if found is None:
                raise OSError(f"the explorer must print its address, got {line!r}")
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def Chromium() -> Iterator[Browser]:  # noqa: N802  # it is one
    """Start Chromium, and yield it."""
    with sync_playwright() as playwright:
        as_root = os.name == "posix" and os.geteuid() == 0  # for whom it has no sandbox
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"] if as_root else [])
        try:
            yield browser
        finally:
            browser.close()


def address_of(base: str, state: Mapping[str, object]) -> str:
    """Return the address of a state of the page: p, m, s, and settings by name."""
    return f"{base}#{urlencode({name: str(value) for name, value in state.items()})}"


def settled(page: Page) -> None:
    """Wait until the page has answers to all that it asked."""
    page.locator('body[data-asking="0"]').wait_for(state="attached", timeout=PATIENCE)


@dataclass(frozen=True)
class Picture:
    """A picture: the state of the page, what is done to it, and what of it is shown."""

    state: Mapping[str, object]
    act: Callable[[Page], None] = lambda page: None
    of: str | None = None
    """A part of the page, by its selector; None is the window."""
    size: tuple[int, int] = (1440, 900)
    scheme: Literal["light", "dark"] = "light"


def compared(page: Page) -> None:
    """Open the alternatives to a word of a text of B."""
    word = page.locator('li[aria-label="B, text 2"] .word').nth(2)
    word.scroll_into_view_if_needed()
    word.focus()
    expect(page.locator("#alternatives")).to_be_visible()


def opened(page: Page) -> None:
    """Open the drawer."""
    page.locator("#drawer summary").click()
    page.locator("#drawer summary").evaluate("element => element.scrollIntoView()")


def drawn_and_found(page: Page) -> None:
    """Draw a thousand times, and look for a token."""
    page.locator("#find").fill("ever")
    page.locator("#draw").click()
    expect(page.locator("#draws-say")).to_contain_text("1,000 draws")
    settled(page)
    page.locator("#next").evaluate("element => element.scrollIntoView()")


def refused(page: Page) -> None:
    """Give a top-p that there is not."""
    page.locator("#top_p-number").fill("1.2")
    settled(page)
    page.mouse.move(0, 0)


SMOLLM2 = {"p": PROMPT, "m": "smollm2", "s": 1}
A_AND_B = {**SMOLLM2, "A": "", "A.temperature": 0.5, "A.top_p": 0.9, "temperature": 1.2, "top_p": 0.95}
CUT = {**SMOLLM2, "temperature": 0.8, "top_k": 15, "min_p": 0.12}

PICTURES: Mapping[str, Picture] = {
    "explore-start": Picture({**SMOLLM2, "temperature": 0.8, "top_p": 0.6}),
    "explore-builtin": Picture({"p": PROMPT, "m": "builtin", "temperature": 0.8, "top_p": 0.9}),
    "explore-smollm2": Picture(CUT),
    "explore-compared": Picture(A_AND_B, compared, of="#texts-card"),
    "explore-map": Picture({**SMOLLM2, "temperature": 0.8, "top_p": 0.9}, of="#map-card"),
    "explore-drawer": Picture({**SMOLLM2, "typical_p": 0.9}, opened, of="#settings-card"),
    "explore-draws": Picture(CUT, drawn_and_found),
    "explore-error": Picture({**SMOLLM2, "temperature": 0.8, "top_p": 0.9}, refused),
    "explore-dark": Picture(A_AND_B, scheme="dark"),
    "explore-narrow": Picture(CUT, size=(360, 760)),
}


def take(browser: Browser, base: str, picture: Picture, file: Path) -> None:
    """Take a picture."""
    width, height = picture.size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=picture.scheme, reduced_motion="reduce")
    page.goto(address_of(base, picture.state))
    settled(page)
    picture.act(page)
    if picture.of is None:
        page.screenshot(path=file)
    else:
        page.locator(picture.of).screenshot(path=file)
    page.close()
    with Image.open(file) as image:
        few = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file, optimize=True)  # a third of the bytes, and none the worse for it


def main() -> None:
    """Take all pictures, or those that are named."""
    with served() as base, Chromium() as browser:
        for name in sys.argv[1:] or PICTURES:
            take(browser, base, PICTURES[name], FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
