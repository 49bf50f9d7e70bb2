"""A person's own pictures: made anew without what hides in files, kept once, seen by nobody else."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image as Pillow
from sqlmodel import func, select

from core import access, spool, uploads
from core.access import Person
from core.errors import Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Event, Image, new_id
from tests import serving
from tests.serving import Served


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


@pytest.fixture
def alice(studio: Studio, request: pytest.FixtureRequest) -> Person:
    """Somebody new in each test."""
    return serving.person(studio, f"Alice of {request.node.name}")


@pytest.fixture
def bob(studio: Studio, request: pytest.FixtureRequest) -> Person:
    return serving.person(studio, f"Bob of {request.node.name}")


@pytest.fixture
def browser(served: Served, alice: Person) -> Iterator[httpx.Client]:
    with served.client(alice) as client:
        yield client


def photo() -> bytes:
    """A JPEG with a place, a comment and something appended."""
    exif = Pillow.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0)})
    exif[0x010E] = "canary-description"
    out = BytesIO()
    Pillow.new("RGB", (320, 200), "olive").save(out, "JPEG", exif=exif, comment=b"canary-comment")
    return out.getvalue() + b"<script>canary</script>"


def images(studio: Studio, person: Person) -> int:
    with studio.reading() as db:
        return db.exec(select(func.count()).select_from(Image).where(Image.user_id == person.id)).one()


def stored(studio: Studio, person: Person) -> dict[str, bytes]:
    """All files of this person."""
    return {found.key: studio.store.get(found.key) for found in studio.store.list(f"{person.id}/")}


def test_an_upload_tells_what_a_screen_needs_to_show_it(browser: httpx.Client) -> None:
    answer = browser.post("/api/uploads", content=serving.picture(size=(640, 480)))

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "w", "h", "placeholder"}
    assert (answer.json()["w"], answer.json()["h"]) == (640, 480)
    assert answer.json()["placeholder"].startswith("data:image/webp;base64,")


def test_a_form_with_a_file_does_the_same(studio: Studio, browser: httpx.Client, alice: Person) -> None:
    data = serving.picture()

    plain = browser.post("/api/uploads", content=data)
    form = browser.post("/api/uploads", files={"file": ("../../x.html", data, "text/html")}, data={"role": "mask"})

    assert form.json() == plain.json()
    assert images(studio, alice) == 1


def test_nothing_that_hides_in_a_file_is_kept(studio: Studio, browser: httpx.Client, alice: Person) -> None:
    data = photo()
    assert data.count(b"canary") == 3

    browser.post("/api/uploads", content=data)

    files = stored(studio, alice)
    assert len(files) == 3
    assert not any(b"canary" in content for content in files.values())
    assert not any(Pillow.open(BytesIO(content)).getexif() for content in files.values())


def test_its_key_is_made_of_ids_alone(studio: Studio, browser: httpx.Client, alice: Person) -> None:
    image = browser.post("/api/uploads", files={"file": ("CON:..\\-rf\x00.png", photo())}).json()["id"]

    stem = f"{alice.id}/standalone/{image}"
    assert set(stored(studio, alice)) == {f"{stem}.jpg", f"{stem}.256.webp", f"{stem}.512.webp"}


def test_an_upload_stays_out_of_conversations_and_the_gallery(
    studio: Studio, browser: httpx.Client, alice: Person
) -> None:
    image = browser.post("/api/uploads", content=serving.picture()).json()["id"]

    with studio.reading() as db:
        row = access.find(db, Image, image, alice)
    assert (row.generation_id, row.conversation_id) == (None, None)
    assert browser.get("/api/gallery").json()["id"] == []


def test_the_same_bytes_again_are_the_same_image(studio: Studio, browser: httpx.Client, alice: Person) -> None:
    answers = [browser.post("/api/uploads", content=serving.picture()).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert images(studio, alice) == 1


def test_two_tabs_that_send_the_same_file_at_once_get_one_image(settings: Settings) -> None:
    studio, together = open_studio(settings), threading.Barrier(4)
    alice, data = serving.person(studio, "Alice"), serving.picture(colour="navy")

    def send() -> str:
        together.wait()
        return uploads.upload(studio, alice, data).id

    with ThreadPoolExecutor(4) as tabs:
        ids = {tab.result() for tab in [tabs.submit(send) for _ in range(4)]}

    assert len(ids) == images(studio, alice) == 1
    assert len(stored(studio, alice)) == 3


def test_the_same_bytes_of_somebody_else_are_an_image_of_their_own(
    served: Served, studio: Studio, browser: httpx.Client, bob: Person
) -> None:
    mine = browser.post("/api/uploads", content=serving.picture())

    with served.client(bob) as other:
        theirs = other.post("/api/uploads", content=serving.picture())

    assert mine.json()["id"] != theirs.json()["id"]
    assert mine.status_code == theirs.status_code
    assert set(mine.json()) == set(theirs.json())
    assert images(studio, bob) == 1


def test_a_trashed_upload_does_not_come_back_by_sending_it_again(studio: Studio, alice: Person) -> None:
    first = uploads.upload(studio, alice, serving.picture())
    with studio.transaction() as db:
        access.find(db, Image, first.id, alice).deleted_at = studio.now()

    assert uploads.upload(studio, alice, serving.picture()).id != first.id


def test_an_upload_is_an_event_of_its_person(studio: Studio, alice: Person) -> None:
    image = uploads.upload(studio, alice, serving.picture(), "source")

    with studio.reading() as db:
        event = db.exec(select(Event).where(Event.user_id == alice.id)).one()
    assert (event.kind, event.facts) == ("image.uploaded", {"image": image.id, "role": "source"})


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"GIF89a"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(
    studio: Studio, browser: httpx.Client, alice: Person, body: bytes
) -> None:
    answer = browser.post("/api/uploads", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("This is not a PNG, JPEG, WebP or AVIF picture.")
    assert images(studio, alice) == len(stored(studio, alice)) == 0


def test_a_form_that_cannot_be_read_is_refused_in_a_sentence(browser: httpx.Client) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}

    for body in (b"--x\r\nnonsense", b"--x\r\n\r\n"):
        answer = browser.post("/api/uploads", content=body, headers=headers)
        assert answer.status_code == 400
        assert "form" in answer.json()["error"] or "picture" in answer.json()["error"]


def test_a_form_with_many_files_is_refused(browser: httpx.Client) -> None:
    files = [("file", (f"{n}.png", serving.picture(size=(8, 8)))) for n in range(5)]

    assert browser.post("/api/uploads", files=files).status_code == 400


@pytest.mark.parametrize("counted", [True, False])
def test_more_than_25_mb_is_refused_and_told_so(
    studio: Studio, browser: httpx.Client, alice: Person, counted: bool
) -> None:
    megabyte = b"\x89PNG\r\n\x1a\n" + bytes(1_000_000)
    body = megabyte * 26 if counted else iter([megabyte] * 26)

    answer = browser.post("/api/uploads", content=body)

    assert answer.status_code == 413
    assert "larger than 25 MB" in answer.json()["error"]
    assert images(studio, alice) == 0


def test_a_length_beyond_reason_is_refused_before_anything_is_sent(served: Served, alice: Person) -> None:
    answer = serving.raw(
        served,
        f"POST /api/uploads HTTP/1.1\r\nHost: {served.host}\r\nX-Studio: 1\r\nX-Person: {alice.id}\r\n"
        "Content-Length: 99999999999\r\n\r\n",
    )

    assert answer.startswith("HTTP/1.1 413 ")


def test_who_is_nobody_uploads_nothing(served: Served) -> None:
    with served.client() as stranger:
        assert stranger.post("/api/uploads", content=serving.picture()).status_code == 401


def test_another_site_cannot_upload_in_somebodys_name(
    served: Served, studio: Studio, browser: httpx.Client, alice: Person
) -> None:
    foreign = [
        {"x-studio": ""},
        {"x-studio": "0"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{served.host}.evil.example"},
    ]

    for headers in foreign:
        assert browser.post("/api/uploads", content=serving.picture(), headers=headers).status_code == 403
    assert images(studio, alice) == 0
    own = {"origin": f"http://{served.host}"}
    assert browser.post("/api/uploads", content=serving.picture(), headers=own).status_code == 201


def test_a_role_that_does_not_exist_is_refused(studio: Studio, alice: Person) -> None:
    with pytest.raises(Refused, match="source, mask or reference"):
        uploads.upload(studio, alice, serving.picture(), "owner")


def test_a_nearly_full_disk_takes_nothing_in(tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path, free_space_floor_mb=10**9))
    alice = serving.person(studio, "Alice")

    with pytest.raises(Refused, match="disk space"):
        uploads.upload(studio, alice, serving.picture())

    assert stored(studio, alice) == {}


def test_an_upload_that_was_cut_off_leaves_no_files_behind(studio: Studio, alice: Person) -> None:
    key = f"{alice.id}/standalone/{new_id()}.png"
    spool.intend(studio.settings, key)
    studio.store.put(key, b"half an upload")
    whole = uploads.upload(studio, alice, photo())

    uploads.sweep(studio, older_than=time.time() + 1)

    left = {stored.key.rpartition("/")[2].split(".")[0] for stored in studio.store.list(alice.id)}
    assert left == {whole.id}
    assert not list(studio.settings.spool_dir.glob("*.intent"))
