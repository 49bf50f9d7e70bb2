"""Ten thousand damaged pictures: each is kept whole or refused with a sentence, and nothing else ever happens."""

import random
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from core import metrics, pictures
from core.errors import Refused

# Pillow warns about the damage it finds in EXIF blocks.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")

MUTANTS = 10_000
PARTS = 10
OTHERS = (pictures.clean, pictures.size, pictures.preview, pictures.as_png)
EXTREMES = [b"\0", b"\xff", b"\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80\0\0\0"]


def _encoded(im, kind, **options):
    out = BytesIO()
    im.save(out, kind, **options)
    return out.getvalue()


def _corpus():
    """Small pictures that together use most of what the four formats can say."""
    rgb = Image.frombytes("RGB", (24, 16), random.Random(3).randbytes(24 * 16 * 3))
    clear = rgb.copy()
    clear.putalpha(Image.linear_gradient("L").resize(rgb.size))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    extras = {"icc_profile": profile, "exif": exif}
    moving = {"save_all": True, "append_images": [rgb.transpose(Image.Transpose.ROTATE_180)]}
    return [
        *(_encoded(im, "PNG") for im in (rgb, clear, rgb.convert("L"), rgb.convert("1"), clear.convert("LA"))),
        _encoded(rgb.quantize(8), "PNG", transparency=3),
        _encoded(Image.new("I;16", (24, 16), 999), "PNG"),
        _encoded(rgb, "PNG", **extras),
        _encoded(rgb, "PNG", **moving),
        _encoded(rgb, "JPEG", **extras),
        _encoded(rgb, "JPEG", progressive=True, optimize=True),
        _encoded(rgb, "JPEG", restart_marker_blocks=1, subsampling=0),
        _encoded(rgb.convert("CMYK"), "JPEG"),
        _encoded(rgb.convert("L"), "JPEG"),
        _encoded(rgb, "WEBP", **extras),
        _encoded(clear, "WEBP", lossless=True),
        _encoded(clear, "WEBP"),
        _encoded(rgb, "WEBP", **moving),
        _encoded(rgb, "AVIF", speed=10, **extras),
        _encoded(clear, "AVIF", speed=10),
    ]


def _mutant(chance, corpus):
    """One to four changes: bits, bytes and lengths in place, cuts, doubled and foreign stretches."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(max(1, len(data)))
        long = chance.choice([1, 2, 4, 16, 200])
        match chance.randrange(8):
            case 0 | 1:
                data[at : at + 1] = bytes([data[at] ^ (1 << chance.randrange(8))]) if data else b""
            case 2:
                data[at : at + 1] = chance.randbytes(1)
            case 3:
                extreme = chance.choice(EXTREMES)
                data[at : at + len(extreme)] = extreme
            case 4:
                del data[at : at + long]
            case 5:
                data[at:at] = data[at : at + long]
            case 6:
                other = chance.choice(corpus)
                start = chance.randrange(len(other))
                data[at : at + long] = other[start : start + long]
            case 7 if chance.random() < 0.3:
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_picture_is_kept_or_refused(part):
    corpus, chance = _corpus(), random.Random(part)
    ends, crashed = {"kept": 0, "refused": 0}, metrics.CRASHED._value.get()

    for _ in range(MUTANTS // PARTS):
        data = _mutant(chance, corpus)
        try:
            kept = pictures.keep(data)
        except Refused as refusal:
            assert str(refusal).endswith(".")
            ends["refused"] += 1
        else:
            _is_whole(kept, data)
            ends["kept"] += 1

    assert min(ends.values()) > MUTANTS // PARTS // 10, ends  # both ends are really reached
    assert metrics.CRASHED._value.get() == crashed


def _is_whole(kept, data):
    assert kept.original == data
    assert kept.width > 0 and kept.height > 0
    assert set(kept.thumbs) == {256, 512}
    assert all(pictures.sniff(thumb) == "image/webp" for thumb in kept.thumbs.values())
    wide = Image.open(BytesIO(kept.thumbs[512]))
    assert (wide.width >= wide.height) == (kept.width >= kept.height)


@pytest.mark.parametrize("look", OTHERS, ids=lambda look: look.__name__)
def test_the_other_ways_in_answer_or_refuse_as_well(look):
    corpus, chance = _corpus(), random.Random(look.__name__)
    answered = 0

    for _ in range(400):
        try:
            look(_mutant(chance, corpus))
            answered += 1
        except Refused:
            pass

    assert 40 < answered < 400


def test_noise_behind_the_right_first_bytes_is_refused():
    chance = random.Random(7)
    starts = [data[: chance.randint(4, 40)] for data in _corpus() for _ in range(20)]

    for start in starts:
        with pytest.raises(Refused):
            pictures.keep(start + chance.randbytes(300))
