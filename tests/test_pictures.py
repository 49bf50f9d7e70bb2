"""A picture is kept byte for byte, shown small and upright, cleaned of everything but its pixels, or refused."""

import random
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from core import pictures
from core.errors import Refused

# Pillow warns about damaged EXIF blocks and large headers, which are what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")

FORMATS = ["PNG", "JPEG", "WEBP", "AVIF"]
TURN = Image.Transpose
STORED = {
    2: TURN.FLIP_LEFT_RIGHT,
    3: TURN.ROTATE_180,
    4: TURN.FLIP_TOP_BOTTOM,
    5: TURN.TRANSPOSE,
    6: TURN.ROTATE_90,
    7: TURN.TRANSVERSE,
    8: TURN.ROTATE_270,
}
"""How a camera held this way stores an upright scene."""
RED, BLUE = (220, 30, 20), (20, 30, 220)


def encoded(im, kind, **options):
    out = BytesIO()
    im.save(out, kind, **options)
    return out.getvalue()


def opened(data):
    im = Image.open(BytesIO(data))
    im.load()
    return im


def scene(width=120, height=80, seed=1):
    """Something with large forms, so that a lossy format keeps it recognisable."""
    chance = random.Random(seed)
    tiny = Image.frombytes("RGB", (6, 4), chance.randbytes(72))
    return tiny.resize((width, height), Image.Resampling.BICUBIC)


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(5).randbytes(width * height * 3))


def near(colour, other, by=12):
    return all(abs(a - b) <= by for a, b in zip(colour, other, strict=True))


def png_header(width, height):
    """A PNG of a few hundred bytes that says it is this large."""
    small = encoded(Image.new("L", (1, 1)), "PNG")
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    return small[:12] + header + zlib.crc32(header).to_bytes(4) + small[33:]


# What is kept


@pytest.mark.parametrize("kind", FORMATS)
def test_the_original_is_kept_unchanged_and_measured(kind):
    data = encoded(scene(), kind)

    kept = pictures.keep(data)

    assert kept.original == data
    assert (kept.width, kept.height, kept.size) == (120, 80, len(data))
    assert kept.sha256 == sha256(data).hexdigest()
    assert kept.crc32 == zlib.crc32(data)
    assert (kept.mime, kept.ext) == (f"image/{kind.lower()}", {"JPEG": "jpg"}.get(kind, kind.lower()))


def test_the_type_comes_from_the_bytes():
    sniffed = {kind: pictures.sniff(encoded(scene(), kind)) for kind in FORMATS}

    assert sniffed == {kind: f"image/{kind.lower()}" for kind in FORMATS}
    assert pictures.sniff(b"<html>no picture</html>") is None
    assert pictures.sniff(b"") is None


def test_thumbnails_are_sized_by_the_short_edge():
    kept = pictures.keep(encoded(scene(1600, 900), "PNG"))

    sizes = {edge: opened(thumb).size for edge, thumb in kept.thumbs.items()}

    assert sizes == {512: (910, 512), 256: (455, 256)}
    assert {opened(thumb).format for thumb in kept.thumbs.values()} == {"WEBP"}


def test_a_small_picture_is_not_enlarged():
    kept = pictures.keep(encoded(scene(300, 200), "PNG"))

    assert opened(kept.thumbs[512]).size == (300, 200)


def test_a_panorama_gets_a_thumbnail_of_bounded_length():
    kept = pictures.keep(encoded(scene(9000, 300), "JPEG"))

    assert opened(kept.thumbs[512]).size == (1536, 51)
    assert opened(kept.thumbs[256]).size == (768, 26)


def test_a_jpeg_decoded_small_keeps_its_true_size():
    kept = pictures.keep(encoded(scene(4000, 3000), "JPEG"))

    assert (kept.width, kept.height) == (4000, 3000)
    assert min(opened(kept.thumbs[512]).size) == 512


def test_the_placeholder_is_a_tiny_picture_in_itself():
    placeholder = pictures.keep(encoded(scene(1600, 900), "PNG")).placeholder

    assert placeholder.startswith("data:image/webp;base64,")
    assert len(placeholder) < 300


def test_a_near_duplicate_is_known_by_its_hash():
    one = pictures.keep(encoded(scene(600, 400), "PNG")).dhash
    again = pictures.keep(encoded(scene(600, 400).resize((300, 200)), "JPEG", quality=60)).dhash
    others = [pictures.keep(encoded(scene(600, 400, seed), "PNG")).dhash for seed in range(2, 6)]

    def apart(a, b):
        return ((a ^ b) & (2**64 - 1)).bit_count()

    assert apart(one, again) <= 6
    assert min(apart(one, other) for other in others) > 6
    assert all(-(2**63) <= value < 2**63 for value in [one, *others])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_shown_and_cleaned_upright(orientation):
    upright = Image.new("RGB", (90, 60), BLUE)
    upright.paste(RED, (0, 0, 45, 30))
    stored = upright.transpose(STORED[orientation]) if orientation in STORED else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, "JPEG", quality=95, exif=exif)

    kept, cleaned = pictures.keep(data), opened(pictures.clean(data))

    assert (kept.width, kept.height) == pictures.size(data) == cleaned.size == (90, 60)
    for shown in (opened(kept.thumbs[512]), cleaned):
        assert near(shown.getpixel((10, 10)), RED)
        assert near(shown.getpixel((80, 10)), BLUE)
        assert near(shown.getpixel((10, 50)), BLUE)


def test_unusual_pixels_are_shown_in_their_colours():
    red = Image.new("RGB", (40, 40), RED)
    palette = red.quantize(4)
    deep = Image.new("I;16", (40, 40), 0x8000)
    one_bit = Image.new("1", (40, 40), 1)
    faint = Image.new("LA", (40, 40), (90, 128))

    shown = {name: opened(pictures.keep(data).thumbs[512]) for name, data in {
        "palette": encoded(palette, "PNG"),
        "cmyk": encoded(red.convert("CMYK"), "JPEG", quality=95),
        "deep": encoded(deep, "PNG"),
        "one bit": encoded(one_bit, "PNG"),
        "faint": encoded(faint, "PNG"),
    }.items()}  # fmt: skip

    assert near(shown["palette"].getpixel((20, 20)), RED)
    assert near(shown["cmyk"].getpixel((20, 20)), RED)
    assert near(shown["deep"].getpixel((20, 20)), (128, 128, 128))
    assert near(shown["one bit"].getpixel((20, 20)), (255, 255, 255))
    assert near(shown["faint"].getpixel((20, 20)), (90, 90, 90, 128))


def test_transparency_stays_in_thumbnails():
    clear = Image.new("RGBA", (60, 60), (200, 40, 40, 0))
    clear.paste((200, 40, 40, 255), (0, 0, 30, 60))

    shown = opened(pictures.keep(encoded(clear, "PNG")).thumbs[256])

    assert shown.getpixel((10, 30))[3] == 255
    assert shown.getpixel((55, 30))[3] == 0


def test_an_animation_is_kept_whole_and_shown_by_its_first_frame():
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, BLUE)]

    for kind in ("PNG", "WEBP", "AVIF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        kept = pictures.keep(data)

        assert kept.original == data
        assert near(opened(kept.thumbs[256]).getpixel((20, 20)), RED, by=20)


def _swapped_profile():
    """A colour profile in which red and blue have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"swap", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"swap", b"bXYZ", 1)


@pytest.mark.parametrize("kind", FORMATS)
def test_colours_follow_the_embedded_profile(kind):
    data = encoded(Image.new("RGB", (40, 40), RED), kind, icc_profile=_swapped_profile(), quality=95)

    shown = opened(pictures.keep(data).thumbs[256]), opened(pictures.clean(data)), opened(pictures.as_png(data))

    for im in shown:
        assert near(im.getpixel((20, 20)), (RED[2], RED[1], RED[0]), by=24)
        assert "icc_profile" not in im.info


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*broken", b"Exif\0\0no tiff", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_a_broken_profile_or_exif_block_does_not_cost_the_picture(exif):
    data = encoded(Image.new("RGB", (40, 40), RED), "PNG", icc_profile=b"no profile", exif=exif)

    kept = pictures.keep(data)

    assert near(opened(kept.thumbs[256]).getpixel((20, 20)), RED)


def test_keeping_from_many_threads_gives_the_same():
    data = [encoded(scene(200, 150, seed), kind) for seed in range(4) for kind in FORMATS]
    alone = [pictures.keep(one) for one in data]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(pictures.keep, data))

    assert together == alone


# What is refused


@pytest.mark.parametrize(
    "width, height", [(20_000, 20_000), (9_000, 9_000), (7_000, 6_000), (16_385, 1), (1, 2**31 - 1)]
)
def test_a_bomb_is_refused_from_its_header(width, height):
    for look in (pictures.keep, pictures.clean, pictures.size, pictures.preview, pictures.as_png):
        with pytest.raises(Refused, match="40 megapixels or 16,384"):
            look(png_header(width, height))


def test_too_many_bytes_are_refused_before_they_are_opened():
    heavy = encoded(scene(), "PNG") + bytes(pictures.UPLOAD_BYTES)

    with pytest.raises(Refused, match="larger than 25 MB"):
        pictures.clean(heavy)

    assert pictures.keep(heavy).size == len(heavy)  # from a provider, and paid for
    with pytest.raises(Refused, match="larger than 64 MB"):
        pictures.keep(heavy + bytes(pictures.ORIGINAL_BYTES))


@pytest.mark.parametrize("kind", [*FORMATS, "progressive", "interlaced"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(kind, share):
    grain = noise(96, 96)
    data = (
        encoded(grain, "JPEG", progressive=True)
        if kind == "progressive"
        else encoded(grain, kind if kind in FORMATS else "PNG")
    )

    with pytest.raises(Refused):
        pictures.keep(data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PDF", "EPS", "PPM", "TGA", "PCX", "JPEG2000"])
def test_other_formats_are_refused(kind):
    data = encoded(scene(), kind)

    with pytest.raises(Refused, match="not a PNG, JPEG, WebP or AVIF"):
        pictures.keep(data)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x1cftypavif"]
)
def test_a_beginning_alone_is_refused(data):
    for look in (pictures.keep, pictures.clean, pictures.size, pictures.preview):
        with pytest.raises(Refused):
            look(data)


def test_a_jpeg_of_thousands_of_scans_is_refused():
    data = encoded(scene(64, 64), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    bomb = data[:last] + data[last:-2] * 5000 + b"\xff\xd9"

    with pytest.raises(Refused, match="too many scans"):
        pictures.keep(bomb)


def test_what_follows_a_jpeg_is_not_counted_as_its_scans():
    motion_photo = encoded(scene(), "JPEG") + b"\xff\xda\x00\x02" * 50_000

    assert pictures.keep(motion_photo).original == motion_photo


# What is cleaned

CANARIES = [b"CANARY", b"Exif", b"http://ns.adobe.com/xap", b"Photoshop", b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"XMP "]


def _exif():
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "CANARY description", "CANARY artist"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0), 29: "CANARY"})
    exif.get_ifd(0x8769).update({0x927C: b"CANARY maker note", 0x9286: b"ASCII\0\0\0CANARY user comment"})
    return exif.tobytes()


def _loaded(kind):
    """A picture with everything a camera or an editor hides in this format, and a zip archive behind it."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>CANARY http://ns.adobe.com/xap/1.0/</x:xmpmeta>"
    options = {"exif": _exif()}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("parameters", "CANARY prompt")
        notes.add_text("Comment", "CANARY comment " * 20, zip=True)
        notes.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = notes
    else:
        options["xmp"] = xmp
    if kind == "JPEG":
        options["comment"] = b"CANARY comment"
    data = encoded(scene(), kind, **options)
    if kind == "JPEG":
        iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0bCANARY iptc\0"
        data = data[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2) + iptc + data[2:]
    return data + b"PK\x03\x04CANARY archive"


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_hidden_survives_cleaning(kind):
    data = _loaded(kind)
    assert data.count(b"CANARY") > 4

    made = [pictures.clean(data), pictures.preview(data), pictures.as_png(data), pictures.fitted(data, 64, 64)]
    made += pictures.keep(data).thumbs.values()

    for one in made:
        assert [canary for canary in CANARIES if canary in one] == []
        assert dict(opened(one).getexif()) == {}


def test_cleaning_keeps_the_pixels_of_a_png():
    im = noise(70, 50)

    cleaned = opened(pictures.clean(encoded(im, "PNG")))

    assert cleaned.format == "PNG"
    assert cleaned.tobytes() == im.tobytes()


def test_cleaning_keeps_the_format_or_makes_webp():
    made = {kind: opened(pictures.clean(encoded(scene(), kind))).format for kind in FORMATS}

    assert made == {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WEBP", "AVIF": "WEBP"}


def test_cleaning_twice_changes_nothing_more_in_a_png():
    once = pictures.clean(encoded(scene(), "PNG"))

    assert pictures.clean(once) == once


# What goes to providers and to the lightbox


def _mask():
    """The left half is painted."""
    mask = Image.new("L", (100, 50), 0)
    mask.paste(255, (0, 0, 50, 50))
    return mask


@pytest.mark.parametrize("width, height", [(100, 50), (200, 100), (64, 48), (1024, 768)])
def test_a_mask_is_transparent_where_it_was_painted(width, height):
    made = opened(pictures.alpha_mask(encoded(_mask(), "PNG"), width, height))

    assert (made.format, made.mode, made.size) == ("PNG", "RGBA", (width, height))
    assert set(made.getchannel("A").tobytes()) == {0, 255}
    assert made.getpixel((width // 2 - 2, height // 2))[3] == 0
    assert made.getpixel((width // 2 + 2, height // 2))[3] == 255


@pytest.mark.parametrize("width, height", [(100, 50), (200, 100), (64, 48), (1024, 768)])
def test_a_grey_mask_is_white_where_it_was_painted(width, height):
    made = opened(pictures.grey_mask(encoded(_mask(), "PNG"), width, height))

    assert (made.format, made.mode, made.size) == ("PNG", "L", (width, height))
    assert set(made.tobytes()) == {0, 255}
    assert made.getpixel((width // 2 - 2, height // 2)) == 255
    assert made.getpixel((width // 2 + 2, height // 2)) == 0


def test_what_a_mask_leaves_transparent_was_not_painted():
    mask = Image.new("RGBA", (100, 50), (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 50, 50))

    made = opened(pictures.grey_mask(encoded(mask, "PNG"), 100, 50))

    assert made.tobytes() == _mask().tobytes()


def test_a_mask_that_is_no_picture_is_refused():
    for make in (pictures.alpha_mask, pictures.grey_mask):
        with pytest.raises(Refused):
            make(b"no mask", 64, 64)


def test_a_fitted_picture_covers_the_size_and_is_cut_evenly():
    wide = Image.new("RGB", (300, 100), BLUE)
    wide.paste(RED, (100, 0, 200, 100))

    made = opened(pictures.fitted(encoded(wide, "PNG"), 64, 64))

    assert made.size == (64, 64)
    assert near(made.getpixel((3, 32)), RED)
    assert near(made.getpixel((60, 32)), RED)


def test_a_preview_is_a_progressive_jpeg_of_bounded_length():
    made = opened(pictures.preview(encoded(scene(3000, 1500), "PNG")))

    assert (made.format, made.size) == ("JPEG", (1440, 720))
    assert made.info["progressive"]


def test_a_preview_keeps_transparency():
    made = opened(pictures.preview(encoded(Image.new("RGBA", (50, 50), (255, 0, 0, 100)), "PNG")))

    assert made.format == "WEBP"
    assert made.getpixel((25, 25))[3] == 100


@pytest.mark.parametrize("kind", FORMATS)
def test_any_format_becomes_a_png(kind):
    made = opened(pictures.as_png(encoded(scene(), kind)))

    assert (made.format, made.size) == ("PNG", (120, 80))
