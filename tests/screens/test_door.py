"""Every screen begins at the door: who is not signed in sees the sign-in page, and nothing is looked up for them."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core import standing
from core import studio as home
from core.settings import Settings
from core.studio import Studio
from tests.screens.support import PAGES, SECONDS, at_home, queries, read, visit

SCREENS = sorted(page.stem for page in PAGES.glob("*.py"))
WITH_PROVIDERS = {
    "SIGN_IN": "oidc",
    "PUBLIC_ADDRESS": "https://studio.example.org",
    "OIDC_ISSUERS": "Acme=https://login.acme.example Globex=https://globex.example",
    "OIDC_CLIENT_IDS": "Acme=a Globex=b",
    "OIDC_CLIENT_SECRETS": "Acme=a Globex=b",
}


@pytest.fixture
def closed(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """The studio of this process, where people sign in with providers."""
    yield at_home(monkeypatch, furnished.data_dir, **WITH_PROVIDERS)
    home.current().engine.dispose()
    home.current.cache_clear()


@pytest.fixture
def behind_a_proxy(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    yield at_home(monkeypatch, furnished.data_dir, SIGN_IN="proxy")
    home.current().engine.dispose()
    home.current.cache_clear()


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("screen", SCREENS)
def test_signed_out_every_screen_is_the_sign_in_page_and_asks_the_database_nothing(closed: Studio, screen: str) -> None:
    with queries(closed) as seen:
        app = visit(screen, id="1", view="1")

    assert not app.exception
    assert labels(app) == ["Continue with Acme", "Continue with Globex"]
    assert seen == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_that_is_run_past_the_shell_stands_behind_the_door_too(closed: Studio, screen: str) -> None:
    with queries(closed) as seen:
        app = AppTest.from_file(str(PAGES / f"{screen}.py"), default_timeout=SECONDS).run()

    assert not app.exception
    assert labels(app) == ["Continue with Acme", "Continue with Globex"]
    assert seen == []


def test_whom_the_proxy_does_not_name_sees_why_and_nothing_else(behind_a_proxy: Studio) -> None:
    app = visit("gallery")

    assert not app.exception
    assert [read(told) for told in app.info] == ["The proxy in front of Image Studio did not say who you are."]
    assert labels(app) == []


@pytest.mark.parametrize("screen", ["create", "gallery", "trash"])
def test_who_is_let_in_costs_a_page_one_query_and_that_not_each_time(studio: Studio, screen: str) -> None:
    visit(screen)
    app = visit(screen)

    with queries(studio) as seen:
        standing.forget(studio)
        app.run()
        first = of_the_door(seen)
        app.run()

    assert (first, of_the_door(seen)) == (1, 1)


def of_the_door(seen: list[str]) -> int:
    return sum("JOIN event" in query and "person.subject = " in query for query in seen)
