"""Vendors on loopback: one server that speaks OpenRouter's, OpenAI's, Gemini's and A1111's wire format, troubles too.

    with Vendors(png) as vendors:
        settings = Settings(**vendors.settings())
        vendors.next("429", "500")          # what the next calls meet; after them it behaves well again
        ...
        vendors.calls                       # what really arrived
        vendors.charges                     # what it made and takes money for, whether or not anybody hears of it

Calls for text are kept apart: `texts`, `next_text`, `always_text`. It refuses what the real ones refuse: a wrong key,
a field they do not know, a mask of another size, a loose schema.
"""

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests import vendor_words
from tests.vendor_answers import KEY, REQUEST_ID, good, locked_out, refusal
from tests.vendor_troubles import TROUBLES
from tests.vendor_words import TEXT_TROUBLES

# A server of one's own has no moderation; here it answers like OpenAI, since some wrappers do.
VENDORS = ("openrouter", "openai", "gemini", "a1111")


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    vendor: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def writes(self) -> bool:
        """Whether a text is asked for, and not a picture."""
        return vendor_words.writes(self.path, self.body)

    @property
    def prompt(self) -> str:
        """What the person asked for."""
        if "contents" in self.body:
            return str(self.body["contents"][0]["parts"][0]["text"])
        return str(self.body["messages"][-1]["content"] if self.writes else self.body["prompt"])


@dataclass
class Vendors:
    """A server on a free port; `picture` is what every good answer holds. Also a context manager."""

    picture: bytes
    seconds: float = 0.0
    """How long a good answer takes."""
    longer: Mapping[str, float] = field(default_factory=dict)
    """By vendor, how many seconds more its pictures take."""
    calls: list[Call] = field(default_factory=list)
    """For pictures."""
    texts: list[Call] = field(default_factory=list)
    """For text."""
    charges: list[Call] = field(default_factory=list)
    """One for each picture and text that was made."""
    always: str = ""
    """A trouble that every call for a picture meets, unless `next` says otherwise."""
    always_text: str = ""
    always_check: str = ""
    """A trouble that every check of a prompt meets."""
    checks: list[Call] = field(default_factory=list)
    """Of prompts, before they are sent anywhere."""
    fetched: list[str] = field(default_factory=list)
    """Addresses of pictures here that somebody looked at."""
    violent: str = "knife"
    """A prompt with this word is flagged."""

    def __enter__(self) -> Self:
        self._queue: deque[str] = deque()
        self._text_queue: deque[str] = deque()
        self._check_queue: deque[str] = deque()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.vendors = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self) -> dict[str, Any]:
        """What to give to `Settings` so that every provider is open and talks to this server."""
        return {
            "openrouter_base_url": f"{self.url}/openrouter/api/v1",
            "openrouter_api_key": KEY,
            "openai_base_url": f"{self.url}/openai/v1",
            "openai_api_key": KEY,
            "gemini_base_url": f"{self.url}/gemini/v1beta",
            "gemini_api_key": KEY,
            "a1111_url": f"{self.url}/a1111",
        }

    def next(self, *troubles: str) -> None:
        """What the next calls for pictures meet, one each; "" is a good answer. The names are the keys of TROUBLES."""
        self._queue.extend(troubles)

    def next_text(self, *troubles: str) -> None:
        """The same for text; the names are the keys of TEXT_TROUBLES."""
        self._text_queue.extend(troubles)

    def next_check(self, *troubles: str) -> None:
        """The same for checks of a prompt; the names are the keys of TROUBLES."""
        self._check_queue.extend(troubles)

    def met_check(self) -> str:
        """The trouble that this check of a prompt meets."""
        return self._check_queue.popleft() if self._check_queue else self.always_check

    def met(self, call: Call) -> str:
        """Note that this call arrived. Returns the trouble that it meets."""
        (self.texts if call.writes else self.calls).append(call)
        queue, always = (self._text_queue, self.always_text) if call.writes else (self._queue, self.always)
        return queue.popleft() if queue else always


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    vendors: Vendors


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def vendors(self) -> Vendors:
        return self.server.vendors

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.vendor = self.path.split("/")[1]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.call = call = Call(self.vendor, self.path, headers, json.loads(raw))
        if self.path.endswith("/moderations"):
            self.moderate()
            return
        trouble = self.vendors.met(call)
        refuse, troubles = (vendor_words.refusal, TEXT_TROUBLES) if call.writes else (refusal, TROUBLES)
        # Whoever hangs up on a trouble is right to do so.
        with suppress(ConnectionError):
            if trouble:
                troubles[trouble](self)
            elif no := refuse(self.vendor, call.headers, call.body):
                self.json(*no)
            else:
                more = 0.0 if call.writes else self.vendors.longer.get(self.vendor, 0.0)
                time.sleep(self.vendors.seconds + more)
                self.json(200, self.good())

    def do_GET(self) -> None:
        self.vendors.fetched.append(self.path)
        self.reply(200, self.vendors.picture, {"Content-Type": "image/png"})

    def moderate(self) -> None:
        """Look at a prompt, as OpenAI does."""
        self.vendors.checks.append(self.call)
        trouble = self.vendors.met_check()
        with suppress(ConnectionError):
            if trouble:
                TROUBLES[trouble](self)
            elif no := locked_out(self.vendor, self.call.headers):
                self.json(*no)
            else:
                self.json(200, vendor_words.moderated(self.call.body, self.vendors.violent))

    def good(self) -> dict[str, Any]:
        """Make what was asked for, and charge for it."""
        self.vendors.charges.append(self.call)
        if self.call.writes:
            return vendor_words.good(self.vendor, self.call.body)
        return good(self.vendor, self.vendors.picture, self.call.body.get("seed", -1))

    def json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.reply(status, json.dumps(body).encode(), headers)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Connection": "close",
            "x-request-id": REQUEST_ID,
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def reset(self) -> None:
        """Hang up the hard way, so that the other side cannot take it for an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the tests' output."""
