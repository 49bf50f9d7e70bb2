"""Unrest: processes that write, at random, whatever the replica depends on, until they are killed."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.exc import ObjectDeletedError
from sqlmodel import Session, col

from core import replica
from core.replica_calls import LEDGER
from core.replica_gallery import GALLERY
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import (
    SOURCE,
    SUCCEEDED,
    Attempt,
    Conversation,
    Generation,
    Image,
    Post,
    Project,
    Reference,
    Turn,
    User,
    new_id,
)

WORDS = (
    "fox",
    "Füchsin",
    "harbour",
    "draft",
    "“red”",
    "rain,",
    "à",
    "la",
    "狐狸",
    "don't",
    "mid-day",
    "x" * 90,
    "%_",
    "\n",
)
STATES = ("sent", "received", "stored", "stored", "failed", "unknown")
MODELS = (("sketch", "sketch"), ("openai", "gpt-image-2"), ("a1111", "own, 'model'"))


def write(home: Settings, seed: int) -> None:
    """Write until killed."""
    studio, chance = open_studio(home), random.Random(seed)
    while True:
        disturb(studio, chance)


def follow(home: Settings) -> None:
    """Bring the replica up to date until killed; often enough in a new file."""
    studio = open_studio(home)
    copies = [replica.Replica(studio, layout, many=100, long_tail=50) for layout in (GALLERY, LEDGER)]
    while True:
        for copy in copies:
            copy.sync()


def disturb(studio: Studio, chance: random.Random) -> None:
    """One transaction of some changes; some are slow, some are taken back, as a whole or in part."""
    try:
        with studio.transaction() as db:
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                chance.choices(CHANGES, WEIGHTS)[0](db, chance)
            if chance.random() < 0.2:
                point = db.begin_nested()
                chance.choices(CHANGES, WEIGHTS)[0](db, chance)
                db.flush()
                point.rollback() if chance.random() < 0.5 else point.commit()
            db.flush()
            time.sleep(chance.choice((0, 0, 0, 0.001, 0.02)))
            if chance.random() < 0.1:
                raise TakenBack
    except (TakenBack, sa.exc.IntegrityError, ObjectDeletedError):  # a row that another process took away meanwhile
        return
    except sa.exc.OperationalError as error:
        if "deadlock" not in str(error):
            raise


class TakenBack(Exception):
    """A transaction that is not to be."""


def make(db: Session, chance: random.Random) -> None:
    """A turn with an image or a few, in a new conversation or one that is there."""
    person = _any(db, chance, User) if chance.random() < 0.9 else None
    person = person or _add(db, User(subject=new_id(), name="x", created_at=_moment(chance)))
    thread = _any(db, chance, Conversation) if chance.random() < 0.5 else None
    thread = thread or _add(db, _conversation(db, chance, person))
    turn = _add(db, _turn(chance, thread))
    if chance.random() < 0.4 and (source := _any(db, chance, Image)):
        db.add(Reference(turn_id=turn.id, image_id=source.id, role=chance.choice((SOURCE, "reference"))))
    post = _add(db, _post(db, chance, turn)) if chance.random() < 0.7 else None
    for number in range(chance.choice((1, 1, 2, 4))):
        generation = _add(db, _generation(chance, turn, number))
        attempts = [_add(db, _attempt(chance, generation, n)) for n in range(chance.choice((0, 1, 1, 1, 3)))]
        for n in range(chance.choice((1, 1, 1, 0, 2))):
            image = _image(chance, turn, generation, n, post)
            image.attempt_id = chance.choice(attempts).id if attempts else None
            db.add(image)


def upload(db: Session, chance: random.Random) -> None:
    """A picture that nobody generated: not in the gallery."""
    if turn := _any(db, chance, Turn):
        db.add(_image(chance, turn, None, 1, None))


def purge(db: Session, chance: random.Random) -> None:
    """Some images for good, with what uses them."""
    for image in [_any(db, chance, Image) for _ in range(chance.choice((1, 1, 8)))]:
        if image and image in db:
            db.execute(sa.delete(Reference).where(col(Reference.image_id) == image.id))
            db.execute(sa.delete(Image).where(col(Image.id) == image.id))
            db.expire_all()


def change_image(db: Session, chance: random.Random) -> None:
    """Star, select, trash, restore; also what nobody should do: another owner, post, generation, size or moment."""
    if image := _any(db, chance, Image):
        person, post, generation = (_any(db, chance, table) for table in (User, Post, Generation))
        values: tuple[dict[str, Any], ...] = (
            {"starred": not image.starred},
            {"selected": not image.selected},
            {"deleted_at": None if image.deleted_at else _moment(chance)},
            {"alt": "not watched"},
            {"user_id": person.id if person else image.user_id},
            {"post_id": chance.choice((post.id if post else None, None))},
            {
                "generation_id": chance.choice((generation.id if generation else None, None)),
                "n": chance.randrange(9999),
            },
            {"width": chance.randint(1, 4000), "height": chance.randint(1, 4000)},
            {"dhash": chance.getrandbits(64) - 2**63},
            {"created_at": _moment(chance)},
        )
        _set(db, image, chance.choice(values))


def change_words(db: Session, chance: random.Random) -> None:
    """What images depend on: of one row, or of many by one statement that no ORM sees."""
    turn, thread, post, generation = (_any(db, chance, table) for table in (Turn, Conversation, Post, Generation))
    project, person = _any(db, chance, Project), _any(db, chance, User)
    for row, values in (
        (turn, {"prompt": _words(chance)}),
        (thread, {"title": _words(chance)}),
        (thread, {"project_id": project.id if project else None}),
        (post, {"caption": chance.choice((_words(chance), ""))}),
        (post, {"project_id": project.id if project else None}),
        (generation, {"cost": chance.choice((Decimal("0.000000001"), Decimal("12.5"), None))}),
        (generation, {"project_id": project.id if project else None}),
        (generation, {"user_id": person.id} if person else {}),
        (generation, {"turn_id": turn.id if turn else None, "n": chance.randrange(10_000)}),
        (turn, {"conversation_id": thread.id if thread else None, "position": chance.randrange(10_000)}),
    ):
        if row and values and chance.random() < 0.3:
            _set(db, row, values)


def change_attempt(db: Session, chance: random.Random) -> None:
    """A call goes on, or its bill is corrected; also what nobody should do: it is another generation's, or gone."""
    if attempt := _any(db, chance, Attempt):
        generation = _any(db, chance, Generation)
        values: tuple[dict[str, Any], ...] = (
            {"state": chance.choice(STATES), "error_kind": chance.choice((None, "busy", "unknown"))},
            {"cost": chance.choice((None, Decimal("0.01"))), "cost_basis": chance.choice((None, "reported"))},
            {"reserved_cost": chance.choice((None, Decimal("0.02")))},
            {"duration_ms": chance.randrange(9_000), "waited_ms": chance.randrange(9_000), "images": 2},
            {"request_id": "not watched"},
            {"started_at": _moment(chance)},
            {"generation_id": generation.id, "number": chance.randrange(9_999)} if generation else {"round": 1},
        )
        _set(db, attempt, chance.choice(values))
        if chance.random() < 0.1:
            db.execute(sa.update(Image).where(col(Image.attempt_id) == attempt.id).values(attempt_id=None))
            db.execute(sa.delete(Attempt).where(col(Attempt.id) == attempt.id))


def change_many(db: Session, chance: random.Random) -> None:
    """By one statement."""
    db.execute(sa.text("UPDATE generation SET practice = NOT practice WHERE duration_ms > 4000"))
    db.execute(sa.text("UPDATE image SET starred = NOT starred WHERE width < 300"))


def found_project(db: Session, chance: random.Random) -> None:
    """A project for others to belong to."""
    if person := _any(db, chance, User):
        at = _moment(chance)
        db.add(Project(user_id=person.id, title=_words(chance), created_at=at, updated_at=at))


CHANGES: tuple[Callable[[Session, random.Random], None], ...]
CHANGES = (make, upload, purge, change_image, change_words, change_attempt, change_many, found_project)
WEIGHTS = (30, 2, 6, 40, 20, 20, 1, 2)


def _any(db: Session, chance: random.Random, table: Any) -> Any:
    """A row at random: the first with an id after a random one."""
    count = db.scalar(sa.select(sa.func.count()).select_from(table))
    return (
        db.scalars(sa.select(table).order_by(table.id).offset(chance.randrange(count)).limit(1)).first()
        if count
        else None
    )


def _add(db: Session, row: Any) -> Any:
    db.add(row)
    db.flush()
    return row


def _set(db: Session, row: Any, values: dict[str, Any]) -> None:
    db.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))
    db.expire_all()


def _moment(chance: random.Random) -> datetime:
    """Of few days, so that some are equal."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        hours=chance.randrange(5000), microseconds=chance.choice((0, 7))
    )


def _words(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randrange(12)))


def _conversation(db: Session, chance: random.Random, person: User) -> Conversation:
    at, project = _moment(chance), _any(db, chance, Project)
    project_id = project.id if project and chance.random() < 0.5 else None
    return Conversation(user_id=person.id, project_id=project_id, title=_words(chance), created_at=at, updated_at=at)


def _turn(chance: random.Random, thread: Conversation) -> Turn:
    return Turn(
        conversation_id=thread.id,
        user_id=thread.user_id,
        position=chance.randrange(2**31 - 1),
        prompt=_words(chance),
        token=new_id(),
        created_at=_moment(chance),
    )


def _post(db: Session, chance: random.Random, turn: Turn) -> Post:
    at, caption = _moment(chance), chance.choice(("", _words(chance)))
    return Post(user_id=turn.user_id, turn_id=turn.id, caption=caption, created_at=at, updated_at=at)


def _generation(chance: random.Random, turn: Turn, n: int) -> Generation:
    provider, model = chance.choice(MODELS)
    return Generation(
        turn_id=turn.id,
        user_id=turn.user_id,
        provider=provider,
        model=model,
        n=n,
        status=SUCCEEDED,
        cost=chance.choice((None, Decimal(0), Decimal("0.042"), Decimal("1.5"))),
        duration_ms=chance.choice((None, chance.randrange(60_000))),
        practice=chance.random() < 0.3,
        queued_at=_moment(chance),
    )


def _attempt(chance: random.Random, generation: Generation, number: int) -> Attempt:
    return Attempt(
        generation_id=generation.id,
        number=number,
        state=chance.choice(STATES),
        reserved_cost=chance.choice((None, Decimal("0.04"))),
        cost=chance.choice((None, Decimal(0), Decimal("0.042"), Decimal("0.000000001"))),
        cost_basis=chance.choice((None, "reported", "estimated")),
        duration_ms=chance.choice((None, chance.randrange(60_000))),
        waited_ms=chance.choice((None, chance.randrange(60_000))),
        images=chance.choice((0, 1, 1, 4)),
        error_kind=chance.choice((None, "busy", "moderation")),
        started_at=_moment(chance),
    )


def _image(chance: random.Random, turn: Turn, generation: Generation | None, n: int, post: Post | None) -> Image:
    image_id = new_id()
    return Image(
        id=image_id,
        user_id=turn.user_id,
        conversation_id=turn.conversation_id,
        generation_id=generation.id if generation else None,
        post_id=post.id if post else None,
        n=n,
        key=f"{image_id}.png",
        mime="image/png",
        width=chance.choice((96, 1024, 1536, chance.randint(1, 9000))),
        height=chance.choice((96, 1024, 1536, chance.randint(1, 9000))),
        size=1,
        sha256=image_id * 2,
        crc32=0,
        dhash=chance.getrandbits(64) - 2**63,
        placeholder="",
        starred=chance.random() < 0.1,
        created_at=_moment(chance),
        deleted_at=_moment(chance) if chance.random() < 0.1 else None,
    )
