"""Beside the gallery stands what can be looked for: counts that follow each other, ranges, mistakes, and ways out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, marks, projects
from core.access import Person
from core.replica import Replica
from core.replica_rows import FACETS
from core.settings import Settings
from core.studio import open_studio
from core.tables import LEAD, Conversation, Turn
from tests import many, serving
from tests.serving import Served
from tests.test_replica import is_there, until


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))
    with Replica(studio).running() as copy, serving.serving(studio) as served:
        until(lambda: is_there(copy))
        yield served


@pytest.fixture(scope="module")
def alice(served: Served) -> Person:
    return serving.person(served.studio, "Alice")


@pytest.fixture(scope="module")
def images(served: Served, alice: Person) -> list[str]:
    """Forty of a red fox and twenty of a blue boat; a third practised; five starred, of boats; one in a project."""
    made = many.images(served.studio, alice, 60, apart=timedelta(hours=12), each=1)
    with served.studio.transaction() as db:
        db.execute(sa.update(Conversation).values(title=""))
        for number, turn in enumerate(db.scalars(sa.select(Turn).order_by(col(Turn.created_at).desc()))):
            turn.prompt = "a blue boat" if number < 20 else "a red fox"
    marks.star(served.studio, alice, made[:5])
    return made


@pytest.fixture
def browser(served: Served, alice: Person, images: list[str]) -> Iterator[httpx.Client]:
    with served.client(alice) as client:
        yield client


def counts(browser: httpx.Client, text: str, **other: str) -> dict[str, Any]:
    """Once what was just done is among it: on a busy machine that may take a moment."""
    for _ in range(60):
        answer = browser.get("/api/find/counts", params={"q": text, **other})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        if not found["behind"]:
            return found
    raise AssertionError("The counts stayed behind.")


def values(found: dict[str, Any], facet: str) -> dict[str, tuple[int, int]]:
    """How many, and whether it is picked, by value."""
    return {choice["value"]: (choice["n"], choice["picked"]) for choice in found["facets"][facet]}


def test_everything_is_counted(browser: httpx.Client) -> None:
    found = counts(browser, "")

    assert found["total"] == 60
    assert found["facets"].keys() == {*FACETS, "person"}
    assert values(found, "model") == {"openai/gpt-image-2": (40, 0), "sketch/sketch": (20, 0)}
    assert values(found, "starred") == {"yes": (5, 0), "no": (55, 0)}
    assert (found["sort"], found["stacked"], found["pieces"], found["ways"]) == ("newest", False, [], [])


def test_a_lead_picks_whose_images_they_see(served: Served, alice: Person, images: list[str]) -> None:
    lea = access.person_named(served.studio, "lea", "Lea", LEAD)
    own = serving.image_of(served.studio, lea, serving.picture())
    with served.client(lea) as browser:
        found, hers = counts(browser, "by:everybody"), counts(browser, "by:alice is:starred")
        rows = browser.get("/api/gallery", params={"q": "by:lea"}).json()

    assert rows["id"] == [own]
    assert values(found, "person")[alice.id] == (60, 0)
    assert values(found, "person")[""] == (found["total"], 1)
    assert (hers["total"], values(hers, "person")[alice.id]) == (5, (5, 1))


def test_others_are_offered_nobody_elses(browser: httpx.Client) -> None:
    assert counts(browser, "")["facets"]["person"] == []
    assert "your own images" in browser.get("/api/find/counts?q=by:lea").json()["error"]


def test_counts_of_one_filter_follow_the_others(browser: httpx.Client) -> None:
    found = counts(browser, "fox model:sketch/sketch")

    assert found["total"] == 14
    assert values(found, "model") == {"openai/gpt-image-2": (26, 0), "sketch/sketch": (14, 1)}
    assert values(found, "starred") == {"no": (14, 0)}


def test_what_is_picked_or_left_out_is_told_though_there_is_none(browser: httpx.Client) -> None:
    found = counts(browser, "fox is:starred -is:edit")

    assert found["total"] == 0
    assert values(found, "starred") == {"no": (40, 0), "yes": (0, 1)}
    assert values(found, "kind")["edit"] == (0, -1)


def test_values_have_names_and_the_words_that_pick_them(served: Served, alice: Person, browser: httpx.Client) -> None:
    with served.client(serving.person(served.studio, "Dora")) as dora:
        person = serving.person(served.studio, "Dora")
        winter = projects.start(served.studio, person, "Winter campaign")
        kept = serving.image_of(served.studio, person, serving.picture())
        _post(served, person, kept, winter)
        found = counts(dora, 'project:"winter campaign"')

    assert [(c["label"], c["word"], c["n"]) for c in found["facets"]["project"]] == [
        ("Winter campaign", 'project:"Winter campaign"', 1)
    ]
    assert found["pieces"][0]["label"] == "Winter campaign"
    model = counts(browser, "")["facets"]["model"][0]
    assert (model["label"], model["word"]) == ("GPT Image 2 · OpenAI", "model:openai/gpt-image-2")
    assert counts(browser, "")["facets"]["starred"][1]["word"] == "is:starred"


def test_pieces_say_where_they_stand_and_what_they_pick(browser: httpx.Client) -> None:
    text = '🦊 -model:seedream "red fox" cost:>0.05'

    found = counts(browser, text)

    halves = text.encode("utf-16-le")
    stand = [halves[2 * p["start"] : 2 * p["end"]].decode("utf-16-le") for p in found["pieces"]]
    assert stand == ["🦊", "-model:seedream", '"red fox"', "cost:>0.05"]
    assert [(p["key"], p["value"], p["minus"]) for p in found["pieces"]] == [
        ("", "🦊", False),
        ("model", "seedream", True),
        ("", "red fox", False),
        ("cost", ">0.05", False),
    ]
    assert len(found["pieces"][1]["picks"]) == 3
    assert found["between"] == {"cost": ["0.050000001", None]}


def test_pieces_say_which_of_them_are_not_searched_for(browser: httpx.Client) -> None:
    found = counts(browser, "🦊 fox % -_ sort:best 🦊fox 2")

    assert [p["value"] for p in found["pieces"] if p["idle"]] == ["🦊", "%", "_"]


def test_ranges_say_how_far_they_could_go(browser: httpx.Client) -> None:
    found = counts(browser, "cost:>1 took:<1s model:openai/gpt-image-2")

    assert found["ranges"]["cost"] == ["0.042", "0.042"]
    assert found["ranges"]["took"] == [8200, 8200]
    assert all(moment.endswith("+00:00") for moment in found["ranges"]["made"])


def test_ranges_of_nothing_are_empty(served: Served) -> None:
    with served.client(serving.person(served.studio, "Nobody")) as nobody:
        assert counts(nobody, "")["ranges"] == {"made": [None, None], "cost": [None, None], "took": [None, None]}


def test_keys_are_told_with_what_is_worth_proposing(browser: httpx.Client) -> None:
    suggested = counts(browser, "")["suggested"]

    assert suggested["sort"] == ["best", "newest", "oldest", "costliest", "slowest"]
    assert suggested["stack"] == ["post"]
    assert {"model", "project", "is", "has", "cost", "took", "after", "before", "on"} <= suggested.keys()


def test_a_word_with_a_slip_leads_to_the_nearest(browser: httpx.Client) -> None:
    found = counts(browser, "red foxx")

    assert found["ways"][0] == {"start": 4, "end": 8, "word": "fox", "n": 40}


def test_a_phrase_stays_one(browser: httpx.Client) -> None:
    assert counts(browser, '"red foxx"')["ways"] == [{"start": 0, "end": 10, "word": '"red fox"', "n": 40}]


def test_when_nothing_is_found_it_is_said_without_what_there_would_be_something(browser: httpx.Client) -> None:
    found = counts(browser, "sort:oldest red is:starred model:sketch/sketch")

    assert found["ways"] == [
        {"start": 12, "end": 15, "word": "", "n": 1},
        {"start": 16, "end": 26, "word": "", "n": 14},
    ]


def test_days_are_those_of_the_browser(browser: httpx.Client) -> None:
    day = {
        zone: counts(browser, "on:2026-01-01", tz=zone)["between"]["made"] for zone in ("Asia/Tokyo", "", "../x", "é")
    }

    assert day["Asia/Tokyo"] == ["2025-12-31T15:00:00+00:00", "2026-01-01T15:00:00+00:00"]
    assert day[""] == day["../x"] == day["é"] == ["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"]


@pytest.mark.parametrize(("text", "wrong"), [("red modle:x", "modle:x"), ("🦊🦊 is:blue fox", "is:blue")])
def test_a_wrong_line_is_told_with_the_place_of_the_wrong_word(browser: httpx.Client, text: str, wrong: str) -> None:
    answer = browser.get("/api/find/counts", params={"q": text})

    told = answer.json()
    halves = text.encode("utf-16-le")
    assert answer.status_code == 400
    assert halves[2 * told["start"] : 2 * told["end"]].decode("utf-16-le") == wrong
    assert told["error"].endswith((".", "?"))


@pytest.mark.parametrize("text", ["%00", "%ff%fe", "%ed%a0%80", "a" * 1_001, '"', ":", "is:", "-", "%22%22%22"])
def test_nothing_that_is_asked_breaks_it(browser: httpx.Client, text: str) -> None:
    answer = browser.get(f"/api/find/counts?q={text}")

    assert answer.status_code in (200, 400)


def test_ones_own_mark_is_counted(served: Served) -> None:
    carol = serving.person(served.studio, "Carol")
    made = many.images(served.studio, carol, 3)
    with served.client(carol) as browser:
        for n, image in enumerate(made, start=1):
            marks.star(served.studio, carol, [image])

            assert values(counts(browser, ""), "starred")["yes"] == (n, 0)


def test_nobody_counts_what_is_somebody_elses(served: Served, images: list[str]) -> None:
    with served.client(serving.person(served.studio, "Bob")) as bob:
        found = counts(bob, "foxx")

    assert (found["total"], found["ways"]) == (0, [])
    assert all(not n for choices in found["facets"].values() for n in choices)


def test_nobody_who_is_not_known_reads_anything(served: Served) -> None:
    with served.client() as stranger:
        assert stranger.get("/api/find/counts").status_code == 401


def test_no_cache_keeps_it(browser: httpx.Client) -> None:
    kept = [browser.get("/api/find/counts", params={"q": q}).headers["cache-control"] for q in ("", "modle:x")]

    assert kept == ["no-store", "no-store"]


def test_without_an_index_it_says_that_it_comes(tmp_path_factory: pytest.TempPathFactory) -> None:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("bare")))
    with serving.serving(studio) as bare, bare.client(serving.person(studio, "Alice")) as browser:
        answer = browser.get("/api/find/counts?q=fox")
        wrong = browser.get("/api/find/counts?q=modle:x")
    studio.engine.dispose()

    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
    assert answer.json() == {"error": "The gallery's index is being made. Filters and counts appear in a moment."}
    assert wrong.status_code == 400  # that can be said all the same


def _post(served: Served, person: Person, image_id: str, project_id: str) -> None:
    """Into a post of its own, and that into the project."""
    from core.tables import Image, Post

    now = served.studio.now()
    with served.studio.transaction() as db:
        post = Post(user_id=person.id, created_at=now, updated_at=now)
        db.add(post)
        db.flush()
        db.get_one(Image, image_id).post_id = post.id
    marks.put_into(served.studio, person, [image_id], project_id)
