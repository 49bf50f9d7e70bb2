"""A conversation's tiles always show the truth: while it works, when it fails, after a refresh, after a restart."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core import access, conversations, generations
from core.asks import Ask
from core.providers import Answer, Request
from core.providers.sketch import Sketch
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import CANCELED, FAILED, QUEUED, RUNNING, Generation, Turn, new_id
from tests.browser.app_server import ROOT, browser
from tests.conftest import unfinished

SCREENSHOTS = Path(__file__).parent / "screenshots"
ARRIVES = 60_000
"""Milliseconds that anything may take on a busy machine before it counts as not coming."""


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
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self, **environment: str) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        known = os.environ | {"DATA_DIR": str(self.data_dir), "FREE_SPACE_FLOOR_MB": "1"} | environment
        with (self.data_dir / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=known, stdout=log, stderr=log)
        ends = time.monotonic() + ARRIVES / 1000
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < ends, "the application did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a tab of its own person's browser: `open_page(url, dark=True, width=390)`."""
    contexts = []

    def go(url: str, *, dark: bool = False, width: int = 1440) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 844}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(ARRIVES)
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that only shows and asks."""
    yield from started(tmp_path_factory.mktemp("idle"), BACKGROUND="elsewhere")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Server]:
    """A server that works, but gets no answer for two minutes."""
    yield from started(tmp_path, SKETCH_DELAY="120")


def started(folder: Path, **environment: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Server(folder, port)
    try:
        server.start(**environment)
        yield server
    finally:
        server.kill()


@contextmanager
def outside(server: Server, **settings: float) -> Iterator[Outside]:
    studio = open_studio(Settings(data_dir=server.data_dir, free_space_floor_mb=1, sketch_delay=0, **settings))
    provider = Paced(studio.settings)
    yield Outside(replace(studio, providers={"sketch": provider}), provider)
    studio.engine.dispose()


@pytest.fixture
def elsewhere(idle: Server) -> Iterator[Outside]:
    with outside(idle) as opened:
        yield opened


def tiles(page: Page, state: str, count: int) -> None:
    """Wait until so many tiles are in this state."""
    expect(page.locator(f".tile.{state}")).to_have_count(count, timeout=ARRIVES)


def test_images_replace_their_skeletons_without_a_reload(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A red fox in *snow*")))
    page.evaluate("() => (window.untouched = true)")
    expect(page.get_by_text("Waiting for a free place")).to_have_count(2, timeout=ARRIVES)

    with elsewhere.working():
        tiles(page, "running", 2)
        expect(page.locator(".badge")).to_have_text("0 of 2")
        expect(page.get_by_text("You can leave this page; it goes on without you.")).to_be_visible()
        expect(page).to_have_title("(0/2) A red fox in *snow* · Image Studio")
        page.screenshot(path=SCREENSHOTS / "conversation-loading.png")
    tiles(page, "succeeded", 2)

    expect(page.locator("img.image.there")).to_have_count(2)
    expect(page.locator(".badge")).to_have_text("2 of 2")
    expect(page.get_by_role("status").filter(has_text="2 of 2 images are ready.")).to_have_count(1)
    expect(page.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(page).to_have_title("A red fox in *snow* · Image Studio")
    expect(page.locator(".prompt")).to_have_text("A red fox in *snow*")
    assert page.evaluate("() => window.untouched")


def test_the_script_runs_once_when_a_turn_is_done_however_many_images_came(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page("about:blank")
    runs = runs_of_the_script(page)
    page.goto(idle.url(elsewhere.ask("Four chairs", count=2)))
    tiles(page, "queued", 4)
    expect(page.locator("textarea").first).to_be_focused(timeout=ARRIVES)
    page.wait_for_timeout(1_500)
    before = len(runs)

    with elsewhere.working():
        tiles(page, "running", 4)
    tiles(page, "succeeded", 4)
    expect(page.get_by_text("4 images · practice, free")).to_be_visible(timeout=ARRIVES)
    page.wait_for_timeout(1_500)

    assert len(runs) - before == 1


def test_a_refresh_and_a_second_tab_show_the_same(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    first = open_page(idle.url(elsewhere.ask("A lighthouse")))

    with elsewhere.working():
        tiles(first, "running", 2)
        first.reload()
        second = open_page(first.url)
        for page in (first, second):
            tiles(page, "running", 2)

    for page in (first, second):
        tiles(page, "succeeded", 2)


def test_the_next_turn_starts_from_the_chosen_image_and_reaches_other_tabs(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    first = open_page(idle.url(elsewhere.ask("A lighthouse")))
    with elsewhere.working():
        second = open_page(first.url)
    tiles(first, "succeeded", 2)
    tiles(second, "succeeded", 2)

    tile = first.locator(".tile").first
    tile.hover()
    tile.get_by_role("button", name="Continue from this").click()
    expect(tile.get_by_role("button", name="Next turn starts here")).to_be_visible(timeout=ARRIVES)
    expect(first.locator(".st-key-strip")).to_contain_text("Starts from step 1, Sketch (practice)")
    first.locator("textarea").first.fill("At night")
    first.locator("textarea").first.press("Control+Enter")

    for page in (first, second):
        expect(page.locator(".turn")).to_have_count(2, timeout=ARRIVES)
        expect(page.locator(".references img")).to_have_count(1)
        expect(page.locator(".prompt").last).to_have_text("At night")


def test_an_image_opens_large_goes_to_create_and_is_downloaded(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A lighthouse")))
    with elsewhere.working():
        pass
    tiles(page, "succeeded", 2)
    tile = page.locator(".tile").first

    tile.get_by_role("link", name="Open").click()
    large = page.get_by_role("dialog")
    expect(large).to_contain_text("A lighthouse", timeout=ARRIVES)
    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("Ink (practice)", timeout=ARRIVES)
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()

    with page.expect_download() as download:
        tile.hover()
        tile.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")

    tile.get_by_role("link", name="Use in Create").click()
    expect(page.get_by_placeholder("Describe the image you want to create…")).to_be_visible(timeout=ARRIVES)
    assert "/?source=" in page.url


def test_a_failed_image_says_why_and_is_retried_alone(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A market")))
    elsewhere.provider.failures = 1
    with elsewhere.working():
        pass
    failed = page.locator(".tile:is(.failed, .unknown)")
    expect(failed).to_have_count(2, timeout=ARRIVES)
    elsewhere.provider.failures = 0

    page.get_by_role("button", name="Try again").first.click()
    tiles(page, "queued", 1)
    with elsewhere.working():
        tiles(page, "running", 1)

    tiles(page, "succeeded", 1)
    expect(failed).to_have_count(1)


def test_a_canceled_image_stays_canceled_and_can_be_asked_again(busy: Server, open_page: Callable[..., Page]) -> None:
    with outside(busy) as person:
        page = open_page(busy.url(person.ask("A harbour", "sketch/sketch")))
    tiles(page, "running", 1)

    page.get_by_role("button", name="Cancel", exact=True).click()
    tiles(page, "canceled", 1)
    page.reload()
    tiles(page, "canceled", 1)

    page.get_by_role("button", name="Ask again").click()
    tiles(page, "running", 1)


def test_an_open_page_finds_the_truth_after_a_power_cut(busy: Server, open_page: Callable[..., Page]) -> None:
    with outside(busy) as person:
        page = open_page(busy.url(person.ask("A windmill")))
    tiles(page, "running", 2)
    page.evaluate("() => (window.untouched = true)")

    busy.kill()
    expect(page.locator(".line")).to_be_visible(timeout=ARRIVES)
    expect(page.locator(".line")).to_have_text("Reconnecting…")
    busy.start(SKETCH_DELAY="0")

    # What had been sent when the power went is not sent again: nobody knows whether it was charged.
    tiles(page, "unknown", 2)
    expect(page.locator(".line")).to_be_hidden(timeout=ARRIVES)
    page.get_by_role("button", name="Try again, may cost twice").first.click()
    tiles(page, "succeeded", 1)
    assert page.evaluate("() => window.untouched")


def test_every_state_has_its_own_words_and_nothing_serious_for_axe(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    address = idle.url(every_state(elsewhere))

    for name, dark, width in LOOKS:
        page = open_page(address, dark=dark, width=width)
        expect(page.locator(".tile")).to_have_count(10, timeout=ARRIVES)
        expect(page.get_by_text("The provider refused this prompt", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Try again, may cost twice")).to_have_count(1)
        expect(page.get_by_role("progressbar")).to_have_count(2)
        expect(page.get_by_text("Slower than 9 of 10 runs")).to_have_count(1)
        expect(page.get_by_text("Waiting for a free place")).to_have_count(1)
        expect(page.get_by_text("We ask again in 12 s")).to_have_count(1)
        page.locator(".settings summary").click()
        expect(page.locator("img.image.there")).to_have_count(1, timeout=ARRIVES)
        page.set_viewport_size({"width": width, "height": 2600})  # Streamlit scrolls inside the page
        page.screenshot(path=SCREENSHOTS / f"conversation-{name}.png")
        assert serious(page) == []


def test_what_is_not_there_says_so_and_leads_back(idle: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(idle.url("0" * 32))

    expect(page.get_by_text("There is no such conversation, or it is not yours.")).to_be_visible(timeout=ARRIVES)
    page.screenshot(path=SCREENSHOTS / "conversation-none.png")
    page.get_by_role("link", name="Back to Create").click()

    expect(page.get_by_placeholder("Describe the image you want to create…")).to_be_visible(timeout=ARRIVES)


LOOKS = (("light", False, 1440), ("dark", True, 1440), ("phone", False, 390), ("phone-dark", True, 390))
"""Name, dark, width of the screenshots."""
FAILURES = {
    "moderation": "The provider says that this prompt breaks its rules.",
    "account": "The key for this provider is not valid. Ask whoever runs the studio.",
    "unusable": "The provider answered without a picture. It may have been charged; the answer is kept.",
    "unknown": "The call left us and no complete answer came back.",
}


def every_state(elsewhere: Outside) -> str:
    """A conversation with a generation in each state, as the pipeline leaves them."""
    conversation = elsewhere.ask("A paper boat on a pond, seen from above", count=5)
    with elsewhere.working():
        pass
    now = elsewhere.studio.now()
    states = [
        {},
        {"status": QUEUED},
        {"status": RUNNING, "started_at": now},
        {"status": RUNNING, "started_at": now - timedelta(hours=1)},
        *({"status": FAILED, "error_kind": kind, "error": why} for kind, why in FAILURES.items()),
        {"status": QUEUED, "error_kind": "busy", "error": "The provider is busy. We ask again in 12 s."},
        {"status": CANCELED},
    ]
    with elsewhere.studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            row.duration_ms = 600_000  # so that "usually" does not turn into "slower" while a slow machine looks
        of_this = select(Generation).join(Turn).where(Turn.conversation_id == conversation)
        for row, state in zip(db.exec(of_this.order_by(col(Generation.id))).all(), states, strict=True):
            for name, value in state.items():
                setattr(row, name, value)
    return conversation


def runs_of_the_script(page: Page) -> list[str]:
    """Grows by one whenever Streamlit has run the page's script."""
    runs: list[str] = []

    def received(frame: bytes | str) -> None:
        if isinstance(frame, bytes) and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
            runs.append("run")

    page.on("websocket", lambda line: "_stcore/stream" in line.url and line.on("framereceived", received))
    return runs


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody from using the page; the ask box is looked at on Create."""
    context = {"exclude": ["[class*='st-key-next-']"]}
    found = Axe().run(page, context).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
