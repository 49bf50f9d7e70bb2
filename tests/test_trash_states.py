"""Starred, selected, thrown away, taken back, purged and shared in any order, it is always as a plain model says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import SQLModel, col, select

from core import access, conversations, marks, newest, purging, retention, shared, sharing, trash
from core.access import Person
from core.cards import cards
from core.errors import NotFound
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from core.tables import (
    SOURCE,
    SUCCEEDED,
    Conversation,
    Generation,
    Image,
    Post,
    Reference,
    Turn,
    new_id,
)
from tests.conftest import Clock

EXAMPLES, STEPS = 8, 25
THREADS, EACH = 3, 2
DAYS = timedelta(days=30)
threads = st.integers(0, THREADS - 1)
picks = st.lists(st.integers(0, THREADS * EACH - 1), min_size=1, max_size=4)
picks = picks | threads.map(lambda n: list(range(n * EACH, (n + 1) * EACH)))  # often all of one conversation


@dataclass
class Picture:
    """An image, as a person thinks of it."""

    id: str
    thread: int
    starred: bool = False
    selected: bool = False
    thrown: datetime | None = None
    gone: bool = False


@dataclass
class Thread:
    """A conversation of one turn, whose images are in one post."""

    id: str
    uses: set[str] = field(default_factory=set)
    """Images that its turn started from."""
    thrown: datetime | None = None
    gone: bool = False
    links: list[str] = field(default_factory=list)


class Trash(RuleBasedStateMachine):
    """The studio on one side, the model on the other."""

    studio: Studio
    clock: Clock

    @initialize()
    def furnish(self) -> None:
        """Every example is another person of the same studio. The second conversation started from an image of the
        first, the third from one of the second and from an upload."""
        self.me = access.person_named(self.studio, new_id(), "Somebody")
        self.threads = [Thread(new_id()) for _ in range(THREADS)]
        self.pictures = [Picture(new_id(), n // EACH) for n in range(THREADS * EACH)]
        self.upload, self.looked = new_id(), 0
        self.threads[1].uses = {self.pictures[0].id}
        self.threads[2].uses = {self.pictures[EACH].id, self.upload}
        with self.studio.transaction() as db:
            db.add(_image(self.studio, self.me, self.upload))
            for n, thread in enumerate(self.threads):
                for rows in _rows(self.studio, self.me, thread, [p.id for p in self.pictures if p.thread == n]):
                    db.add_all(rows)
                    db.flush()
        for image_id in (self.upload, *(p.id for p in self.pictures)):
            self.studio.store.put(_key(self.me, image_id), b"x")

    @rule(chosen=picks, on=st.booleans())
    def star(self, chosen: list[int], on: bool) -> None:
        if some := self._there(chosen):
            marks.star(self.studio, self.me, [p.id for p in some], on=on)
        for picture in some:
            picture.starred = on

    @rule(chosen=st.integers(0, THREADS * EACH - 1))
    def select(self, chosen: int) -> None:
        picture = self.pictures[chosen]
        if picture.gone or picture.thrown:
            return
        marks.select(self.studio, self.me, [picture.id])
        for other in self.pictures:
            if other.thread == picture.thread:
                other.selected = other is picture

    @rule(chosen=picks)
    def trash(self, chosen: list[int]) -> None:
        if some := self._there(chosen):
            trash.trash(self.studio, self.me, [p.id for p in some])
        for picture in some:
            picture.thrown = picture.thrown or self.clock()

    @rule(chosen=picks)
    def restore(self, chosen: list[int]) -> None:
        if some := self._there(chosen):
            trash.restore(self.studio, self.me, [p.id for p in some])
        for picture in some:
            picture.thrown = None

    @rule(chosen=picks)
    def purge(self, chosen: list[int]) -> None:
        if some := self._there(chosen):
            trash.purge(self.studio, self.me, [p.id for p in some])
        self._purge(some, [])

    @rule(n=threads, along=st.booleans())
    def trash_conversation(self, n: int, along: bool = False) -> None:
        thread, living = self.threads[n], self._living(n)
        if thread.gone:
            return
        gone = conversations.trash(self.studio, self.me, thread.id, None if along else ())
        assert sorted(gone) == (living if along and not thread.thrown else [])
        thread.thrown = thread.thrown or self.clock()
        for picture in self.pictures:
            picture.thrown = self.clock() if picture.id in gone else picture.thrown

    @rule(n=threads)
    def restore_conversation(self, n: int) -> None:
        thread = self.threads[n]
        if thread.gone:
            with pytest.raises(NotFound):
                conversations.restore(self.studio, self.me, thread.id)
        else:
            back = conversations.restore(self.studio, self.me, thread.id)
            coming = [
                p for p in self.pictures if p.thread == n and not p.gone and p.thrown and p.thrown == thread.thrown
            ]
            assert sorted(back) == [p.id for p in coming]
            for thing in (thread, *coming):
                thing.thrown = None

    @rule(n=threads)
    def purge_conversation(self, n: int) -> None:
        if not self.threads[n].gone:
            trash.purge(self.studio, self.me, [], [self.threads[n].id])
        self._purge([], [self.threads[n]])

    @rule(n=threads, purged=st.booleans())
    def throw_all_of_it_away(self, n: int, purged: bool) -> None:
        """What takes long to come about by chance."""
        all_of_it = list(range(n * EACH, (n + 1) * EACH))
        self.trash_conversation(n)
        if purged:
            self.purge_conversation(n)
        self.trash(all_of_it)
        if purged:
            self.purge(all_of_it)

    @rule()
    def empty(self) -> None:
        told = trash.total(self.studio, self.me)
        purged = trash.empty(self.studio, self.me)
        assert purged.conversations == told.conversations
        assert purged.images == told.going
        self._purge(self.pictures, self.threads)

    @rule(n=threads)
    def share(self, n: int) -> None:
        thread = self.threads[n]
        if thread.gone or thread.thrown:
            with pytest.raises(NotFound):
                sharing.share(self.studio, self.me, thread.id, Terms(days=365))
        else:
            thread.links.append(sharing.share(self.studio, self.me, thread.id, Terms(days=365)).token)

    @rule(days=st.sampled_from((1, 12, 29, 31)))
    def skip(self, days: int) -> None:
        self.clock.skip(days=days)

    @rule()
    def night(self) -> None:
        retention.purge(self.studio, retention.CLOCK, anyway=True)
        over = self.clock() - DAYS
        self._purge(
            [p for p in self.pictures if p.thrown and p.thrown <= over],
            [t for t in self.threads if t.thrown and t.thrown <= over],
        )

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        with self.studio.reading() as db:
            rows = db.exec(
                select(Image).where(Image.user_id == self.me.id, col(Image.generation_id).is_not(None))
            ).all()
            uploads = db.exec(select(Image.id).where(Image.id == self.upload)).all()
        assert {row.id: (row.starred, row.selected, row.deleted_at is not None) for row in rows} == {
            p.id: (p.starred, p.selected, p.thrown is not None) for p in self.pictures if not p.gone
        }
        assert bool(uploads) == (self.upload in self._used())

    @invariant()
    def people_see_what_is_not_thrown_away_and_find_the_rest_in_the_trash(self) -> None:
        lying = sorted((p for p in self.pictures if p.thrown and not p.gone), key=lambda p: p.id)
        thrown = trash.contents(self.studio, self.me).tiles
        assert [tile.id for tile in newest.page(self.studio, self.me).tiles[::-1]] == self._living()
        assert sorted(tile.id for tile in thrown) == [p.id for p in lying]
        assert trash.total(self.studio, self.me).images == len(lying)
        found = {card.id for card in cards(self.studio, self.me, trashed=True)[0]}
        assert found == {t.id for t in self.threads if t.thrown and not t.gone}

    @invariant()
    def conversations_and_links_show_what_is_there(self) -> None:
        """One of them at a time, to be quick."""
        n = self.looked = (self.looked + 1) % THREADS
        thread, living = self.threads[n], self._living(n)
        if thread.gone:
            with pytest.raises(NotFound):
                conversations.opened(self.studio, self.me, thread.id)
        else:
            shown = conversations.opened(self.studio, self.me, thread.id)
            assert [image.id for image in shown.images] == living
        for token in thread.links[:1]:
            if thread.gone or thread.thrown:
                with pytest.raises(NotFound):
                    shared.opened(self.studio, token, counts=False)
            else:
                seen = shared.opened(self.studio, token, counts=False)
                assert [image.id for image in seen.images] == living

    @invariant()
    def there_is_a_file_for_each_row_and_no_other(self) -> None:
        kept = {p.id for p in self.pictures if not p.gone} | ({self.upload} & self._used())
        found = {stored.key.rpartition("/")[2][:32] for stored in self.studio.store.list(f"{self.me.id}/")}
        assert found == kept

    @invariant()
    def what_was_paid_can_be_counted(self) -> None:
        with self.studio.reading() as db:
            made = sa.select(sa.func.count()).select_from(Generation).where(col(Generation.user_id) == self.me.id)
            assert db.scalar(made) == THREADS * EACH

    def _there(self, chosen: list[int]) -> list[Picture]:
        return [p for n, p in enumerate(self.pictures) if n in chosen and not p.gone]

    def _living(self, thread: int | None = None) -> list[str]:
        mine = [p for p in self.pictures if thread in (None, p.thread)]
        return [p.id for p in mine if not p.gone and not p.thrown]

    def _used(self) -> set[str]:
        return {image_id for thread in self.threads for image_id in thread.uses}

    def _purge(self, pictures: list[Picture], gone: list[Thread]) -> None:
        """Conversations first; then images that nothing uses, for as long as that frees others."""
        for thread in gone:
            thread.gone = thread.gone or thread.thrown is not None
        while True:
            for n, thread in enumerate(self.threads):
                if thread.gone and all(p.gone for p in self.pictures if p.thread == n):
                    thread.uses = set()
            going = [p for p in pictures if p.thrown and not p.gone and p.id not in self._used()]
            if not going:
                return
            for picture in going:
                picture.gone = True


def _key(person: Person, image_id: str) -> str:
    return f"{person.id}/standalone/{image_id}.png"


def _image(studio: Studio, person: Person, image_id: str, **more: Any) -> Image:
    facts: dict[str, Any] = {"mime": "image/png", "width": 4, "height": 3, "size": 10, "crc32": 0, "dhash": 0}
    facts |= {"sha256": image_id * 2, "placeholder": "", "created_at": studio.now()}
    return Image(id=image_id, user_id=person.id, key=_key(person, image_id), **facts, **more)


def _rows(studio: Studio, person: Person, thread: Thread, image_ids: list[str]) -> Iterator[list[SQLModel]]:
    now, of = studio.now(), {"user_id": person.id}
    yield [Conversation(id=thread.id, title="A title", created_at=now, updated_at=now, **of)]
    turn = Turn(
        id=new_id(), conversation_id=thread.id, position=1, prompt="words", token=new_id(), created_at=now, **of
    )
    post = Post(turn_id=turn.id, created_at=now, updated_at=now, **of)
    yield [turn]
    yield [post, *(Reference(turn_id=turn.id, image_id=i, role=SOURCE, position=n) for n, i in enumerate(thread.uses))]
    for n, image_id in enumerate(image_ids):
        made = {"turn_id": turn.id, "provider": "sketch", "model": "sketch", "n": n, "status": SUCCEEDED}
        generation = Generation(id=new_id(), queued_at=studio.now(), **made, **of)
        yield [generation]
        more = {"conversation_id": thread.id, "generation_id": generation.id, "post_id": post.id}
        yield [_image(studio, person, image_id, **more)]


def test_the_trash_is_as_a_plain_model_says(
    request: pytest.FixtureRequest, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite and on Postgres. Few rows go in one transaction, so that the seams are met too."""
    for name in ("IMAGES", "CONVERSATIONS", "TURNS"):
        monkeypatch.setattr(purging, name, 2)
    clock = Clock()
    studio = open_studio(home, clock)
    machine = type("OfThisHome", (Trash,), {"studio": studio, "clock": clock})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    studio.engine.dispose()
