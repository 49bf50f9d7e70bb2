"""A post's kit opens, holds crops of exact size around the focal point, and says the truth about all that is in it."""

import asyncio
import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from PIL import Image as Pillow
from sqlmodel import select
from starlette.applications import Starlette

from core import captions, conversations, crops, kit, marks, posting, zips
from core.access import Person
from core.errors import NotFound, Refused
from core.posting import Words
from core.studio import Studio
from core.tables import Generation, Image, Post, new_id
from core.web import kit as web_kit
from core.web import media
from tests import answers, serving
from tests.conftest import wish

Work = Callable[[], None]
SIZES = {"1x1": (1080, 1080), "4x5": (1080, 1350), "9x16": (1080, 1920), "16x9": (1920, 1080)}


@pytest.fixture
def work(studio: Studio) -> Work:
    """Does all that waits, but draws nothing; its images have files."""
    return lambda: answers.answer(studio, files=True)


@pytest.fixture
def post(studio: Studio, alice: Person, work: Work) -> str:
    """Two practice images with a caption."""
    return two_foxes(studio, alice, work)


def two_foxes(studio: Studio, who: Person, work: Work) -> str:
    """The post of a first turn that makes two practice images and a caption."""
    asked = conversations.start(studio, who, wish("Ein Füchslein, im Schnee!", caption=captions.AUTO, count=2))
    work()
    with studio.reading() as db:
        return db.exec(select(Post.id).where(Post.turn_id == asked.turn_id)).one()


@cache
def cut(original: bytes, x: float, y: float) -> list[tuple[crops.Crop, crops.Box, bytes]]:
    """Pictures that many tests have are cut once: what comes of one follows from these three alone."""
    return crops.cut(original, x, y)


def unpacked(made: kit.Kit) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(made.stream(cut))))


def manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    [name] = [name for name in archive.namelist() if name.endswith("/manifest.json")]
    found: dict[str, Any] = json.loads(archive.read(name))
    return found


def marked(size: tuple[int, int], at: tuple[int, int]) -> bytes:
    """Grey, with a white cross of one pixel's width through a point."""
    drawn = Pillow.new("RGB", size, (40, 40, 40))
    drawn.paste((255, 255, 255), (at[0], 0, at[0] + 1, size[1]))
    drawn.paste((255, 255, 255), (0, at[1], size[0], at[1] + 1))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def real(studio: Studio, who: Person, pictures: list[bytes]) -> str:
    """A post with these pictures, of a model that is not for practice."""
    thread = serving.conversation(studio, who, "A fox")
    post = Post(id=new_id(), user_id=who.id, created_at=studio.now(), updated_at=studio.now())
    for n, data in enumerate(pictures, 1):
        generation = serving.generation(studio, who, thread, position=n)
        image = serving.succeed(studio, who, thread, generation, data)
        with studio.transaction() as db:
            if n == 1:
                post.turn_id = db.get_one(Generation, generation).turn_id
                db.add(post)
                db.flush()
            db.get_one(Image, image).post_id = post.id
    return post.id


def cross(crop: Pillow.Image) -> tuple[float, float]:
    """Where the white lines of `marked` are, as the middle of what is bright."""
    grey = crop.convert("L")
    across = [sum(grey.getpixel((x, y)) for y in (3, 9, 15)) for x in range(grey.width)]  # type: ignore[misc]  # L
    down = [sum(grey.getpixel((x, y)) for x in (3, 9, 15)) for y in range(grey.height)]  # type: ignore[misc]  # L
    return _middle(across), _middle(down)


def _middle(light: list[int]) -> float:
    bright = [value - 150 if value > 150 else 0 for value in light]
    return sum((place + 0.5) * value for place, value in enumerate(bright)) / sum(bright)


def test_the_zip_opens_and_every_file_has_a_name_that_makes_sense(studio: Studio, alice: Person) -> None:
    post = two_foxes(studio, alice, lambda: answers.work(studio))

    archive = unpacked(kit.plan(studio, alice, post))

    assert archive.testzip() is None
    folder = "ein-fuchslein-im-schnee-practice-kit"
    names = sorted(name.removeprefix(f"{folder}/") for name in archive.namelist())
    stems = [f"ein-fuchslein-im-schnee-{n}-practice" for n in (1, 2)]
    assert names == sorted(
        [
            *(f"originals/{stem}.png" for stem in stems),
            *(f"crops/{stem}-{crop}.jpg" for stem in stems for crop in SIZES),
            *(f"captions/{platform.name}.txt" for platform in kit.platforms.PLATFORMS),
            "captions.md",
            "hashtags.txt",
            "alt-text.txt",
            "manifest.json",
        ]
    )


@pytest.mark.parametrize("size", [(640, 480), (300, 900), (2_000, 500), (33, 47)])
def test_crops_are_exact_whatever_the_picture_is(size: tuple[int, int]) -> None:
    made = {crop.name: data for crop, _, data in crops.cut(serving.picture("PNG", size), 0.9, 0.1)}

    sizes = {name: Pillow.open(io.BytesIO(data)).size for name, data in made.items()}
    assert sizes == SIZES
    assert {Pillow.open(io.BytesIO(data)).format for data in made.values()} == {"JPEG"}


@pytest.mark.parametrize("point", [(800, 600), (410, 300), (1_190, 901)])
def test_the_focal_point_is_in_the_middle_of_every_crop(point: tuple[int, int]) -> None:
    size = (1_600, 1_200)
    x, y = (point[0] + 0.5) / size[0], (point[1] + 0.5) / size[1]

    for crop, part, data in crops.cut(marked(size, point), x, y):
        seen, scale = cross(Pillow.open(io.BytesIO(data))), crop.width / part.width
        wanted = ((point[0] + 0.5 - part.left) * scale, (point[1] + 0.5 - part.top) * scale)
        free = (0 < part.left < size[0] - part.width, 0 < part.top < size[1] - part.height)

        assert seen == pytest.approx(wanted, abs=1)
        for axis, length in enumerate((crop.width, crop.height)):
            assert not free[axis] or seen[axis] == pytest.approx(length / 2, abs=1)


def test_a_point_at_the_edge_moves_the_crop_no_further_than_the_picture(studio: Studio) -> None:
    square, *_ = crops.CROPS

    assert crops.box(square, 1_600, 900, 0, 0.5) == crops.Box(0, 0, 900, 900)
    assert crops.box(square, 1_600, 900, 1, 0.5) == crops.Box(700, 0, 900, 900)
    assert crops.box(square, 900, 1_600, 0.5, 0.5) == crops.Box(0, 350, 900, 900)


def test_transparent_parts_of_a_crop_are_white() -> None:
    clear = serving.picture("PNG", (100, 100), "#ff000000", "RGBA")

    _, _, data = crops.cut(clear, 0.5, 0.5)[0]

    assert Pillow.open(io.BytesIO(data)).getpixel((500, 500)) == (255, 255, 255)


def test_the_manifest_is_true(studio: Studio, alice: Person, post: str) -> None:
    found = posting.opened(studio, alice, post)
    first, second = found.variants
    marks.select(studio, alice, [second.image.id])
    posting.focus(studio, alice, second.image.id, 0.2, 0.3)
    posting.edit(studio, alice, post, Words("Mine", ("fox",)), found.words.version)
    posting.edit(studio, alice, post, None, found.words.version + 1, {"threads": "#a and #b"})

    archive = unpacked(kit.plan(studio, alice, post))

    told, folder = manifest(archive), archive.namelist()[0].partition("/")[0]
    assert (told["prompt"], told["practice"], told["warnings"]) == ("Ein Füchslein, im Schnee!", True, [])
    assert (told["caption"]["text"], told["caption"]["hashtags"], told["caption"]["edited"]) == ("Mine", ["fox"], True)
    assert [image["id"] for image in told["images"]] == [first.image.id, second.image.id]
    for image in told["images"]:
        original = archive.read(f"{folder}/{image['file']}")
        assert image["sha256"] == hashlib.sha256(original).hexdigest()
        assert (image["bytes"], image["model"], image["cost_usd"]) == (len(original), "sketch/sketch", "0")
        assert Pillow.open(io.BytesIO(original)).size == (image["width"], image["height"])
        for crop in image["crops"]:
            shown = Pillow.open(io.BytesIO(archive.read(f"{folder}/{crop['file']}")))
            assert shown.size == (crop["width"], crop["height"])
    assert [image["selected"] for image in told["images"]] == [False, True]
    assert told["images"][1]["focus"] == {"x": 0.2, "y": 0.3}
    [threads] = [place for place in told["platforms"] if place["name"] == "threads"]
    assert threads["written_for_it_alone"] and threads["warnings"] == ["Threads takes one hashtag; this has 2."]
    assert archive.read(f"{folder}/captions/threads.txt").decode() == "#a and #b\n"
    assert archive.read(f"{folder}/captions/x.txt").decode() == "Mine\n\n#fox\n"


def test_the_manifest_names_what_an_image_was_derived_from(
    studio: Studio, alice: Person, post: str, work: Work
) -> None:
    found = posting.opened(studio, alice, post)
    line, thread = [found.variants[1].image.id], found.conversation_id or ""
    for prompt in ("at night", "bluer"):
        conversations.ask(studio, alice, thread, wish(prompt, source=line[0]))
        work()
        line.insert(0, conversations.opened(studio, alice, thread).images[-1].id)
    with studio.reading() as db:
        last = db.get_one(Image, line[0]).post_id or ""

    [image] = manifest(unpacked(kit.plan(studio, alice, last)))["images"]

    assert [image["id"], *image["derived_from"]] == line


def test_only_the_selected_image_is_in_it_when_asked(studio: Studio, alice: Person, post: str) -> None:
    _, second = posting.opened(studio, alice, post).variants
    with pytest.raises(Refused, match="No image of this post is selected"):
        kit.plan(studio, alice, post, kit.SELECTED)
    marks.select(studio, alice, [second.image.id])

    told = manifest(unpacked(kit.plan(studio, alice, post, kit.SELECTED)))

    assert [image["id"] for image in told["images"]] == [second.image.id]
    assert told["images"][0]["file"].endswith("-2-practice.png")


def test_missing_alt_text_has_to_be_allowed_and_is_told(studio: Studio, alice: Person, post: str) -> None:
    first, _ = posting.opened(studio, alice, post).variants
    posting.edit_alt(studio, alice, first.image.id, "")

    with pytest.raises(Refused, match=r"An image has no alt text\. Write it"):
        kit.plan(studio, alice, post)
    archive = unpacked(kit.plan(studio, alice, post, without_alt=True))

    assert manifest(archive)["warnings"] == [f"originals/{slug(archive)}-1-practice.png has no alt text."]
    [name] = [name for name in archive.namelist() if name.endswith("alt-text.txt")]
    assert "MISSING" in archive.read(name).decode()


def slug(archive: zipfile.ZipFile) -> str:
    return archive.namelist()[0].partition("/")[0].removesuffix("-practice-kit")


def test_real_images_are_not_called_practice(studio: Studio, alice: Person) -> None:
    post = real(studio, alice, [serving.picture("JPEG")])

    made = kit.plan(studio, alice, post, without_alt=True)

    assert made.name == "a-fox-kit"
    assert manifest(unpacked(made))["practice"] is False
    assert made.items[0].file == "originals/a-fox-1.jpg"


def test_a_post_without_images_has_no_kit(studio: Studio, alice: Person) -> None:
    post = real(studio, alice, [serving.picture()])
    with studio.transaction() as db:
        db.exec(select(Image)).one().deleted_at = studio.now()

    with pytest.raises(Refused, match="no images yet"):
        kit.plan(studio, alice, post)


def test_a_missing_file_is_told_before_anything_is_sent(studio: Studio, alice: Person) -> None:
    post = real(studio, alice, [serving.picture()])
    with studio.reading() as db:
        studio.store.delete(db.exec(select(Image.key)).one())

    with pytest.raises(NotFound, match="missing in the store"):
        kit.plan(studio, alice, post, without_alt=True)


def test_ten_images_need_no_more_memory_than_two(studio: Studio, alice: Person) -> None:
    noise = io.BytesIO()
    Pillow.effect_noise((250, 250), 90).convert("RGB").save(noise, "PNG")
    few, many = (real(studio, alice, [noise.getvalue()] * n) for n in (2, 10))
    cut(noise.getvalue(), 0.5, 0.5)

    peaks, sizes = [], []
    for post in (few, many):
        made = kit.plan(studio, alice, post, without_alt=True)
        tracemalloc.start()
        sizes.append(sum(len(part) for part in made.stream(copied)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert sizes[1] > 4 * sizes[0]
    assert peaks[1] < 1.2 * peaks[0] < sizes[1]


def copied(original: bytes, x: float, y: float) -> list[tuple[crops.Crop, crops.Box, bytes]]:
    """Crops that take as much memory as new ones."""
    return [(crop, part, bytes(bytearray(data))) for crop, part, data in cut(original, x, y)]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ein Füchslein, im Schnee!", "ein-fuchslein-im-schnee"),
        ("../../etc/passwd", "etc-passwd"),
        ("狐", "post"),
        ("one two three four five six seven eight nine", "one-two-three-four-five-six-seven-eight"),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_title_becomes_a_name_that_every_file_system_takes(title: str, name: str) -> None:
    assert (zips.slugged(title) or "post") == name


@pytest.fixture
def browser(studio: Studio, alice: Person) -> Iterator[httpx.Client]:
    with serving.serving(studio) as served, served.client(alice) as client:
        yield client


def test_it_comes_as_a_download(browser: httpx.Client, studio: Studio, alice: Person, post: str) -> None:
    answer = browser.get(f"/api/posts/{post}/kit.zip?images=all")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "content-length" not in answer.headers
    saved = 'attachment; filename="ein-fuchslein-im-schnee-practice-kit.zip"'
    assert answer.headers["content-disposition"] == saved
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None


def test_what_cannot_be_had_is_said_as_a_sentence(
    browser: httpx.Client, studio: Studio, alice: Person, bob: Person, post: str
) -> None:
    image = posting.opened(studio, alice, post).variants[0].image.id
    posting.edit_alt(studio, alice, image, "")
    address = f"/api/posts/{post}/kit.zip"

    assert browser.get(f"{address}?images=some").status_code == 400
    assert "no alt text" in browser.get(address).json()["error"]
    assert browser.get(f"{address}?alt=missing").status_code == 200
    assert browser.get(f"/api/posts/{new_id()}/kit.zip").status_code == 404
    assert browser.get(address, headers={"x-person": bob.id}).status_code == 404


def test_nobody_else_gets_it(studio: Studio, bob: Person, post: str) -> None:
    with pytest.raises(NotFound):
        kit.plan(studio, bob, post)


def test_crops_wait_their_turn_among_all_pictures_that_are_unpacked(studio: Studio, alice: Person, post: str) -> None:
    async def asked_while_others_are_unpacked() -> httpx.Response:
        pictures = media.Media(studio)
        app = Starlette(routes=web_kit.routes(studio, lambda _: alice, pictures))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as browser:
            for n in range(media.AT_ONCE):
                await pictures.limiter.acquire_on_behalf_of(n)
            asked = asyncio.create_task(browser.get(f"/api/posts/{post}/kit.zip"))
            while not (asked.done() or pictures.limiter.statistics().tasks_waiting):
                await asyncio.sleep(0.01)
            assert not asked.done()
            for n in range(media.AT_ONCE):
                pictures.limiter.release_on_behalf_of(n)
            return await asked

    answer = asyncio.run(asked_while_others_are_unpacked())

    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
