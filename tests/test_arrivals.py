"""Whoever signs in finds the page that they wanted, once, and only a page of ours; a forged cookie leads nowhere."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import web
from core.settings import Settings
from core.web import arrivals
from tests.test_sign_in import PROVIDERS

PAGE = "text/html,application/xhtml+xml"
IN = {"user": "ada"}


def claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    named = {"is_logged_in": True, "provider": "Acme", "sub": "ada", "iat": time.time()}
    return named if cookies.get("user") == "ada" else {}


async def _anything(_: Request) -> Response:
    answer = PlainTextResponse("a page")
    answer.set_cookie("other", "1")
    return answer


def ask(
    address: str, cookies: Mapping[str, str] = IN, method: str = "GET", accept: str = PAGE, **changed: Any
) -> httpx.Response:
    """What somebody with these cookies gets at this address."""
    settings = Settings(**{**PROVIDERS, **changed})
    layers = web.middleware(settings, claims, ["gallery", "conversation"])
    app = Starlette(routes=[Route("/{rest:path}", _anything, methods=["GET", "POST"])], middleware=layers)

    async def answered() -> httpx.Response:
        line = httpx.ASGITransport(app, client=("203.0.113.9", 1))
        base = settings.public_address
        async with httpx.AsyncClient(transport=line, base_url=base, cookies=dict(cookies)) as client:
            return await client.request(method, address, headers={"accept": accept})

    return asyncio.run(answered())


def test_the_page_that_was_wanted_waits_and_opens_once() -> None:
    wanted = ask("/gallery?q=is:starred&view=42", {})
    kept = wanted.cookies[arrivals.COOKIE]

    back = ask("/", IN | {arrivals.COOKIE: kept})

    assert wanted.status_code == 200
    assert (back.status_code, back.headers["location"]) == (302, "/gallery?q=is%3Astarred&view=42")
    assert "Max-Age=0" in back.headers["set-cookie"]
    assert back.headers["cache-control"] == "no-store"


def test_the_cookie_of_it_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    kept = next(value for value in ask("/gallery", {}).headers.get_list("set-cookie") if arrivals.COOKIE in value)

    assert {"httponly", "samesite=lax", "secure", "path=/", "max-age=600"} <= set(kept.lower().split("; "))


NOT_KEPT = [
    ("/", {}, "GET"),
    ("/nothing", {}, "GET"),
    ("/api/gallery", {}, "GET"),
    ("/s/token", {}, "GET"),
    ("/gallery", {}, "POST"),
    ("/gallery", IN, "GET"),
]


@pytest.mark.parametrize(("address", "cookies", "method"), NOT_KEPT, ids=str)
def test_nothing_else_waits(address: str, cookies: dict[str, str], method: str) -> None:
    assert arrivals.COOKIE not in ask(address, cookies, method).cookies


def test_what_no_browser_window_opens_does_not_wait() -> None:
    assert arrivals.COOKIE not in ask("/gallery", {}, accept="application/json").cookies


ELSEWHERE = [
    "//evil.example",
    "//evil.example/gallery",
    "https://evil.example/gallery",
    "javascript:alert(1)",
    "/\\evil.example",
    "\\\\evil.example",
    "/gallery/../../evil",
    "//gallery",
    "/gallery/",
    "/gallery@evil.example",
    "/api/gallery",
    "/auth/logout",
    "/",
    "",
    "?q=1",
    "/gallery?" + "q" * 3_000,
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_forged_cookie_leads_nowhere(address: str) -> None:
    for kept in (address, quote(address, safe="")):
        answer = ask("/", IN | {arrivals.COOKIE: quote(kept, safe="%")})

        assert (answer.status_code, answer.text) == (200, "a page")


@pytest.mark.parametrize("query", ["a=b%0d%0aSet-Cookie:%20x=1", "next=//evil.example", "é=\u2028"])
def test_a_query_is_never_more_than_a_query(query: str) -> None:
    answer = ask("/", IN | {arrivals.COOKIE: quote(f"/gallery?{query}", safe="")})

    assert answer.headers["location"].startswith("/gallery?")
    assert "x" not in answer.cookies


def test_who_has_not_signed_in_is_not_sent_round_in_circles() -> None:
    kept = ask("/gallery", {}).cookies[arrivals.COOKIE]

    assert ask("/", {arrivals.COOKIE: kept}).status_code == 200
    assert ask("/gallery", IN | {arrivals.COOKIE: kept}).status_code == 200


def test_every_cookie_is_kept_to_encrypted_lines_where_there_is_one() -> None:
    plain = ask("/", public_address="http://127.0.0.1:8501").headers["set-cookie"]

    assert ask("/").headers["set-cookie"].lower().count("; secure") == 1
    assert "secure" not in plain.lower()


@pytest.mark.parametrize("host", ["studio.example.org", "studio.example.org:443", "other.example.org", "localhost"])
def test_it_answers_to_its_own_names(host: str) -> None:
    assert ask(f"https://{host}/", allowed_hosts="other.example.org").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "studio.example.org.evil.example", "10.0.0.1"])
def test_it_answers_to_no_other_name(host: str) -> None:
    assert ask(f"https://{host}/", allowed_hosts="other.example.org").status_code == 403


@pytest.mark.parametrize("mode", ["local", "proxy"])
@pytest.mark.parametrize(("server", "status"), [("127.0.0.1", 200), ("10.0.0.1", 403), ("0.0.0.0", 403)])
def test_whatever_it_was_told_to_listen_at_it_answers_only_here(mode: str, server: str, status: int) -> None:
    layers = web.middleware(Settings(sign_in=mode))
    app = Starlette(routes=[Route("/", _anything)], middleware=layers)
    said: list[int] = []

    async def send(message: Any) -> None:
        said.append(message.get("status", 0))

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    arrived = scope | {"server": (server, 80), "client": ("127.0.0.1", 9)}
    asyncio.run(app(arrived, None, send))  # type: ignore[arg-type]  # nothing reads the request

    assert said[0] == status
