"""A zip as an answer: a download that is sent while it is made."""

from collections.abc import Iterator
from itertools import chain

from starlette.responses import StreamingResponse


def zipped(name: str, stream: Iterator[bytes], length: int | None = None) -> StreamingResponse:
    """Its first piece is made before anything is answered: what goes wrong until then is said as a sentence."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }
    if length is not None:
        headers["Content-Length"] = str(length)
    return StreamingResponse(chain((next(stream),), stream), headers=headers, media_type="application/zip")
