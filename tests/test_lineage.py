"""A conversation's tree says which image each turn came from and what was asked otherwise; nobody else's is shown."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import conversations, lineage, uploads
from core.access import Person
from core.differences import ADDED, GONE, KEPT, Run
from core.errors import NotFound
from core.studio import Studio
from core.tables import FAILED, QUEUED, Generation, Image
from tests import serving
from tests.branches import Step, grow
from tests.conftest import wish
from tests.serving import picture


def test_each_turn_stands_under_the_one_that_made_its_image(studio: Studio, alice: Person) -> None:
    grown = grow(
        studio,
        alice,
        [Step("A shop"), Step("A green shop", 1), Step("A red shop", 1), Step("A shop at night", 3), Step("A boat")],
        files=False,
    )

    nodes = lineage.tree(studio, alice, grown.id).nodes

    steps = {node.id: node.position for node in nodes}
    assert [node.position for node in nodes] == [1, 2, 3, 4, 5]
    assert [node.origin and steps[node.origin.turn_id or ""] for node in nodes] == [None, 1, 1, 3, None]
    assert [node.origin and node.origin.image.id for node in nodes][3] == grown.images[2][0]


def test_a_real_edit_is_derived_from_its_source(
    studio: Studio, alice: Person, make: Callable[..., str], work: Callable[[], None]
) -> None:
    fox = make(alice, "A red fox")
    asked = conversations.start(studio, alice, wish("A red fox at night", "sketch/ink", source=fox))
    work()

    [night] = lineage.tree(studio, alice, asked.conversation_id).nodes

    origin = night.origin
    assert origin is not None
    assert (origin.image.id, origin.position, origin.model, origin.title) == (fox, 1, "sketch/sketch", "A red fox")


def test_an_edge_says_what_was_asked_otherwise(studio: Studio, alice: Person) -> None:
    grown = grow(
        studio,
        alice,
        [Step("A shop with a red sign"), Step("A shop with a green sign", 1, ("sketch/ink",), ratio="1:1")],
        files=False,
    )

    change = lineage.tree(studio, alice, grown.id).nodes[1].change

    assert change == lineage.Change(
        words=(Run(KEPT, "A shop with a "), Run(GONE, "red "), Run(ADDED, "green "), Run(KEPT, "sign")),
        models=(("sketch/sketch",), ("sketch/ink",)),
        settings=(("ratio", "3:2", "1:1"),),
    )


def test_going_on_with_one_of_several_models_is_no_change_of_model(studio: Studio, alice: Person) -> None:
    both = ("sketch/sketch", "sketch/ink")
    grown = grow(
        studio,
        alice,
        [Step("A shop", None, both), Step("At night", 1, ("sketch/ink",)), Step("Red", 1, both)],
        files=False,
    )

    _, one, two = lineage.tree(studio, alice, grown.id).nodes

    assert one.change is not None and one.change.models is None
    assert two.change is not None and two.change.models is None


def test_an_image_of_another_conversation_and_an_upload_are_marked_as_outside(studio: Studio, alice: Person) -> None:
    fox = grow(studio, alice, [Step("A red fox")], files=False, title="A red fox").images[0][0]
    photo = uploads.upload(studio, alice, picture("PNG", (64, 48))).id
    first = conversations.start(studio, alice, wish("At night", source=fox))
    conversations.ask(studio, alice, first.conversation_id, wish("In rain", source=fox))
    conversations.ask(studio, alice, first.conversation_id, wish("As a drawing", source=photo))

    wire = lineage.tree(studio, alice, first.conversation_id).wire(studio.catalogue)

    assert [node["parent"] for node in wire["nodes"]] == [f"image:{fox}", f"image:{fox}", f"image:{photo}"]
    other, upload = wire["outside"]
    assert (other["title"], other["position"], other["image"]["model"]) == ("A red fox", 1, "Sketch (practice)")
    assert (upload["conversation"], upload["image"]["id"], upload["image"]["model"]) == (None, photo, None)
    assert wire["nodes"][0]["change"] is not None
    assert wire["nodes"][2]["change"] is None  # an upload was asked for in no words


def test_a_parent_in_the_trash_is_still_the_parent(studio: Studio, alice: Person) -> None:
    grown = grow(studio, alice, [Step("A shop"), Step("A green shop", 1)], files=False)
    with studio.transaction() as db:
        db.get_one(Image, grown.images[0][0]).deleted_at = studio.now()

    first, second = lineage.tree(studio, alice, grown.id).nodes

    assert second.origin is not None and second.origin.turn_id == first.id
    assert second.origin.trashed
    assert first.answers[0].images == ()


def test_a_node_says_what_it_cost_and_how_long_it_took(studio: Studio, alice: Person) -> None:
    models = ("openai/gpt-image-2", "sketch/sketch", "openai/gpt-image-2.6-flare")
    grown = grow(studio, alice, [Step("A shop", None, models, cost="0.042")], files=False)
    with studio.transaction() as db:
        unsure = db.exec(select(Generation).where(Generation.model == models[2].partition("/")[2])).one()
        unsure.cost, unsure.cost_basis, unsure.duration_ms = None, "unknown", 31_000

    [node] = lineage.tree(studio, alice, grown.id).nodes

    assert node.cost == (Decimal("0.042"), "unknown")
    assert node.milliseconds == 31_000


def test_a_node_counts_what_failed_and_what_waits(studio: Studio, alice: Person) -> None:
    both = ("sketch/sketch", "sketch/ink")
    grown = grow(studio, alice, [Step("A shop", None, both, status=FAILED), Step("A boat", status=QUEUED)], files=False)

    nodes = lineage.tree(studio, alice, grown.id).wire(studio.catalogue)["nodes"]

    assert [node["counts"] for node in nodes] == [{"failed": 2}, {"queued": 1}]
    assert [node["images"] for node in nodes] == [[], []]


def test_long_prompts_are_sent_with_what_is_around_their_changes(studio: Studio, alice: Person) -> None:
    long = "one and the same word again " * 300
    grown = grow(studio, alice, [Step(long + "red" + long), Step(long + "green" + long, 1)], files=False)

    node = lineage.tree(studio, alice, grown.id).wire(studio.catalogue)["nodes"][1]

    kinds, texts = zip(*node["change"]["words"], strict=True)
    assert kinds == (KEPT, GONE, ADDED, KEPT)
    assert texts[0].startswith("… ") and texts[0].endswith("word again ")
    assert texts[3].endswith(" … ")
    assert len(json.dumps(node)) < 3_000


def test_a_tree_takes_four_queries_however_long_it_is(studio: Studio, alice: Person) -> None:
    short = grow(studio, alice, [Step("A shop")], files=False)
    long = grow(studio, alice, [Step("A shop"), *(Step(f"Shop {n}", n) for n in range(1, 60))], files=False)

    for grown in (short, long):
        with queries(studio) as seen:
            lineage.tree(studio, alice, grown.id)
        assert len(seen) == 4


def test_nobody_elses_tree_can_be_reached(studio: Studio, alice: Person, bob: Person) -> None:
    grown = grow(studio, alice, [Step("A shop"), Step("A green shop", 1)], files=False)

    with pytest.raises(NotFound):
        lineage.tree(studio, bob, grown.id)


def test_the_map_comes_over_http_and_only_when_it_changed(studio: Studio, alice: Person, bob: Person) -> None:
    grown = grow(studio, alice, [Step("A shop"), Step("A green shop", 1)], files=False)
    address = f"/api/conversations/{grown.id}/lineage"

    with serving.serving(studio) as served, served.client(alice) as browser, served.client(bob) as stranger:
        first = browser.get(address)
        again = browser.get(address, headers={"If-None-Match": first.headers["etag"]})
        conversations.ask(studio, alice, grown.id, wish("A red shop", source=grown.images[0][0]))
        later = browser.get(address, headers={"If-None-Match": first.headers["etag"]})
        refused = stranger.get(address)

    assert [node["position"] for node in first.json()["nodes"]] == [1, 2]
    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert [node["position"] for node in later.json()["nodes"]] == [1, 2, 3]
    assert refused.status_code == 404


def test_a_failed_generation_that_was_put_away_leaves_its_children_where_they_are(
    studio: Studio, alice: Person
) -> None:
    grown = grow(studio, alice, [Step("A shop"), Step("A green shop", 1)], files=False)
    with studio.transaction() as db:
        of_first = select(Generation).join(Image, col(Image.generation_id) == Generation.id)
        db.exec(of_first.where(Image.id == grown.images[0][0])).one().deleted_at = studio.now()

    first, second = lineage.tree(studio, alice, grown.id).nodes

    assert first.answers == ()
    assert second.origin is not None and second.origin.turn_id == first.id


@contextmanager
def queries(studio: Studio) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    sa.event.listen(studio.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(studio.engine, "before_cursor_execute", note)
