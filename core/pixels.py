"""What is made of a picture's pixels, by decoders that read what strangers sent: only ever run by `core.unpacker`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import AvifImagePlugin, ExifTags, Image, ImageCms, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from core import scans
from core.errors import Refused
from core.kinds import FORMATS, MAX_PIXELS, MAX_SIDE, sniff

_TOO_LARGE = "This picture has more than 40 megapixels or 16,384 pixels a side. Make it smaller and try again."

_TOO_MUCH = "This picture takes more memory to open than we allow. Save it anew as a usual picture and try again."

# Pillow then refuses from twice this size by itself; between the two we do, in `_opened`.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# PNG's default level 6 costs 1.7 s at 4 Mpx and saves little.
_SAVE = {"PNG": {"compress_level": 1}, "JPEG": {"quality": 92, "subsampling": 0}, "WEBP": {"quality": 92, "method": 2}}

# The longest a thumbnail gets, in short edges: a panorama of 160:1 is still a small file.
_LONGEST = 3

# What undoes the EXIF orientations 2 to 8: flips, turns and both.
_UNDO = [Image.Transpose(how) for how in (0, 3, 1, 5, 4, 6, 2)]


Traces = tuple[tuple[int, int], int, bytes, bytes, bytes]
"""Width and height as people see them, dHash, a tiny WebP, thumbnails of 512 and of 256."""


def ready() -> None:
    """Load every part of the library that may be needed: a process that unpacks can read no file any more."""
    Image.preinit()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 2  # each takes addresses for memory of its own, and those are limited
    for later in (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin):  # it would look for these when it meets them
        assert later


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a decoder says about bytes from outside becomes one sentence for the person."""
    try:
        yield
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(_TOO_LARGE) from None
    except MemoryError:
        raise Refused(_TOO_MUCH) from None
    except Exception as error:  # decoders raise a dozen kinds on damaged bytes, and none may pass here
        raise Refused("This picture is damaged or incomplete and cannot be opened.") from error


@_refusing()
def traces(data: bytes) -> Traces:
    """Decode a picture completely once and derive everything that is stored beside it; of its first frame. Raises
    Refused."""
    im, _ = _opened(data)
    full = im.size
    large = _pixels(im, _short_edge(im.size, 512))
    small = large.resize(_short_edge(large.size, 256), Image.Resampling.BOX)
    thumbs = [_encoded(one, "WEBP", quality=80) for one in (large, small)]
    return _seen(im, full), _dhash(small), _tiny(small), thumbs[0], thumbs[1]


@_refusing()
def clean(data: bytes) -> bytes:
    """An upload made anew from its pixels: upright, sRGB, without EXIF, place, comments or anything appended.

    PNG stays PNG, JPEG stays JPEG, WebP and AVIF become WebP (PNG where WebP cannot be so long). Raises Refused.
    """
    im, mime = _opened(data)
    kind = "WEBP" if mime == "image/avif" else FORMATS[mime][0]
    return _encoded(_pixels(im), "PNG" if kind == "WEBP" and max(im.size) == MAX_SIDE else kind)


@_refusing()
def size(data: bytes) -> tuple[int, int]:
    """Width and height as people see them, from the header alone. Raises Refused."""
    im, _ = _opened(data)
    return _seen(im, im.size)


@_refusing()
def alpha_mask(mask: bytes, width: int, height: int) -> bytes:
    """Our mask (white = change) as an RGBA PNG of exactly this size: transparent = change, opaque = keep.

    OpenAI's polarity. Raises Refused when the mask cannot be read.
    """
    white = _white(mask, width, height)
    black = Image.new("L", white.size, 0)
    return _encoded(Image.merge("RGBA", (black, black, black, ImageOps.invert(white))), "PNG")


@_refusing()
def grey_mask(mask: bytes, width: int, height: int) -> bytes:
    """Our mask as a one-channel PNG of exactly this size: 255 = change, 0 = keep, nothing between.

    AUTOMATIC1111's polarity. Raises Refused when the mask cannot be read.
    """
    return _encoded(_white(mask, width, height), "PNG")


@_refusing()
def fitted(data: bytes, width: int, height: int) -> bytes:
    """As a PNG of exactly this size: scaled to cover it, the rest cut evenly from both sides. Raises Refused."""
    im, _ = _opened(data)
    return _encoded(ImageOps.fit(_pixels(im), (width, height), Image.Resampling.LANCZOS), "PNG")


@_refusing()
def preview(data: bytes, long_edge: int) -> bytes:
    """For the lightbox: at most `long_edge` pixels, progressive JPEG, or WebP when transparent. Raises Refused."""
    im, _ = _opened(data)
    shown = _pixels(im, _scaled(im.size, long_edge / max(im.size)))
    if shown.mode == "RGBA":
        return _encoded(shown, "WEBP", quality=82)
    return _encoded(shown, "JPEG", quality=82, subsampling=2, progressive=True)


@_refusing()
def as_png(data: bytes) -> bytes:
    """The same picture as a PNG: upright, sRGB, 8 bits, without metadata. Raises Refused."""
    im, _ = _opened(data)
    return _encoded(_pixels(im), "PNG")


@_refusing()
def cropped(data: bytes, parts: Sequence[tuple[tuple[float, float, float, float], tuple[int, int]]]) -> list[bytes]:
    """Parts (left, top, right, bottom), each scaled to a size, as JPEGs; transparent is white. Raises Refused."""
    im, _ = _opened(data)
    shown = _on(_pixels(im), "white")
    cut = (shown.resize(target, Image.Resampling.LANCZOS, box=corners) for corners, target in parts)
    return [_encoded(part, "JPEG", quality=90, optimize=True) for part in cut]


def _opened(data: bytes) -> tuple[Image.Image, str]:
    """Only the header is read here, so that a bomb is refused before it is unpacked."""
    mime = sniff(data)
    if mime is None:
        raise Refused("This is not a PNG, JPEG, WebP or AVIF picture. Save it as one of these and try again.")
    im = Image.open(BytesIO(data), formats=[FORMATS[mime][0]])
    if im.width * im.height > MAX_PIXELS or max(im.size) > MAX_SIDE:
        raise Refused(_TOO_LARGE)
    if mime == "image/jpeg" and scans.count(data) > scans.MOST:
        raise Refused("This JPEG is made of too many scans. Save it again as a usual JPEG and try again.")
    return im, mime


def _short_edge(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """Sized by the short edge, or a 16:9 picture goes soft when a tile cuts it square."""
    return _scaled(size, min(edge / min(size), _LONGEST * edge / max(size)))


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    factor = min(1.0, factor)  # never larger than it is
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _pixels(im: Image.Image, target: tuple[int, int] | None = None) -> Image.Image:
    """Decode completely and give RGB or RGBA pixels: upright, sRGB, nothing else attached.

    Scaling comes before the costly colour conversion; `draft` lets a JPEG decode at a fraction of its size.
    """
    if target:
        im.draft("", (target[0] * 2, target[1] * 2))
    im.load()
    profile, orientation = im.info.get("icc_profile"), _orientation(im)
    flat = _eight_bits(im)
    if target and target != flat.size:
        flat = flat.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)
    upright = flat.transpose(_UNDO[orientation - 2]) if 2 <= orientation <= 8 else flat
    shown = _srgb(upright, profile)
    if shown.mode == "RGBA" and shown.getchannel("A").getextrema() == (255, 255):
        shown = shown.convert("RGB")
    shown.info = {}
    return shown


def _eight_bits(im: Image.Image) -> Image.Image:
    """Channels of 8 bits that can be scaled: L, RGB, CMYK or RGBA."""
    if im.mode.startswith("I"):
        return im.convert("I").point(lambda value: value / 257).convert("L")
    if im.has_transparency_data:
        return im.convert("RGBA")
    return im if im.mode in ("L", "RGB", "CMYK") else im.convert("RGB")


def _srgb(im: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if im.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(im, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return converted or im.convert(mode)
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a profile that is broken or for other channels: the picture itself is still good
    return im.convert(mode)


def _seen(im: Image.Image, stored: tuple[int, int]) -> tuple[int, int]:
    return (stored[1], stored[0]) if 5 <= _orientation(im) <= 8 else stored


def _orientation(im: Image.Image) -> int:
    try:
        # The PNG class would decode the whole picture here to look for a chunk behind it; browsers do not either.
        return int(Image.Image.getexif(im).get(ExifTags.Base.Orientation, 1))
    except Exception:  # a damaged EXIF block is no reason to lose the picture
        return 1


def _encoded(im: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    im.save(out, kind, **{**_SAVE[kind], **options})
    return out.getvalue()


def _on(im: Image.Image, ground: str) -> Image.Image:
    """Of RGB or RGBA pixels, with the ground where they are transparent."""
    if im.mode == "RGB":
        return im
    return Image.alpha_composite(Image.new("RGBA", im.size, ground), im).convert("RGB")


def _white(mask: bytes, width: int, height: int) -> Image.Image:
    """255 where the mask is nearer to white than to black; what is transparent was not painted."""
    im, _ = _opened(mask)
    grey = _on(_pixels(im), "black").convert("L").resize((width, height), Image.Resampling.BILINEAR)
    return grey.point([0] * 128 + [255] * 128)


def _dhash(im: Image.Image) -> int:
    """Is each of 8 x 8 places darker than its right neighbour?"""
    grey = _on(im, "white").convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = "".join("01"[grey[row * 9 + column] < grey[row * 9 + column + 1]] for row in range(8) for column in range(8))
    return int(bits, 2) - (1 << 64 if bits[0] == "1" else 0)


def _tiny(im: Image.Image) -> bytes:
    return _encoded(im.resize(_scaled(im.size, 16 / max(im.size)), Image.Resampling.BOX), "WEBP", quality=30)


# To have something else made of pixels, add it here, and a function of that name to `core.pictures`.
VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb for verb in (traces, clean, size, alpha_mask, grey_mask, fitted, preview, as_png, cropped)
}
