"""What stands beside the gallery: counts of all filters for a line, as JSON, and where a line is wrong."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import filters, zones
from core.line import Misread
from core.shelves import Behind
from core.studio import Studio
from core.web import security
from core.web.security import FRESH, Identify

COMING = "The gallery's index is being made. Filters and counts appear in a moment."


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """`/api/find/counts?q=&tz=`; `tz` is the browser's time zone, e.g. "America/Sao_Paulo"."""

    def counts(request: Request) -> Response:
        text = request.query_params.get("q", "")
        zone = zones.named(request.query_params.get("tz"))
        try:
            found = filters.shown(studio, identify(request), text, zone).wire()
        except Misread as wrong:
            return misread(text, wrong)
        except Behind:
            return security.sentence(COMING, 503)
        for place in (*found["pieces"], *found["ways"]):
            place["start"], place["end"] = (_units(text, place[end]) for end in ("start", "end"))
        return JSONResponse(found, headers=FRESH)

    return [Route("/api/find/counts", counts)]


def misread(text: str, wrong: Misread) -> Response:
    """400 with the sentence, the place of the wrong word, as browsers count, and what was probably meant."""
    place = {"start": _units(text, wrong.start), "end": _units(text, wrong.end)}
    return JSONResponse({"error": str(wrong), "meant": wrong.meant, "instead": wrong.instead} | place, 400, FRESH)


def _units(text: str, place: int) -> int:
    """JavaScript counts halves of characters beyond the first 65,536."""
    return place if text.isascii() else len(text[:place].encode("utf-16-le", "surrogatepass")) // 2
