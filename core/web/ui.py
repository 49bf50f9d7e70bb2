"""The screens' own scripts and styles: `/ui/<version>/<file>`, kept by browsers for as long as they do not change."""

import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import NotFound

TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.(js|css|svg)", re.ASCII)
_SHORTEST_VERSION = 8


def routes(folder: Path) -> list[Route]:
    """Files directly in this folder, by plain names only."""

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        ending = _NAME.fullmatch(name)
        path = folder / name
        if not ending or path.is_symlink() or not path.is_file():
            raise NotFound("There is no such file.")
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        headers = {"ETag": f'"{digest[:32]}"', "Cache-Control": _keeping(request.path_params["version"], digest)}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type=f"{TYPES[ending[1]]}; charset=utf-8")

    return [Route("/ui/{version}/{file}", file)]


def _keeping(version: str, digest: str) -> str:
    """For ever when the address names these very bytes; else a browser asks again, or an upgrade would not show."""
    exact = len(version) >= _SHORTEST_VERSION and digest.startswith(version)
    return "public, max-age=31536000, immutable" if exact else "no-cache"
