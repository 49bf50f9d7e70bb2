"""What a replay asks: the turns that led to one, each as it will be asked of another model."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from core import access, turns
from core.access import Person
from core.asks import Ask
from core.studio import Studio
from core.tables import SOURCE, Generation, Image, Reference, Turn

MOST = 40
"""Turns of one replay; a longer branch is replayed from the last so many."""
MARK = "replay"


@dataclass(frozen=True)
class Step(Ask):
    """The ask of one turn of a replay."""

    replay: dict[str, Any] = field(default_factory=dict)
    """`run`, `model`, `turns` (ids of the originals), `seeds` of each, and `step`, counted from 0."""


def steps(studio: Studio, person: Person, turn_id: str, model: str, run: str) -> tuple[list[tuple[Turn, Step]], bool]:
    """The branch's turns from its beginning, each as it will be asked, still with the sources that they had; and
    whether turns before them are left out."""
    seeded = studio.catalogue.find(model).seed
    with studio.reading() as db:
        branch, shortened = _branch(db, access.find(db, Turn, turn_id, person))
        ends = [used for _turn, used in branch[1:]] + [_first_of(db, branch[-1][0])]
        told = {
            "run": run,
            "model": model,
            "turns": [turn.id for turn, _used in branch],
            "seeds": [end.seed if end and seeded else None for end in ends],
        }
        return [(turn, step(db, turn, told, place)) for place, (turn, _used) in enumerate(branch)], shortened


def step(db: Session, turn: Turn, told: dict[str, Any], place: int) -> Step:
    """One image is enough to go on from; the last turn makes as many as before.

    What the branch itself made is no reference any more: the new model's images are not mixed with the old one's.
    """
    same = asdict(turns.asked(db, turn))
    of_turns = select(Image.id).join(Generation, col(Generation.id) == Image.generation_id)
    ours = db.exec(
        of_turns.where(col(Image.id).in_(same["references"]), col(Generation.turn_id).in_(told["turns"]))
    ).all()
    last = place == len(told["turns"]) - 1
    return Step(
        **same
        | {
            "models": (told["model"],),
            "token": token_of(told, place),
            "count": same["count"] if last else 1,
            "seed": told["seeds"][place],
            "references": tuple(image for image in same["references"] if image not in ours),
        },
        replay={**told, "step": place},
    )


def token_of(told: dict[str, Any], place: int) -> str:
    """By which the turn of that place in a replay is found, and asked once."""
    return f"{MARK}.{told['run']}.{place}"


def made(db: Session, turn: Turn) -> str | None:
    """The image that a turn of a replay came to."""
    query = (
        select(Image.id)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(Generation.turn_id == turn.id, col(Image.deleted_at).is_(None))
    )
    return db.exec(query.order_by(col(Image.n), col(Image.id))).first()


def _branch(db: Session, turn: Turn) -> tuple[list[tuple[Turn, Generation | None]], bool]:
    """The turns of its conversation that led to this one, from the first; each with the answer that it started from.

    And whether there are more before these.
    """
    query: Any = (
        select(Reference.turn_id, Generation)
        .join(Turn, col(Turn.id) == Reference.turn_id)
        .join(Image, col(Image.id) == Reference.image_id)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(Turn.conversation_id == turn.conversation_id, Reference.role == SOURCE)
    )
    came_from: dict[str, Generation] = dict(db.exec(query).all())
    of_this = select(Turn).where(Turn.conversation_id == turn.conversation_id)
    known = {row.id: row for row in db.exec(of_this).all()}
    branch: list[tuple[Turn, Generation | None]] = []
    here: Turn | None = turn
    while here is not None and len(branch) < MOST:
        answer = came_from.get(here.id)
        branch.append((here, answer))
        here = known.get(answer.turn_id) if answer else None
    return branch[::-1], here is not None


def _first_of(db: Session, turn: Turn) -> Generation | None:
    """Whose seed the last turn begins with."""
    query = select(Generation).where(Generation.turn_id == turn.id, col(Generation.seed).is_not(None))
    return db.exec(query.order_by(col(Generation.n), col(Generation.id))).first()
