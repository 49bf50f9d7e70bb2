"""Pictures over HTTP: their owner gets them in every size and only their owner; browsers keep them for ever."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from core import access, pictures
from core.access import Person
from core.disk import DiskStore
from core.settings import Settings
from core.studio import open_studio
from core.tables import Image
from tests import serving
from tests.conftest import Clock
from tests.serving import Served


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Served]:
    with serving.serving(open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")), clock)) as served:
        yield served


@pytest.fixture(scope="module")
def alice(served: Served) -> Person:
    return serving.person(served.studio, "Alice")


@pytest.fixture(scope="module")
def bob(served: Served) -> Person:
    return serving.person(served.studio, "Bob")


@pytest.fixture(scope="module")
def fox(served: Served, alice: Person) -> str:
    """An image of Alice's."""
    return serving.image_of(served.studio, alice, FOX, prompt="Ein roter Fuchs, süß & klein: für Acme!")


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


class Counted(DiskStore):
    """A folder that remembers what was written to it."""

    def __init__(self, root: Path, known: Path) -> None:
        super().__init__(root, known)
        self.written: list[str] = []

    def put(self, key: str, data: bytes, mime: str | None = None) -> None:
        self.written.append(key)
        super().put(key, data, mime)


FOX = serving.picture("PNG", (2000, 1500), "orange")


def link(served: Served, person: Person, image_id: str, variant: str) -> str:
    return f"/m/{access.media_token(served.studio, person)}/{image_id}/{variant}"


@pytest.mark.parametrize(("variant", "shorter"), [("256", 256), ("512", 512), ("preview", 1080)])
def test_a_picture_comes_in_the_size_that_a_screen_needs(
    served: Served, browser: httpx.Client, alice: Person, fox: str, variant: str, shorter: int
) -> None:
    answer = browser.get(link(served, alice, fox, variant))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == pictures.sniff(answer.content)
    assert min(pictures.size(answer.content)) == shorter


def test_the_original_comes_byte_for_byte(served: Served, browser: httpx.Client, alice: Person, fox: str) -> None:
    answer = browser.get(link(served, alice, fox, "full"))

    assert answer.content == FOX
    assert answer.headers["content-type"] == "image/png"
    assert "content-disposition" not in answer.headers


def test_a_download_has_a_name_made_from_the_prompt(
    served: Served, browser: httpx.Client, alice: Person, fox: str
) -> None:
    answer = browser.get(link(served, alice, fox, "download"))

    assert answer.content == FOX
    name = f"ein-roter-fuchs-su-klein-fur-acme-{fox[-8:]}.png"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("prompt", ["", '";\r\nSet-Cookie: a=b', "../../etc/passwd", "狐狸", "x" * 5_000, "\x00"])
def test_no_prompt_can_break_out_of_the_download_name(
    served: Served, browser: httpx.Client, alice: Person, prompt: str
) -> None:
    image = serving.image_of(served.studio, alice, FOX, prompt=prompt.replace("\x00", "\ufffd"))

    answer = browser.get(link(served, alice, image, "download"))

    name = answer.headers["content-disposition"].removeprefix('attachment; filename="').removesuffix('"')
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(name) < 80
    assert "set-cookie" not in answer.headers


def test_an_upload_is_served_like_any_picture(served: Served, browser: httpx.Client, alice: Person) -> None:
    with served.client(alice) as client:
        image = client.post("/api/uploads", content=serving.picture("JPEG")).json()["id"]

    answer = browser.get(link(served, alice, image, "download"))

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'attachment; filename="image-{image[-8:]}.jpg"'


@pytest.mark.parametrize("variant", ["256", "512", "preview", "full", "download"])
def test_browsers_keep_a_picture_and_treat_it_as_nothing_but_a_picture(
    served: Served, browser: httpx.Client, alice: Person, fox: str, variant: str
) -> None:
    headers = browser.get(link(served, alice, fox, variant)).headers

    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-type"].startswith("image/")


def test_a_browser_that_has_the_picture_is_told_so(
    served: Served, browser: httpx.Client, alice: Person, fox: str
) -> None:
    address = link(served, alice, fox, "512")
    etag = browser.get(address).headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = browser.get(address, headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert browser.get(address, headers={"if-none-match": '"other"'}).status_code == 200


def test_every_size_has_a_tag_of_its_own(served: Served, browser: httpx.Client, alice: Person, fox: str) -> None:
    variants = ("256", "512", "preview", "full", "download")

    tags = {browser.get(link(served, alice, fox, variant)).headers["etag"] for variant in variants}

    assert len(tags) == len(variants)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None)],
)
def test_a_part_can_be_asked_for(
    served: Served, browser: httpx.Client, alice: Person, fox: str, asked: str, first: int, last: int | None
) -> None:
    answer = browser.get(link(served, alice, fox, "full"), headers={"range": asked})

    expected = FOX[first : None if last is None else last + 1]
    start = first % len(FOX)
    assert answer.status_code == 206
    assert answer.content == expected
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(FOX)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=9-3", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused_with_the_true_size(
    served: Served, browser: httpx.Client, alice: Person, fox: str, asked: str
) -> None:
    answer = browser.get(link(served, alice, fox, "full"), headers={"range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(FOX)}"
    assert answer.content == b""


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=0-9"])
def test_what_is_no_single_part_of_this_very_picture_gets_the_whole(
    served: Served, browser: httpx.Client, alice: Person, fox: str, asked: str
) -> None:
    headers = {"range": asked, "if-range": '"an older picture"'} if asked == "bytes=0-9" else {"range": asked}

    answer = browser.get(link(served, alice, fox, "full"), headers=headers)

    assert answer.status_code == 200
    assert answer.content == FOX


def test_a_head_request_gets_the_headers_alone(served: Served, browser: httpx.Client, alice: Person, fox: str) -> None:
    answer = browser.head(link(served, alice, fox, "full"))

    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(FOX))
    assert answer.content == b""


def test_somebody_elses_picture_is_not_there_in_the_words_for_none_at_all(
    served: Served, browser: httpx.Client, bob: Person, fox: str
) -> None:
    for variant in ("256", "512", "preview", "full", "download"):
        foreign = browser.get(link(served, bob, fox, variant))
        missing = browser.get(link(served, bob, "0" * 32, variant))

        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert foreign.headers["cache-control"] == "no-store"


def test_what_one_person_just_saw_is_not_there_for_the_next(
    served: Served, browser: httpx.Client, alice: Person, bob: Person, fox: str
) -> None:
    assert browser.get(link(served, alice, fox, "256")).status_code == 200

    assert browser.get(link(served, bob, fox, "256")).status_code == 404


@settings(max_examples=400)
@given(data=st.data())
def test_a_changed_token_opens_nothing(
    served: Served, browser: httpx.Client, alice: Person, fox: str, data: st.DataObject
) -> None:
    token = access.media_token(served.studio, alice)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii", categories=["L", "N"], include_characters="._-"))
    changed = data.draw(
        st.sampled_from(
            [token[:place] + other + token[place + 1 :], token[:place] + token[place + 1 :], token + other, other]
        )
    )

    answer = browser.get(f"/m/{changed}/{fox}/256")

    assert answer.status_code == (200 if changed == token else 404 if changed == "." else 403)


@pytest.mark.parametrize("token", ["%00", "%C3%A9", "..%2f..", "a.b.c", ".", "x" * 5_000, "%F0%9F%A6%8A.ff.x"])
def test_nonsense_for_a_token_is_refused(served: Served, browser: httpx.Client, fox: str, token: str) -> None:
    assert browser.get(f"/m/{token}/{fox}/256").status_code in (403, 404)


@pytest.mark.parametrize(
    "place", ["..%2F..%2Fsecret/256", "%2e%2e/256", "{fox}/..%2f..%2fstudio.db", "{fox}/1024", "{fox}/", "{fox}%00/256"]
)
def test_no_address_leads_out_of_the_pictures(
    served: Served, browser: httpx.Client, alice: Person, fox: str, place: str
) -> None:
    token = access.media_token(served.studio, alice)

    answer = browser.get(f"/m/{token}/{place.format(fox=fox)}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


def test_a_missing_size_is_made_once_however_many_ask(tmp_path: Path) -> None:
    plain = open_studio(Settings(data_dir=tmp_path))
    store = Counted(tmp_path / "files", tmp_path / "store-id")
    with serving.serving(replace(plain, store=store)) as served, served.client() as browser:
        alice = serving.person(served.studio, "Alice")
        image = serving.image_of(served.studio, alice, FOX, thumbs=False)
        address = link(served, alice, image, "256")

        with ThreadPoolExecutor(8) as people:
            answers = list(people.map(lambda _: browser.get(address), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert [key.endswith(f"{image}.256.webp") for key in store.written] == [False, True]


def test_a_preview_is_made_at_first_look_and_kept(served: Served, browser: httpx.Client, alice: Person) -> None:
    image = serving.image_of(served.studio, alice, FOX)
    first = browser.get(link(served, alice, image, "preview"))

    with served.studio.reading() as db:
        key = access.find(db, Image, image, alice).key
    served.studio.store.delete(key)

    assert browser.get(link(served, alice, image, "preview")).content == first.content
    assert browser.get(link(served, alice, image, "full")).status_code == 404


def test_a_preview_keeps_transparency(served: Served, browser: httpx.Client, alice: Person, tmp_path: Path) -> None:
    image = serving.image_of(served.studio, alice, serving.picture(mode="RGBA", colour="#ff000080"))

    answer = browser.get(link(served, alice, image, "preview"))

    (tmp_path / "preview").write_bytes(answer.content)
    assert answer.headers["content-type"] == "image/webp"
    assert Pillow.open(tmp_path / "preview").has_transparency_data


def test_trashed_is_still_seen_and_purged_is_gone_within_a_minute(
    served: Served, browser: httpx.Client, alice: Person, clock: Clock
) -> None:
    image = serving.image_of(served.studio, alice, FOX)
    with served.studio.transaction() as db:
        access.find(db, Image, image, alice).deleted_at = served.studio.now()

    assert browser.get(link(served, alice, image, "256")).status_code == 200

    with served.studio.transaction() as db:
        db.delete(access.find(db, Image, image, alice))
    clock.skip(minutes=1)
    assert browser.get(link(served, alice, image, "256")).status_code == 404


def test_a_file_that_a_link_took_the_place_of_is_not_followed(
    served: Served, browser: httpx.Client, alice: Person, tmp_path: Path
) -> None:
    image = serving.image_of(served.studio, alice, FOX)
    (tmp_path / "secret").write_bytes(FOX)
    with served.studio.reading() as db:
        path = served.studio.settings.data_dir / "files" / access.find(db, Image, image, alice).key
    path.unlink()
    path.symlink_to(tmp_path / "secret")

    assert browser.get(link(served, alice, image, "full")).status_code == 404


def test_from_a_bucket_all_sizes_come_through_us_and_downloads_straight_from_there(servers: Settings) -> None:
    with serving.serving(open_studio(servers)) as served, served.client() as browser:
        alice = serving.person(served.studio, "Alice")
        image = serving.image_of(served.studio, alice, serving.picture(mode="RGBA", colour="#ff000080"), thumbs=False)
        sizes = {size: browser.get(link(served, alice, image, size)) for size in ("256", "512", "preview", "full")}
        part = browser.get(link(served, alice, image, "full"), headers={"range": "bytes=0-7"})
        sent_on = browser.get(link(served, alice, image, "download"))
        download = httpx.get(sent_on.headers["location"], trust_env=False)

    kinds = [answer.headers["content-type"] for answer in sizes.values()]
    assert kinds == ["image/webp", "image/webp", "image/webp", "image/png"]
    assert (part.status_code, part.content) == (206, b"\x89PNG\r\n\x1a\n")
    assert (sent_on.status_code, sent_on.headers["cache-control"]) == (307, "no-store")
    assert download.content == sizes["full"].content
    assert f"a-red-fox-{image[-8:]}.png" in download.headers["content-disposition"]
