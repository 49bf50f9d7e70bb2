"""What addresses of the grid's rows are asked with: where to go on, how many, which day, and what is known already."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core import zones
from core.errors import Refused
from core.line_values import FIRST_YEAR, LAST_YEAR
from core.tiles import Layout


def after(request: Request) -> str | None:
    """The cursor of what was read before, if something was."""
    return request.query_params.get("after") or None


def limit(request: Request, most: int) -> int:
    """How many are wanted. Raises Refused for more than `most`."""
    given = request.query_params.get("limit", str(most))
    if not given.isdecimal() or len(given) > len(str(most)) or not 1 <= int(given) <= most:
        raise Refused(f"A page of images has 1 to {most:,}. Ask for fewer at once.")
    return int(given)


def zone(request: Request) -> tzinfo:
    """The person's time zone."""
    return zones.named(request.query_params.get("tz"))


def day(request: Request) -> datetime:
    """When the day that is asked for begins where the person is. Raises Refused when it is none."""
    try:
        found = datetime.fromisoformat(request.query_params.get("on", "")[:10]).replace(tzinfo=zone(request))
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refused("A day is written as 2026-11-21. Pick one from the calendar.")
    return found


def changed(request: Request, mark: str, layout: Callable[[], Layout]) -> Response:
    """The layout, which is not even made while the browser has the one of this mark."""
    headers = {"Cache-Control": "private, no-cache", "ETag": f'W/"{mark}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return JSONResponse(layout().wire(), headers=headers)
