"""What was made already is found before it is paid for again: by its words, its settings and how its pictures look."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image as Pillow
from sqlmodel import select

from core import alike, conversations, marks, uploads
from core.access import Person
from core.asks import Ask
from core.replica import Replica
from core.studio import Studio
from core.tables import SOURCE, Generation, Image
from core.wanted import ALIKE
from tests.conftest import Clock, wish
from tests.test_replica import is_there, until

Make = Callable[..., str]


@pytest.fixture
def followed(studio: Studio) -> Iterator[Replica]:
    """A replica that runs."""
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        yield copy


Found = Callable[[Person, Ask], list[str]]


@pytest.fixture
def found(studio: Studio, followed: Replica) -> Found:
    """The ids of what is found for an ask once the replica holds everything."""

    def ids(person: Person, ask: Ask) -> list[str]:
        followed.sync()
        return [made.id for made in alike.already_made(studio, person, ask)]

    return ids


def drawn(size: tuple[int, int], kind: str, turned: bool = False) -> bytes:
    """A picture with something in it; the same in any size and encoding."""
    picture = Pillow.radial_gradient("L").crop((40, 90, 256, 200)).resize((300, 200))
    picture.paste(255, (20, 20, 90, 60))
    out = BytesIO()
    (picture.rotate(180) if turned else picture).convert("RGB").resize(size).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("prompt", ["a red fox", "  A Red, fox! ", "á réd\nFOX"])
def test_the_same_words_are_found_however_they_are_written(
    alice: Person, make: Make, found: Found, prompt: str
) -> None:
    fox = make(alice, "a red fox")

    assert found(alice, wish(prompt)) == [fox]


@pytest.mark.parametrize(
    "ask",
    [
        wish("a red foxes"),
        wish("red fox a"),
        wish("a red fox", "sketch/ink"),
        wish("a red fox", ratio="3:2"),
        wish("a red fox", negative_prompt="snow"),
        wish("a red fox", seed=8),
    ],
    ids=["another word", "another order", "model", "ratio", "negative prompt", "seed"],
)
def test_what_is_asked_in_another_way_is_not_found(alice: Person, make: Make, found: Found, ask: Ask) -> None:
    make(alice, "a red fox", seed=7)

    assert found(alice, ask) == []


def test_one_of_the_models_is_enough_and_another_number_or_writer_no_difference(
    alice: Person, make: Make, found: Found
) -> None:
    fox = make(alice, "a red fox", seed=7)

    assert found(alice, wish("a red fox", "sketch/ink", "sketch/sketch", count=3, caption="auto", seed=7)) == [fox]


def test_words_that_nobody_can_compare_are_never_the_same(alice: Person, make: Make, found: Found) -> None:
    make(alice, "🦊")

    assert found(alice, wish("🐻")) == found(alice, wish("🦊")) == []


def test_the_best_three_come_first_with_their_cost_and_star(
    studio: Studio, alice: Person, found: Found, make: Make, clock: Clock
) -> None:
    made = [make(alice, "a red fox") for _ in range(5)]
    marks.star(studio, alice, made[:1])
    marks.select(studio, alice, made[1:2])
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(cost=Decimal("0.04"), cost_basis="reported"))

    assert found(alice, wish("a red fox")) == [made[0], made[1], made[4]]
    first, second, third = alike.already_made(studio, alice, wish("a red fox"))
    assert (first.starred, first.selected, second.selected, third.starred) == (True, False, True, False)
    assert (first.cost, first.cost_basis, first.model, first.practice) == (
        Decimal("0.04"),
        "reported",
        "sketch/sketch",
        True,
    )


def test_what_is_in_the_trash_is_not_found_also_when_the_copy_is_behind(
    studio: Studio, alice: Person, make: Make, followed: Replica, found: Found
) -> None:
    fox = make(alice, "a red fox")
    assert found(alice, wish("a red fox")) == [fox]

    with studio.transaction() as db:  # as another process would, just now
        db.execute(sa.update(Image).values(deleted_at=studio.now()))

    assert alike.already_made(studio, alice, wish("a red fox")) == ()


def test_nothing_of_another_person_is_found(alice: Person, bob: Person, make: Make, found: Found) -> None:
    fox = make(alice, "a red fox")

    assert found(bob, wish("a red fox")) == []
    assert found(bob, wish("a red fox", source=fox)) == []


def test_an_ask_that_was_taken_is_not_asked_about(studio: Studio, alice: Person, make: Make, found: Found) -> None:
    make(alice, "a red fox")
    ask = wish("a red fox")

    assert found(alice, ask) != []
    conversations.start(studio, alice, ask)
    assert found(alice, ask) == []


def test_an_edit_is_found_when_its_source_looks_the_same(
    studio: Studio, alice: Person, found: Found, work: Callable[[], None]
) -> None:
    once, again, other = (
        uploads.upload(studio, alice, data, SOURCE).id
        for data in (drawn((300, 200), "PNG"), drawn((600, 400), "JPEG"), drawn((300, 200), "PNG", turned=True))
    )
    asked = conversations.start(studio, alice, wish("at night", source=once))
    work()
    night = conversations.opened(studio, alice, asked.conversation_id).images[-1].id

    assert found(alice, wish("at night", source=once)) == found(alice, wish("At night.", source=again)) == [night]
    assert found(alice, wish("at night", source=other)) == []
    assert found(alice, wish("at night")) == []
    assert found(alice, wish("at night", source=once, references=(other,))) == []
    assert found(alice, wish("at night", source=once, mask=other)) == []


def test_nobody_is_kept_from_asking_where_no_replica_runs(studio: Studio, alice: Person, make: Make) -> None:
    make(alice, "a red fox")

    assert alike.already_made(studio, alice, wish("a red fox")) == ()


def test_nobody_is_kept_from_asking_when_looking_fails(studio: Studio, followed: Replica) -> None:
    assert alike.already_made(studio, Person("no id", ""), wish("a red fox")) == ()


def test_an_image_that_was_made_looks_like_itself_in_another_encoding(
    studio: Studio, alice: Person, make: Make
) -> None:
    fox, owl = make(alice, "a red fox", seed=1), make(alice, "an owl in a tree", seed=2)
    with studio.reading() as db:
        made = {image.id: image for image in db.exec(select(Image)).all()}
    out = BytesIO()
    Pillow.open(BytesIO(studio.store.get(made[fox].key))).convert("RGB").resize((256, 256)).save(
        out, "JPEG", quality=60
    )
    uploaded = uploads.upload(studio, alice, out.getvalue(), SOURCE).id
    with studio.reading() as db:
        again = db.get_one(Image, uploaded).dhash

    assert (again ^ made[fox].dhash).bit_count() <= ALIKE < (again ^ made[owl].dhash).bit_count()
