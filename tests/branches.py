"""A conversation that branches, as rows and files that the pipeline would have left, without asking a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from core import keeping, pictures
from core.access import Person
from core.studio import Studio
from core.tables import SOURCE, SUCCEEDED, Conversation, Generation, Image, Reference, Turn, new_id
from tests.serving import picture

COLOURS = ("teal", "coral", "goldenrod", "slateblue", "olive", "orchid", "sienna", "steelblue")
APART = timedelta(minutes=3)


@dataclass(frozen=True)
class Grown:
    """What was made: the conversation, and the images of each step."""

    id: str
    images: list[list[str]]


@dataclass(frozen=True)
class Step:
    """One turn: its words, what it starts from, and its models."""

    prompt: str
    source: int | str | None = None
    """A step, from 1, or an image's id."""
    models: tuple[str, ...] = ("sketch/sketch",)
    ratio: str = "3:2"
    status: str = SUCCEEDED
    cost: str = "0.04"


def grow(studio: Studio, who: Person, steps: Sequence[Step], *, files: bool = True, title: str = "A shop") -> Grown:
    """Keep these steps as a conversation; one that starts from a step does so from its last image."""
    at = studio.now() - APART * len(steps)
    home = Conversation(id=new_id(), user_id=who.id, title=title, created_at=at, updated_at=at, seen_at=at)
    made: list[list[str]] = []
    drawn = _drawn()
    with studio.transaction() as db:
        db.add(home)
        db.flush()
        for number, step in enumerate(steps):
            turn = Turn(
                conversation_id=home.id,
                user_id=who.id,
                position=number + 1,
                prompt=step.prompt,
                settings={"models": list(step.models), "ratio": step.ratio, "count": 1, "seed": None},
                token=new_id(),
                created_at=at + APART * number,
            )
            db.add(turn)
            db.flush()
            if step.source:
                used = made[step.source - 1][-1] if isinstance(step.source, int) else step.source
                db.add(Reference(turn_id=turn.id, image_id=used, role=SOURCE))
            made.append([])
            for place, name in enumerate(step.models):
                generation = Generation(**_answer(turn, step, name))
                db.add(generation)
                db.flush()
                if step.status == SUCCEEDED:
                    kept = drawn[(number * 3 + place) % len(drawn)]
                    made[-1].append(_image(studio, db, generation, home.id, kept, files))
    return Grown(home.id, made)


@cache
def _drawn() -> tuple[pictures.Kept, ...]:
    return tuple(pictures.keep(picture("PNG", (300, 200), colour)) for colour in COLOURS)


def _answer(turn: Turn, step: Step, name: str) -> dict[str, Any]:
    provider, _, model = name.partition("/")
    practice = provider == "sketch"
    return {
        "id": new_id(),
        "turn_id": turn.id,
        "user_id": turn.user_id,
        "provider": provider,
        "model": model,
        "status": step.status,
        "cost": Decimal(0) if practice else Decimal(step.cost),
        "cost_basis": "reported",
        "duration_ms": 8_200 if step.status == SUCCEEDED else None,
        "practice": practice,
        "queued_at": turn.created_at,
        "finished_at": turn.created_at if step.status == SUCCEEDED else None,
    }


def _image(studio: Studio, db: Any, generation: Generation, conversation: str, kept: pictures.Kept, files: bool) -> str:
    row: Image = keeping.image_row(kept, new_id(), generation.user_id, conversation, generation.queued_at)
    row.generation_id = generation.id
    if files:
        keeping.put(studio.store, row.key, kept)
    db.add(row)
    db.flush()
    return row.id
