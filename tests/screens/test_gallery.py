"""The gallery's page reads little, shows what its address asks for, and offers every filter there is."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import access, conversations, marks, projects, saved_views, trash
from core.access import Person
from core.replica_rows import FACETS
from core.shelves import RANGES, SORTS
from core.studio import Studio
from core.tables import Image
from pages.parts import bulk, find_words
from pages.parts import saved_views as part
from tests import many, serving
from tests.conftest import wish
from tests.screens.support import queries, visit

MOST = 5


@pytest.mark.parametrize(
    "line", ["", "is:starred", "stack:post sort:costliest", "project:winter", "by:everybody", "by:ana project:winter"]
)
def test_its_page_takes_five_queries_however_much_there_is(studio: Studio, me: Person, line: str) -> None:
    many.images(studio, me, 300, apart=timedelta(seconds=1))
    many.images(studio, access.person_named(studio, "ana", "Ana"), 3)
    saved_views.save(studio, me, "Stars", "is:starred")
    projects.start(studio, me, "Winter")
    with serving.followed(studio):
        app = visit("gallery", q=line)

        with queries(studio) as seen:
            app.run()

    assert not app.exception
    assert any("FROM image" in sql for sql in seen), "the line was not read, so nothing was looked for"
    assert len(seen) <= MOST, seen


@pytest.mark.parametrize("threads", [0, 7])
def test_the_trash_takes_five_queries_however_much_is_in_it(studio: Studio, me: Person, threads: int) -> None:
    images = many.images(studio, me, 300, apart=timedelta(seconds=1))
    for image in images[:threads]:
        asked = conversations.start(studio, me, wish("bluer", source=image))
        conversations.trash(studio, me, asked.conversation_id)
    trash.trash(studio, me, images)
    app = visit("trash")

    with queries(studio) as seen:
        app.run()

    assert not app.exception
    assert len(seen) <= MOST, seen


def test_what_the_grid_wishes_is_done_and_what_was_put_away_can_be_taken_back(studio: Studio, me: Person) -> None:
    images = many.images(studio, me, 3)

    app = _granted(
        [
            {"wish": "0", "act": "star", "ids": images[:2], "on": True},
            {"wish": "1", "act": "trash", "ids": images[1:]},
            {"wish": "2", "act": "star", "ids": ["0" * 32], "on": True},
        ]
    )

    with studio.reading() as db:
        rows = {row.id: row for row in db.exec(select(Image)).all()}
    assert [rows[i].starred for i in images] == [True, True, False]
    assert [rows[i].deleted_at is None for i in images] == [True, False, False]
    assert '"error": null' in app.json[0].value
    assert "not yours" in app.json[0].value
    assert "2 images are in the trash." in app.json[0].value


def test_what_is_done_with_views_is_a_wish_like_all_others(studio: Studio, me: Person) -> None:
    foxes, stars = (
        saved_views.save(studio, me, name, line) for name, line in (("Foxes", "fox"), ("Stars", "is:starred"))
    )
    save = {"wish": "1", "act": "view.save", "name": "Boats", "line": "boat"}
    told = [
        save,
        save,
        {"wish": "2", "act": "view.save", "name": "Wrong", "line": "modle:x"},
        {"wish": "3", "act": "view.rename", "id": foxes, "name": "Red"},
        {"wish": "4", "act": "view.change", "id": foxes, "line": "red"},
        {"wish": "5", "act": "view.share", "id": foxes, "on": True},
        {"wish": "6", "act": "view.remove", "id": stars},
        {"wish": "7", "act": "view.remove", "id": stars},
    ]

    app = _granted(told)

    views = [(view["name"], view["line"], view["shared"]) for view in part.shown(studio, me)]
    assert views == [("Boats", "boat", False), ("Red", "red", True)]
    answers = json.loads(app.json[0].value)["answers"]
    assert [answer["wish"] for answer in answers if answer["error"]] == ["2", "7"]
    assert [toast.value for toast in app.toast][:2] == ["The view is saved.", "Renamed."]


def test_every_filter_has_a_name_on_the_screen() -> None:
    words = find_words.words()

    shown = {name for name in FACETS if f"facet_{name}" in words or f"{name}_yes" in words}
    assert shown == set(FACETS)
    assert all(f"key_{name}" in words for name in RANGES if name != "made")
    assert {f"sort_{name}" for name in SORTS} <= set(words)


def test_every_act_that_is_offered_is_done_somewhere() -> None:
    here = {one["act"] for one in bulk.acts() if not one.get("goes")} - {"download"}

    assert here == set(bulk._DONE)


def test_a_lines_mistake_leaves_the_page_standing(studio: Studio, me: Person) -> None:
    marks.star(studio, me, many.images(studio, me, 2))

    app = visit("gallery", q="modle:x")

    assert not app.exception
    assert app.title[0].value == "Gallery"


def _granted(told: list[dict[str, Any]]) -> AppTest:
    """A page whose grid told these wishes: what it answers, and what is offered then."""

    def page() -> None:
        import streamlit as st

        from core import access
        from core.studio import current
        from pages.parts import bulk, undo, wishes

        bulk.grant(current(), access.local_person(current()), st.session_state["told"])
        st.json({"answers": wishes.answered(bulk.KEY), "offered": st.session_state.get(undo.OFFERED)})

    app = AppTest.from_function(page)
    app.session_state["told"] = told
    app.run(timeout=30)
    assert not app.exception
    return app
