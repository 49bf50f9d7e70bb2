"""Files that pretend: whatever is called a picture is made anew from its pixels, or refused, and costs little."""

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO

import httpx
import pytest
from PIL import Image, PngImagePlugin

from core import access, pictures, pixels
from core.access import Person
from core.errors import Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import serving
from tests.serving import Served

SCRIPT = b"<script>CANARY</script>"
# Pillow warns about the damage it finds.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")

TYPES = ("image/png", "image/jpeg", "image/webp")
CALLED = [
    ("x.html", "text/html"),
    ("x.svg", "image/svg+xml"),
    ("x.js", "text/javascript"),
    ("x.png", "image/png"),
    ("x.php.jpg", "application/x-httpd-php"),
    ("x", "application/octet-stream"),
]


def saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (48, 32), **options: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(*chunks: bytes) -> bytes:
    """A good PNG with these between its header and its pixels."""
    good = saved("PNG")
    return good[:33] + b"".join(chunks) + good[33:]


def told() -> PngImagePlugin.PngInfo:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    notes.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    return notes


PRETENDING: dict[str, tuple[bytes, bool]] = {
    "a page": (b"<!doctype html>" + SCRIPT, False),
    "a page with a PNG's beginning": (b"\x89PNG\r\n\x1a\n" + SCRIPT, False),
    "a page with a JPEG's beginning": (b"\xff\xd8\xff\xe0" + SCRIPT, False),
    "a page with a WebP's beginning": (b"RIFF\xff\0\0\0WEBP" + SCRIPT, False),
    "a drawing with a script": (b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", False),
    "a drawing that says it is XML": (b"<?xml version='1.0'?><svg onload='CANARY'/>", False),
    "a GIF that is a script": (b"GIF89a/*" + saved("GIF")[8:] + b"*/=1;" + SCRIPT, False),
    "a document with a picture behind it": (b"%PDF-1.7\n" + SCRIPT + saved("PNG"), False),
    "a PNG with a page behind it": (saved("PNG") + SCRIPT, True),
    "a PNG with a document behind it": (saved("PNG") + b"%PDF-1.7 CANARY", True),
    "a JPEG with an archive behind it": (saved("JPEG") + b"PK\x03\x04CANARY", True),
    "a JPEG with a page in its comment": (saved("JPEG", comment=SCRIPT), True),
    "a PNG with a page in its notes": (saved("PNG", pnginfo=told()), True),
    "a PNG with a page in a chunk of its own": (with_chunks(chunk(b"prVt", SCRIPT)), True),
    "a WebP with a page in its metadata": (saved("WEBP", xmp=SCRIPT), True),
    "an AVIF with a page in its metadata": (saved("AVIF", xmp=SCRIPT), True),
}
"""What it is, and whether a picture is in it."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio"), free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


@pytest.fixture
def alice(studio: Studio, request: pytest.FixtureRequest) -> Person:
    return serving.person(studio, f"Alice of {request.node.name}")


@pytest.mark.parametrize("what", PRETENDING)
def test_only_pixels_of_what_pretends_are_kept_and_shown(
    served: Served, studio: Studio, alice: Person, what: str
) -> None:
    data, is_picture = PRETENDING[what]

    with served.client(alice) as browser:
        answers = [browser.post("/api/uploads", files={"file": (name, data, mime)}) for name, mime in CALLED]
        assert {answer.status_code for answer in answers} == {201 if is_picture else 400}
        served_as = shown(studio, browser, alice, answers[0].json()["id"]) if is_picture else []

    files = [studio.store.get(found.key) for found in studio.store.list(f"{alice.id}/")]
    assert len(files) == (4 if is_picture else 0)  # with the preview that was looked at
    assert all(pictures.sniff(file) in TYPES and b"CANARY" not in file for file in files)
    assert all(b"CANARY" not in answer.content for answer in served_as)


def shown(studio: Studio, browser: httpx.Client, person: Person, image_id: str) -> list[httpx.Response]:
    """The picture in every size, as a browser gets it."""
    base = f"/m/{access.media_token(studio, person)}/{image_id}"
    answers = [browser.get(f"{base}/{size}") for size in ("256", "512", "preview", "full", "download")]
    for answer in answers:
        assert answer.headers["content-type"] in TYPES
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    return answers


# ---- bombs ----

FRAME = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 48, 32, 0, 0, 1, 10, 0, 0))


@cache
def packed() -> bytes:
    """80 MB of nothing."""
    return zlib.compress(bytes(80_000_000), 9)


def animated(kind: str, others: list[Image.Image]) -> bytes:
    return saved(kind, save_all=True, append_images=others)


BOMBS: dict[str, Callable[[], bytes]] = {
    "a note of 80 MB": lambda: with_chunks(chunk(b"zTXt", b"Comment\0\0" + packed())),
    "a note of 80 MB in another way": lambda: with_chunks(chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed())),
    "a colour profile of 80 MB": lambda: with_chunks(chunk(b"iCCP", b"icc\0\0" + packed())),
    "40,000 notes": lambda: with_chunks(*[chunk(b"tEXt", b"Comment\0" + b"x" * 200)] * 40_000),
    "frames that are not there": lambda: with_chunks(chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), FRAME),
    "too many pixels": lambda: saved("PNG")[:33] + chunk(b"IDAT", packed()) + chunk(b"IEND", b""),
    "a picture in pictures": lambda: animated("MPO", [Image.new("RGB", (1_000, 1_000))] * 4),
    "400 frames": lambda: animated("WEBP", [Image.new("RGB", (48, 32), (n % 255, 0, 0)) for n in range(400)]),
    "an icon of icons": lambda: saved("ICO", size=(256, 256)),
}
MOST_MEMORY = 40_000_000
"""Bytes that Python takes beside the pixels; the longest of these files has 17 MB."""
LONGEST = 10
"""Seconds on a busy machine; half a second on one that is not."""


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_kept_as_one_small_picture_or_refused_and_costs_little(what: str) -> None:
    data = BOMBS[what]()

    for look in (pixels.traces, pixels.clean, pixels.size):  # here, where what they take can be measured
        tracemalloc.start()
        began = time.monotonic()
        try:
            found = look(data)
        except Refused:
            found = None
        took, (_, most) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert took < LONGEST
        assert most < MOST_MEMORY
        assert look is not pixels.traces or found is None or found[0] == (48, 32)


# ---- formats that we do not take ----

BEGINNINGS = {
    "PSD": b"8BPS\0\1" + bytes(20),
    "FITS": b"SIMPLE  =                    T",
    "WMF": b"\xd7\xcd\xc6\x9a\0\0" + bytes(16),
    "EMF": b"\1\0\0\0" + bytes(36) + b" EMF",
    "FPX": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
    "a DOS EPS": b"\xc5\xd0\xd3\xc6" + bytes(28),
    "FLI": b"\0\0\0\0\x11\xaf" + bytes(122),
    "XPM": b"/* XPM */",
    "SUN": b"\x59\xa6\x6a\x95" + bytes(28),
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "GRIB": b"GRIB\0\0\0\1",
    "BUFR": b"BUFR\0\0\0\1",
    "MPEG": b"\0\0\1\xb3",
    "HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "a film": b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
    "JPEG XL": b"\xff\x0a" + bytes(16),
    "a program": b"\x7fELF\2\1\1",
    "an archive": b"PK\3\4",
    "a Windows program": b"MZ",
}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_what_only_looks_like_another_format_is_not_opened(kind: str) -> None:
    for look in (pictures.keep, pictures.clean, pictures.size, pictures.preview):
        with pytest.raises(Refused, match="not a PNG, JPEG, WebP or AVIF"):
            look(BEGINNINGS[kind] + bytes(200))


def written() -> dict[str, bytes]:
    """A picture in every format that the library can write, but for those that we take."""
    Image.init()
    found: dict[str, bytes] = {}
    for kind in sorted(set(Image.SAVE) - {"PNG", "JPEG", "WEBP", "AVIF", "MPO"}):
        for mode in ("RGB", "L", "1", "P", "F", "RGBA"):
            try:
                found.setdefault(kind, saved(kind, mode))
            except Exception:  # not in this mode; each format says so in its own way
                continue
    return found


def test_no_other_format_of_the_library_gets_in() -> None:
    files = written()
    assert len(files) > 15

    let_in = []
    for kind, data in files.items():
        try:
            pictures.keep(data)
            let_in.append(kind)
        except Refused:
            pass

    assert let_in == []
