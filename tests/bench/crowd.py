"""A team's images as rows of either database, a million in a minute or two: 200 people, two years, some 50,000 words.

The same size gives the same rows on both. They are written past the triggers, as no application would, and a new epoch
begins with them.
"""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import SQLModel

from core import changes
from core.access import Person
from core.studio import Studio
from core.tables import (
    LEAD,
    MEMBER,
    SOURCE,
    SUCCEEDED,
    Conversation,
    Generation,
    Image,
    Post,
    Project,
    Reference,
    Turn,
    User,
)

BATCH = 20_000
"""Images in one transaction."""
PEOPLE, PROJECTS, WORDS = 200, 40, 50_000
NEIGHBOUR = 100
"""The person in the middle, who keeps what they have when everything else is one person's."""
BEGAN, SPAN = datetime(2024, 11, 21), timedelta(days=730)
"""In UTC."""
EPOCH, MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)
SHAPES = ((1024, 1024), (1536, 1024), (1024, 1536), (1344, 768), (768, 1344), (1152, 896), (896, 1152), (1280, 960))
MODELS = (
    *(("openai", name) for name in ("gpt-image-2", "gpt-image-2-mini", "gpt-image-1.5")),
    *(("gemini", name) for name in ("gemini-3-pro-image", "gemini-2.5-flash-image")),
    *(("openrouter", name) for name in ("seedream-4.5", "flux-2-pro", "flux-2-max", "riverflow-2", "qwen-image")),
    *(("sketch", name) for name in ("sketch", "ink")),
)
TABLES = (User, Project, Conversation, Turn, Post, Generation, Image, Reference)
Row = tuple[Any, ...]
Block = dict[type[SQLModel], list[Row]]


@dataclass(frozen=True)
class Crowd:
    """Who is there; the first has most, and sees what others have."""

    people: tuple[Person, ...]
    weights: tuple[float, ...]
    """How much of everything each of them has, about."""

    @property
    def biggest(self) -> Person:
        """Who is given everything by `give_all`."""
        return self.people[0]

    @property
    def neighbour(self) -> Person:
        """Who keeps their own even then."""
        return self.people[NEIGHBOUR]


def vocabulary() -> list[str]:
    """The commonest word first; as many as there are, each of its own letters."""
    chance, seen = random.Random(1), dict[str, None]()
    while len(seen) < WORDS:
        syllables = (chance.choice("bcdfghjklmnprstvwz") + chance.choice("aeiou") for _ in range(chance.choice((3, 4))))
        seen["".join(syllables) + chance.choice("nrst")] = None
    return list(seen)


def fill(count: int, *studios: Studio) -> Crowd:
    """So many images, trashed ones among them, and what the neighbour has besides; the same in each studio."""
    maker = _Maker(count)
    with ExitStack() as opened:
        connections = [opened.enter_context(past_triggers(studio)) for studio in studios]
        for block in maker.blocks():
            for connection in connections:
                _write(connection, block)
    for studio in studios:
        _tidy(studio)
    return Crowd(tuple(maker.people), tuple(maker.weights))


def give_all(studio: Studio, crowd: Crowd) -> None:
    """Everything that is not the neighbour's is the biggest person's from now on, and a new epoch begins."""
    given = {"to": crowd.biggest.id, "but": crowd.neighbour.id}
    with past_triggers(studio) as connection:
        connection.exec_driver_sql("DROP INDEX ix_image_gallery")
        connection.execute(sa.text("UPDATE image SET user_id = :to WHERE user_id <> :but"), given)
        next(index for index in Image.__table__.indexes if index.name == "ix_image_gallery").create(connection)
    _tidy(studio)


class _Maker:
    """Makes rows in the order of time, conversation by conversation."""

    def __init__(self, count: int) -> None:
        self.count, self.made = count, 0
        self.chance, self.numbers = random.Random(2), np.random.default_rng(3)
        self.words = np.array(vocabulary(), dtype=object)
        frequent = np.cumsum(1 / np.arange(1, WORDS + 1))
        self.frequent = frequent / frequent[-1]
        self.last = self._id(BEGAN)
        self.people = [Person(self._id(BEGAN), f"Person {number}") for number in range(PEOPLE)]
        self.projects = [self._id(BEGAN) for _ in range(PROJECTS)]
        self.weights = [(number + 1) ** -0.62 for number in range(PEOPLE)]
        self.shares = list(accumulate(self.weights))
        self.favoured = list(accumulate(1 / (number + 1) for number in range(len(MODELS))))
        self.templates = {table: _template(table) for table in TABLES}

    def blocks(self) -> Iterator[Block]:
        """Rows by table, in an order that keeps every link whole."""
        block: Block = {table: [] for table in TABLES}
        self._people(block)
        while self.made < self.count:
            self._conversation(block)
            if len(block[Image]) >= BATCH:
                yield block
                block = {table: [] for table in TABLES}
        yield block

    def _people(self, block: Block) -> None:
        at = _text(BEGAN)
        for person in self.people:
            facts = {"id": person.id, "subject": person.id, "name": person.name, "created_at": at}
            block[User].append(self._row(User, **facts, role=LEAD if person is self.people[0] else MEMBER))
        for number, project in enumerate(self.projects):
            facts = {"title": f"Project {number}", "created_at": at, "updated_at": at}
            block[Project].append(self._row(Project, id=project, user_id=self.people[number].id, **facts))

    def _conversation(self, block: Block) -> None:
        chance = self.chance
        at = BEGAN + SPAN * (self.made / self.count) ** 0.5  # more and more of them
        (who,) = chance.choices(range(PEOPLE), cum_weights=self.shares)
        thread, owner, turns = self._id(at), self.people[who], chance.choice((1, 2, 3, 4, 10))
        project = self.projects[who % PROJECTS] if chance.random() < 0.3 else None
        title, *prompts = self._texts(4, *(chance.randint(8, 60) for _ in range(turns)))
        captions = self._texts(*(chance.randint(10, 40) for _ in range(turns)))
        told = {"id": thread, "user_id": owner.id, "project_id": project, "title": title}
        block[Conversation].append(self._row(Conversation, **told, created_at=_text(at), updated_at=_text(at)))
        for position, (prompt, caption) in enumerate(zip(prompts, captions, strict=True)):
            at += timedelta(seconds=20 + 200 * chance.random())
            self._turn(block, at, owner, thread, position, prompt, caption)

    def _turn(
        self,
        block: Block,
        at: datetime,
        owner: Person,
        thread: str,
        position: int,
        prompt: str,
        caption: str,
    ) -> None:
        chance, turn, moment = self.chance, self._id(at), _text(at)
        facts = {"id": turn, "conversation_id": thread, "user_id": owner.id, "created_at": moment}
        block[Turn].append(self._row(Turn, **facts, position=position, prompt=prompt, token=turn))
        if chance.random() < 0.1:
            block[Reference].append(self._row(Reference, id=turn, turn_id=turn, image_id=self.last, role=SOURCE))
        post = turn if chance.random() < 0.3 else None
        if post:
            facts = {"id": turn, "turn_id": turn, "user_id": owner.id, "created_at": moment, "updated_at": moment}
            block[Post].append(self._row(Post, **facts, caption=caption if chance.random() < 0.8 else ""))
        (model,) = chance.choices(range(len(MODELS)), cum_weights=self.favoured)
        for n in range(chance.choice((1, 1, 2, 2, 4))):
            self._image(block, at + timedelta(seconds=n), owner, thread, turn, post, n, model)

    def _image(
        self,
        block: Block,
        at: datetime,
        owner: Person,
        thread: str,
        turn: str,
        post: str | None,
        n: int,
        model: int,
    ) -> None:
        chance, moment = self.chance, _text(at)
        provider, name = MODELS[model]
        generation, image = self._id(at), self._id(at)
        practice, took = provider == "sketch", int(chance.lognormvariate(9, 0.5))
        cost = 0 if practice else (model + 1) * 9_000_000 + chance.randrange(4) * 1_000_000
        facts = {"id": generation, "turn_id": turn, "user_id": owner.id, "provider": provider, "model": name, "n": n}
        facts |= {"status": SUCCEEDED, "cost": cost, "duration_ms": took, "practice": int(practice)}
        block[Generation].append(self._row(Generation, **facts, queued_at=moment, finished_at=moment))
        width, height = SHAPES[min(int(chance.expovariate(0.6)), len(SHAPES) - 1)]
        facts = {"id": image, "user_id": owner.id, "conversation_id": thread, "generation_id": generation}
        facts |= {"post_id": post, "width": width, "height": height, "created_at": moment}
        facts |= {"key": f"{owner.id}/{thread}/{image}.png", "sha256": f"{chance.getrandbits(256):064x}"}
        facts |= {"starred": int(chance.random() < 0.06), "selected": int(n == 0 and post is not None)}
        block[Image].append(self._row(Image, **facts, deleted_at=moment if chance.random() < 0.08 else None))
        self.last = image
        self.made += owner != self.people[NEIGHBOUR]

    def _row(self, table: type[SQLModel], **facts: Any) -> Row:
        return tuple((self.templates[table] | facts).values())

    def _id(self, at: datetime) -> str:
        """As `new_id` would have made it then."""
        return f"{(at - EPOCH) // MILLISECOND:012x}7{self.chance.getrandbits(76):019x}"

    def _texts(self, *lengths: int) -> list[str]:
        drawn = self.words[np.searchsorted(self.frequent, self.numbers.random(sum(lengths)))].tolist()
        return [" ".join(drawn[start:end]) for start, end in pairwise((0, *np.cumsum(lengths).tolist()))]


def _template(table: type[SQLModel]) -> dict[str, Any]:
    """What a row holds that says nothing special; a plain default stands where one must be given."""
    given = {"mime": "image/png", "size": 1_234_567, "crc32": 0, "dhash": 0, "placeholder": "data:,", "n": 1}
    blank = table(**{name: value for name, value in given.items() if name in table.model_fields})
    return {column.name: _plain(getattr(blank, column.name, None)) for column in table.__table__.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return int(value * 10**9)
    return int(value) if isinstance(value, bool) else value


def _text(at: datetime) -> str:
    """As SQLite keeps it, and as Postgres reads it where the time zone is UTC."""
    return at.isoformat(" ", "microseconds")


@contextmanager
def past_triggers(studio: Studio) -> Iterator[sa.Connection]:
    """A connection that writes without triggers and checks; at the end they are back, and a new epoch begins."""
    with studio.engine.connect() as connection:
        for statement in _unhurt(connection):
            connection.exec_driver_sql(statement)
        try:
            yield connection
            changes.watch(connection)
            connection.commit()
        finally:
            connection.invalidate()  # never back into the pool like this


def _unhurt(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return ["SET session_replication_role = replica", "SET statement_timeout = 0", "SET TimeZone = 'UTC'"]
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'watch_%'"
    triggers = [f"DROP TRIGGER {name}" for (name,) in connection.exec_driver_sql(named).all()]
    return ["PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", *triggers]


def _write(connection: sa.Connection, block: Block) -> None:
    write = _insert if connection.dialect.name == "sqlite" else _copy
    for table, rows in block.items():
        write(connection.connection.driver_connection, table.__tablename__, _columns(table), rows)
    connection.commit()


def _insert(connection: Any, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    connection.executemany(sql, rows)


def _copy(connection: Any, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _columns(table: type[SQLModel]) -> Sequence[str]:
    return [column.name for column in table.__table__.columns]


def _tidy(studio: Studio) -> None:
    """What Postgres would have done by itself after a while, and SQLite at the next checkpoint."""
    tidy = "PRAGMA wal_checkpoint(TRUNCATE)" if studio.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"
    with studio.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if studio.engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql(tidy)
