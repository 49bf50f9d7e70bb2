"""The call that a turn's generation makes: what was asked, with the bytes of its pictures, as it is sent."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from core.asks import ASKED
from core.catalogue import estimate, fit
from core.providers import Call, Picture, Request
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE, Generation, Image, Reference, Turn


@dataclass(frozen=True)
class Used:
    """A picture that a turn starts from, by its file."""

    role: str
    key: str
    mime: str
    width: int
    height: int


def used(db: Session, turn: Turn) -> list[Used]:
    """The pictures of a turn's references, in their order."""
    query = (
        select(Reference, Image)
        .join(Image, col(Image.id) == Reference.image_id)
        .where(Reference.turn_id == turn.id)
        .order_by(col(Reference.position))
    )
    return [Used(use.role, image.key, image.mime, image.width, image.height) for use, image in db.exec(query).all()]


def call(studio: Studio, generation: Generation, turn: Turn, uses: list[Used]) -> Call | None:
    """The call that makes this picture; None when its provider is not set up. Raises as `request` does."""
    asked, reserved = request(studio, generation, turn, uses)
    provider = studio.providers.get(generation.provider)
    return Call(provider.sent(asked), reserved, lambda: provider.send(asked)) if provider else None


def request(studio: Studio, generation: Generation, turn: Turn, uses: list[Used]) -> tuple[Request, Decimal | None]:
    """What is sent for this generation, with the bytes of its pictures, and what it should cost.

    Raises Refused when the model cannot do it any more, NotFound when a picture is gone, StoreDown.
    """
    pictures = [(u.role, Picture(studio.store.get(u.key), u.mime, u.width, u.height)) for u in uses]
    return _fitted(studio, generation, turn, pictures)


def price(studio: Studio, db: Session, generation: Generation, turn: Turn, day: date | None = None) -> Decimal:
    """What this generation should cost now, or at the prices of a day, in US dollars.

    Raises Refused when the model cannot do it any more.
    """
    pictures = [(u.role, Picture(b"", u.mime, u.width, u.height)) for u in used(db, turn)]
    return _fitted(studio, generation, turn, pictures, day)[1] or Decimal(0)


def plain_request(generation: Generation, turn: Turn) -> Request:
    """What was asked, without pictures: enough to read an answer."""
    return Request(
        model=generation.model,
        prompt=turn.prompt,
        seed=generation.seed,
        **{name: turn.settings[name] for name in ASKED if name in turn.settings},
    )


def _fitted(
    studio: Studio, generation: Generation, turn: Turn, pictures: list[tuple[str, Picture]], day: date | None = None
) -> tuple[Request, Decimal | None]:
    wish = replace(
        plain_request(generation, turn),
        source=next((p for role, p in pictures if role == SOURCE), None),
        mask=next((p for role, p in pictures if role == MASK), None),
        references=tuple(p for role, p in pictures if role == REFERENCE),
    )
    model = studio.catalogue.find(f"{generation.provider}/{generation.model}")
    model = model.on(day) if day else model
    fitted, _ = fit(model, wish)
    inputs = len(wish.references) + (wish.source is not None)
    return fitted, estimate(model, fitted, inputs).usd
