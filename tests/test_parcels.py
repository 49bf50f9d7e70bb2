"""Many originals come as one zip: at once, whole, with names that make sense, a true manifest, and little memory."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import access, conversations, parcels, zips
from core.access import MOST, Person
from core.errors import NotFound, Refused
from core.files import StoreDown
from core.parcels import Parcel
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import LEAD, Generation, Image, Post, new_id
from tests import downloading, many, serving
from tests.conftest import Clock, wish
from tests.downloading import LARGE
from tests.serving import Served

Make = Callable[..., str]
FOX, OWL = serving.picture("PNG", colour="coral"), serving.picture("JPEG", colour="teal")


def unpacked(parcel: Parcel) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(parcel.stream())))


def manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    [name] = [name for name in archive.namelist() if name.endswith("/manifest.json")]
    found: dict[str, Any] = json.loads(archive.read(name))
    return found


def names(archive: zipfile.ZipFile) -> list[str]:
    return [name.partition("/")[2] for name in archive.namelist()]


def image_row(studio: Studio, image_id: str) -> Image:
    with studio.reading() as db:
        return db.exec(select(Image).where(Image.id == image_id)).one()


def lose(studio: Studio, image_id: str) -> None:
    """The file goes, the row stays."""
    studio.store.delete(image_row(studio, image_id).key)


def test_the_originals_are_in_it_byte_for_byte(studio: Studio, alice: Person, tmp_path: Path) -> None:
    fox, owl = serving.image_of(studio, alice, FOX), serving.image_of(studio, alice, OWL, "an owl")

    parcel = parcels.plan(studio, alice, [owl, fox])
    file = tmp_path / "parcel.zip"
    file.write_bytes(b"".join(parcel.stream()))

    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        first, second, _ = archive.namelist()
        assert (archive.read(first), archive.read(second)) == (FOX, OWL)
    if shutil.which("unzip"):
        assert "No errors detected" in subprocess.check_output(["unzip", "-t", file], text=True)


def test_a_name_says_when_what_and_by_whom(studio: Studio, alice: Person, clock: Clock) -> None:
    prompts = ["Ein Füchslein, im Schnee!", "狐", "../../etc/passwd"]
    ids = [serving.image_of(studio, alice, OWL if n else FOX, prompt) for n, prompt in enumerate(prompts)]

    parcel = parcels.plan(studio, alice, ids)

    day, label = f"{clock():%Y-%m-%d}", zips.slugged(studio.catalogue.label("sketch/sketch"))
    assert parcel.name == f"image-studio-{day}-3-images"
    assert [item.file for item in parcel.items] == [
        f"{day}_ein-fuchslein-im-schnee_{label}_001.png",
        f"{day}_image_{label}_002.jpg",
        f"{day}_etc-passwd_{label}_003.jpg",
    ]


def test_images_that_have_everything_in_common_have_names_of_their_own(studio: Studio, alice: Person) -> None:
    asked = many.images(studio, alice, 4, each=4)
    with studio.transaction() as db:
        made = db.exec(select(Image.created_at)).first()
        for image in db.exec(select(Image)).all():
            image.created_at = made
    many.thumbs(studio, alice, asked)

    parcel = parcels.plan(studio, alice, [*asked, *asked])

    assert len({item.file for item in parcel.items}) == len(parcel.items) == 4
    assert [item.id for item in parcel.items] == sorted(asked)


@pytest.mark.parametrize("practice", [True, False])
def test_the_manifest_says_what_was_paid_and_what_practice_would_cost(
    studio: Studio, alice: Person, practice: bool
) -> None:
    """It gave the sample content's prices as if somebody had paid them."""
    made = many.images(studio, alice, 1)
    many.thumbs(studio, alice, made)
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(practice=practice, cost=Decimal("0.06")))

    [image] = manifest(unpacked(parcels.plan(studio, alice, made)))["images"]

    told = (image["cost_usd"], image["would_cost_usd"])
    assert told == (("0", "0.06") if practice else ("0.06", None))


def test_the_manifest_says_how_each_image_came_to_be(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a red fox", seed=7)
    row = image_row(studio, fox)
    conversations.ask(studio, alice, row.conversation_id or "", wish("at night", source=fox))
    with studio.transaction() as db:
        db.add(
            post := Post(
                user_id=alice.id, caption="Mine", hashtags=["fox"], created_at=row.created_at, updated_at=row.created_at
            )
        )
        db.flush()
        db.get_one(Image, fox).post_id = post.id
        db.get_one(Image, fox).starred = True

    archive = unpacked(parcels.plan(studio, alice, [fox]))

    told = manifest(archive)
    [image] = told["images"]
    assert (told["parcel"], told["missing"]) == (1, [])
    assert [image["file"], "manifest.json"] == names(archive)
    assert (image["prompt"], image["caption"], image["hashtags"]) == ("a red fox", "Mine", ["fox"])
    assert (image["provider"], image["model"], image["seed"]) == ("sketch", "sketch/sketch", 7)
    assert (image["cost_usd"], image["practice"], image["starred"]) == ("0", True, True)
    assert image["would_cost_usd"] == "0"
    assert image["cost_basis"] and image["duration_ms"] is not None
    assert (image["width"], image["height"], image["bytes"]) == (row.width, row.height, row.size)
    assert (image["created_at"], image["sha256"]) == (row.created_at.isoformat(), row.sha256)
    assert (image["id"], image["conversation"], image["title"]) == (fox, row.conversation_id, "a red fox")
    assert image["settings"]["ratio"] == "1:1"


def test_the_manifest_names_what_an_image_was_derived_from(
    studio: Studio, alice: Person, make: Make, work: Callable[[], None]
) -> None:
    line = [make(alice, "a red fox")]
    thread = image_row(studio, line[0]).conversation_id or ""
    for prompt in ("at night", "bluer"):
        conversations.ask(studio, alice, thread, wish(prompt, source=line[0]))
        work()
        line.insert(0, conversations.opened(studio, alice, thread).images[-1].id)

    told = manifest(unpacked(parcels.plan(studio, alice, line)))

    assert {image["id"]: image["derived_from"] for image in told["images"]} == {
        line[0]: line[1:],
        line[1]: line[2:],
        line[2]: [],
    }


def test_nothing_of_another_person_is_in_it(studio: Studio, alice: Person, bob: Person) -> None:
    hers, his = serving.image_of(studio, alice, FOX, "her secret"), serving.image_of(studio, bob, OWL)

    whole = b"".join(parcels.plan(studio, bob, [hers, his, "no id; at all"]).stream())

    archive = zipfile.ZipFile(io.BytesIO(whole))
    told = manifest(archive)
    assert [image["id"] for image in told["images"]] == [his]
    assert {missing["id"] for missing in told["missing"]} == {hers, "no id; at all"}
    assert FOX not in whole and b"secret" not in whole
    with pytest.raises(NotFound):
        parcels.plan(studio, bob, [hers])


def test_a_lead_downloads_what_is_anybodys(studio: Studio, alice: Person, bob: Person) -> None:
    lead = access.person_named(studio, "lea", "Lea", LEAD)
    ids = [serving.image_of(studio, alice, FOX), serving.image_of(studio, bob, OWL)]

    assert [item.id for item in parcels.plan(studio, lead, ids).items] == ids


def test_none_and_too_many_are_refused(studio: Studio, alice: Person) -> None:
    with pytest.raises(Refused, match="Choose the images first"):
        parcels.plan(studio, alice, [])
    with pytest.raises(Refused, match="up to 10,000"):
        parcels.plan(studio, alice, (new_id() for _ in range(MOST + 1)))


def test_its_length_is_known_before_anything_is_sent(studio: Studio, alice: Person) -> None:
    ids = [serving.image_of(studio, alice, FOX, "Ein Füchslein"), serving.image_of(studio, alice, OWL)]

    parcel = parcels.plan(studio, alice, ids)

    assert parcel.length == len(b"".join(parcel.stream()))


def test_a_missing_original_is_told_and_the_rest_is_there(studio: Studio, alice: Person) -> None:
    fox, owl = serving.image_of(studio, alice, FOX), serving.image_of(studio, alice, OWL)
    lose(studio, fox)

    parcel = parcels.plan(studio, alice, [fox, owl])
    length, archive = parcel.length, unpacked(parcel)

    told = manifest(archive)
    assert archive.testzip() is None
    assert names(archive) == [told["images"][1]["file"], "manifest.json"]
    assert told["missing"] == [
        {"id": fox, "file": told["images"][0]["file"], "why": "The file is missing in the store."}
    ]
    assert length == sum(info.file_size + 92 + 2 * len(info.filename) for info in archive.infolist()) + 22


def test_when_all_originals_are_missing_there_is_nothing_to_send(studio: Studio, alice: Person) -> None:
    fox = serving.image_of(studio, alice, FOX)
    lose(studio, fox)

    with pytest.raises(NotFound, match="missing in the store"):
        parcels.plan(studio, alice, [fox])


def test_where_nobody_waited_for_the_store_what_goes_missing_meanwhile_is_told_too(
    studio: Studio, alice: Person
) -> None:
    ids = [serving.image_of(studio, alice, FOX), serving.image_of(studio, alice, OWL)]
    parcel = replace(parcels.plan(studio, alice, ids), sizes=None)
    lose(studio, ids[1])

    archive = unpacked(parcel)

    assert parcel.length is None
    assert [missing["id"] for missing in manifest(archive)["missing"]] == [ids[1]]
    assert len(names(archive)) == 2 and archive.testzip() is None


def test_the_first_byte_waits_for_no_other_file(studio: Studio, alice: Person) -> None:
    ids = [serving.image_of(studio, alice, FOX) for _ in range(3)]
    stream = parcels.plan(studio, alice, ids).stream()
    for image_id in ids[1:]:
        lose(studio, image_id)

    assert FOX[:64] in next(stream)


def test_a_file_that_goes_while_it_is_read_ends_it(studio: Studio, alice: Person) -> None:
    fox = serving.image_of(studio, alice, FOX)
    studio.store.put(image_row(studio, fox).key, bytes(LARGE))
    stream = parcels.plan(studio, alice, [fox]).stream()
    next(stream)
    lose(studio, fox)

    with pytest.raises(StoreDown, match="taken away"):
        list(stream)


def test_nothing_is_left_open_when_nobody_reads_on(studio: Studio, alice: Person) -> None:
    parcel = parcels.plan(studio, alice, [serving.image_of(studio, alice, FOX)])
    stream = parcel.stream()
    next(stream)

    stream.close()

    assert parcel.told.closed


def test_a_zip_of_more_than_two_gigabytes_opens_and_has_the_length_that_was_said(tmp_path: Path) -> None:
    size, place, at = 1 << 24, tmp_path / "large.zip", Clock()()
    files = {**{f"zeros-{n}": [bytes(size)] for n in range(129)}, "füchslein": [FOX]}
    archive = zips.Zip()

    with place.open("wb") as file:
        for name, pieces in files.items():
            for piece in archive.put(name, pieces, at):
                spare(file, piece)
        spare(file, archive.end())

    assert place.stat().st_size == zips.length((name, len(data)) for name, [data] in files.items()) > 1 << 31
    with zipfile.ZipFile(place) as opened:
        assert opened.namelist() == [*files]
        assert opened.read("füchslein") == FOX


def spare(file: BinaryIO, piece: bytes) -> None:
    """Write it; of a lot of zeros only the beginning: they need no room on the disk."""
    start = piece if len(piece) < 1 << 20 else piece[:4096]
    file.write(start)
    file.seek(len(piece) - len(start), os.SEEK_CUR)


@pytest.fixture
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as running:
        yield running


def form(served: Served, person: Person, ids: list[str], origin: str | None = None, **more: str) -> httpx.Response:
    """As a browser sends it that was told by a page of this origin; with `more` fields."""
    headers = {"x-person": person.id, "origin": f"http://{served.host}" if origin is None else origin}
    address = f"http://{served.host}/api/downloads"
    return httpx.post(address, data={"ids": " ".join(ids), **more}, headers=headers, trust_env=False, timeout=60)


def test_a_form_of_a_page_of_ours_is_answered_with_a_download(served: Served, studio: Studio, alice: Person) -> None:
    ids = [serving.image_of(studio, alice, data) for data in (FOX, OWL)]

    answer = form(served, alice, ids)

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="image-studio-20')
    assert archive.testzip() is None and len(archive.namelist()) == 3


def test_ten_thousand_ids_are_taken(served: Served, studio: Studio, alice: Person) -> None:
    fox = serving.image_of(studio, alice, FOX)

    answer = form(served, alice, [fox, *(new_id() for _ in range(MOST - 1))])

    assert len(manifest(zipfile.ZipFile(io.BytesIO(answer.content)))["missing"]) == MOST - 1


def test_what_cannot_be_had_is_said_as_a_sentence(served: Served, studio: Studio, alice: Person, bob: Person) -> None:
    fox = serving.image_of(studio, alice, FOX)

    assert (form(served, bob, [fox]).status_code, form(served, alice, []).status_code) == (404, 400)
    assert "Choose the images first" in form(served, alice, []).json()["error"]
    assert "up to 10,000" in form(served, alice, [new_id() for _ in range(2 * MOST)]).json()["error"]
    crowded = form(served, alice, [fox], **{f"more{n}": "" for n in range(21)})
    assert (crowded.status_code, "up to 10,000" in crowded.json()["error"]) == (400, True)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_a_form_of_another_site_is_refused(served: Served, alice: Person, origin: str) -> None:
    assert form(served, alice, [], origin).status_code == 403


def test_what_does_not_say_where_it_is_from_is_refused(served: Served, alice: Person) -> None:
    with httpx.Client(headers={"x-person": alice.id}, trust_env=False) as browser:
        assert browser.post(f"http://{served.host}/api/downloads", data={"ids": ""}).status_code == 403
        answer = browser.post(f"http://{served.host}/api/uploads", headers={"origin": f"http://{served.host}"})
        assert answer.status_code == 403


def test_a_store_that_fails_midway_cuts_the_download_so_that_nobody_takes_it_for_whole(
    served: Served, studio: Studio, alice: Person
) -> None:
    ids = sorted(serving.image_of(studio, alice, FOX) for _ in range(2))
    studio.store.put(image_row(studio, ids[0]).key, bytes(24_000_000))

    asked = {"data": {"ids": " ".join(ids)}}
    with served.client(alice) as browser, browser.stream("POST", "/api/downloads", **asked) as answer:
        assert answer.status_code == 200
        lose(studio, ids[1])
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in answer.iter_raw():
                pass


def test_who_leaves_keeps_nobody_else_from_downloading(served: Served, studio: Studio, alice: Person) -> None:
    fox = serving.image_of(studio, alice, FOX)
    studio.store.put(image_row(studio, fox).key, bytes(8_000_000))

    for _ in range(45):  # more than there are threads to send from
        with served.client(alice) as browser, browser.stream("POST", "/api/downloads", data={"ids": fox}) as answer:
            next(answer.iter_raw())

    assert zipfile.ZipFile(io.BytesIO(form(served, alice, [fox]).content)).testzip() is None


def test_two_hundred_images_need_little_memory(furnished: Settings) -> None:
    studio = open_studio(furnished)
    person = access.person_named(studio, "alice", "Alice")
    ids = downloading.originals(studio, person, 200)
    studio.engine.dispose()

    found = downloading.apart(furnished, person, ids)

    assert found.read > 200 * LARGE
    assert 0 < found.grown < 32_000_000
