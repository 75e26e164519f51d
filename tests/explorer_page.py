"""The explorer's page in a browser: what a user sees and does, in few words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.text import load_model

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["Explorer", "probabilities_of"]


def probabilities_of(prompt: str, **settings: Any) -> NDArray[np.float32]:
    """Return what the built-in model's tokens are drawn with after a prompt."""
    return tn.probabilities(load_model("builtin").next_logits(prompt), **settings)


@dataclass
class Explorer:
    """A page, and all that went wrong on it."""

    page: "Page"
    base: str
    wrongs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrongs.append(f"error: {error}"))
        # A refusal is one to the browser's console too, and none to us.
        self.page.on("console", lambda said: None if "400 (Bad Request)" in said.text else self.wrongs.append(said.text))
        self.page.on("request", lambda request: None if self.is_ours(request.url) else self.wrongs.append(f"asked {request.url}"))

    def is_ours(self, address: str) -> bool:
        """Say whether an address is the server's, or of data that the page has made itself."""
        return address.startswith((self.base, "data:", f"blob:{self.base}"))

    def open(self, **state: object) -> "Explorer":
        """Open the page with a state, and wait for what it asks. A dot in a name is written as two underscores."""
        from explore_pictures import address_of

        address = address_of(self.base, {name.replace("__", "."): value for name, value in state.items()})
        self.page.goto("about:blank")  # for an address that differs in what follows its #, a browser does not load anew
        self.page.goto(address)
        return self.settled()

    def settled(self) -> "Explorer":
        """Wait until the page has its answers, and they are shown."""
        from explore_pictures import settled

        settled(self.page)
        return self

    def at(self, selector: str) -> "Locator":
        """Return a part of the page."""
        return self.page.locator(selector)

    def text(self, selector: str) -> str:
        """Return the text of a part of the page."""
        return str(self.at(selector).inner_text())

    def address(self) -> dict[str, str]:
        """Return the state that the address has, once it has been written."""
        self.page.wait_for_timeout(400)
        return dict(parse_qsl(urlsplit(self.page.url).fragment, keep_blank_values=True))

    def value(self, setting: str) -> str:
        """Return what a setting's number box or field shows."""
        box = self.at(f"#{setting}-number")
        return str((box if box.count() else self.at(f"#{setting}")).input_value())

    def set(self, selector: str, value: object) -> "Explorer":
        """Type a value into a field, and wait for the answers."""
        self.at(selector).fill(str(value))
        return self.settled()

    def press(self, key: str) -> "Explorer":
        """Press a key, and wait for the answers."""
        self.page.keyboard.press(key)
        return self.settled()

    def focused(self) -> str:
        """Return the id of what has the focus."""
        return str(self.page.evaluate("document.activeElement.id"))

    def kept(self) -> int:
        """Return how many tokens the page says that are kept."""
        return int(self.text("#next-sentence").split()[0].replace(",", ""))

    def cells(self, rows: str) -> list[list[str]]:
        """Return the texts of the cells of rows of a table."""
        texts: list[list[str]] = self.at(rows).evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText))")
        return texts

    def rows(self) -> list[list[str]]:
        """Return the texts of the table of tokens."""
        return self.cells("#bars tbody tr")

    def words(self, side: str, text: int) -> "Locator":
        """Return the words of a continuation."""
        return self.at(f'li[aria-label="{side}, text {text}"] .word')

    def violations(self) -> list[Mapping[str, Any]]:
        """Return what axe finds wrong with the page as it is."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [{"rule": one["id"], "at": [node["target"] for node in one["nodes"]]} for one in found]
