"""Crops of a picture for where it is published: always of exact size, always around its focal point."""

from dataclasses import dataclass

from core import pictures


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

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


def box(crop: Crop, width: int, height: int, x: float, y: float) -> Box:
    """The largest part of this shape with the focal point (shares from the top left) in its middle, as far as the
    picture reaches."""
    scale = min(width / crop.width, height / crop.height)
    wide, high = crop.width * scale, crop.height * scale
    return Box(_within(x * width - wide / 2, width - wide), _within(y * height - high / 2, height - high), wide, high)


def cut(original: bytes, x: float, y: float) -> list[tuple[Crop, Box, bytes]]:
    """Each crop of a picture as a JPEG; transparent parts white. Raises Refused for bytes that are no whole picture.

    All at once, so that the unpacked picture (up to 160 MB) is gone before anybody waits for a slow reader.
    """
    width, height = pictures.size(original)
    parts = [box(crop, width, height, x, y) for crop in CROPS]
    targets = [(crop.width, crop.height) for crop in CROPS]
    made = pictures.cropped(original, list(zip([part.corners for part in parts], targets, strict=True)))
    return list(zip(CROPS, parts, made, strict=True))


def _within(start: float, room: float) -> float:
    return max(0.0, min(start, room))
