"""The strip shows every kept image of a conversation once, in the order it was asked for, to its owner alone."""

import pytest

from core import strip
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import FAILED, Image
from tests import serving
from tests.branches import Step, grow

BOTH = ("sketch/sketch", "sketch/ink")


def test_images_stand_in_the_order_of_their_turns(studio: Studio, alice: Person) -> None:
    grown = grow(studio, alice, [Step("A shop", None, BOTH), Step("Green", 1, status=FAILED), Step("Red", 1, BOTH)])
    grow(studio, alice, [Step("Another conversation", grown.images[0][0])])

    frames = strip.frames(studio, alice, grown.id)

    assert [frame.image.id for frame in frames] == grown.images[0] + grown.images[2]
    assert [(frame.position, frame.model) for frame in frames] == [(1, name) for name in BOTH] + [
        (3, name) for name in BOTH
    ]


def test_what_is_in_the_trash_is_not_in_the_strip(studio: Studio, alice: Person) -> None:
    grown = grow(studio, alice, [Step("A shop", None, BOTH)])
    with studio.transaction() as db:
        db.get_one(Image, grown.images[0][0]).deleted_at = studio.now()

    frames = strip.frames(studio, alice, grown.id)

    assert [frame.image.id for frame in frames] == grown.images[0][1:]


def test_nobody_elses_strip_can_be_reached(studio: Studio, alice: Person, bob: Person) -> None:
    grown = grow(studio, alice, [Step("A shop")])

    with pytest.raises(NotFound):
        strip.frames(studio, bob, grown.id)


def test_the_strip_comes_over_http_and_only_when_it_changed(studio: Studio, alice: Person, bob: Person) -> None:
    grown = grow(studio, alice, [Step("A shop"), Step("Green", 1)])
    address = f"/api/conversations/{grown.id}/strip"

    with serving.serving(studio) as served, served.client(alice) as browser, served.client(bob) as stranger:
        first = browser.get(address)
        again = browser.get(address, headers={"If-None-Match": first.headers["etag"]})
        refused = stranger.get(address)

    assert [(image["position"], image["model"]) for image in first.json()["images"]] == [
        (1, "Sketch (practice)"),
        (2, "Sketch (practice)"),
    ]
    assert (again.status_code, again.content) == (304, b"")
    assert refused.status_code == 404
