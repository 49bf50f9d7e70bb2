"""Pictures as bytes: check what came, keep it unchanged, make what people see, and clean what they upload.

Nothing is unpacked in this process: what reads a stranger's bytes does it in a process apart; see `core.apart`.
"""

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from core.apart import unpack
from core.errors import Refused
from core.kinds import FORMATS, MAX_PIXELS, MAX_SIDE, ORIGINAL_BYTES, UPLOAD_BYTES, sniff

__all__ = [
    "MAX_PIXELS",
    "MAX_SIDE",
    "ORIGINAL_BYTES",
    "UPLOAD_BYTES",
    "Kept",
    "alpha_mask",
    "as_png",
    "clean",
    "cropped",
    "fitted",
    "grey_mask",
    "keep",
    "preview",
    "size",
    "sniff",
]


@dataclass(frozen=True)
class Kept:
    """One picture, ready to be stored: the original byte for byte, and what people see of it."""

    original: bytes
    mime: str
    """Sniffed from the bytes; what the sender called it does not matter."""
    ext: str
    width: int
    height: int
    """Pixels as people see them, after the orientation in the file is applied."""
    size: int
    """Length of the original in bytes."""
    sha256: str
    crc32: int
    dhash: int
    """64 bits, signed so that a database keeps them; near duplicates differ in few bits."""
    placeholder: str
    """A data URI of at most 16 pixels a side, shown until the thumbnail is there."""
    thumbs: dict[int, bytes]
    """WebP by the length of its short edge, 256 and 512; never larger than the original."""


def keep(data: bytes, max_bytes: int = ORIGINAL_BYTES) -> Kept:
    """Decode a picture completely once and derive everything that is stored beside it.

    The first frame stands for an animation. Raises Refused, and nothing else about the picture, for bytes that are not
    a whole PNG, JPEG, WebP or AVIF within our limits.
    """
    seen, dhash, tiny, large, small = unpack("traces", _within(data, max_bytes))
    width, height = seen
    mime = sniff(data) or ""
    return Kept(
        original=data,
        mime=mime,
        ext=FORMATS[mime][1],
        width=width,
        height=height,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        crc32=zlib.crc32(data),
        dhash=dhash,
        placeholder="data:image/webp;base64," + base64.b64encode(tiny).decode(),
        thumbs={512: large, 256: small},
    )


def clean(data: bytes) -> bytes:
    """An upload made anew from its pixels: upright, sRGB, without EXIF, place, comments or anything appended.

    PNG stays PNG, JPEG stays JPEG, WebP and AVIF become WebP (PNG where WebP cannot be so long). Raises Refused.
    """
    return bytes(unpack("clean", _within(data, UPLOAD_BYTES)))


def size(data: bytes) -> tuple[int, int]:
    """Width and height as people see them, from the header alone. Raises Refused."""
    width, height = unpack("size", _within(data))
    return width, height


def alpha_mask(mask: bytes, width: int, height: int) -> bytes:
    """Our mask (white = change) as an RGBA PNG of exactly this size: transparent = change, opaque = keep.

    OpenAI's polarity. Raises Refused when the mask cannot be read.
    """
    return bytes(unpack("alpha_mask", _within(mask, UPLOAD_BYTES), width, height))


def grey_mask(mask: bytes, width: int, height: int) -> bytes:
    """Our mask as a one-channel PNG of exactly this size: 255 = change, 0 = keep, nothing between.

    AUTOMATIC1111's polarity. Raises Refused when the mask cannot be read.
    """
    return bytes(unpack("grey_mask", _within(mask, UPLOAD_BYTES), width, height))


def fitted(data: bytes, width: int, height: int) -> bytes:
    """As a PNG of exactly this size: scaled to cover it, the rest cut evenly from both sides. Raises Refused."""
    return bytes(unpack("fitted", _within(data), width, height))


def preview(data: bytes, long_edge: int = 1440) -> bytes:
    """For the lightbox: at most `long_edge` pixels, progressive JPEG, or WebP when transparent. Raises Refused."""
    return bytes(unpack("preview", _within(data), long_edge))


def as_png(data: bytes) -> bytes:
    """The same picture as a PNG: upright, sRGB, 8 bits, without metadata. Raises Refused."""
    return bytes(unpack("as_png", _within(data)))


def cropped(data: bytes, parts: Sequence[tuple[tuple[float, float, float, float], tuple[int, int]]]) -> list[bytes]:
    """Parts (left, top, right, bottom), each scaled to a size, as JPEGs; transparent is white. Raises Refused."""
    return list(unpack("cropped", _within(data), list(parts)))


def _within(data: bytes, max_bytes: int = ORIGINAL_BYTES) -> bytes:
    if len(data) > max_bytes:
        raise Refused(f"This picture is larger than {max_bytes // 1_000_000} MB. Make it smaller and try again.")
    return data
