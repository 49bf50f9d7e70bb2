"""What was made already: the same words asked in the same way, found before paying again; and what looks alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from core import access, drafts, log, replica
from core.access import Person
from core.asks import ASKED, Ask
from core.replica import FOLD, SAYS, Behind
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE, Generation, Image, Reference, Turn
from core.wanted import ALIKE

MOST = 3
"""Images that are shown to whoever asks again: enough to choose from, few enough to look at."""
CLOSER_LOOK = 200
"""Images of the same words whose settings and pictures are compared, best first."""

# Best first: what was starred or chosen is what people came back to.
_OF_SAME_WORDS = f"""
    SELECT id FROM img JOIN combo ON combo.no = img.combo
    WHERE owner = $owner AND live AND list_contains($models, model) AND kind = $kind
        AND asked = (SELECT {SAYS.format(folded="folded")} FROM (SELECT {FOLD.format(text="$prompt")} AS folded))
    ORDER BY starred DESC, selected DESC, made DESC, id DESC
    LIMIT {CLOSER_LOOK}
"""


@dataclass(frozen=True)
class Made:
    """An image that answers an ask already."""

    id: str
    width: int
    height: int
    placeholder: str
    model: str
    """Full name."""
    practice: bool
    cost: Decimal | None
    cost_basis: str | None
    starred: bool
    selected: bool
    created_at: datetime


def already_made(studio: Studio, person: Person, ask: Ask) -> tuple[Made, ...]:
    """The person's own kept images that were asked for in the same way, up to three, best first.

    The same are the words (not their case, accents and punctuation), one of the models, every setting, a seed if one is
    given, and how the pictures look that it starts from. What is painted on is never the same. Nothing for an ask that
    was taken already. Never raises: nobody is kept from asking because this could not be found out.
    """
    try:
        ids = [] if ask.mask else _of_same_words(studio, person, ask)
        if not ids or drafts.asked(studio, person, ask.token):
            return ()
        with studio.reading() as db:
            return _same(db, person, ask, ids)
    except Exception as error:
        if not isinstance(error, Behind):
            log.broken(error)
        return ()


def _of_same_words(studio: Studio, person: Person, ask: Ask) -> tuple[str, ...]:
    kind = "edit" if ask.source else "first"
    return _ids(studio, person, _OF_SAME_WORDS, {"models": list(ask.models), "kind": kind, "prompt": ask.prompt})


def _ids(studio: Studio, person: Person, sql: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    with replica.of(studio).reading() as cursor:
        found = cursor.execute(sql, {**given, "owner": UUID(person.id)}).fetchall()
    return tuple(image_id.hex for (image_id,) in found)


def _same(db: Session, person: Person, ask: Ask, ids: Sequence[str]) -> tuple[Made, ...]:
    """Those of these images, in their order, that were asked for in this way and are still kept."""
    query = (
        select(Image, Generation, Turn)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(col(Image.id).in_(ids), Image.user_id == person.id, col(Image.deleted_at).is_(None))
    )
    rows = {image.id: (image, generation, turn) for image, generation, turn in db.exec(query)}
    found = [rows[image_id] for image_id in ids if image_id in rows]
    alike = [(image, made) for image, made, turn in found if _as_asked(ask, turn.settings, made.seed)]
    looks = _looks(db, {made.turn_id for _, made in alike})
    own = _looks_of(db, person, ask)
    return tuple(_made(*pair) for pair in alike if _look_alike(own, looks.get(pair[1].turn_id, {})))[:MOST]


def _as_asked(ask: Ask, settings: Mapping[str, Any], seed: int | None) -> bool:
    same = all(settings[name] == getattr(ask, name) for name in ASKED if name in settings)
    return same and ask.seed in (None, seed)


Looks = Mapping[str, Sequence[int]]
"""The dHashes of the pictures that are used, by role."""


def _looks(db: Session, turn_ids: Iterable[str]) -> dict[str, Looks]:
    """By turn."""
    query = (
        select(Reference.turn_id, Reference.role, Image.dhash)
        .join(Image, col(Image.id) == Reference.image_id)
        .where(col(Reference.turn_id).in_(list(turn_ids)))
        .order_by(Reference.role, col(Reference.position))
    )
    found: dict[str, dict[str, list[int]]] = {}
    for turn_id, role, dhash in db.exec(query):
        found.setdefault(turn_id, {}).setdefault(role, []).append(dhash)
    return dict(found)


def _looks_of(db: Session, person: Person, ask: Ask) -> Looks:
    used = ((SOURCE, (ask.source,) if ask.source else ()), (REFERENCE, ask.references))
    return {role: [access.find(db, Image, image_id, person).dhash for image_id in ids] for role, ids in used if ids}


def _look_alike(one: Looks, other: Looks) -> bool:
    return MASK not in other and all(
        len(one.get(role, ())) == len(other.get(role, ()))
        and all((a ^ b).bit_count() <= ALIKE for a, b in zip(one.get(role, ()), other.get(role, ()), strict=True))
        for role in (SOURCE, REFERENCE)
    )


def _made(image: Image, generation: Generation) -> Made:
    return Made(
        id=image.id,
        width=image.width,
        height=image.height,
        placeholder=image.placeholder,
        model=f"{generation.provider}/{generation.model}",
        practice=generation.practice,
        cost=generation.cost,
        cost_basis=generation.cost_basis,
        starred=image.starred,
        selected=image.selected,
        created_at=image.created_at,
    )
