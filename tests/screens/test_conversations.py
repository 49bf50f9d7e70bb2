"""The conversations page: found by words or by an image, page by page, thrown away and restored; never a dead end."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from core import access, conversations
from core.access import Person
from core.studio import Studio
from tests.branches import Step, grow
from tests.conftest import wish
from tests.screens.support import queries, read, visit


def test_a_card_says_what_is_in_a_conversation_and_shows_its_source_and_newest_image(
    studio: Studio, me: Person
) -> None:
    fox = grow(studio, me, [Step("a red fox")], files=False).images[0][0]
    conversations.start(studio, me, wish("make it blue", source=fox))

    newer, older = cards(visit("conversations"))

    assert (newer["title"], newer["turns"], newer["images"], newer["source"]) == (
        "make it blue",
        "1 turn",
        "0 images",
        fox,
    )
    assert newer["working"] and older["cover"] == fox and older["source"] is None


def test_a_search_is_in_the_address_and_leaves_what_it_found(studio: Studio, me: Person) -> None:
    for prompt in ("a red fox", "a lighthouse"):
        conversations.start(studio, me, wish(prompt))
    app = visit("conversations")

    app.text_input(key="search").input("FOX").run()

    assert [card["title"] for card in cards(app)] == ["a red fox"]
    assert app.query_params["q"] == "FOX"
    assert [card["title"] for card in cards(visit("conversations", q="light"))] == ["a lighthouse"]


def test_when_nothing_is_found_all_can_be_shown_again(studio: Studio, me: Person) -> None:
    conversations.start(studio, me, wish("a red fox"))
    app = visit("conversations", q="owl")
    assert [sub.value for sub in app.subheader] == ["Nothing was found"]

    app.button(key="clear").click().run()

    assert [card["title"] for card in cards(app)] == ["a red fox"]
    assert app.text_input(key="search").value == ""


def test_with_no_conversation_there_is_a_way_to_the_first(studio: Studio) -> None:
    app = visit("conversations")

    assert [sub.value for sub in app.subheader] == ["No conversations yet"]
    assert app.button(key="first").label == "Make your first image"
    assert app.button(key="new").label == "New conversation"


def test_those_with_an_image_are_shown_with_a_way_to_all(studio: Studio, me: Person) -> None:
    fox = grow(studio, me, [Step("a red fox")], title="The fox", files=False).images[0][0]
    conversations.start(studio, me, wish("make it blue", source=fox))
    conversations.start(studio, me, wish("a lighthouse"))

    app = visit("conversations", image=fox)
    few = [card["title"] for card in cards(app)]
    app.button(key="all").click().run()

    assert few == ["make it blue", "The fox"]
    assert len(cards(app)) == 3


def test_another_address_says_what_is_looked_for(studio: Studio, me: Person) -> None:
    """The box still held the words of a search whose page somebody had left by a link."""
    app = visit("conversations", q="fox")
    app.query_params.clear()

    app.run()

    assert app.text_input(key="search").value == ""


def test_an_image_of_somebody_else_is_not_there(studio: Studio) -> None:
    bob = access.person_named(studio, "bob", "Bob")
    secret = grow(studio, bob, [Step("a secret")], files=False).images[0][0]

    app = visit("conversations", image=secret)

    assert [read(error) for error in app.error] == ["There is no such image, or it is not yours."]
    assert cards(app) == []


def test_the_trash_says_until_when_and_restores(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("a red fox"))
    conversations.trash(studio, me, asked.conversation_id)
    app = visit("conversations")
    assert cards(app) == []

    app.toggle(key="in-trash").set_value(True).run()

    [card] = cards(app)
    assert card["gone"].startswith("Gone for good after ")
    assert app.query_params["trash"] == "1"
    assert mounted(app)["acts"] == ["restore"]


def test_a_card_in_the_trash_says_how_many_images_went_along(studio: Studio, me: Person) -> None:
    asked = grow(studio, me, [Step("a red fox"), Step("a blue one", source=1)], files=False)
    conversations.trash(studio, me, asked.id, along=[asked.images[1][0]])

    [card] = cards(visit("conversations", trash="1"))

    assert (card["images"], card["cover"]) == ("1 image · 1 image went with it", asked.images[0][0])
    conversations.restore(studio, me, asked.id)
    conversations.trash(studio, me, asked.id, along=None)
    [card] = cards(visit("conversations", trash="1"))
    assert (card["images"], card["cover"]) == ("2 images went with it", asked.images[1][0])


def test_an_empty_trash_says_so(studio: Studio) -> None:
    assert [sub.value for sub in visit("conversations", trash="1").subheader] == ["The trash is empty"]


def test_pages_are_in_the_address(studio: Studio, me: Person) -> None:
    for n in range(30):
        conversations.start(studio, me, wish(f"picture {n}"))
    app = visit("conversations")
    first = [card["title"] for card in cards(app)]

    app.button(key="older").click().run()
    second = [card["title"] for card in cards(app)]
    again = [card["title"] for card in cards(visit("conversations", after=app.query_params["after"]))]
    app.button(key="newest").click().run()

    assert len(first) == 24 and len(second) == 6 and set(first).isdisjoint(second)
    assert again == second
    assert [card["title"] for card in cards(app)] == first


def test_a_page_that_is_none_is_said_in_place(studio: Studio, me: Person) -> None:
    conversations.start(studio, me, wish("a red fox"))

    app = visit("conversations", after="yesterday")

    assert "Start from the first one" in app.error[0].value
    assert not app.exception


def test_the_page_reads_the_database_as_often_for_twenty_as_for_one(studio: Studio, me: Person) -> None:
    conversations.start(studio, me, wish("a red fox"))
    app = visit("conversations")
    with queries(studio) as of_one:
        app.run()
    for n in range(19):
        conversations.start(studio, me, wish(f"picture {n}"))
    with queries(studio) as of_twenty:
        app.run()

    assert len(of_one) == len(of_twenty) <= 5


def cards(app: AppTest) -> list[dict[str, Any]]:
    return list(mounted(app).get("cards", []))


def mounted(app: AppTest) -> dict[str, Any]:
    """What the cards component was given."""
    given = [json.loads(node.proto.json) for node in app.get("bidi_component") if node.proto.json]
    return next((props for props in given if "cards" in props), {})
