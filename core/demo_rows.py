"""One conversation of the sample content: its pictures drawn and stored, its rows as real work would have left them."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from textwrap import shorten
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from core import keeping, ledger, pictures
from core.access import Person
from core.asks import Ask
from core.catalogue import Model, estimate, fit
from core.demo_plan import BUSY, CANCELED, LOST, REFUSED, UNUSABLE, Shot, Step, Story, began
from core.ledger import FREE, POSSIBLE, Bill
from core.providers import Picture, Request, sketch_art
from core.studio import Studio
from core.tables import CANCELED as STOPPED
from core.tables import (
    FAILED,
    SOURCE,
    STORED,
    SUCCEEDED,
    UNKNOWN,
    Attempt,
    Conversation,
    Generation,
    Post,
    Reference,
    Turn,
)

PIXELS = 420_000
"""Of one picture: enough for the lightbox, and 300 of them are drawn in well under a minute."""
STARRED, SELECTED, TRASHED = (7, 3), (9, 4), (19, 8)
"""Every so many images, beginning with which."""

# What a generation says that met this. To add an ending, add it to `demo_plan.ENDS` and here.
SENTENCES = {
    BUSY: ("busy", "The provider was busy and did not take the call."),
    REFUSED: (
        "moderation",
        "The provider's safety system refused this prompt. Nothing was charged; change it.",
    ),
    UNUSABLE: ("unusable", "The provider answered, for money, without a picture. Its answer is kept; try again."),
    LOST: (UNKNOWN, ledger.LOST),
}

_ADDS = re.compile(r"\b(add|put)\b", re.IGNORECASE)

Row = TypeVar("Row", bound=SQLModel)


def aged_id(moment: datetime, rng: random.Random) -> str:
    """An id as `tables.new_id` would have made it at that moment: UUIDv7, so it sorts among the others by age."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)).hex


def token(story: Story, at: int) -> str:
    """Of the turn at this place; by it a story is known again."""
    return f"demo-{story.number}-{at}"


@dataclass
class Making:
    """One conversation while it is made: its rows by table, and the pictures that later turns start from."""

    studio: Studio
    owner: Person
    story: Story
    rng: random.Random
    rows: dict[type[SQLModel], list[Any]] = field(default_factory=lambda: defaultdict(list))
    drawn: dict[tuple[int, int], tuple[str, Picture]] = field(default_factory=dict)
    """Image id and picture by step and shot."""
    files: list[str] = field(default_factory=list)
    roots: dict[int, str] = field(default_factory=dict)
    """The turn that each step's turn began with."""

    def conversation(self, project_id: str | None) -> None:
        """Draw and store every picture of it and fill `rows`. Raises StoreDown."""
        moment = began(self.story, self.studio.now())
        row = self._add(
            Conversation(
                id=aged_id(moment, self.rng),
                user_id=self.owner.id,
                project_id=project_id,
                title=shorten(self.story.steps[0].prompt, 60, placeholder="…"),
                created_at=moment,
                updated_at=moment,
            )
        )
        for at, step in enumerate(self.story.steps):
            self._turn(row, at, step)
        row.updated_at = max(generation.finished_at for generation in self.rows[Generation])

    def sweep(self) -> None:
        """Take its files back out of the store: somebody else made this conversation meanwhile."""
        for key in self.files:
            self.studio.store.delete(key)

    def _add(self, row: Row) -> Row:
        self.rows[type(row)].append(row)
        return row

    def _turn(self, conversation: Conversation, at: int, step: Step) -> None:
        moment = conversation.created_at + step.after
        names = tuple(dict.fromkeys(shot.model for shot in step.shots))
        count = max(shot.n for shot in step.shots)
        ask = Ask(step.prompt, names, token(self.story, at), count=count, ratio=self.story.shape)
        turn = self._add(
            Turn(
                id=aged_id(moment, self.rng),
                conversation_id=conversation.id,
                user_id=self.owner.id,
                root_id=self.roots[step.source[0]] if step.source else None,
                position=at + 1,
                prompt=step.prompt,
                settings=ask.settings,
                token=ask.token,
                created_at=moment,
            )
        )
        self.roots[at] = turn.root_id or turn.id
        if step.source:
            image_id = self.drawn[step.source][0]
            self._add(Reference(id=aged_id(moment, self.rng), turn_id=turn.id, image_id=image_id, role=SOURCE))
        posts = self._posts(turn, conversation.project_id, one=at == 0)
        for n, shot in enumerate(step.shots):
            row = self._generation(turn, step, (at, n), shot, posts)
            row.project_id = conversation.project_id

    def _posts(self, turn: Turn, project_id: str | None, *, one: bool) -> Iterator[Post]:
        """A first turn puts its images into one post; a later one makes a post for each and copies the caption."""
        while True:
            post = self._add(
                Post(
                    id=aged_id(turn.created_at, self.rng),
                    user_id=turn.user_id,
                    project_id=project_id,
                    turn_id=turn.id,
                    caption=self.story.caption,
                    created_at=turn.created_at,
                    updated_at=turn.created_at,
                )
            )
            yield post
            while one:
                yield post

    def _generation(
        self, turn: Turn, step: Step, place: tuple[int, int], shot: Shot, posts: Iterator[Post]
    ) -> Generation:
        model = self.studio.catalogue.find(shot.model)
        source = self.drawn[step.source][1] if step.source else None
        seed = shot.seed if model.seed else None
        fitted, left_out = fit(model, Request("", step.prompt, self.story.shape, seed=seed, source=source))
        milliseconds = round(model.typical_seconds * 1000 * self.rng.lognormvariate(0, 0.25))
        started = turn.created_at + timedelta(milliseconds=300)
        kind, sentence = (None, None) if shot.kept else SENTENCES.get(shot.end, (None, None))
        row = self._add(
            Generation(
                id=aged_id(turn.created_at, self.rng),
                turn_id=turn.id,
                user_id=turn.user_id,
                provider=model.provider,
                model=model.id,
                n=shot.n,
                status=SUCCEEDED if shot.kept else STOPPED if shot.end == CANCELED else FAILED,
                error_kind=kind,
                error=sentence,
                seed=fitted.seed,
                duration_ms=milliseconds if shot.kept else None,
                practice=True,
                left_out=list(left_out),
                queued_at=turn.created_at,
                started_at=None if shot.end == CANCELED else started,
                finished_at=started + timedelta(milliseconds=milliseconds),
            )
        )
        attempts = self._attempts(row, shot, estimate(model, fitted, int(source is not None)).usd, model)
        _add_up(row, attempts)
        if shot.kept:
            self._image(turn, attempts[-1], place, shot, replace(fitted, source=source), next(posts))
        return row

    def _attempts(self, row: Generation, shot: Shot, reserved: Decimal, model: Model) -> list[Attempt]:
        """The calls that this ending comes from; none when it was stopped in the queue."""
        bill = self._bill(model, reserved)
        calls: dict[str, list[tuple[str, Bill, str | None]]] = {
            CANCELED: [],
            BUSY: [(FAILED, FREE, BUSY), (STORED, bill, None)],
            REFUSED: [(FAILED, FREE, REFUSED)],
            UNUSABLE: [(FAILED, bill, UNUSABLE)],
            LOST: [(UNKNOWN, POSSIBLE, LOST)],
        }
        made = calls.get(shot.end, [(STORED, bill, None)])
        return [self._attempt(row, n, *call, reserved) for n, call in enumerate(made, start=1)]

    def _attempt(
        self, row: Generation, number: int, state: str, bill: Bill, why: str | None, reserved: Decimal
    ) -> Attempt:
        assert row.started_at  # only what was stopped in the queue has none, and it has no attempts
        kind, sentence = SENTENCES.get(why or "", (None, None))
        return self._add(
            Attempt(
                id=aged_id(row.started_at + timedelta(milliseconds=number), self.rng),
                generation_id=row.id,
                number=number,
                state=state,
                reserved_cost=reserved,
                cost=bill.cost,
                cost_basis=bill.basis,
                duration_ms=row.duration_ms if state == STORED else None,
                request_id=None if state == UNKNOWN else f"demo-{self.rng.getrandbits(48):012x}",
                error_kind=kind,
                error=sentence,
                sent={"model": row.model, "seed": row.seed} if row.seed is not None else {"model": row.model},
                waited_ms=(row.started_at - row.queued_at) // timedelta(milliseconds=1),
                images=int(state == STORED),
                priced_on=row.started_at.date(),
                started_at=row.started_at,
                finished_at=row.finished_at,
            )
        )

    def _bill(self, model: Model, reserved: Decimal) -> Bill:
        """By tokens a little beside the estimate, else exactly it."""
        tokens = model.price is not None and model.price.kind == "tokens"
        share = Decimal(str(round(self.rng.uniform(0.96, 1.04), 4))) if tokens else Decimal(1)
        return Bill(round(reserved * share, 6), "computed" if tokens and model.provider == "openai" else "reported")

    def _image(
        self, turn: Turn, attempt: Attempt, place: tuple[int, int], shot: Shot, asked: Request, post: Post
    ) -> None:
        assert attempt.finished_at  # every attempt here has ended
        kept = pictures.keep(_drawn(self.story, asked, place, shot))
        row_id = keeping.image_id(attempt.id, 0)
        row = keeping.image_row(kept, row_id, turn.user_id, turn.conversation_id, attempt.finished_at)
        row.generation_id, row.attempt_id, row.post_id = attempt.generation_id, attempt.id, post.id
        row.starred, row.selected = _every(shot, STARRED), _every(shot, SELECTED)
        if _every(shot, TRASHED):
            recently = self.studio.now() - timedelta(days=self.studio.settings.trash_days * self.rng.uniform(0, 0.5))
            row.deleted_at = max(recently, row.created_at)
            row.purge_after = row.deleted_at + timedelta(days=self.studio.settings.trash_days)
        for key, data in keeping.files(row.key, kept).items():
            self.studio.store.put(key, data)
            self.files.append(key)
        self._add(row)
        self.drawn[place] = (row.id, Picture(kept.original, kept.mime, kept.width, kept.height))


def _add_up(row: Generation, attempts: list[Attempt]) -> None:
    """As `ledger` does: the cost of all attempts as far as it is known, the weakest basis of them."""
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None]
    bases = {attempt.cost_basis for attempt in attempts if attempt.cost is None or attempt.cost}
    row.cost = sum(costs, Decimal(0)) if costs else None
    if attempts:
        row.cost_basis = next((basis for basis in (UNKNOWN, "computed") if basis in bases), "reported")


def _every(shot: Shot, rule: tuple[int, int]) -> bool:
    return shot.place % rule[0] == rule[1]


def _drawn(story: Story, asked: Request, place: tuple[int, int], shot: Shot) -> bytes:
    """A small picture of that shape in the style that stands in for the model, as JPEG.

    Not every edit is drawn over its source: a wall of pictures looks better when some are composed anew.
    """
    across, down = (int(part) for part in story.shape.split(":"))
    width, height = (round(sqrt(PIXELS * share) / 8) * 8 for share in (across / down, down / across))
    wish = replace(asked, model=shot.style, width=width, height=height)
    if asked.source and not _over(story, place, shot):
        # The edit's words three times, so that its light wins over the one first asked for.
        wish = replace(wish, source=None, prompt=f"{asked.prompt} " * 3 + story.steps[0].prompt)
    return pictures.preview(sketch_art.draw(wish, shot.seed), max(width, height))


def _over(story: Story, place: tuple[int, int], shot: Shot) -> bool:
    step = story.steps[place[0]]
    assert step.source  # only edits are asked about
    at, n = step.source
    if story.steps[at].shots[n].style != shot.style:
        return False
    return _ADDS.search(step.prompt) is not None or (shot.style == "sketch" and shot.seed % 3 == 0)
