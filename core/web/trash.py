"""What is in the trash, for the same grid as the gallery's: pages, the shape of all, ids, and where a day begins."""

from datetime import timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import trash
from core.studio import Studio
from core.web import asked, words
from core.web.security import FRESH, Identify


def routes(studio: Studio, identify: Identify, catalogues: Path) -> list[Route]:
    """`/api/trash?after=&limit=` its rows, `/layout` its shape, `/ids?after=&limit=` only ids, and `/place?on=&tz=` how
    many images were thrown away after a day."""

    def rows(request: Request) -> Response:
        page = trash.contents(studio, identify(request), asked.after(request), asked.limit(request, trash.PAGE))
        said = words.of(request, catalogues)
        return JSONResponse(trash.wire(page, said.text, said.plural), headers=FRESH)

    def layout(request: Request) -> Response:
        person = identify(request)
        return asked.changed(request, trash.mark(studio, person), lambda: trash.layout(studio, person))

    def ids(request: Request) -> Response:
        after, limit = asked.after(request), asked.limit(request, trash.MOST)
        return JSONResponse(list(trash.ids(studio, identify(request), after, limit)), headers=FRESH)

    def place(request: Request) -> Response:
        at = asked.day(request) + timedelta(days=1)
        return JSONResponse(trash.place(studio, identify(request), at), headers=FRESH)

    return [
        Route("/api/trash", rows),
        Route("/api/trash/layout", layout),
        Route("/api/trash/ids", ids),
        Route("/api/trash/place", place),
    ]
