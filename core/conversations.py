"""Threads of image work: start one, ask the next turn, open it, page through them."""

import random
import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, jobs, pace, views
from core.access import Person
from core.catalogue import Model
from core.errors import NotFound, Refused
from core.providers import Picture, Request
from core.studio import Studio
from core.tables import (
    MASK,
    REFERENCE,
    SOURCE,
    UNFINISHED,
    Conversation,
    Generation,
    Image,
    Reference,
    Turn,
    new_id,
)

MOST_AT_ONCE = 16
"""Pictures that one turn may ask for: a slip in two number fields must not cost a month's budget."""
PAGE = 12
TITLE = 60


@dataclass(frozen=True)
class Ask:
    """What a person asks for in one turn."""

    prompt: str
    models: tuple[str, ...]
    """Full names, e.g. "sketch/sketch"."""
    token: str
    """Made once per form shown: asking twice with the same one is asking once."""
    count: int = 1
    """Pictures per model."""
    ratio: str = "1:1"
    resolution: str = "1K"
    quality: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    strength: float | None = None
    source: str | None = None
    """Image ids of what the turn starts from."""
    mask: str | None = None
    references: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the turn beside its prompt and references."""
        facts = asdict(self)
        return {k: v for k, v in facts.items() if k not in ("prompt", "token", "source", "mask", "references")}


@dataclass(frozen=True)
class Asked:
    """Where the answer will appear."""

    conversation_id: str
    turn_id: str


@dataclass(frozen=True)
class Quote:
    """What a turn would cost and take, before paying."""

    images: int
    cost: Decimal
    practice: bool
    """True when nothing in it costs anything because all models are for practice."""
    first_seconds: float | None
    """Half of the fastest model's runs were quicker; None without history."""
    all_seconds: float | None
    """Nine of ten of the slowest model's runs were quicker."""
    left_out: tuple[str, ...] = ()
    """Sentences: what these models cannot honour."""


@dataclass(frozen=True)
class Card:
    """A conversation in a list."""

    id: str
    title: str
    updated_at: datetime
    turns: int
    images: int
    unfinished: int
    cover: views.ImageView | None
    """Its newest kept image."""


@dataclass(frozen=True)
class Opened:
    """A conversation with its turns."""

    id: str
    title: str
    version: int
    created_at: datetime
    turns: tuple[views.TurnView, ...]

    @property
    def images(self) -> tuple[views.ImageView, ...]:
        """All kept images, oldest first."""
        return tuple(i for turn in self.turns for g in turn.generations for i in g.images)


def start(studio: Studio, person: Person, ask: Ask, project_id: str | None = None) -> Asked:
    """Begin a conversation with its first turn. Nothing is kept when the ask is refused (Refused, NotFound)."""
    with _asking(studio, person, ask) as (db, before):
        if before:
            return before
        conversation = Conversation(
            id=new_id(),
            user_id=person.id,
            project_id=project_id,
            title=_title(ask.prompt),
            created_at=studio.now(),
            updated_at=studio.now(),
        )
        db.add(conversation)
        db.flush()
        events.record(studio, db, "conversation.started", person.id, conversation=conversation.id)
        return _ask(studio, db, person, conversation, ask)
