"""Many originals as one download: a form that posts their ids to `/api/downloads` is answered with a zip."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core import access, parcels
from core.access import Person
from core.studio import Studio
from core.web import forms
from core.web.security import Identify
from core.web.zipped import zipped

FORM_BYTES = 40 * access.MOST
"""An id is 32 letters, and what stands between two of them three at most."""
TOO_MUCH = f"One download takes up to {access.MOST:,} images. Choose fewer and download the rest after."


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """The form has one field, `ids`, with blanks or commas between them."""

    def sent(person: Person, ids: list[str]) -> StreamingResponse:
        parcel = parcels.plan(studio, person, ids)
        return zipped(parcel.name, parcel.stream(), parcel.length)

    async def download(request: Request) -> Response:
        person = await run_sync(identify, request)
        form = await forms.fields(request, FORM_BYTES, TOO_MUCH)
        return await run_sync(sent, person, form.get("ids", "").replace(",", " ").split())

    return [Route("/api/downloads", download, methods=["POST"])]
