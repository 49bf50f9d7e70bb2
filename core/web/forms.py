"""Forms that a page of ours sends: their fields, read up to a size and no further."""

from urllib.parse import parse_qs

from starlette.requests import Request

from core.errors import Refused

MOST_FIELDS = 20


async def fields(request: Request, most: int, too_much: str) -> dict[str, str]:
    """Each field's last value. Raises Refused, with the sentence `too_much`, for more than `most` bytes or more than
    MOST_FIELDS."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(too_much)
    try:
        found = parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # more fields
        raise Refused(too_much) from None
    return {name: values[-1] for name, values in found.items()}
