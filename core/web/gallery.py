"""The gallery's rows for the grid: pages, the shape of the whole, and one image's details, as JSON."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import detail, gallery, line, trash, tree
from core.access import Person
from core.gallery import Wanted
from core.studio import Studio
from core.web import asked
from core.web.security import FRESH, Identify


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """What is there of `?q=` (a query line) in the time zone `&tz=`; without one, everything.

    `/api/gallery?after=&limit=` its rows, `/layout` its shape, `/ids?after=&limit=` only ids, `/place?on=` where a day
    begins, and `/api/gallery/<image>` all about one; `?placed` adds where it stands. `/api/gallery/<image>/derived` the
    ids of what could follow it into the trash.
    """

    def rows(request: Request) -> Response:
        person = identify(request)
        page = gallery.page(
            studio, person, asked.after(request), asked.limit(request, gallery.PAGE), _wanted(studio, person, request)
        )
        return JSONResponse(page.wire(), headers=FRESH)

    def layout(request: Request) -> Response:
        person = identify(request)
        wanted = _wanted(studio, person, request)
        mark = gallery.revision(studio, person, wanted)
        return asked.changed(request, mark, lambda: gallery.layout(studio, person, wanted))

    def ids(request: Request) -> Response:
        person = identify(request)
        wanted, limit = _wanted(studio, person, request), asked.limit(request, gallery.MOST)
        return JSONResponse(gallery.ids(studio, person, wanted, asked.after(request), limit), headers=FRESH)

    def place(request: Request) -> Response:
        person = identify(request)
        wanted = _wanted(studio, person, request)
        day = asked.day(request)
        at = day if wanted.sort == "oldest" else day + timedelta(days=1)
        return JSONResponse(gallery.place(studio, person, at, wanted), headers=FRESH)

    def one(request: Request) -> Response:
        placed = "placed" in request.query_params
        person, image = identify(request), request.path_params["image"]
        found = detail.of_image(studio, person, image, placed=placed)
        whole = None if found.practice else tree.of_image(studio, person, image).wire()
        return JSONResponse({**found.wire(), "tree": whole}, headers=FRESH)

    def derived(request: Request) -> Response:
        found = trash.derived(studio, identify(request), [request.path_params["image"]])
        return JSONResponse(list(found), headers=FRESH)

    return [
        Route("/api/gallery", rows),
        Route("/api/gallery/layout", layout),
        Route("/api/gallery/ids", ids),
        Route("/api/gallery/place", place),
        Route("/api/gallery/{image}", one),
        Route("/api/gallery/{image}/derived", derived),
    ]


def _wanted(studio: Studio, person: Person, request: Request) -> Wanted:
    q = request.query_params.get("q", "")
    return line.read(studio, person, q, asked.zone(request)).wanted if q else gallery.EVERYTHING
