"""The map of a conversation as JSON: every turn, the image that it came from, and what was changed."""

import hashlib
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import lineage
from core.studio import Studio
from core.web.security import Identify


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """`/api/conversations/<id>/lineage`; a browser that has it already is told so."""

    def tree(request: Request) -> Response:
        found = lineage.tree(studio, identify(request), request.path_params["conversation"])
        body = json.dumps(found.wire(studio.catalogue), ensure_ascii=False, separators=(",", ":")).encode()
        digest = hashlib.sha256(body).hexdigest()[:32]
        headers = {"Cache-Control": "private, no-cache", "ETag": f'W/"{digest}"'}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, media_type="application/json")

    return [Route("/api/conversations/{conversation}/lineage", tree)]
