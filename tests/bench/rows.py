"""A hundred thousand kept images as rows, quickly: the newest ones have files, of all others only the row is needed."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from core import access
from core.studio import Studio
from core.tables import Generation, Image, new_id
from tests import many

APART = timedelta(minutes=5)
SHOWN = 200
"""Newest images with files: more than fit into a window."""
BATCH = 5_000


def kept(studio: Studio, count: int, apart: timedelta = APART) -> None:
    """So many images of the local person: the newest SHOWN as `tests.many` makes them, the others older copies."""
    person = access.local_person(studio)
    newest = many.images(studio, person, min(count, SHOWN), apart=apart)
    many.thumbs(studio, person, newest)
    with studio.transaction() as db:
        image = db.get_one(Image, newest[-1]).model_dump()
        generation = db.get_one(Generation, image["generation_id"]).model_dump()
        older = _copies(image, generation, count - len(newest), apart)
        while batch := list(islice(older, BATCH)):
            db.execute(sa.insert(Generation), [row for row, _ in batch])
            db.execute(sa.insert(Image), [row for _, row in batch])


def _copies(
    image: dict[str, Any], generation: dict[str, Any], count: int, apart: timedelta
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for number in range(1, count + 1):
        image_id, generation_id, at = new_id(), new_id(), image["created_at"] - apart * number
        width, height = many.SIZES[number % len(many.SIZES)]
        yield (
            generation | {"id": generation_id, "n": generation["n"] + number},
            image
            | {"id": image_id, "generation_id": generation_id, "created_at": at, "width": width, "height": height}
            | {"key": f"{image['user_id']}/standalone/{image_id}.png", "sha256": image_id * 2},
        )
