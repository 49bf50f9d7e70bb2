"""Pictures on their way into an ask box: as a browser pastes them, as a desktop drops them, and held up between."""

import io
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from PIL import Image as Drawing
from playwright.sync_api import Locator, Page, Route, expect

from core import access, conversations
from core.asks import Ask
from core.studio import Studio
from core.tables import new_id
from tests.browser.working import ARRIVES, Server

TAKES_14 = "gemini/gemini-3-pro-image"
TAKES_ONE = "sketch/sketch"
WITHOUT_WORK = {"BACKGROUND": "elsewhere", "GEMINI_API_KEY": "never sent"}
WORDS = "a fox in these colours"

# A paste as the browser tells of it; true when the page took it and the browser need not.
PASTE = """([files, texts]) => {
  const data = new DataTransfer();
  for (const { name, type, bytes } of files)
    data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type }));
  for (const [kind, text] of Object.entries(texts)) data.setData(`text/${kind}`, text);
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
  document.activeElement.dispatchEvent(event);
  return event.defaultPrevented;
}"""


def begun(server: Server, studio: Studio, open_page: Callable[..., Page], model: str, **look: object) -> Page:
    """Create with this model chosen and some words typed."""
    conversations.start(studio, access.local_person(studio), Ask("before", (model,), new_id()))
    page = open_page(f"http://127.0.0.1:{server.port}/", **look)
    expect(prompt(page)).to_be_focused(timeout=ARRIVES)
    adder = "Add reference images" if model == TAKES_14 else "Start from an image"
    expect(page.get_by_role("button", name=adder)).to_be_visible(timeout=ARRIVES)
    page.keyboard.type(WORDS)
    return page


def give(page: Page, *files: dict[str, str], text: str = "", html: str = "") -> bool:
    return bool(page.evaluate(PASTE, [list(files), {"plain": text, "html": html}]))


def file(name: str, data: str, kind: str) -> dict[str, str]:
    return {"name": name, "type": kind, "bytes": data}


def picture(kind: str, colour: str = "red") -> str:
    """A real one, in base64."""
    out = io.BytesIO()
    Drawing.new("RGB", (80, 60), colour).save(out, kind)
    return b64encode(out.getvalue()).decode()


def saved(folder: Path, *names: str) -> list[Path]:
    """Real pictures on disk, no two the same."""
    for n, name in enumerate(names):
        Drawing.new("RGB", (80, 60), (240 - 15 * n, 90 + 40 * (n % 3), 15 * n)).save(folder / name)
    return [folder / name for name in names]


def drag(page: Page, kind: str, files: list[Path]) -> None:
    """As the desktop does it: files from the disk over the page, and let go there for "drop"."""
    devtools = page.context.new_cdp_session(page)
    for step in dict.fromkeys(("dragEnter", "dragOver", kind)):
        held = {"items": [], "files": [str(path) for path in files], "dragOperationsMask": 1}
        devtools.send("Input.dispatchDragEvent", {"type": step, "x": 20, "y": 200, "data": held})
    devtools.detach()


def held_up(page: Page) -> list[Route]:
    """Uploads that wait from now on until the test lets them go on."""
    waiting: list[Route] = []
    page.route("**/api/uploads", lambda route: waiting.append(route))
    return waiting


def prompt(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Describe")


def references(page: Page) -> Locator:
    return page.get_by_role("img", name="Reference")


def complaint(page: Page) -> Locator:
    return page.locator(".pictures .trouble")
