"""The gallery's rows for the grid: pages, the shape of the whole, and one image's details, as JSON."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import detail, gallery
from core.errors import Refused
from core.studio import Studio
from core.web.security import Identify

FRESH = {"Cache-Control": "no-store"}


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """`/api/gallery?after=&limit=`, `/api/gallery/layout` and `/api/gallery/<image>?placed`."""

    def rows(request: Request) -> Response:
        after = request.query_params.get("after") or None
        page = gallery.page(studio, identify(request), after, _limit(request))
        return JSONResponse(page.wire(), headers=FRESH)

    def layout(request: Request) -> Response:
        person = identify(request)
        known = gallery.revision(studio, person)
        headers = {"Cache-Control": "private, no-cache", "ETag": f'W/"{known}"'}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return JSONResponse(gallery.layout(studio, person).wire(), headers=headers)

    def one(request: Request) -> Response:
        placed = "placed" in request.query_params
        found = detail.of_image(studio, identify(request), request.path_params["image"], placed=placed)
        return JSONResponse(found.wire(), headers=FRESH)

    return [
        Route("/api/gallery", rows),
        Route("/api/gallery/layout", layout),
        Route("/api/gallery/{image}", one),
    ]


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", str(gallery.PAGE))
    if not given.isdecimal() or len(given) > len(str(gallery.PAGE)):
        raise Refused(f"A page of the gallery has 1 to {gallery.PAGE} images. Ask for a number of them.")
    return int(given)
