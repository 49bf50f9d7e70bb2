"""Conversations over HTTP: a screen that is looked at says so."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import conversations
from core.studio import Studio
from core.web.security import Identify


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """`POST /api/conversations/<id>/seen`."""

    def seen(request: Request) -> Response:
        conversations.seen(studio, identify(request), request.path_params["conversation"])
        return Response(status_code=204)

    return [Route("/api/conversations/{conversation}/seen", seen, methods=["POST"])]
