"""A conversation: what was asked stands there to the letter, with what came of it, what it cost, and a box to go on."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import access, conversations
from core.access import Person
from core.studio import Studio
from core.tables import CANCELED, CAPTION, FAILED, Generation
from tests import answers
from tests.conftest import wish
from tests.screens.support import at_home, queries, read, visit

TAKES_14 = "gemini/gemini-3-pro-image"
ODD = "A *red* fox, :red[not] $blue$ <b>at</b> `dawn`"


def test_words_are_shown_to_the_letter(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish(ODD))

    app = visit("conversation", id=asked.conversation_id)

    assert unescaped(app.title[0].value) == ODD
    assert turns(app)[0]["prompt"] == ODD
    assert not app.exception


def test_a_turn_says_its_number_its_settings_and_has_a_tile_for_every_generation(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox", "sketch/sketch", "sketch/ink", ratio="16:9", count=2, seed=7))

    (turn,) = turns(visit("conversation", id=asked.conversation_id))

    assert turn["name"] == "Turn 1"
    assert turn["summary"] == "Sketch (practice), Ink (practice) · 16:9 · 512 · 2 each"
    assert ["Seed", "7"] in turn["settings"]
    assert [tile["status"] for tile in turn["generations"]] == ["queued"] * 4
    assert turn["ratio"] == pytest.approx(16 / 9, abs=0.001)
    assert [row[1] for row in turn["timings"]] == ["waiting"] * 4


def test_the_head_says_how_many_images_there_are_and_what_is_certain_of_their_cost(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox", "sketch/sketch", "sketch/ink", "sketch/poster")
    costs = {"sketch": {"cost": Decimal("0.04")}, "ink": {"cost": Decimal("0.0031")}}
    lost = {"cost": None, "cost_basis": "unknown", "status": FAILED, "error_kind": "unknown"}
    change(studio, {name: {"practice": False, **facts} for name, facts in {**costs, "poster": lost}.items()})

    app = visit("conversation", id=asked)

    said = unescaped(app.markdown[0].value)
    assert "3 images · $0.04 so far · 1 call may have been charged too" in said


def test_practice_is_said_to_be_free(studio: Studio, me: Person) -> None:
    app = visit("conversation", id=made(studio, me, "A fox"))

    assert "1 image · practice, free" in unescaped(app.markdown[0].value)


def test_the_next_turn_starts_from_the_newest_image_and_as_the_last_one_was_asked(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox", "sketch/sketch", "sketch/ink", ratio="3:2")
    newest = conversations.opened(studio, me, asked).images[-1].id
    app = visit("conversation", id=asked)

    assert "Starts from turn 1, Ink" in unescaped(app.expander(key="strip").label)
    go_on(app, asked, "At night")

    first, second = conversations.opened(studio, me, asked).turns
    assert (second.prompt, [image.id for image in second.references]) == ("At night", [newest])
    assert [g.name for g in second.generations] == [g.name for g in first.generations]
    assert second.settings["ratio"] == "3:2"
    assert [turn["name"] for turn in turns(app)] == ["Turn 1", "Turn 2"]
    assert prompt(app, asked).value == ""


def test_words_alone_or_an_older_image_can_be_chosen_in_the_address(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox", "sketch/sketch", "sketch/ink")
    oldest = conversations.opened(studio, me, asked).images[0].id

    words = visit("conversation", id=asked, source="words")
    older = visit("conversation", id=asked, source=oldest)

    assert "words alone" in words.expander(key="strip").label
    assert turns(words)[0]["source"] is None
    assert turns(older)[0]["source"] == oldest
    go_on(words, asked, "Something else")
    assert conversations.opened(studio, me, asked).turns[1].references == ()


def test_who_writes_the_caption_is_carried_on_and_can_be_chosen_where_a_post_begins(studio: Studio, me: Person) -> None:
    """Whoever wanted no captions got one, paid, with every further turn that began with words."""
    asked = made(studio, me, "A fox", caption="")
    key = f"next-{asked}-caption"

    edit, words = visit("conversation", id=asked), visit("conversation", id=asked, source="words")

    assert key not in {box.key for box in edit.selectbox}
    assert words.selectbox(key=key).value == ""
    go_on(edit, asked, "At night")
    go_on(words, asked, "A hen")
    assert [turn.settings["caption"] for turn in conversations.opened(studio, me, asked).turns] == [""] * 3
    assert CAPTION not in kinds(studio)


def test_the_menu_says_what_asking_again_costs(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox")

    app = visit("conversation", id=asked)

    assert turns(app)[0]["again"] == "practice, free"


def test_a_part_can_be_painted_where_a_model_changes_only_a_part(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox", "sketch/sketch")

    from_image, from_words = visit("conversation", id=asked), visit("conversation", id=asked, source="words")

    assert [painter["mask"] for painter in mounted(from_image, "mask")] == [None]
    assert mounted(from_words, "mask") == []


def test_what_was_made_beside_the_source_becomes_a_reference_by_itself(
    studio: Studio, me: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = made(studio, me, "A fox", "sketch/sketch", "sketch/ink", "sketch/poster")
    first, *others = [image.id for image in conversations.opened(studio, me, asked).images]
    at_home(monkeypatch, studio.settings.data_dir, GEMINI_API_KEY="never sent")

    app = visit("conversation", id=asked, source=first)
    assert mounted(app, "references")[0]["references"] == []  # no practice model takes any
    app.multiselect(key=f"next-{asked}-models").set_value([TAKES_14]).run()

    assert mounted(app, "references")[0]["references"] == others
    assert mounted(app, "references")[0]["added"] == others
    go_on(app, asked, "As a family")
    uses = conversations.opened(studio, me, asked).turns[1].references
    assert [(use.role, use.id) for use in uses] == [("source", first), *(("reference", id) for id in others)]


def test_a_source_that_is_not_there_is_said_in_place_and_the_turns_stay(studio: Studio, me: Person) -> None:
    app = visit("conversation", id=made(studio, me, "A fox"), source="0" * 32)

    assert read(app.error[0]) == "There is no such image, or it is not yours."
    assert len(turns(app)) == 1


def test_a_refused_turn_says_why_and_keeps_every_word(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox")
    app = visit("conversation", id=asked)
    app.multiselect(key=f"next-{asked}-models").set_value(["sketch/sketch", "sketch/ink", "sketch/poster"])
    app.selectbox(key=f"next-{asked}-count").set_value(8)

    go_on(app, asked, "At night")

    assert "up to 16 images" in app.error[0].value
    assert prompt(app, asked).value == "At night"
    assert len(conversations.opened(studio, me, asked).turns) == 1


@pytest.mark.parametrize("whose", ["nobody", "bob"])
def test_what_is_not_there_and_what_is_not_yours_look_the_same(studio: Studio, whose: str) -> None:
    bob = access.person_named(studio, "bob", "Bob")
    theirs = conversations.start(studio, bob, wish("A secret")).conversation_id

    app = visit("conversation", id=theirs if whose == "bob" else "0" * 32)

    assert [read(error) for error in app.error] == ["There is no such conversation, or it is not yours."]
    assert turns(app) == []


def test_a_wish_that_is_told_twice_is_granted_once(studio: Studio, me: Person) -> None:
    conversations.start(studio, me, wish("A fox"))
    change(studio, {"sketch": {"status": CANCELED}})
    app = clicked(studio, act="retry", wish="1")
    assert [toast.value for toast in app.toast] == ["Asked again."]
    change(studio, {"sketch": {"status": CANCELED}})

    app.run()

    assert [toast.value for toast in app.toast] == []
    assert states(studio) == [CANCELED]


def test_a_wish_that_cannot_be_granted_says_why(studio: Studio, me: Person) -> None:
    made(studio, me, "A fox")

    app = clicked(studio, act="cancel", wish="1")

    assert "ended already" in app.toast[0].value
    assert not app.exception


def test_a_picture_of_somebody_else_cannot_be_canceled(studio: Studio) -> None:
    bob = access.person_named(studio, "bob", "Bob")
    conversations.start(studio, bob, wish("A secret"))

    app = clicked(studio, act="cancel", wish="1")

    assert read(app.toast[0]) == "There is no such picture, or it is not yours."
    assert states(studio) == ["queued"]


def test_drawing_it_anew_takes_few_queries_however_many_turns_there_are(studio: Studio, me: Person) -> None:
    asked = made(studio, me, "A fox")
    app = visit("conversation", id=asked)
    with queries(studio) as of_one:
        app.run()
    for n in range(4):
        conversations.ask(studio, me, asked, wish(f"Variation {n}"))
    with queries(studio) as of_five:
        app.run()

    of_the_first, of_the_page = ([query for query in seen if "FROM person" not in query] for seen in (of_one, of_five))
    assert len(of_the_page) == len(of_the_first)
    assert len(of_the_page) - OF_THE_PRICE - OF_THE_READERS <= 5


OF_THE_PRICE = 2
"""The ask box looks up its source and the model's last runs; see `tests/screens/test_create.py`."""
OF_THE_READERS = 2
"""What readers of its links said, and whether it is this person's to be told."""


def made(studio: Studio, person: Person, words: str, *models: str, **wishes: Any) -> str:
    """A conversation whose images are there."""
    asked = conversations.start(studio, person, wish(words, *models, **wishes))
    answers.answer(studio)
    return asked.conversation_id


def change(studio: Studio, facts: dict[str, dict[str, Any]]) -> None:
    """Set these columns of every generation by this model."""
    with studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            for name, value in facts.get(row.model, {}).items():
                setattr(row, name, value)


def kinds(studio: Studio) -> set[str]:
    with studio.reading() as db:
        return set(db.exec(select(Generation.kind)).all())


def states(studio: Studio) -> list[str]:
    with studio.reading() as db:
        return [row.status for row in db.exec(select(Generation)).all()]


def clicked(studio: Studio, **told: str) -> AppTest:
    """What the page does when this is clicked on the tile of the only generation; the browser part is not here."""

    def script() -> None:
        import streamlit as st

        from core import access
        from core.studio import current
        from pages.parts import progress

        progress.grant(current(), access.local_person(current()), st.session_state["told"], lambda image_id: None)

    with studio.reading() as db:
        (row,) = db.exec(select(Generation)).all()
    app = AppTest.from_function(script)
    app.session_state["told"] = {"id": row.id, **told}
    return app.run()


def turns(app: AppTest) -> list[dict[str, Any]]:
    """What the tiles component of each turn was given."""
    return mounted(app, "name")


def mounted(app: AppTest, name: str) -> list[dict[str, Any]]:
    """What components were given whose data have this name, in the order of the page."""
    given = [json.loads(node.proto.json) for node in app.get("bidi_component") if node.proto.json]
    return [props for props in given if name in props and ("turn" not in props or name == "name")]


def prompt(app: AppTest, conversation: str) -> Any:
    return next(area for area in app.text_area if str(area.key).startswith(f"next-{conversation}-prompt-"))


def go_on(app: AppTest, conversation: str, words: str) -> None:
    prompt(app, conversation).input(words)
    next(b for b in app.button if str(b.key).startswith(f"next-{conversation}-go-")).click().run()


def unescaped(markdown: str) -> str:
    """As a person reads it."""
    return markdown.replace("\\", "")
