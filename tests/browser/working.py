"""The application with its work in the test's hands: asked from outside, held up, let go on, killed, started again."""

import asyncio
import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core import access, conversations, generations
from core.asks import Ask
from core.providers import Answer, Request
from core.providers.sketch import Sketch
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import new_id
from tests.browser.windows import ARRIVES, free_port
from tests.conftest import unfinished
from tests.processes import program

SCREENSHOTS = Path(__file__).parent / "screenshots"

LOOKS = {
    "light": (1440, False),
    "dark": (1440, True),
    "phone": (390, False),
    "phone-dark": (390, True),
}
"""Width, and whether it is dark, by name. `make test` looks at the first and the last; `LOOKS=all make test` at all."""
if os.environ.get("LOOKS") != "all":
    LOOKS = {name: LOOKS[name] for name in ("light", "phone-dark")}


QUICKLY = {"resultTypes": ["violations"], "preload": False}
"""What axe-core would load anew are styles for two rules about films and about turned phones; we have neither."""

STEADY = """() => [...document.querySelectorAll("[data-stale]")].every(
    (node) => node.dataset.stale === "false" && getComputedStyle(node).opacity === "1")"""


class Paced(Sketch):
    """The practice provider, held up until the test lets it go on."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.go = threading.Event()

    async def send(self, request: Request) -> Answer:
        await asyncio.to_thread(self.go.wait)
        return await super().send(request)


@dataclass
class Server:
    """The application on a port of its own, which can be killed and started again on the same data.

    Unless told otherwise it leaves the work to others: the test then does it, when it wants to.
    """

    data_dir: Path
    port: int
    process: BaseProcess | None = field(default=None)

    def start(self, **environment: str) -> None:
        known = (
            os.environ
            | {"DATA_DIR": str(self.data_dir), "FREE_SPACE_FLOOR_MB": "1", "SKETCH_DETAIL": "0.1"}
            | environment
        )
        port, log = str(self.port), self.data_dir / "server.log"
        self.process = program("streamlit", "run", "app.py", "--server.port", port, environment=known, log=log)
        ends = time.monotonic() + ARRIVES / 1000
        while not self._answers():
            assert self.process.is_alive() and time.monotonic() < ends, "the application did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process:
            self.process.kill()
            self.process.join()
        self.process = None

    def url(self, conversation: str) -> str:
        return f"http://127.0.0.1:{self.port}/conversation?id={conversation}"

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=2):
                return True
        except OSError:
            return False


@dataclass(frozen=True)
class Outside:
    """Another process on the same data: asks, and does the work of a server that does none."""

    studio: Studio
    provider: Paced

    def ask(self, prompt: str, *models: str, count: int = 1) -> str:
        """Start a conversation with one turn; its id."""
        person, models = access.local_person(self.studio), models or ("sketch/sketch", "sketch/ink")
        wish = Ask(prompt, models, new_id(), count=count, ratio="3:2", resolution="512")
        return conversations.start(self.studio, person, wish).conversation_id

    @contextmanager
    def working(self) -> Iterator[None]:
        """Calls are under way within this block, and are answered at its end."""
        self.provider.go.clear()
        threads = [threading.Thread(target=self._run, args=work) for work in unfinished(self.studio)]
        for thread in threads:
            thread.start()
        yield
        self.provider.go.set()
        for thread in threads:
            thread.join()

    def _run(self, generation_id: str, round: int) -> None:
        while asyncio.run(generations.run(self.studio, generation_id, round)) is not None:
            pass


def started(folder: Path, **environment: str) -> Iterator[Server]:
    server = Server(folder, free_port())
    try:
        server.start(**environment)
        yield server
    finally:
        server.kill()


@contextmanager
def outside(server: Server, **settings: float) -> Iterator[Outside]:
    studio = open_studio(
        Settings(data_dir=server.data_dir, free_space_floor_mb=1, sketch_delay=0, sketch_detail=0.1, **settings)
    )
    provider = Paced(studio.settings)
    yield Outside(replace(studio, providers={"sketch": provider}), provider)
    studio.engine.dispose()


def tiles(page: Page, state: str, count: int) -> None:
    """Wait until so many tiles are in this state."""
    expect(page.locator(f".tile.{state}")).to_have_count(count, timeout=ARRIVES)


def serious(page: Page, **context: list[str]) -> list[str]:
    """What axe-core finds that keeps somebody from using the page, or a part of it: `include=["[role=dialog]"]`."""
    page.wait_for_function(STEADY)  # Streamlit pales what it is about to draw anew
    found = Axe().run(page, context or None, QUICKLY).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
