"""A conversation's images as JSON: its map, with what each turn changed, and the strip of all of them."""

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import lineage, strip
from core.studio import Studio
from core.web.security import Identify


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """`/api/conversations/<id>/lineage` and `/api/conversations/<id>/strip`."""

    def tree(request: Request) -> Response:
        found = lineage.tree(studio, identify(request), request.path_params["conversation"])
        return _fresh(request, found.wire(studio.catalogue))

    def frames(request: Request) -> Response:
        found = strip.frames(studio, identify(request), request.path_params["conversation"])
        return _fresh(request, {"images": [frame.wire(studio.catalogue) for frame in found]})

    return [
        Route("/api/conversations/{conversation}/lineage", tree),
        Route("/api/conversations/{conversation}/strip", frames),
    ]


def _fresh(request: Request, found: dict[str, Any]) -> Response:
    """A browser that has it already is told so."""
    body = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Cache-Control": "private, no-cache", "ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type="application/json")
