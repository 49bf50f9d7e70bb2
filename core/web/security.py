"""What every request passes first: whose names we answer to, who may change things, and headers on every answer."""

import ipaddress
import re
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import access, log, sign_in
from core.access import Person
from core.errors import NotFound, Refused, StudioError
from core.files import StoreDown
from core.replica import Behind
from core.settings import Settings
from core.studio import Studio

Identify = Callable[[HTTPConnection], Person]
"""Who is asking, by cookie, header or mode. Raises HTTPException (401, 403) when nobody we know."""
Claimed = Callable[[Mapping[str, str]], sign_in.Claims]
"""What the sign-in cookie among these cookies says; nothing when it is not there or not genuine."""

# The least with which Streamlit, its charts and our components work; blob: and the inline scripts are Streamlit's.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:;"
    " script-src 'self' blob: 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self';"
    " frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
)
FRESH = {"Cache-Control": "no-store"}
"""For answers that nobody keeps: at the next look they are others."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": PAGE_POLICY,
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), midi=(), serial=()",
}
OPERATORS = ("/metrics", "/readyz", "/_stcore/metrics", "/_stcore/agent")
"""Only for programs on this machine."""
_HOST = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
STATUS: dict[type[StudioError], int] = {NotFound: 404, StoreDown: 503, Behind: 503}
"""Everything else that we say no to is 400."""
FORMS = ("/api/downloads",)
"""Plain forms of our pages go there: they carry no header of ours, but browsers say which page sends them."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
REFUSED_SOCKET = 1008


class StudioHeaders:
    """Adds the security headers to every answer; a route that sets one of them itself knows better."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, so that streams stay streams."""

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class Gate:
    """Refuses, before anything is read, what no honest browser of ours sends.

    Host names that are not ours (DNS rebinding), connections from elsewhere when only this machine may connect, changes
    and sockets that another site asks for, and operators' addresses from anywhere but this machine.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.local = settings.sign_in == sign_in.LOCAL
        self.here_only = settings.sign_in != sign_in.OIDC
        self.hosts = sign_in.hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 403 itself, or hands on."""
        if scope["type"] not in ("http", "websocket") or not (reason := self._reason(scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await sentence(reason, 403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": REFUSED_SOCKET, "reason": reason})

    def _reason(self, scope: Scope) -> str | None:
        path, host = scope["path"], Headers(scope=scope).get("host", "")
        if self.local and not is_local_name(host):
            return "In local mode Image Studio answers only to localhost and 127.0.0.1."
        if self.hosts and not is_local_name(host) and _name(host) not in self.hosts:
            return "Image Studio does not answer to this name. Whoever runs it can add it to ALLOWED_HOSTS."
        if self.here_only and not _arrived_here(scope):  # whatever the server was told to listen at
            return "Image Studio answers only to this machine: there is no sign-in of its own."
        if path.startswith(OPERATORS) and not from_this_machine(scope):
            return "This address answers only to programs on the same machine."
        if not _ours(scope):
            return "This request did not come from a page of Image Studio. Reload the page and try again."
        return None


class Sentences:
    """Turns errors into answers: ours into their own sentence, unforeseen ones into a number that the log knows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only while nothing of the answer was sent; after that the connection is cut, and the reader sees it."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] in ("http.response.start", "websocket.accept")
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is there to read an answer
        except Exception as error:
            answer = _answer(error)
            if started or scope["type"] != "http":
                raise
            await answer(scope, receive, send)


def local_identity(studio: Studio) -> Identify:
    """Who is asking in local mode: the one person, when the request was sent to this machine's own name."""

    def identify(connection: HTTPConnection) -> Person:
        if not is_local_name(connection.headers.get("host", "")):
            raise HTTPException(403, "In local mode Image Studio answers only to localhost and 127.0.0.1.")
        return access.local_person(studio)

    return identify


def identity(studio: Studio, claims: Claimed) -> Identify:
    """Who is asking, as the mode of this studio tells; `claims` reads what our cookie of a sign-in says."""
    settings = studio.settings
    if settings.sign_in == sign_in.LOCAL:
        return local_identity(studio)

    def identify(connection: HTTPConnection) -> Person:
        by_proxy = settings.sign_in == sign_in.PROXY
        headers = connection.headers
        told = sign_in.from_headers(settings, headers.getlist) if by_proxy else claims(connection.cookies)
        try:
            return sign_in.person(studio, told)
        except sign_in.SignedOut as error:
            raise HTTPException(401, str(error)) from None
        except Refused as error:
            raise HTTPException(403, str(error)) from None

    return identify


def sentence(text: str, status: int) -> Response:
    """A JSON answer that says what happened; never cached."""
    return JSONResponse({"error": text}, status, FRESH)


def is_local_name(host: str) -> bool:
    """True when a Host header names this machine: localhost or a loopback address, with or without a port."""
    named = _HOST.fullmatch(host)
    name = named[1].strip("[]").lower() if named else ""
    return name == "localhost" or _is_loopback(name)


def from_this_machine(scope: Scope) -> bool:
    """True when the sender is a program here that speaks for itself; a proxy here speaks for somebody else."""
    headers = Headers(scope=scope)
    forwarded = "x-forwarded-for" in headers or "forwarded" in headers
    return bool(scope.get("client")) and _is_loopback(scope["client"][0]) and not forwarded


def _arrived_here(scope: Scope) -> bool:
    """True when this came in at a loopback address, or at a socket that is a file."""
    server = scope.get("server")
    return not server or not server[0] or sign_in.is_loopback(server[0])


def _name(host: str) -> str:
    """Without the port."""
    named = _HOST.fullmatch(host)
    return named[1].lower() if named else ""


def same_origin(scope: Scope) -> bool:
    """True when the page that sends this has our own host name and port."""
    headers = Headers(scope=scope)
    scheme, _, origin = headers.get("origin", "").partition("://")
    return scheme in ("http", "https") and origin.lower() == headers.get("host", "").lower() != ""


def _ours(scope: Scope) -> bool:
    """Streamlit's socket takes any port of this machine for ours, and in local mode whoever has it is the person."""
    headers, ours = Headers(scope=scope), scope["path"].startswith("/api/")
    if scope["type"] == "websocket":  # it carries no header of ours, but browsers always say where it comes from
        return same_origin(scope) or not (ours or "origin" in headers)
    if not ours or scope["method"] in SAFE_METHODS:
        return True
    if "origin" not in headers:
        return headers.get("x-studio") == "1"
    return same_origin(scope) and (headers.get("x-studio") == "1" or scope["path"] in FORMS)


def _answer(error: Exception) -> Response:
    if isinstance(error, StudioError):
        return sentence(str(error), next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400))
    return sentence(log.apology(error), 500)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
