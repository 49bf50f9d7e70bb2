"""People sign in with a provider of their team: a real browser, real providers, from the first click to the last.

A person who is switched off is out everywhere at once: on the tab that is open, on pictures, on the live socket.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import standing
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from tests.browser.windows import free_port
from tests.browser.working import Server

mock = pytest.importorskip("oidc_provider_mock", reason="it needs Python 3.12")

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


def test_a_person_of_each_provider_signs_in_and_they_are_two(team: Team, open_page: Callable[..., Page]) -> None:
    one, other = open_page(team.url), open_page(team.url)

    enter(one, "Acme", "ada")
    enter(other, "Globex", "ada")

    expect(one.get_by_role("button", name="Ada Lovelace")).to_be_visible()
    expect(other.get_by_role("button", name="Ada of Globex")).to_be_visible()
    assert team.person("Acme|ada").id != team.person("Globex|ada").id
