"""The pictures of an ask box alone: between a prompt and a button, on a screen that answers as the real one does."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from core import access, pictures
from core.access import Person
from pages.parts import ask_pictures
from tests.browser.dropping import WORDS, prompt
from tests.browser.mounted import mounted
from tests.serving import Served

AROUND = """() => {
  const main = document.querySelector("main");
  const words = main.appendChild(document.createElement("textarea"));
  const button = main.appendChild(document.createElement("button"));
  Object.assign(words, { ariaLabel: "Describe" });
  Object.assign(button, { id: "go", textContent: "Generate" });
  const screen = { references: [], told: 0, source: null };
  window.asked = [];
  const ask = () => window.asked.push({ words: words.value, references: screen.references, source: screen.source });
  button.onclick = ask;
  addEventListener("keydown", (event) => event.key === "Enter" && event.ctrlKey && ask());
  window.told.push = (one) => {
    const [, about, value] = one;
    if (about === "references") Object.assign(screen, { references: value.ids, told: value.told });
    else screen.source = value || null;
    setTimeout(() => window.mounted.ask({ ...screen, ...(screen.source ? { startable: false } : {}) }));
    return Array.prototype.push.call(window.told, one);
  };
  words.focus();
}"""


def begun_alone(open_page: Callable[..., Page], served: Served, room: int = 14) -> Page:
    """The pictures of an ask whose models take so many references, beside a prompt with some words in it."""
    me = access.local_person(served.studio)
    page = mounted(open_page, served, me, {"ask": facts(served, me, room)})
    page.evaluate(AROUND)
    expect(page.get_by_role("button", name="Add reference images" if room else "Start from an image")).to_be_visible()
    prompt(page).fill(WORDS)
    return page


def facts(served: Served, me: Person, room: int) -> dict[str, Any]:
    return {
        "source": None,
        "references": [],
        "added": [],
        "told": 0,
        "changeable": True,
        "startable": True,
        "room": room,
        "button": "#go",
        "most": pictures.UPLOAD_BYTES,
        "base": f"/m/{access.media_token(served.studio, me)}/",
        "words": ask_pictures.words(),
    }


def asked(page: Page) -> list[dict[str, Any]]:
    """What was asked: the words, the references and the source of each ask."""
    found: list[dict[str, Any]] = page.evaluate("() => window.asked")
    return found
