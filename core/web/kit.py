"""A post's kit as a download: `/api/posts/<id>/kit.zip?images=selected|all`, streamed while it is made."""

from functools import partial

from anyio import from_thread
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import crops, kit
from core.errors import Refused
from core.studio import Studio
from core.web.media import Media
from core.web.security import Identify
from core.web.zipped import zipped


def routes(studio: Studio, identify: Identify, media: Media) -> list[Route]:
    """Add `&alt=missing` to have it although an image has no alt text."""

    def cut(original: bytes, x: float, y: float) -> list[tuple[crops.Crop, crops.Box, bytes]]:
        """From the thread that sends: pictures wait their turn among all that are being unpacked."""
        return from_thread.run(partial(run_sync, crops.cut, original, x, y, limiter=media.limiter))

    def sent(request: Request) -> Response:
        which = request.query_params.get("images", kit.ALL)
        if which not in (kit.SELECTED, kit.ALL):
            raise Refused("A kit holds the selected image or all of them. Ask for one of these.")
        without_alt = request.query_params.get("alt") == "missing"
        found = kit.plan(studio, identify(request), request.path_params["post"], which, without_alt)
        return zipped(found.name, found.stream(cut))

    return [Route("/api/posts/{post}/kit.zip", sent)]
