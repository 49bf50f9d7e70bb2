"""Crops of a picture for where it is published: always of exact size, always around its focal point."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from core import pictures

QUALITY = 90


@dataclass(frozen=True)
class Crop:
    """A shape that platforms show."""

    name: str
    """As it stands in a file's name."""
    width: int
    height: int

    @property
    def ratio(self) -> str:
        """As people say it: "9:16"."""
        return self.name.replace("x", ":")


# To add a crop, add a line: it is in every kit and beside every image from then on.
CROPS = (
    Crop("1x1", 1080, 1080),
    Crop("4x5", 1080, 1350),
    Crop("9x16", 1080, 1920),
    Crop("16x9", 1920, 1080),
)


@dataclass(frozen=True)
class Box:
    """The part of a picture that a crop shows, in pixels of the picture."""

    left: float
    top: float
    width: float
    height: float


def box(crop: Crop, width: int, height: int, x: float, y: float) -> Box:
    """The largest part of this shape with the focal point (shares from the top left) in its middle, as far as the
    picture reaches."""
    scale = min(width / crop.width, height / crop.height)
    wide, high = crop.width * scale, crop.height * scale
    return Box(_within(x * width - wide / 2, width - wide), _within(y * height - high / 2, height - high), wide, high)


def cut(original: bytes, x: float, y: float) -> Iterator[tuple[Crop, Box, bytes]]:
    """Each crop of a picture as a JPEG, one after the other so that only one is in memory; transparent parts white.

    Raises Refused for bytes that are not a whole picture.
    """
    shown = _opened(original)
    for crop in CROPS:
        part = box(crop, shown.width, shown.height, x, y)
        corners = (part.left, part.top, part.left + part.width, part.top + part.height)
        small = shown.resize((crop.width, crop.height), Image.Resampling.LANCZOS, box=corners)
        out = BytesIO()
        small.save(out, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
        yield crop, part, out.getvalue()


def _opened(original: bytes) -> Image.Image:
    """Upright, sRGB and without metadata, as people see it."""
    shown = Image.open(BytesIO(pictures.as_png(original)), formats=["PNG"])
    if shown.mode != "RGBA":
        return shown.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")


def _within(start: float, room: float) -> float:
    return max(0.0, min(start, room))
