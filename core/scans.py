"""How many scans a JPEG is made of, told without unpacking it."""

import re

# A progressive JPEG has about ten scans. Each one costs a pass over all pixels, so thousands are an attack.
MOST = 100
_SEGMENT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def count(data: bytes) -> int:
    """The scans of the first picture in a JPEG, counted until there are too many; what follows it does not matter."""
    at, found = 2, 0
    while marker := _SEGMENT_MARKER.search(data, at):
        kind = data[marker.start() + 1]
        if kind == 0xD9 or found > MOST:
            break
        found += kind == 0xDA
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return found
