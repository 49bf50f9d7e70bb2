"""What reaches a vendor covers the painted area within one pixel: in its own polarity, at exactly the source's size."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from core import access, conversations, pictures, uploads
from core.access import Person
from core.errors import Refused
from core.fitting import pixels
from core.settings import Settings
from core.studio import Studio
from core.tables import Image as Kept
from tests.conftest import wish
from tests.vendors import Call, Vendors

Area = NDArray[np.bool_]

OPENAI, A1111 = "openai/gpt-image-2", "a1111/default"
SIZES = [(512, 512), (801, 1203), (1203, 333), (97, 641), (64, 65), (2048, 1365)]
SMALLER = [(400, 602), (1602, 2406), (267, 401)]
"""Sizes of masks for a source of 801 x 1203: somebody's own file may be painted at any."""


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(file(Image.effect_noise((96, 64), 60))) as running:
        yield running


@pytest.fixture
def settings(furnished: Settings, vendors: Vendors) -> Settings:
    return replace(furnished, **vendors.settings())


@pytest.fixture
def send(studio: Studio, alice: Person, vendors: Vendors, work: Callable[[], None]) -> Callable[..., Call]:
    """Asks for an edit of a source of this size with this mask, as a person would; what arrived at the vendor."""

    def ask(model: str, size: tuple[int, int], mask: Image.Image, kind: str = "PNG") -> Call:
        source = uploads.upload(studio, alice, photo(*size, kind))
        painted = uploads.upload(studio, alice, file(mask), "mask")
        wanted = wish("a paper boat", model, source=source.id, mask=painted.id)
        conversations.start(studio, alice, wanted)
        work()
        [call] = vendors.calls
        return call

    return ask


@pytest.mark.parametrize("size", SIZES)
def test_openai_sees_the_painted_area_transparent(send, vendors: Vendors, size: tuple[int, int]) -> None:
    painted = shape(*size)

    call = send(OPENAI, size, painted)

    sent = transparency(call)
    assert sent.size == size
    assert covers(np.asarray(sent) < 128, area(painted))
    assert set(np.unique(np.asarray(sent))) == {0, 255}
    assert vendors.charges == [call]


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_openai_gets_source_and_mask_in_one_format(send, vendors: Vendors, kind: str) -> None:
    """An uploaded photo is a JPEG; OpenAI refuses it beside a mask."""
    painted = shape(333, 201)

    call = send(OPENAI, (333, 201), painted, kind)

    source = opened(call.body["images"][0]["image_url"].partition("base64,")[2])
    assert (source.format, source.size) == ("PNG", (333, 201))
    assert vendors.charges == [call]


@pytest.mark.parametrize("size", SIZES)
def test_a1111_sees_the_painted_area_white(send, vendors: Vendors, size: tuple[int, int]) -> None:
    painted = shape(*size)

    call = send(A1111, size, painted)

    sent = whiteness(call)
    assert sent.size == size
    assert covers(np.asarray(sent) > 127, area(painted))
    assert set(np.unique(np.asarray(sent))) == {0, 255}
    assert call.body["inpainting_mask_invert"] == 0


@pytest.mark.parametrize("scaled", SMALLER)
@pytest.mark.parametrize("model", [OPENAI, A1111])
def test_a_mask_of_another_size_covers_the_same_part(send, model: str, scaled: tuple[int, int]) -> None:
    size, part = (801, 1203), (0.21, 0.34, 0.68, 0.77)

    call = send(model, size, box(scaled, part))

    sent = np.asarray(transparency(call)) < 128 if model == OPENAI else np.asarray(whiteness(call)) > 127
    step = max(1, *(-(-of // to) for of, to in zip(size, scaled, strict=True)))
    assert covers(sent, area(box(size, part)), within=step)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (512, 512)), ("3:2", (1536, 1024)), ("2:3", (801, 1203)), ("1:1", (1536, 1024)), ("16:9", (801, 1203))],
)
def test_practice_changes_the_painted_area_and_nothing_around_it(
    studio: Studio, alice: Person, work: Callable[[], None], ratio: str, size: tuple[int, int]
) -> None:
    drawn = pixels(studio.catalogue.find("sketch/sketch"), ratio, "512")
    painted, source = shape(*size), photo(*size)
    ids = [uploads.upload(studio, alice, data).id for data in (source, file(painted))]

    asked = conversations.start(
        studio, alice, wish("autumn colours", ratio=ratio, resolution="512", source=ids[0], mask=ids[1])
    )
    work()

    [image] = conversations.opened(studio, alice, asked.conversation_id).images
    changed = difference(kept(studio, alice, image.id), pictures.fitted(source, *drawn))
    wanted = area(ImageOps.fit(painted, drawn, Image.Resampling.BILINEAR))  # the source is cut to the shape asked for
    assert not changed[~grown(wanted, 1)].any()
    assert changed[~grown(~wanted, 20)].mean() > 0.95


def test_soft_edges_become_hard_in_the_middle(send) -> None:
    soft = shape(301, 203).filter(ImageFilter.GaussianBlur(2))

    call = send(A1111, (301, 203), soft)

    assert covers(np.asarray(whiteness(call)) > 127, area(soft))


def test_a_model_that_takes_no_mask_refuses_before_anything_is_sent(send, vendors: Vendors) -> None:
    with pytest.raises(Refused, match="cannot change only a part of an image"):
        send("gemini/gemini-nano-banana-2.1", (64, 64), shape(64, 64))

    assert vendors.calls == []


def test_the_check_itself_finds_two_pixels() -> None:
    painted = area(box((301, 203), (0.2, 0.3, 0.6, 0.7)))

    assert covers(np.roll(painted, 1, 0), painted)
    assert not covers(np.roll(painted, 2, 0), painted)
    assert not covers(~painted, painted)


# Shapes, and how they are compared -----------------------------------------------------------------------------------


def shape(width: int, height: int) -> Image.Image:
    """A disc, a thin line to a corner and a block with a hole: round, narrow, at the edge, and not connected."""
    mask = Image.new("L", (width, height), 0)
    pen, short = ImageDraw.Draw(mask), min(width, height)
    pen.ellipse((width * 0.1, height * 0.1, width * 0.1 + short * 0.4, height * 0.1 + short * 0.4), 255)
    pen.line((width * 0.3, height * 0.3, width, height), 255, max(3, short // 40))
    pen.rectangle((width * 0.6, height * 0.05, width * 0.9, height * 0.4), 255)
    pen.rectangle((width * 0.7, height * 0.15, width * 0.8, height * 0.3), 0)
    return mask


def box(size: tuple[int, int], part: tuple[float, float, float, float]) -> Image.Image:
    mask = Image.new("L", size, 0)
    left, top, right, bottom = (round(value * side) for value, side in zip(part, size * 2, strict=True))
    mask.paste(255, (left, top, right, bottom))
    return mask


@cache
def photo(width: int, height: int, kind: str = "PNG") -> bytes:
    """Noise, so that no two places look the same; one for all tests of its size."""
    return file(Image.merge("RGB", [Image.effect_noise((width, height), 60) for _ in range(3)]), kind)


def file(image: Image.Image, kind: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, kind, compress_level=1)  # noise does not get smaller
    return out.getvalue()


def area(mask: Image.Image) -> Area:
    return np.asarray(mask) > 127


def covers(sent: Area, painted: Area, within: int = 1) -> bool:
    """True when the borders of the two are nowhere more than this many pixels apart."""
    return not (painted & ~grown(sent, within)).any() and not (sent & ~grown(painted, within)).any()


def grown(part: Area, by: int) -> Area:
    """With everything at most this many pixels away; beyond the picture there is nothing."""
    whole = np.pad(part, by)
    high, wide = part.shape
    steps = range(2 * by + 1)
    across = np.logical_or.reduce([whole[:, right : right + wide] for right in steps])
    return np.logical_or.reduce([across[down : down + high] for down in steps])


def transparency(call: Call) -> Image.Image:
    return opened(call.body["mask"]["image_url"].partition("base64,")[2]).getchannel("A")


def whiteness(call: Call) -> Image.Image:
    return opened(call.body["mask"]).convert("L")


def opened(text: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(text)))


def kept(studio: Studio, person: Person, image_id: str) -> bytes:
    with studio.reading() as db:
        key = access.find(db, Kept, image_id, person).key
    return studio.store.get(key)


def difference(one: bytes, other: bytes) -> Area:
    first, second = (np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in (one, other))
    return np.asarray((first != second).any(-1))
