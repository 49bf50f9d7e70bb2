"""All rows for a new file: table by table, joined in DuckDB, and the same as the database joins them."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from core import access, replica_log
from core.access import Person
from core.replica import Replica
from core.replica_gallery import FOLD, ORDER
from core.replica_rows import IMAGES
from core.replica_whole import Whole
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import SOURCE, Conversation, Generation, Image, Post, Reference, Turn
from tests import many
from tests.expected import differences

HOSTILE = ('say "fox", please', "a\nb\r\nc", "", "…", "%s %w", "\x1f", "Über-Größe  naïve", "🦊", "','", "x" * 20_000)


@pytest.fixture(params=["furnished", "on_postgres"], ids=["laptop", "on_postgres"])
def home(request: pytest.FixtureRequest) -> Settings:
    """Each database in turn, files in a folder."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def studio(home: Settings) -> Iterator[Studio]:
    opened = open_studio(home)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def alice(studio: Studio) -> Person:
    return access.person_named(studio, "alice", "Alice")


@pytest.fixture
def copy(studio: Studio) -> Iterator[Replica]:
    made = Replica(studio)
    yield made
    made.close()


@pytest.mark.parametrize("shift", range(3))
def test_any_text_arrives_as_it_is(studio: Studio, alice: Person, copy: Replica, shift: int) -> None:
    """In the place of a prompt, of a title and of a caption, beside others of which some hold no word."""
    many.images(studio, alice, len(HOSTILE), each=1)
    texts = HOSTILE[shift:] + HOSTILE[:shift]
    with studio.transaction() as db:
        for image, prompt, title, caption in zip(
            db.exec(select(Image)).all(), HOSTILE, texts, reversed(texts), strict=True
        ):
            post = Post(user_id=alice.id, caption=caption, created_at=studio.now(), updated_at=studio.now())
            db.add(post)
            db.flush()
            image.post_id = post.id
            turn = db.get_one(Turn, db.get_one(Generation, image.generation_id).turn_id)
            turn.prompt, db.get_one(Conversation, turn.conversation_id).title = prompt, title

    copy.sync()

    assert differences(studio, copy) == []


def test_what_is_not_there_is_not_there(studio: Studio, alice: Person, copy: Replica) -> None:
    """No image at all; then images without a post, of which one started from another."""
    copy.sync()
    assert differences(studio, copy) == []
    copy.close()
    many.images(studio, alice, 3)
    with studio.transaction() as db:
        turn, image = db.exec(select(Turn)).first(), db.exec(select(Image.id)).first()
        db.add(Reference(turn_id=turn.id, image_id=image, role=SOURCE))

    again = Replica(studio, many=1)
    again.sync()

    assert differences(studio, again) == []
    again.close()


def test_it_is_read_in_the_moment_of_the_connection_that_it_is_given(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 3)
    with replica_log.one_moment(studio.engine) as connection:
        replica_log.here(connection)
        many.images(studio, alice, 2)
        rows = {table: blocks.read_all() for table, blocks in Whole(IMAGES, FOLD).read(connection)}

    assert len(rows["image"]) == 3
    assert set(rows["turn"]["id"].to_pylist()) == set(rows["generation"]["turn_id"].to_pylist())


def test_rows_lie_as_people_look(studio: Studio, alice: Person, copy: Replica) -> None:
    """Each person's together, the newest first, whatever the order in the database."""
    bob = access.person_named(studio, "bob", "Bob")
    for person in (alice, bob, alice):
        many.images(studio, person, 20)

    copy.sync()

    with copy.reading() as cursor:
        lies = cursor.execute("SELECT owner, made, id FROM img ORDER BY rowid").fetchall()
        sorts = cursor.execute(f"SELECT owner, made, id FROM img ORDER BY {ORDER}").fetchall()
    assert lies == sorts and len(lies) == 60


def test_only_what_rows_are_made_of_is_read() -> None:
    """Neither what else stands in those tables nor the texts twice."""
    columns = Whole(IMAGES, FOLD).columns

    assert columns["turn"] == {"id", "conversation_id", "prompt_said"}
    assert columns["post"] == {"id", "project_id", "caption", "caption_said"}
    assert set(columns) == {"image", "generation", "turn", "conversation", "post", "reference"}
