"""People sign in with a provider of their team: a real browser, real providers, from the first click to the last.

A person who is switched off is out everywhere at once: on the tab that is open, on pictures, on the live socket.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import websockets.sync.client as sockets
from playwright.sync_api import Locator, Page, expect
from sqlmodel import select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from core import access, people, standing
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import ADMIN, Turn
from core.web.live import OUT
from tests import serving
from tests.browser.windows import free_port
from tests.browser.working import LOOKS, SCREENSHOTS, Server, serious

mock = pytest.importorskip("oidc_provider_mock", reason="it needs Python 3.12")

MINE = "/api/trash"
"""An address that answers from the database, to anybody who is somebody."""
USERS = {
    "Acme": {"ada": "Ada Lovelace", "ben": "Ben Bitdiddle"},
    "Globex": {"ada": "Ada of Globex"},
}


@dataclass(frozen=True)
class Team:
    """A studio with two providers, and the same database from outside."""

    server: Server
    studio: Studio

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def person(self, subject: str) -> Person:
        """Who signed in as this."""
        standing.forget(self.studio)
        known = standing.of_subject(self.studio, subject)
        assert known
        return Person(known.id, known.name)


@pytest.fixture(scope="module")
def issuers() -> Iterator[dict[str, str]]:
    """Two providers, each of which lets its people in with one click."""
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(mock.run_server_in_thread(user_claims=[_user(*user) for user in users.items()]))
            for name, users in USERS.items()
        }
        yield {name: f"http://localhost:{server.server_port}" for name, server in running.items()}


def _user(sub: str, name: str) -> object:
    claims = {"name": name, "email": f"{sub}@example.org", "email_verified": True}
    return mock.User(sub=sub, claims=claims)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path, issuers: dict[str, str]) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    shutil.copy(ready_sqlite, folder)
    server = Server(folder, free_port())
    environment = {
        "SIGN_IN": "oidc",
        "PUBLIC_ADDRESS": f"http://127.0.0.1:{server.port}",
        "OIDC_ISSUERS": " ".join(f"{name}={issuer}" for name, issuer in issuers.items()),
        "OIDC_CLIENT_IDS": " ".join(f"{name}=studio" for name in issuers),
        "OIDC_CLIENT_SECRETS": " ".join(f"{name}=secret" for name in issuers),
        "BACKGROUND": "elsewhere",
    }
    studio = open_studio(Settings(data_dir=folder, free_space_floor_mb=1, sign_in="oidc"))
    try:
        server.start(**environment)
        yield Team(server, studio)
    finally:
        server.kill()
        studio.engine.dispose()


def enter(page: Page, provider: str, sub: str) -> None:
    """Choose the provider and say there who one is."""
    page.get_by_role("button", name=f"Continue with {provider}").click()
    page.get_by_role("button", name=f"Authorize as {sub}").first.click()


def signed_in(team: Team, open_page: Callable[..., Page], sub: str = "ada") -> Page:
    """A window in which this person of Acme has signed in."""
    page = open_page(team.url)
    enter(page, "Acme", sub)
    expect(menu(page, USERS["Acme"][sub])).to_be_visible()
    return page


def menu(page: Page, name: str = "Ada Lovelace") -> Locator:
    return page.get_by_role("button", name=name)


def at_the_door(page: Page) -> None:
    """Wait until this window shows the sign-in page and nothing of the studio."""
    expect(page.get_by_role("button", name="Continue with Acme")).to_be_visible()
    expect(page.get_by_role("link", name="Gallery")).to_have_count(0)


def cookies(page: Page) -> dict[str, str]:
    return {str(cookie.get("name")): str(cookie.get("value")) for cookie in page.context.cookies()}


def status(team: Team, known: dict[str, str], address: str = MINE) -> int:
    """What a program gets there with these cookies."""
    return httpx.get(team.url + address, cookies=known, headers={"x-studio": "1"}, trust_env=False).status_code


def listen(team: Team, known: dict[str, str]) -> ClientConnection:
    """The live socket, with these cookies."""
    said = {"Cookie": "; ".join(f"{name}={value}" for name, value in known.items())}
    address = f"ws://127.0.0.1:{team.server.port}/api/live"
    return sockets.connect(address, origin=team.url, additional_headers=said, proxy=None)


def test_a_person_of_each_provider_signs_in_and_they_are_two(team: Team, open_page: Callable[..., Page]) -> None:
    one, other = open_page(team.url), open_page(team.url)

    enter(one, "Acme", "ada")
    enter(other, "Globex", "ada")

    expect(menu(one, "Ada Lovelace")).to_be_visible()
    expect(menu(other, "Ada of Globex")).to_be_visible()
    assert team.person("Acme|ada").id != team.person("Globex|ada").id


def test_a_link_opens_its_page_after_signing_in(team: Team, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{team.url}/gallery?q=is%3Astarred")
    at_the_door(page)

    enter(page, "Acme", "ada")

    expect(page).to_have_title(re.compile("Gallery"))
    assert (urlsplit(page.url).path, parse_qs(urlsplit(page.url).query)) == ("/gallery", {"q": ["is:starred"]})
    page.goto(team.url)
    expect(page).to_have_title(re.compile("Create"))


def test_a_second_tab_is_signed_in_already(team: Team, open_page: Callable[..., Page]) -> None:
    page = signed_in(team, open_page)

    second = page.context.new_page()
    second.goto(f"{team.url}/trash")

    expect(menu(second)).to_be_visible()


def test_who_signs_out_is_out_in_every_tab_and_so_is_a_copy_of_the_cookie(
    team: Team, open_page: Callable[..., Page]
) -> None:
    page = signed_in(team, open_page)
    second = page.context.new_page()
    second.goto(f"{team.url}/trash")
    expect(menu(second)).to_be_visible()
    copied = cookies(page)
    assert status(team, copied) == 200

    menu(page).click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("localhost"))  # the provider, which signs them out too
    page.get_by_role("button").first.click()

    at_the_door(page)
    assert "_streamlit_user" not in cookies(page)
    assert status(team, copied) == 401
    second.get_by_role("link", name="Gallery").click()
    at_the_door(second)


def test_a_forged_callback_signs_nobody_in(team: Team) -> None:
    for query in ("", "state=x&code=y", "error=access_denied&error_description=<script>", "code=y"):
        answer = httpx.get(f"{team.url}/oauth2callback?{query}", trust_env=False)

        assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (302, "/")
        assert "_streamlit_user" not in answer.cookies


def test_a_callback_that_was_used_signs_nobody_in_again(team: Team, open_page: Callable[..., Page]) -> None:
    page, used = open_page(team.url), list[str]()
    page.on("request", lambda sent: used.append(sent.url) if "/oauth2callback" in sent.url else None)
    enter(page, "Acme", "ada")
    expect(menu(page)).to_be_visible()
    known = {name: value for name, value in cookies(page).items() if not name.startswith("_streamlit_user")}

    for sent in ({}, known):
        answer = httpx.get(used[0], cookies=sent, trust_env=False)

        assert answer.status_code == 302
        assert "_streamlit_user" not in answer.cookies


def test_a_cookie_that_was_changed_or_is_nobodys_opens_nothing(team: Team, open_page: Callable[..., Page]) -> None:
    page = signed_in(team, open_page)
    known = cookies(page)
    genuine = known["_streamlit_user"]
    changed = [genuine[:n] + ("A" if genuine[n] != "A" else "B") + genuine[n + 1 :] for n in (0, 20, len(genuine) - 9)]

    for forged in (*changed, "", "x", genuine.rpartition(".")[0]):
        assert status(team, known | {"_streamlit_user": forged}, MINE) == 401
        with pytest.raises(InvalidStatus) as refused:
            listen(team, known | {"_streamlit_user": forged})
        assert refused.value.response.status_code in (401, 403)
    assert status(team, {"_streamlit_user_tokens": known["_streamlit_user_tokens"]}, MINE) == 401

    page.context.clear_cookies(name="_streamlit_user")
    page.context.add_cookies([{"name": "_streamlit_user", "value": changed[0], "url": team.url}])
    page.reload()
    at_the_door(page)


def test_a_header_that_names_somebody_says_nothing_here(team: Team) -> None:
    answer = httpx.get(team.url + MINE, headers={"X-Forwarded-Email": "ada@example.org"}, trust_env=False)

    assert answer.status_code == 401


def test_who_is_switched_off_is_out_on_the_open_tab_on_pictures_and_on_the_socket(
    team: Team, open_page: Callable[..., Page]
) -> None:
    page = signed_in(team, open_page, "ben")
    boss, ben = access.person_named(team.studio, "boss", "Boss", ADMIN), team.person("Acme|ben")
    image = serving.image_of(team.studio, ben, serving.picture())
    picture = f"/m/{access.media_token(team.studio, ben)}/{image}/256"
    assert (status(team, {}, picture), status(team, cookies(page), MINE)) == (200, 200)

    with listen(team, cookies(page)) as socket:
        socket.recv(timeout=20)
        people.switch_off(team.studio, boss, ben.id)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=20)

    assert closed.value.rcvd and closed.value.rcvd.code == OUT
    assert (status(team, {}, picture), status(team, cookies(page), MINE)) == (403, 403)
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_text("You are switched off in Image Studio")).to_be_visible()
    expect(page.get_by_role("link", name="Gallery")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign in as somebody else")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "sign-in-off.png")
    people.switch_on(team.studio, boss, ben.id)


def test_who_was_switched_off_asks_for_nothing_more_on_the_open_tab(team: Team, open_page: Callable[..., Page]) -> None:
    page = signed_in(team, open_page, "ben")
    boss, ben = access.person_named(team.studio, "boss", "Boss", ADMIN), team.person("Acme|ben")
    page.get_by_placeholder("Describe the image").fill("A fox")
    with listen(team, cookies(page)) as socket:
        people.switch_off(team.studio, boss, ben.id)
        with pytest.raises(ConnectionClosed):
            while True:
                socket.recv(timeout=20)

    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_text("You are switched off in Image Studio")).to_be_visible()
    with team.studio.reading() as db:
        asked = db.exec(select(Turn.prompt).where(Turn.user_id == ben.id)).all()
    assert "A fox" not in asked
    people.switch_on(team.studio, boss, ben.id)


PAGES = ["", "gallery", "conversations", "conversation", "analytics", "trash", "post"]


@pytest.mark.parametrize("name", PAGES)
def test_a_bare_socket_without_a_cookie_gets_the_sign_in_page_alone(team: Team, name: str) -> None:
    address, said = f"ws://127.0.0.1:{team.server.port}/_stcore/stream", list[str]()

    with sockets.connect(address, proxy=None, subprotocols=[Subprotocol("streamlit")]) as socket:
        state = ClientState(page_name=name, query_string="id=1&view=1")
        socket.send(BackMsg(rerun_script=state).SerializeToString())
        while not said or "script_finished" not in said[-1]:
            frame = bytes(socket.recv(timeout=30))  # type: ignore[arg-type]  # Streamlit sends no text
            said.append(str(ForwardMsg.FromString(frame)))

    drawn = "".join(said)
    assert "Continue with Acme" in drawn
    assert "bidi_component" not in drawn and "What shall we make" not in drawn


@pytest.mark.parametrize("look", LOOKS)
def test_the_sign_in_page_is_fit_to_be_seen(team: Team, open_page: Callable[..., Page], look: str) -> None:
    width, dark = LOOKS[look]
    page = open_page(team.url, width=width, dark=dark)
    at_the_door(page)

    page.screenshot(path=SCREENSHOTS / f"sign-in-{look}.png")

    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    enter(page, "Acme", "ada")
    expect(page.get_by_role("button", name="Generate")).to_be_visible()
    menu(page).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert serious(page, include=[".st-key-person"]) == []
    page.screenshot(path=SCREENSHOTS / f"sign-in-menu-{look}.png")
