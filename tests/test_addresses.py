"""Every address of ours opens to whom it is for and to nobody else, whatever is done to cookies, ids and headers.

The list of addresses is the application's own: one without a case fails.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core import standing, web
from core.web.live import NOT_FOUND, Hub
from core.web.security import local_identity
from tests import addresses, serving
from tests.addresses import BEARER, CASES, NOTHING, OPERATORS, PRIVATE, PUBLIC
from tests.team import COOKIE, MARKER, SCREENS, XSRF, Ids, Team, running
from tests.test_strangers import everything

EVIL = "http://evil.example"
PLACES = 24
"""Letters of a cookie that are changed, one at a time, from its beginning to its end."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path) -> Iterator[Team]:
    with running(tmp_path_factory.mktemp("team"), ready_sqlite) as found:
        yield found


@pytest.fixture(scope="module")
def ada(team: Team) -> Iterator[httpx.Client]:
    with team.client(team.ada) as browser:
        yield browser


@pytest.fixture(scope="module")
def ben(team: Team) -> Iterator[httpx.Client]:
    with team.client(team.ben) as browser:
        yield browser


def ask(team: Team, browser: httpx.Client, address: str, method: str = "", **headers: str) -> httpx.Response:
    """Ask for this address of ours as its case says; waits while the copy is made that it is answered from."""
    case = CASES[address]
    until = time.monotonic() + 30
    while True:
        body: Any = case.body(team) if (method or case.method) == "POST" else {}
        answer = browser.request(method or case.method, addresses.filled(team, address), headers=headers, **body)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        time.sleep(0.1)


def tells_of_ada(team: Team, answer: httpx.Response) -> list[str]:
    """What of hers is in the answer beside what the asker knew and sent."""
    ids = [team.ids.upload, team.ids.project, team.ids.share, team.ids.person]
    return [word for word in (MARKER, *ids) if word in answer.text]


def test_every_address_of_the_application_has_a_case(team: Team) -> None:
    routes = web.routes(team.studio, local_identity(team.studio), serving.UI, Hub(team.studio))

    assert all(isinstance(route, Route | WebSocketRoute) for route in routes)
    assert {str(getattr(route, "path", "")).replace(":path}", "}") for route in routes} == set(CASES)


@pytest.mark.parametrize("address", addresses.of(PRIVATE))
def test_what_is_private_opens_to_whose_it_is(team: Team, ada: httpx.Client, address: str) -> None:
    """Else everything below would pass by asking for nothing."""
    assert ask(team, ada, address).status_code in (200, 201, 204)


@pytest.mark.parametrize("address", addresses.of(PRIVATE))
def test_what_is_private_stays_closed_to_whoever_is_nobody(team: Team, address: str) -> None:
    real, over = team.ada[COOKIE], team.old[COOKIE]
    cookies = [
        {},
        {COOKIE: ""},
        {COOKIE: over},
        {COOKIE: real.partition(".")[0]},
        {COOKIE: real.rpartition(".")[0]},
        {COOKIE: '{"sub":"ada","provider":"Acme","is_logged_in":true}'},
        {"proof": team.ids.token, "form": team.ids.token, "user": team.ids.person, "_streamlit_user_": real},
    ]
    headers = [{"X-Forwarded-Email": "ada@example.org"}, {"X-Person": team.ids.person}, {"Remote-User": "ada"}]
    headers += [{"Authorization": f"Bearer {word}"} for word in (real, team.ids.token, team.ids.person)]

    visitors = [(known, {}) for known in cookies] + [({}, sent) for sent in headers]
    for known, sent in visitors:
        with team.client(known) as browser:
            answer = ask(team, browser, address, **sent)
        assert (answer.status_code, tells_of_ada(team, answer)) == (401, []), (list(known), sent)


def test_no_cookie_of_which_a_letter_was_changed_opens_anything(team: Team) -> None:
    real = team.ada[COOKIE]
    places = {n * (len(real) - 2) // (PLACES - 1) for n in range(PLACES)}  # the last letter holds bits of no meaning
    changed = [forged(real, n) for n in sorted(places)] + [real[:-1], f"{real}A", real.swapcase()]

    with team.client() as browser:
        asked = [browser.get("/api/trash", headers={"Cookie": f"{COOKIE}={cookie}"}) for cookie in (real, *changed)]

    assert [answer.status_code for answer in asked] == [200] + [401] * len(changed)


def forged(cookie: str, place: int) -> str:
    """With another letter in this place."""
    return cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]


@pytest.mark.parametrize("address", addresses.of(PRIVATE))
def test_what_is_private_tells_somebody_else_nothing(team: Team, ben: httpx.Client, address: str) -> None:
    answer = ask(team, ben, address)

    assert (answer.status_code in (200, 201)) if CASES[address].own else (answer.status_code == 404)
    assert tells_of_ada(team, answer) == []


@pytest.mark.parametrize("address", [a for a in addresses.of(PRIVATE) if not CASES[a].own])
def test_what_is_not_yours_and_what_is_not_there_are_told_in_the_same_words(
    team: Team, ben: httpx.Client, address: str
) -> None:
    case = CASES[address]
    body: Any = {"data": {"ids": "0" * 32}} if case.body(team) else {}
    made_up = addresses.filled(team, address, **dict.fromkeys(addresses.gaps(address), "0" * 32))

    assert ask(team, ben, address).content == ben.request(case.method, made_up, **body).content


FOREIGN = [
    {"origin": EVIL},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"x-studio": "", "referer": EVIL},
    {"x-studio": "0"},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", addresses.of(PRIVATE))
def test_another_site_changes_nothing_in_somebodys_name(
    team: Team, ada: httpx.Client, address: str, method: str
) -> None:
    before = everything(team.studio)

    answers = [ask(team, ada, address, method, **headers) for headers in FOREIGN]

    assert {answer.status_code for answer in answers} == {403}
    assert everything(team.studio) == before


@pytest.mark.parametrize("address", [address for address, case in CASES.items() if not case.counts])
def test_looking_changes_nothing(team: Team, ada: httpx.Client, address: str) -> None:
    before = everything(team.studio)

    looked = [ask(team, ada, address, method) for method in ("GET", "HEAD", "OPTIONS")]

    assert {answer.status_code for answer in looked} <= {200, 404, 405}
    assert everything(team.studio) == before


NAMES = [
    *("..%2f..%2fsecret", "%2e%2e%2f%2e%2e%2fstudio.db", "..%5c..%5csecret", "%2fetc%2fpasswd", "%2e%2e", "%2e"),
    *("....%2f%2fsecret", "%252e%252e%252fsecret", "%c0%ae%c0%ae%2fsecret", "file:%2f%2f%2fetc%2fpasswd", "~%2f.ssh"),
    *("C:%5csecret", "%5c%5chost%5cshare", "CON", "-rf", "%00", "x%00.png", "%ff%fe", "%e2%80%ae", "%f0%9f%a6%8a"),
    *(
        "'%20OR%201=1--",
        "%25s%25n",
        "%7b%7b7*7%7d%7d",
        "*",
        "%0d%0aSet-Cookie:%20a=b",
        "null",
        "NaN",
        "-1",
        "x" * 5_000,
    ),
]


FREE = ("version", "rest")
"""Any version of a script is the same script, and of nothing there is nothing."""
WITH_GAPS = [address for address in CASES if set(addresses.gaps(address)) - set(FREE)]


@pytest.mark.parametrize("address", WITH_GAPS)
def test_no_name_in_an_address_leads_anywhere(team: Team, address: str) -> None:
    secret = (team.studio.settings.data_dir / "secret").read_text()
    gaps = [gap for gap in addresses.gaps(address) if gap not in FREE]
    asked = [(gap, name) for gap in gaps for name in NAMES]

    for n, (gap, name) in enumerate(asked):
        if n % 15 == 0:  # who guesses at links is slowed down after twenty
            browser = guesser(team, f"127.0.{100 + WITH_GAPS.index(address)}.{2 + n // 15}")
        answer = browser.request(CASES[address].method, addresses.filled(team, address, **{gap: name}))
        assert answer.status_code in (400, 403, 404), (gap, name)
        assert secret not in answer.text and "root:" not in answer.text
        assert "a" not in answer.cookies


def guesser(team: Team, sender: str) -> httpx.Client:
    """Ada's browser on a machine with this address."""
    line = httpx.HTTPTransport(local_address=sender, verify=False)
    return httpx.Client(base_url=team.url, transport=line, cookies=team.ada, headers={"x-studio": "1"}, timeout=30)


@pytest.mark.parametrize("address", addresses.of(BEARER))
def test_what_a_token_opens_no_other_token_does(team: Team, address: str) -> None:
    """Guesses at links are slowed down, so they come from an address of their own here."""
    good = addresses.filled(team, address).split("/")[2]
    others = [good[:-1], f"{good}A", good[::-1], good.swapcase(), "A" + good[1:], team.ids.share, team.ids.person]
    others += [team.ids.token] if address.startswith("/m/") else [team.ids.conversation]

    with guesser(team, f"127.0.0.{20 + addresses.of(BEARER).index(address)}") as browser:
        for token in others:
            path = addresses.filled(team, address, token=token)
            answer = browser.request(CASES[address].method, path, **CASES[address].body(team))
            assert answer.status_code in (400, 403, 404), token
            assert [word for word in tells_of_ada(team, answer) if word != token] == []
            assert not answer.headers["content-type"].startswith("image/")


@pytest.mark.parametrize("forwarded", ["X-Forwarded-For", "Forwarded"])
@pytest.mark.parametrize("address", [*addresses.of(OPERATORS), "/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_is_for_operators_is_closed_to_whoever_comes_through_a_proxy(
    ada: httpx.Client, address: str, forwarded: str
) -> None:
    assert ada.get(address, headers={forwarded: "203.0.113.9"}).status_code == 403


def test_no_program_drives_the_screens(ada: httpx.Client) -> None:
    for place in ("interact", "mcp"):
        answer = ada.post(f"/_stcore/agent/{place}", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

        assert answer.status_code >= 400
        assert MARKER not in answer.text


# ---- headers ----


def of_streamlit(team: Team, ada: httpx.Client) -> list[str]:
    """Addresses that Streamlit answers: its page, a script of it, and where it has nothing."""
    page = ada.get("/").text
    script = re.search(r'src="\.?/?(static/js/[^"]+\.js)"', page)
    assert script
    pages = [f"/{name}" for name in (*SCREENS, "nothing")]
    places = ["health", "host-config", "metrics", "nothing", "upload_file/a/b", "bidi-components/a/b.js"]
    others = ["/media/none.png", "/static/none.js", "/component/none/index.html", "/app/static/none.txt"]
    sign_in = ["/auth/login", "/oauth2callback?state=x&code=y"]
    return [f"/{script[1]}", *pages, *(f"/_stcore/{place}" for place in places), *others, *sign_in]


def test_every_answer_to_anything_carries_the_headers_that_protect_it(team: Team, ada: httpx.Client) -> None:
    streamlits = of_streamlit(team, ada)
    answers = {place: ada.get(place) for place in streamlits}
    answers |= {address: ask(team, ada, address) for address in CASES if CASES[address].method != "SOCKET"}
    answers |= {f"closed {address}": ada.get(address, headers={"host": "evil.example"}) for address in streamlits}
    with team.client() as nobody:
        answers |= {f"refused {address}": ask(team, nobody, address) for address in addresses.of(PRIVATE)}

    wrong = {place: lacking for place, answer in answers.items() if (lacking := unprotected(answer.headers))}
    assert answers[streamlits[0]].status_code == 200
    assert {answer.status_code for place, answer in answers.items() if place.startswith("closed ")} == {403}
    assert wrong == {}


def unprotected(headers: httpx.Headers) -> list[str]:
    """What these headers lack."""
    policy = headers.get("content-security-policy", "")
    sound = {
        "type": headers.get("x-content-type-options") == "nosniff",
        "frame": headers.get("x-frame-options") in ("SAMEORIGIN", "DENY"),
        "referrer": headers.get("referrer-policy") in ("same-origin", "no-referrer"),
        "default": policy.startswith(("default-src 'self';", "default-src 'none';")),
        "ancestors": "frame-ancestors 'self'" in policy or policy.startswith("default-src 'none'"),
        "nobody else": not re.search(r"\*|https?:|unsafe-eval'(?<!wasm-unsafe-eval')", policy),
    }
    return [name for name, well in sound.items() if not well]


# ---- sockets and screens ----


@pytest.mark.parametrize("address", ["/api/live", "/_stcore/stream"])
def test_a_socket_that_another_site_opens_is_refused(team: Team, address: str) -> None:
    """Streamlit let pages of any port of this machine in, and asked a server outside whether an origin was its own."""
    headers = {"Cookie": f"{COOKIE}={team.ada[COOKIE]}"}

    for origin in (EVIL, "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1", "http://localhost"):
        with pytest.raises(InvalidStatus) as refused:
            team.listen(address, headers, origin=origin)
        assert refused.value.response.status_code == 403


def test_the_live_socket_opens_to_whoever_is_somebody(team: Team) -> None:
    real = team.ada[COOKIE]
    for cookie in ("", real[:-1], team.old[COOKIE]):
        with pytest.raises(InvalidStatus) as refused:
            team.listen("/api/live", {"Cookie": f"{COOKIE}={cookie}"})
        assert refused.value.response.status_code in (401, 403)

    hers = f"/api/live?conversation={team.ids.conversation}"
    with team.listen(hers, {"Cookie": f"{COOKIE}={real}"}) as screen:
        assert "state" in str(screen.recv(timeout=20))
    with (
        team.listen(hers, {"Cookie": f"{COOKIE}={team.ben[COOKIE]}"}) as screen,
        pytest.raises(ConnectionClosed) as end,
    ):
        screen.recv(timeout=20)
    assert end.value.rcvd and end.value.rcvd.code == NOT_FOUND


def asked_of(page: str, ids: Ids) -> list[str]:
    """What the address of this screen can name of Ada's."""
    looked_at = [f"view={image}" for image in (ids.image, ids.trashed, ids.upload)]
    filters = [f"{by}={one}&by={by}&practice=1" for by, one in (("person", ids.person), ("project", ids.project))]
    lines = [f"q=project:{ids.project}", f"q=like:{ids.image}", "q=by:everybody"]
    named = [f"id={ids.conversation}", f"id={ids.conversation}&source={ids.image}&view={ids.image}"]
    of_page: dict[str, list[str]] = {
        "": [*looked_at, f"source={ids.image}", f"source={ids.upload}"],
        "conversations": [f"image={ids.image}", f"image={ids.upload}", "trash=1"],
        "gallery": [*looked_at, *lines],
        "analytics": filters,
        "trash": looked_at,
        "conversation": named,
        "post": [f"id={ids.post}", f"id={ids.image}"],
    }
    return ["", *of_page.get(page, [])]


@pytest.mark.parametrize("page", SCREENS)
def test_no_screen_shows_anything_of_somebody_elses(team: Team, page: str) -> None:
    hers = [team.draw(team.ada, page, query) for query in asked_of(page, team.ids)]
    assert page in ("analytics", "settings") or any(re.search(f"(?<!Ada ){MARKER}", drawn) for drawn in hers)

    met = [query for query in asked_of(page, team.ids) if MARKER in team.draw(team.ben, page, query)]

    assert met == []


def told(team: Team, page: str) -> str:
    """The id that this screen is about."""
    return team.ids.post if page == "post" else team.ids.conversation


@pytest.mark.parametrize("page", SCREENS)
def test_who_is_nobody_sees_the_sign_in_page_alone(team: Team, page: str) -> None:
    real, over = team.ada, team.old
    other = {COOKIE: forged(real[COOKIE], len(real[COOKIE]) - 9), XSRF: real[XSRF]}

    for known in ({}, other, over, {COOKIE: real[COOKIE]}, {COOKIE: real[COOKIE], XSRF: "2|00|00|0"}):
        drawn = team.draw(known, page, f"id={told(team, page)}&view={team.ids.image}")
        assert "Continue with Acme" in drawn
        assert MARKER not in drawn and "bidi_component" not in drawn


def test_files_for_streamlit_are_taken_from_nobody(team: Team, ada: httpx.Client) -> None:
    """It has an address of its own for uploads, which we do not use."""
    for headers in ({}, {"X-Xsrftoken": team.ada[XSRF]}):
        answer = ada.put("/_stcore/upload_file/none/none", files={"file": b"x"}, headers=headers)
        assert answer.status_code in (400, 403)


# ---- what breaks ----


def test_what_breaks_shows_nothing_from_inside(team: Team, ada: httpx.Client) -> None:
    shown = {}
    broken = {"conversation": ("", "conversation", "conversations", "post"), "person": ("", "gallery")}
    for table, pages in broken.items():  # the second one breaks the door itself, before any page begins
        with team.studio.engine.begin() as db:
            db.execute(sa.text(f"ALTER TABLE {table} RENAME TO gone_{table}"))
        try:
            time.sleep(standing.REMEMBERED.total_seconds() + 0.1 if table == "person" else 0)
            shown |= {(table, page): team.draw(team.ada, page, f"id={told(team, page)}") for page in pages}
            shown[table, "api"] = ada.get(f"/api/conversations/{team.ids.conversation}/lineage").text
        finally:
            with team.studio.engine.begin() as db:
                db.execute(sa.text(f"ALTER TABLE gone_{table} RENAME TO {table}"))

    assert "Something broke on our side" in shown["conversation", "api"]
    inside = re.compile(r"no such table|[Ss]qlite|sqlalchemy|Traceback|SELECT [a-z]+\.|OperationalError|site-packages")
    assert {place: found[0] for place, text in shown.items() if (found := inside.search(text))} == {}


def test_what_stands_open_is_the_same_for_everybody(team: Team) -> None:
    with team.client() as nobody, team.client(team.ada) as ada:
        for address in addresses.of(PUBLIC, NOTHING):
            answers = [ask(team, browser, address) for browser in (nobody, ada)]
            assert answers[0].content == answers[1].content
            assert {answer.status_code for answer in answers} == {404 if CASES[address].kind == NOTHING else 200}
