"""What pictures we take, told from their first bytes without unpacking anything."""

import re

MAX_PIXELS = 40_000_000
MAX_SIDE = 16_384
UPLOAD_BYTES = 25_000_000
ORIGINAL_BYTES = 64_000_000
"""What a provider may send back: already paid for, so the limit is wider than for an upload."""

# To allow another format, add a line here (its name in the library, its files' ending) and its first bytes to `sniff`.
FORMATS = {
    "image/png": ("PNG", "png"),
    "image/jpeg": ("JPEG", "jpg"),
    "image/webp": ("WEBP", "webp"),
    "image/avif": ("AVIF", "avif"),
}


def sniff(data: bytes) -> str | None:
    """The mime type by the first bytes, None when it is none of the four we take."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and {b"avif", b"avis"} & set(re.findall(b".{4}", data[8:64], re.DOTALL)):
        return "image/avif"
    return None
