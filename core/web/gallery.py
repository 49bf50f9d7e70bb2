"""The gallery's rows for the grid: pages, the shape of the whole, and one image's details, as JSON."""

from datetime import datetime, timedelta, tzinfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import detail, gallery, line, zones
from core.access import Person
from core.errors import Refused
from core.gallery import Wanted
from core.studio import Studio
from core.web.security import Identify

FRESH = {"Cache-Control": "no-store"}


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """What is there of `?q=` (a query line) in the time zone `&tz=`; without one, everything.

    `/api/gallery?after=&limit=` its rows, `/layout` its shape, `/ids?after=&limit=` only ids, `/place?on=` where a day
    begins, and `/api/gallery/<image>` all about one; `?placed` adds where it stands.
    """

    def rows(request: Request) -> Response:
        person = identify(request)
        page = gallery.page(studio, person, _after(request), _limit(request), _wanted(studio, person, request))
        return JSONResponse(page.wire(), headers=FRESH)

    def layout(request: Request) -> Response:
        person = identify(request)
        wanted = _wanted(studio, person, request)
        headers = {"Cache-Control": "private, no-cache", "ETag": f'W/"{gallery.revision(studio, person, wanted)}"'}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return JSONResponse(gallery.layout(studio, person, wanted).wire(), headers=headers)

    def ids(request: Request) -> Response:
        person = identify(request)
        wanted, limit = _wanted(studio, person, request), _limit(request, gallery.MOST)
        return JSONResponse(gallery.ids(studio, person, wanted, _after(request), limit), headers=FRESH)

    def place(request: Request) -> Response:
        person = identify(request)
        wanted = _wanted(studio, person, request)
        day = _day(request.query_params.get("on", ""), _zone(request))
        at = day if wanted.sort == "oldest" else day + timedelta(days=1)
        return JSONResponse(gallery.place(studio, person, at, wanted), headers=FRESH)

    def one(request: Request) -> Response:
        placed = "placed" in request.query_params
        found = detail.of_image(studio, identify(request), request.path_params["image"], placed=placed)
        return JSONResponse(found.wire(), headers=FRESH)

    return [
        Route("/api/gallery", rows),
        Route("/api/gallery/layout", layout),
        Route("/api/gallery/ids", ids),
        Route("/api/gallery/place", place),
        Route("/api/gallery/{image}", one),
    ]


def _wanted(studio: Studio, person: Person, request: Request) -> Wanted:
    q = request.query_params.get("q", "")
    return line.read(studio, person, q, _zone(request)) if q else gallery.EVERYTHING


def _zone(request: Request) -> tzinfo:
    return zones.named(request.query_params.get("tz"))


def _after(request: Request) -> str | None:
    return request.query_params.get("after") or None


def _limit(request: Request, most: int = gallery.PAGE) -> int:
    given = request.query_params.get("limit", str(most))
    if not given.isdecimal() or len(given) > len(str(most)) or not 1 <= int(given) <= most:
        raise Refused(f"A page of the gallery has 1 to {most:,} images. Ask for fewer at once.")
    return int(given)


def _day(given: str, zone: tzinfo) -> datetime:
    try:
        return datetime.fromisoformat(given[:10]).replace(tzinfo=zone)
    except ValueError:
        raise Refused("A day is written as 2026-11-21. Pick one from the calendar.") from None
