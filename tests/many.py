"""Many kept images at once, as rows the pipeline would have left, without asking a model for any."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic.fields import FieldInfo
from sqlmodel import SQLModel

from core import events, pictures
from core.access import Person
from core.studio import Studio
from core.tables import SUCCEEDED, Conversation, Generation, Image, Turn, new_id
from tests.serving import picture

SIZES = ((96, 96), (144, 96), (96, 144), (168, 96), (96, 120))
COLOURS = ("teal", "coral", "goldenrod", "slateblue", "olive", "orchid", "sienna")


def images(studio: Studio, who: Person, n: int, *, apart: timedelta = timedelta(minutes=7), each: int = 2) -> list[str]:
    """Keep `n` images, `each` in a turn, `apart` from each other; returns their ids, newest first."""
    rows: dict[type[SQLModel], list[dict[str, Any]]] = {Conversation: [], Turn: [], Generation: [], Image: []}
    now = studio.now()
    for number in range(n):
        at = now - apart * (n - number)
        if number % each == 0:
            _turn(rows, who, at, number // each)
        _image(rows, who, at, number)
    with studio.transaction() as db:
        for table, values in rows.items():
            db.execute(sa.insert(table), values)
    made = [row["id"] for row in sorted(rows[Image], key=lambda row: (row["created_at"], row["id"]), reverse=True)]
    _say(studio, who, made)
    return made


def thumbs(studio: Studio, person: Person, image_ids: Sequence[str]) -> None:
    """Real files for these images: tiny pictures in a few colours."""
    kept = {(s, c): pictures.keep(picture("PNG", s, c)) for s in SIZES for c in COLOURS}
    with studio.transaction() as db:
        for number, image_id in enumerate(image_ids):
            image = db.get_one(Image, image_id)
            drawn = kept[(image.width, image.height), COLOURS[number % len(COLOURS)]]
            image.placeholder = drawn.placeholder
            stem = image.key.rpartition(".")[0]
            studio.store.put(image.key, drawn.original)
            for edge, thumb in drawn.thumbs.items():
                studio.store.put(f"{stem}.{edge}.webp", thumb)


def _turn(rows: dict[type[SQLModel], list[dict[str, Any]]], who: Person, at: datetime, number: int) -> None:
    conversation = _row(Conversation, user_id=who.id, title=f"Conversation {number}", created_at=at, updated_at=at)
    turn = _row(
        Turn,
        conversation_id=conversation["id"],
        user_id=who.id,
        position=1,
        prompt=f"Picture {number} of a harbour at dusk,\nwith red boats in the rain",
        token=new_id(),
        created_at=at,
    )
    rows[Conversation].append(conversation)
    rows[Turn].append(turn)


def _image(rows: dict[type[SQLModel], list[dict[str, Any]]], who: Person, at: datetime, number: int) -> None:
    turn, practice = rows[Turn][-1], number % 3 == 0
    generation = _row(
        Generation,
        turn_id=turn["id"],
        user_id=who.id,
        provider="sketch" if practice else "openai",
        model="sketch" if practice else "gpt-image-2",
        n=number,
        status=SUCCEEDED,
        seed=number,
        cost=Decimal(0) if practice else Decimal("0.042"),
        cost_basis="reported",
        duration_ms=8_200,
        practice=practice,
        queued_at=at,
        finished_at=at,
    )
    width, height = SIZES[number % len(SIZES)]
    image_id = new_id()
    image = _row(
        Image,
        id=image_id,
        user_id=who.id,
        conversation_id=turn["conversation_id"],
        generation_id=generation["id"],
        key=f"{who.id}/{turn['conversation_id']}/{image_id}.png",
        mime="image/png",
        width=width,
        height=height,
        size=1_234_567,
        sha256=image_id * 2,
        crc32=0,
        dhash=0,
        placeholder="data:image/webp;base64,UklGRg==",
        created_at=at,
    )
    rows[Generation].append(generation)
    rows[Image].append(image)


def _row(table: type[SQLModel], **given: Any) -> dict[str, Any]:
    """A row: these values, and the rest as the table has it. To make an object first would take most of the time."""
    rest = {name: field for name, field in table.model_fields.items() if name not in given}
    return given | {name: _usual(field) for name, field in rest.items()}


def _usual(field: FieldInfo) -> Any:
    factory: Any = field.default_factory
    return factory() if factory else field.default


def _say(studio: Studio, who: Person, image_ids: Sequence[str]) -> None:
    """Live screens hear of it as they would of the real thing."""
    with studio.transaction() as db:
        for image_id in image_ids[-1:]:
            events.record(studio, db, "image.kept", who.id, image=image_id)
