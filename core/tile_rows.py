"""Tiles as the database has them: one query for any number, whatever it is that chooses them."""

from typing import Any

from sqlmodel import col, func

from core.access import Person
from core.studio import Studio
from core.tables import Generation, Image, Post, Turn
from core.tiles import TEXT, Tile

_OWN = ("id", "user_id", "width", "height", "placeholder", "starred", "selected", "created_at")
_PLAIN = tuple(getattr(Image, name) for name in _OWN)
_MADE = (Generation.provider, Generation.model, Generation.practice)


def columns() -> tuple[Any, ...]:
    """What a query selects for `tile`."""
    text = func.coalesce(func.nullif(col(Post.caption), ""), col(Turn.prompt))
    return (*map(col, _PLAIN + _MADE), func.substr(text, 1, TEXT).label("text"))


def joined(query: Any) -> Any:
    """A query of images, with what else their tiles say."""
    return (
        query.join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .outerjoin(Post, col(Post.id) == Image.post_id)
    )


def tile(studio: Studio, row: Any, person: Person, **more: Any) -> Tile:
    """A row of such a query as a tile for this person; `more` are facts of it that do not come from there."""
    facts = dict(row._mapping) | {"model": studio.catalogue.label(f"{row.provider}/{row.model}")}
    del facts["provider"]
    return Tile(mine=facts.pop("user_id") == person.id, **facts, **more)
