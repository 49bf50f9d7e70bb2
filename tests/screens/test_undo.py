"""What was put away one after the other is taken back together, once, and on the page where it was offered."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from streamlit.testing.v1 import AppTest

from core import conversations, trash
from core.access import Person
from core.studio import Studio
from tests.branches import Step, grow
from tests.conftest import wish
from tests.screens.support import PAGES, visit


def page() -> None:
    """Puts images away or back in the steps that the test names, and hears afterwards what was pressed."""
    import streamlit as st

    from core import access, trash
    from core.studio import current
    from pages.parts import bulk, thrown, undo

    person, act = access.local_person(current()), st.session_state["act"]
    grant = {"trash": bulk.grant, "restore": thrown._grant}[act]
    for number, ids in enumerate(st.session_state["steps"]):
        grant(current(), person, [{"wish": str(number), "act": act, "ids": ids}])
    offered = st.session_state.get(undo.OFFERED)
    st.json(offered)
    if elsewhere := st.session_state["elsewhere"]:
        trash.trash(current(), person, elsewhere)
    for _ in range(2):
        undo._told(current(), person, offered, [{"wish": "pressed", "act": st.session_state["pressed"]}])
    st.json(st.session_state.get(undo.OFFERED))


def test_images_that_go_one_by_one_come_back_together(studio: Studio, me: Person) -> None:
    first, *_ = images = _three(studio, me)
    app = _shown([[first], images[1:2]], "undo")

    offered = json.loads(app.json[0].value)
    assert offered["target"] == images[:2]
    assert offered["text"] == "2 images are in the trash. 1 derived image stays."
    assert offered["derived"] == images[2:]
    assert trash.contents(studio, me).tiles == ()
    assert json.loads(app.json[1].value) is None
    assert [toast.value for toast in app.toast] == ["Taken back."]


def test_what_was_derived_goes_along_with_all_of_them(studio: Studio, me: Person) -> None:
    images = _three(studio, me)
    app = _shown([images[:1], images[1:2]], "follow")

    assert {tile.id for tile in trash.contents(studio, me).tiles} == set(images)
    again = json.loads(app.json[1].value)
    assert (again["target"], again["derived"]) == (images, [])


def test_images_that_come_back_one_by_one_go_together_to_where_they_lay(studio: Studio, me: Person) -> None:
    images = _three(studio, me)
    for image_id in images:
        trash.trash(studio, me, [image_id])
    lay = _lying(studio, me)

    app = _shown([images[:1], images[1:2]], "undo", act="restore")

    offered = json.loads(app.json[0].value)
    assert (offered["target"], offered["text"]) == (images[:2], "2 images are back.")
    assert _lying(studio, me) == lay


def test_what_somebody_put_away_elsewhere_is_not_taken_back_here(studio: Studio, me: Person) -> None:
    images = _three(studio, me)
    app = _shown([images[:1]], "follow", elsewhere=images[1:2])

    again = json.loads(app.json[1].value)
    assert again["target"] == [images[0], images[2]]
    assert again["text"] == "2 images are in the trash."


def test_what_was_offered_on_a_page_is_over_when_somebody_left_it(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    app = visit("conversation", id=asked)
    app.button(key="trash").click().run()  # leads to the list, where it is offered
    assert app.session_state["undo-offered"]["target"] == asked

    app.switch_page(str(PAGES / "create.py")).run()
    app.switch_page(str(PAGES / "conversations.py")).run()

    assert app.title[0].value == "Conversations"
    assert "undo-offered" not in app.session_state


def _three(studio: Studio, me: Person) -> list[str]:
    """Each derived from the one before."""
    steps = [Step("a lantern"), Step("a red one", source=1), Step("a blue one", source=2)]
    return [images[0] for images in grow(studio, me, steps).images]


def _lying(studio: Studio, me: Person) -> dict[str, datetime]:
    """What is in the trash, and since when."""
    return {tile.id: tile.thrown_at for tile in trash.contents(studio, me).tiles if isinstance(tile, trash.Thrown)}


def _shown(
    steps: list[list[str]], pressed: str, elsewhere: Sequence[str] = (), act: Literal["trash", "restore"] = "trash"
) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in {"steps": steps, "pressed": pressed, "elsewhere": elsewhere, "act": act}.items():
        app.session_state[name] = value
    app.run(timeout=30)
    assert not app.exception
    return app
