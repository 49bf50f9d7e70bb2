"""A conversation that branches, as rows and files that the pipeline would have left, without asking a model."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

from sqlmodel import SQLModel

from core import keeping, pictures
from core.access import Person
from core.studio import Studio
from core.tables import SOURCE, SUCCEEDED, Conversation, Generation, Image, Post, Reference, Turn, new_id
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
    count: int = 1
    """Pictures per model."""
    ratio: str = "3:2"
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What else was chosen."""
    status: str = SUCCEEDED
    cost: str = "0.04"


def grow(
    studio: Studio,
    who: Person,
    steps: Sequence[Step],
    *,
    files: bool = True,
    posts: bool = False,
    title: str = "A shop",
) -> Grown:
    """Keep these steps as a conversation; one that starts from a step does so from its last image.

    Tests that look at posts have them: a first turn's images are in one, and every edit is in one of its own.
    """
    at = studio.now() - APART * len(steps)
    home = Conversation(id=new_id(), user_id=who.id, title=title, created_at=at, updated_at=at, seen_at=at)
    rows: dict[type[SQLModel], list[Any]] = {table: [] for table in (Turn, Post, Generation, Image, Reference)}
    made: list[list[str]] = []
    for number, step in enumerate(steps):
        turn = _turn(home, step, number, at + APART * number)
        rows[Turn].append(turn)
        if step.source:
            used = made[step.source - 1][-1] if isinstance(step.source, int) else step.source
            rows[Reference].append(Reference(turn_id=turn.id, image_id=used, role=SOURCE))
        made.append([])
        for place, (name, n) in enumerate(product(step.models, range(1, step.count + 1))):
            generation = Generation(**_answer(studio, turn, step, name, n))
            rows[Generation].append(generation)
            if step.status == SUCCEEDED:
                image = _image(studio, generation, home.id, ready()[(number * 3 + place) % len(ready())], files)
                if posts:
                    image.post_id = _post(rows[Post], turn, alone=bool(step.source)).id
                rows[Image].append(image)
                made[-1].append(image.id)
    with studio.transaction() as db:
        db.add(home)
        for of_a_table in rows.values():
            db.flush()
            db.add_all(of_a_table)
    return Grown(home.id, made)


@cache
def ready() -> tuple[pictures.Kept, ...]:
    """A picture in each colour."""
    return tuple(pictures.keep(picture("PNG", (300, 200), colour)) for colour in COLOURS)


def _turn(home: Conversation, step: Step, number: int, at: datetime) -> Turn:
    return Turn(
        conversation_id=home.id,
        user_id=home.user_id,
        position=number + 1,
        prompt=step.prompt,
        settings={
            "models": list(step.models),
            "ratio": step.ratio,
            "count": step.count,
            "seed": None,
            **step.settings,
        },
        token=new_id(),
        created_at=at,
    )


def _post(rows: list[Any], turn: Turn, *, alone: bool) -> Post:
    if alone or not rows or rows[-1].turn_id != turn.id:
        rows.append(Post(user_id=turn.user_id, turn_id=turn.id, created_at=turn.created_at, updated_at=turn.created_at))
    post: Post = rows[-1]
    return post


def _answer(studio: Studio, turn: Turn, step: Step, name: str, n: int) -> dict[str, Any]:
    provider, _, model = name.partition("/")
    practice = provider == "sketch"
    return {
        "id": new_id(),
        "turn_id": turn.id,
        "user_id": turn.user_id,
        "provider": provider,
        "model": model,
        "n": n,
        "status": step.status,
        "seed": random.randrange(2**31) if practice and studio.catalogue.find(name).seed else None,
        "cost": Decimal(0) if practice else Decimal(step.cost),
        "cost_basis": "reported",
        "duration_ms": 8_200 if step.status == SUCCEEDED else None,
        "practice": practice,
        "queued_at": turn.created_at,
        "finished_at": turn.created_at if step.status == SUCCEEDED else None,
    }


def _image(studio: Studio, generation: Generation, conversation: str, kept: pictures.Kept, files: bool) -> Image:
    row = keeping.image_row(kept, new_id(), generation.user_id, conversation, generation.queued_at)
    row.generation_id = generation.id
    if files:
        keeping.put(studio.store, row.key, kept)
    return row
