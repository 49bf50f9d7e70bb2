"""The grid gets its rows over HTTP: in pages, with a layout sent again only when it changed, to their owner."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from core import marks
from core.access import Person
from core.settings import Settings
from core.studio import open_studio
from tests import many, serving
from tests.branches import Step, grow
from tests.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving.serving(open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))) as served:
        yield served


@pytest.fixture(scope="module")
def alice(served: Served) -> Person:
    return serving.person(served.studio, "Alice")


@pytest.fixture(scope="module")
def images(served: Served, alice: Person) -> list[str]:
    """Alice's images, newest first."""
    return many.images(served.studio, alice, 230)


@pytest.fixture
def browser(served: Served, alice: Person) -> Iterator[httpx.Client]:
    with served.client(alice) as client:
        yield client


def test_pages_are_columns_and_lead_to_the_next(browser: httpx.Client, images: list[str]) -> None:
    first = browser.get("/api/gallery").json()
    second = browser.get("/api/gallery", params={"after": first["next"]}).json()

    assert first["id"] + second["id"] == images
    assert second["next"] is None
    assert {len(first[name]) for name in ("width", "height", "placeholder", "text", "created_at", "practice")} == {200}
    assert {first["models"][number] for number in first["model"]} == set(first["models"])


def test_a_page_can_be_as_short_as_wanted(browser: httpx.Client, images: list[str]) -> None:
    assert browser.get("/api/gallery?limit=7").json()["id"] == images[:7]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-3", "limit=x", "limit=9999999999", "after=nonsense"])
def test_what_makes_no_sense_is_answered_with_a_sentence(browser: httpx.Client, query: str) -> None:
    answer = browser.get(f"/api/gallery?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_the_layout_comes_in_one_byte_an_image(browser: httpx.Client, images: list[str]) -> None:
    layout = browser.get("/api/gallery/layout").json()

    assert layout["total"] == len(base64.b64decode(layout["ratios"])) == 230
    assert layout["newest"] == images[0]
    assert browser.get("/api/gallery", params={"after": layout["cursors"][1]}).json()["id"] == images[200:]


def test_a_layout_that_did_not_change_is_not_sent_again(browser: httpx.Client, images: list[str]) -> None:
    known = browser.get("/api/gallery/layout")

    again = browser.get("/api/gallery/layout", headers={"if-none-match": known.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_a_new_image_changes_the_layout(served: Served) -> None:
    carol = serving.person(served.studio, "Carol")
    with served.client(carol) as browser:
        known = browser.get("/api/gallery/layout")
        fox = serving.image_of(served.studio, carol, serving.picture())

        again = browser.get("/api/gallery/layout", headers={"if-none-match": known.headers["etag"]})

    assert again.status_code == 200
    assert again.json()["newest"] == fox


def test_rows_are_never_kept_by_caches_between(browser: httpx.Client, images: list[str]) -> None:
    kept = [browser.get(f"/api/gallery{path}").headers["cache-control"] for path in ("", "/layout", f"/{images[0]}")]

    assert kept == ["no-store", "private, no-cache", "no-store"]


def test_one_image_comes_with_all_its_facts(browser: httpx.Client, images: list[str]) -> None:
    detail = browser.get(f"/api/gallery/{images[1]}?placed").json()

    assert (detail["newer"], detail["older"], detail["position"]) == (images[0], images[2], 1)
    assert isinstance(detail["cost"], str)  # JavaScript would round it
    assert len(detail["siblings"]) == 2


def test_what_could_follow_an_image_into_the_trash_is_told_to_whom_it_belongs(served: Served) -> None:
    erin, bob = (serving.person(served.studio, name) for name in ("Erin", "Bob"))
    steps = [Step("a fox"), Step("bluer", source=1), Step("at night", source=2)]
    first, *others = (images[0] for images in grow(served.studio, erin, steps, files=False).images)

    with served.client(erin) as browser, served.client(bob) as stranger:
        told, refused = (who.get(f"/api/gallery/{first}/derived") for who in (browser, stranger))

    assert (sorted(told.json()), told.headers["cache-control"]) == (sorted(others), "no-store")
    assert refused.status_code == 404


def test_a_line_says_which_rows_are_wanted(served: Served, alice: Person, images: list[str]) -> None:
    with serving.followed(served.studio), served.client(alice) as browser:
        marks.star(served.studio, alice, images[3:5])

        starred = [browser.get(f"/api/gallery{path}?q=is:starred").json() for path in ("", "/layout", "/ids")]
        day = browser.get("/api/gallery/place?on=2020-01-01&tz=Europe/Berlin").json()
        wrong = browser.get("/api/gallery?q=mood:blue")

    assert [starred[0]["id"], starred[1]["total"], starred[2]] == [images[3:5], 2, images[3:5]]
    assert day == len(images)
    assert (wrong.status_code, "mood" in wrong.json()["error"]) == (400, True)


def test_while_there_is_no_index_only_what_needs_it_has_to_wait(browser: httpx.Client, images: list[str]) -> None:
    waits = browser.get("/api/gallery?q=fox")

    assert (waits.status_code, waits.json()["error"][-1]) == (503, ".")
    assert browser.get("/api/gallery?q=is:starred").status_code == 200
    assert browser.get("/api/gallery").json()["id"] == images[:200]


@pytest.mark.parametrize(
    "query",
    ["ids?limit=10001", "place?on=yesterday", "place", "ids?after=x", "place?on=9999-12-31", "place?on=0001-01-01"],
)
def test_what_makes_no_sense_beside_the_rows_is_answered_too(browser: httpx.Client, query: str) -> None:
    answer = browser.get(f"/api/gallery/{query}")

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_the_whole_prompt_is_only_in_the_detail(served: Served) -> None:
    dave = serving.person(served.studio, "Dave")
    fox = serving.image_of(served.studio, dave, serving.picture(), prompt="f" * 900)

    with served.client(dave) as browser:
        row, detail = browser.get("/api/gallery").json(), browser.get(f"/api/gallery/{fox}").json()

    assert [len(row["text"][0]), len(detail["prompt"])] == [300, 900]


def test_somebody_elses_image_is_not_there(served: Served, images: list[str]) -> None:
    bob = serving.person(served.studio, "Bob")
    with served.client(bob) as browser:
        foreign, made_up = (browser.get(f"/api/gallery/{image_id}") for image_id in (images[0], "0" * 32))
        rows = browser.get("/api/gallery").json()

    assert (foreign.status_code, made_up.status_code) == (404, 404)
    assert foreign.json() == made_up.json()
    assert rows["id"] == []


@pytest.mark.parametrize("path", ["", "/layout", "/0123", "/0123/derived"])
def test_nobody_who_is_not_known_reads_anything(served: Served, path: str) -> None:
    with served.client() as stranger:
        assert stranger.get(f"/api/gallery{path}").status_code == 401
