"""Parts of a file: what a Range header asks for, and the answer that holds it."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True)
class Part:
    """Which bytes are sent, and how the answer says so."""

    status: int
    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last + 1 - self.first

    def response(self, data: bytes, headers: dict[str, str]) -> Response:
        """The answer with exactly these bytes."""
        place = {200: None, 206: f"bytes {self.first}-{self.last}/{self.size}", 416: f"bytes */{self.size}"}[
            self.status
        ]
        ranged = {"Content-Range": place} if place else {}
        return Response(data, self.status, {"Accept-Ranges": "bytes", **headers, **ranged})


def wanted(request: Request, size: int, etag: str) -> Part:
    """The whole, or the one range that was asked for; several ranges at once get the whole, as the RFC allows."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if not asked or asked[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return Part(200, 0, size - 1, size)
    first, last = _bounds(asked[1], asked[2], size)
    return Part(206, first, last, size) if first <= last else Part(416, 0, -1, size)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """The first and last byte; first > last when there is nothing there. "-5" means the last five."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size), size - 1)
