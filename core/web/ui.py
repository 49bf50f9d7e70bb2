"""The screens' own scripts and styles: `/ui/<version>/<file>`, kept by browsers for as long as they do not change.

`/ui/<version>/<name>.bundle.js` is a component in one piece, see core/bundles.py.
"""

import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import bundles
from core.errors import NotFound

TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.(js|css|svg)", re.ASCII)
_BUNDLE = ".bundle.js"
_SHORTEST_VERSION = 8


def routes(folder: Path) -> list[Route]:
    """Files directly in this folder, by plain names only."""

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        data, ending = _read(folder, name)
        digest = hashlib.sha256(data).hexdigest()
        headers = {"ETag": f'"{digest[:32]}"', "Cache-Control": _keeping(request.path_params["version"], digest)}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type=f"{TYPES[ending]}; charset=utf-8")

    return [Route("/ui/{version}/{file}", file)]


def _read(folder: Path, name: str) -> tuple[bytes, str]:
    """The file and its ending. A component's parts are read when it is asked for: that takes a millisecond."""
    of = name.removesuffix(_BUNDLE)
    plain = name if of == name else f"{of}.js"
    ending = _NAME.fullmatch(plain)
    path = folder / plain
    if not ending or path.is_symlink() or not path.is_file():
        raise NotFound("There is no such file.")
    return (path.read_bytes() if of == name else bundles.bundle(folder, of).encode()), ending[1]


def _keeping(version: str, digest: str) -> str:
    """For ever when the address names these very bytes; else a browser asks again, or an upgrade would not show."""
    exact = len(version) >= _SHORTEST_VERSION and digest.startswith(version)
    return "public, max-age=31536000, immutable" if exact else "no-cache"
