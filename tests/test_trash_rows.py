"""The trash's grid gets its rows over HTTP as the gallery's does: pages, shape, ids and days, to their owner."""

import base64
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, trash
from core.access import Person
from core.errors import NotFound
from core.settings import Settings
from core.studio import open_studio
from core.tables import SOURCE, Image, Reference, Turn
from tests import many, serving
from tests.screens.support import queries
from tests.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving.serving(open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))) as served:
        yield served


@pytest.fixture(scope="module")
def alice(served: Served) -> Person:
    return serving.person(served.studio, "Alice")


@pytest.fixture(scope="module")
def thrown(served: Served, alice: Person) -> list[str]:
    """The last thrown away first: one a minute. The first of them is used by a turn, the second is over its days."""
    images = many.images(served.studio, alice, 212)[:210]
    many.thumbs(served.studio, alice, images[:1])
    trash.trash(served.studio, alice, images)
    with served.studio.transaction() as db:
        for n, image_id in enumerate(images):
            at = served.studio.now() - timedelta(minutes=n)
            mine = sa.update(Image).where(col(Image.id) == image_id)
            db.execute(mine.values(deleted_at=at, purge_after=at + timedelta(days=0 if n == 1 else 30)))
        living = sa.select(col(Turn.id)).order_by(col(Turn.created_at)).limit(1)
        turn = db.scalars(living).one()
        db.add(Reference(turn_id=turn, image_id=images[0], role=SOURCE))
    return images


@pytest.fixture
def browser(served: Served, alice: Person) -> Iterator[httpx.Client]:
    with served.client(alice) as client:
        yield client


def test_pages_lead_to_the_next_and_say_how_long_each_image_stays(browser: httpx.Client, thrown: list[str]) -> None:
    first = browser.get("/api/trash").json()
    second = browser.get("/api/trash", params={"after": first["next"]}).json()

    assert first["id"] + second["id"] == thrown
    assert second["next"] is None
    assert first["note"][:3] == ["In use", "Gone tonight", "30 days left"]
    assert first["used"][:3] == [1, 0, 0]
    assert first["created_at"] == sorted(first["created_at"], reverse=True)


def test_some_are_told_alone_and_nobody_elses(served: Served, alice: Person, thrown: list[str]) -> None:
    told = trash.these(served.studio, alice, [thrown[2], "0" * 32, thrown[0]])

    assert [(one.id, one.used) for one in told] == [(thrown[0], True), (thrown[2], False)]
    with pytest.raises(NotFound):
        trash.these(served.studio, serving.person(served.studio, "Bob"), thrown[:3])


def test_the_layout_fits_the_pages(browser: httpx.Client, thrown: list[str]) -> None:
    layout = browser.get("/api/trash/layout").json()

    assert (layout["total"], layout["newest"], len(base64.b64decode(layout["ratios"]))) == (210, thrown[0], 210)
    after = layout["cursors"][1]
    assert browser.get("/api/trash", params={"after": after}).json()["id"] == thrown[200:]


def test_a_layout_that_did_not_change_is_not_even_read(
    browser: httpx.Client, served: Served, thrown: list[str]
) -> None:
    known = browser.get("/api/trash/layout")

    with queries(served.studio) as seen:
        again = browser.get("/api/trash/layout", headers={"if-none-match": known.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert (known.headers["cache-control"], again.headers["etag"]) == ("private, no-cache", known.headers["etag"])
    assert not any("width" in sql or "size" in sql for sql in seen), "their rows were read"


def test_a_layout_of_as_many_other_images_is_sent(served: Served) -> None:
    """The last one that was thrown away is the same, and one of the others came back for another one."""
    carol = serving.person(served.studio, "Carol")
    last, one, other = many.images(served.studio, carol, 3)
    trash.trash(served.studio, carol, [other])
    trash.trash(served.studio, carol, [one])
    trash.trash(served.studio, carol, [last])
    since = trash.restore(served.studio, carol, [other])
    with served.client(carol) as browser:
        known = browser.get("/api/trash/layout")
        trash.restore(served.studio, carol, [one])
        trash.trash(served.studio, carol, [other], since)

        again = browser.get("/api/trash/layout", headers={"if-none-match": known.headers["etag"]})

    assert (known.json()["total"], again.status_code) == (2, 200)


def test_who_picks_many_asks_for_their_ids_alone(browser: httpx.Client, thrown: list[str]) -> None:
    layout = browser.get("/api/trash/layout").json()

    assert browser.get("/api/trash/ids").json() == thrown
    after = {"after": layout["cursors"][1], "limit": 3}
    assert browser.get("/api/trash/ids", params=after).json() == thrown[200:203]


def test_a_day_is_found_by_when_things_were_thrown_away(browser: httpx.Client, thrown: list[str]) -> None:
    assert browser.get("/api/trash/place?on=2000-01-01").json() == 210
    assert browser.get("/api/trash/place?on=2999-01-01").json() == 0


@pytest.mark.parametrize(
    "path",
    ["?limit=0", "?after=nonsense", "/ids?limit=10001", "/ids?after=x", "/place?on=soon", "/place?on=9999-12-31"],
)
def test_what_makes_no_sense_is_answered_with_a_sentence(browser: httpx.Client, path: str) -> None:
    answer = browser.get(f"/api/trash{path}")

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_nobody_else_finds_anything_in_it(served: Served, thrown: list[str]) -> None:
    with served.client(serving.person(served.studio, "Bob")) as bob:
        assert bob.get("/api/trash").json()["id"] == bob.get("/api/trash/ids").json() == []
        assert bob.get("/api/trash/layout").json()["total"] == 0


def test_thumbnails_of_what_is_in_the_trash_are_shown_to_their_owner(
    browser: httpx.Client, served: Served, alice: Person, thrown: list[str]
) -> None:
    mine = access.media_token(served.studio, alice)
    theirs = access.media_token(served.studio, serving.person(served.studio, "Bob"))

    assert browser.get(f"/m/{mine}/{thrown[0]}/256").status_code == 200
    assert browser.get(f"/m/{theirs}/{thrown[0]}/256").status_code == 404
