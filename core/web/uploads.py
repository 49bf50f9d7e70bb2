"""Pictures from a person's disk, clipboard or brush: POST /api/uploads, as a form's file or as the plain body."""

import anyio
from anyio.to_thread import run_sync
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from core import pictures, uploads
from core.errors import Refused
from core.studio import Studio
from core.web import security
from core.web.security import Identify

MOST = pictures.UPLOAD_BYTES
READ_ON = 4 * MOST
"""A browser shows our sentence only when it may finish sending, so a little too much is read and thrown away."""
AROUND = 4_096
"""Bytes that a form may add around its file."""
AT_ONCE = 2


class TooLarge(Refused):
    """More bytes than we take."""


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """Where uploads go."""
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def take(request: Request) -> Response:
        person = await run_sync(identify, request)
        try:
            data, role = await _picture(request)
        except TooLarge as error:
            return security.sentence(str(error), 413)
        image = await run_sync(uploads.upload, studio, person, data, role, limiter=limiter)
        return JSONResponse(
            {"id": image.id, "w": image.width, "h": image.height, "placeholder": image.placeholder}, 201
        )

    return [Route("/api/uploads", take, methods=["POST"])]


async def _picture(request: Request) -> tuple[bytes, str]:
    """The file's bytes and what it is meant for: query `role`, or the form's field of that name."""
    body = await _body(request)
    role = request.query_params.get("role", "")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return body, role
    try:
        async with Request(request.scope, _replay(body)).form(max_files=1, max_fields=4) as form:
            file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
            return await file.read() if file else b"", str(form.get("role", role))
    except HTTPException as error:
        raise Refused("This form cannot be read. Send one picture in it.") from error


async def _body(request: Request) -> bytes:
    """Everything that was sent, counted while it comes: a length in a header is only a claim."""
    claimed = request.headers.get("content-length", "")
    body, seen = bytearray(), 0
    if claimed.isdecimal() and int(claimed) > READ_ON:
        raise _too_large()
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > READ_ON:
            raise _too_large()
        if seen <= MOST + AROUND:
            body += chunk
    if seen > MOST + AROUND:
        raise _too_large()
    return bytes(body)


def _too_large() -> TooLarge:
    return TooLarge(f"This picture is larger than {MOST // 1_000_000} MB. Make it smaller and try again.")


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
