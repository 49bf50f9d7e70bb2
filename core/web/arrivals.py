"""Whoever has to sign in first finds the page again that they wanted: Streamlit always leads back to the start page.

The page waits in a cookie. It is followed once, and only to pages of ours.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import sign_in
from core.errors import Refused
from core.settings import Settings
from core.web.security import FRESH, Claimed

COOKIE = "studio_return_to"
SECONDS = 600
"""Long enough to find one's password."""
LONGEST = 2_000
"""Letters of an address; a longer one is no link that somebody sent."""


class Arrivals:
    """Notes the page that somebody asks for before they sign in, and leads there afterwards.

    It also has every cookie kept to encrypted lines when people open the studio over one; Streamlit does not.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        claims: Claimed,
        pages: Collection[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.app = app
        self.settings = settings
        self.claims = claims
        self.pages = frozenset(pages)
        self.now = now
        self.secure = settings.public_address.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a redirect once, else hands on."""
        wanted = _asked(scope) if self._is_page(scope) else None
        cookies: list[str] = []
        app = self.app
        if wanted is not None:
            connection = HTTPConnection(scope)
            there = self._back(connection.cookies.get(COOKIE, ""))
            if not self._signed_in(connection):
                cookies = [_cookie(wanted, SECONDS)] if wanted != "/" else []
            elif there and wanted == "/":
                app = _redirect(there)
                cookies = [_cookie("", 0)]

        async def with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for cookie in cookies:
                    headers.append("set-cookie", cookie)
                if self.secure:
                    _keep_secure(message)
            await send(message)

        await app(scope, receive, with_cookies)

    def _is_page(self, scope: Scope) -> bool:
        """True when a browser opens one of our pages."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].strip("/") not in {"", *self.pages}:
            return False
        return "text/html" in HTTPConnection(scope).headers.get("accept", "")

    def _signed_in(self, connection: HTTPConnection) -> bool:
        try:
            sign_in.claimed(self.settings, self.claims(connection.cookies), self.now())
        except sign_in.SignedOut:
            return False
        except Refused:  # somebody, though not one of us: the page says so
            return True
        return True

    def _back(self, kept: str) -> str:
        """Where this cookie leads, or nowhere: it came from outside, so only to a page of ours."""
        path, question, query = unquote(kept).partition("?")
        name = path.removeprefix("/")
        if not path.startswith("/") or name not in {"", *self.pages} or len(kept) > LONGEST:
            return ""
        there = f"/{name}" + (f"?{quote(query, safe='=&%+')}" if question else "")
        return there if there != "/" else ""


def _asked(scope: Scope) -> str:
    """The page with its query, as an address within our own."""
    query = scope["query_string"].decode("latin-1")
    path = f"/{scope['path'].strip('/')}"
    return f"{path}?{query}" if query and len(query) < LONGEST // 2 else path


def _cookie(address: str, seconds: int) -> str:
    made = SimpleCookie({COOKIE: quote(address, safe="")})
    for name, value in {"path": "/", "httponly": True, "samesite": "lax", "max-age": seconds}.items():
        made[COOKIE][name] = value
    return made[COOKIE].OutputString()


def _redirect(there: str) -> Response:
    return RedirectResponse(there, 302, FRESH)


def _keep_secure(message: Message) -> None:
    message["headers"] = [
        (name, value + b"; Secure" if name.lower() == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in message["headers"]
    ]
