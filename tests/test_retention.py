"""What is over its days in the trash goes every night, and only when that is plausible and the store is ours."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from core import conversations, known_store, retention, trash, worker
from core.access import Person
from core.disk import DiskStore
from core.errors import Refused
from core.files import StoreDown
from core.studio import Studio
from core.tables import Event, Image, KnownStore
from tests import many
from tests.conftest import Clock

Make = Callable[..., str]


def told(studio: Studio) -> list[str]:
    """What the audit says of purging, oldest first."""
    kinds = (retention.RAN, retention.REFUSED, retention.POSTPONED)
    with studio.reading() as db:
        return [e.kind for e in db.exec(select(Event).where(col(Event.kind).in_(kinds)).order_by(col(Event.seq))).all()]


def ids(studio: Studio) -> set[str]:
    with studio.reading() as db:
        return set(db.exec(select(Image.id)).all())


@pytest.fixture
def night(studio: Studio, clock: Clock) -> Iterator[Callable[[int], None]]:
    """Skips so many days, to a minute after three in the morning."""

    def skip(days: int) -> None:
        at = clock().replace(hour=3, minute=1, second=0, microsecond=0)
        clock.ahead += at - clock()
        clock.skip(days=days)

    return skip


@pytest.fixture
def fox(studio: Studio, alice: Person, make: Make) -> str:
    return make(alice, "a red fox")


def test_what_is_over_its_days_goes_at_night(
    studio: Studio, alice: Person, make: Make, night: Callable[[int], None], fox: str
) -> None:
    boat = make(alice, "a blue boat")
    with studio.reading() as db:
        home = str(db.get_one(Image, boat).conversation_id)
    night(0)
    trash.trash(studio, alice, [fox])
    conversations.trash(studio, alice, home)

    night(29)
    assert retention.on_time(studio) == trash.Purged()
    night(2)
    purged = retention.on_time(studio)

    assert purged and (purged.images, purged.conversations) == (1, 1)
    assert ids(studio) == {boat}
    assert {stored.key.rpartition("/")[2][:32] for stored in studio.store.list()} == {boat}


def test_a_night_is_once_and_a_missed_one_is_made_up_for(
    studio: Studio, alice: Person, clock: Clock, night: Callable[[int], None]
) -> None:
    night(1)
    assert retention.on_time(studio) is not None
    assert retention.on_time(studio) is None
    clock.skip(hours=23)
    assert retention.on_time(studio) is None

    clock.skip(days=5, hours=7)

    assert retention.on_time(studio) is not None
    assert retention.on_time(studio) is None


@pytest.mark.parametrize("settings", ["servers"], indirect=True)
def test_every_worker_asks_but_one_purges(studio: Studio, night: Callable[[int], None]) -> None:
    """On SQLite one process works at a time."""
    night(1)

    with retention._alone(studio) as mine:
        assert mine
        assert retention.on_time(studio) is None

    assert retention.on_time(studio) is not None


def test_the_worker_purges_when_it_tidies_up(
    studio: Studio, alice: Person, night: Callable[[int], None], fox: str
) -> None:
    trash.trash(studio, alice, [fox])
    night(32)

    worker._tidy(studio, 1)

    assert ids(studio) == set()


def test_what_is_broken_keeps_the_worker_from_nothing_else(
    studio: Studio, alice: Person, night: Callable[[int], None], fox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash.trash(studio, alice, [fox])
    night(32)
    monkeypatch.setattr(worker.replays, "take_up", _broken)

    worker._tidy(studio, 1)

    assert ids(studio) == set()


def test_a_line_in_the_audit_says_what_the_clock_took(
    studio: Studio, alice: Person, bob: Person, make: Make, night: Callable[[int], None], fox: str
) -> None:
    his = make(bob, "a blue boat")
    trash.trash(studio, alice, [fox])
    trash.trash(studio, bob, [his])
    night(32)

    retention.on_time(studio)

    with studio.reading() as db:
        lines = db.exec(select(Event).where(col(Event.kind) == "trash.purged")).all()
        (whole,) = db.exec(select(Event).where(col(Event.kind) == retention.RAN)).all()
    assert {line.user_id: (line.facts["by"], line.facts["images"]) for line in lines} == {
        alice.id: ("clock", 1),
        bob.id: ("clock", 1),
    }
    assert whole.facts["images"] == 2
    assert whole.facts["bytes"] == sum(line.facts["bytes"] for line in lines) > 0


def crowd(studio: Studio, alice: Person, total: int, thrown: int) -> list[str]:
    """So many images of which so many are in the trash."""
    images = many.images(studio, alice, total)
    trash.trash(studio, alice, images[:thrown])
    return images


@pytest.mark.parametrize(
    ("total", "thrown", "goes"), [(11, 11, False), (10, 10, True), (50, 12, True), (40, 11, False)]
)
def test_more_than_a_fourth_of_everything_does_not_go_at_once(
    studio: Studio,
    alice: Person,
    night: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    total: int,
    thrown: int,
    goes: bool,
) -> None:
    """A few may: somebody tries the studio out and throws all of it away. How few is smaller here, to be quick."""
    monkeypatch.setattr(retention, "FEW", 10)
    many_files(studio, crowd(studio, alice, total, thrown))
    night(32)

    purged = retention.on_time(studio)

    assert bool(purged and purged.images == thrown) == goes
    assert trash.total(studio, alice).refused == (not goes)
    assert len(ids(studio)) == (total - thrown if goes else total)
    assert told(studio)[-1] == (retention.RAN if goes else retention.REFUSED)


def many_files(studio: Studio, image_ids: list[str]) -> None:
    """A tiny file under the key of each of the newest and the oldest of these, which are looked for."""
    with studio.reading() as db:
        for image_id in sorted(image_ids)[:10] + sorted(image_ids)[-10:]:
            studio.store.put(db.get_one(Image, image_id).key, b"x")


def test_an_operator_may_let_it_go_all_the_same(
    studio: Studio, alice: Person, night: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "FEW", 10)
    many_files(studio, crowd(studio, alice, 11, 11))
    night(32)
    with pytest.raises(Refused, match="11 of 11 images"):
        retention.purge(studio)

    assert retention.purge(studio, anyway=True).images == 11

    assert not trash.total(studio, alice).refused


def test_people_empty_their_own_trash_as_they_like(
    studio: Studio, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "FEW", 10)
    many_files(studio, crowd(studio, alice, 11, 11))

    assert trash.empty(studio, alice).images == 11


def test_after_a_long_silence_the_first_night_waits_for_the_next(
    studio: Studio, alice: Person, night: Callable[[int], None], fox: str
) -> None:
    """A clock that jumped a year ahead finds everything over its days; a day later somebody has seen it."""
    trash.trash(studio, alice, [fox])
    night(400)

    assert retention.on_time(studio) is None
    assert ids(studio) == {fox}
    night(1)

    assert retention.on_time(studio) == trash.Purged(images=1, size=_size(studio))
    assert told(studio) == [retention.POSTPONED, retention.RAN]


@contextmanager
def elsewhere(studio: Studio, *, marked: bool = True) -> Iterator[Studio]:
    """The same studio with an empty folder as its store, which another studio used when it is `marked`."""
    with tempfile.TemporaryDirectory() as folder:
        store = DiskStore(Path(folder) / "files", Path(folder) / "store-id")
        if marked:
            store.check()
        yield replace(studio, store=store)


def _size(studio: Studio) -> int:
    with studio.reading() as db:
        line = db.exec(select(Event).where(col(Event.kind) == "trash.purged")).one()
    return int(line.facts["bytes"])


def test_nothing_goes_while_the_store_is_not_there(
    studio: Studio, alice: Person, night: Callable[[int], None], fox: str
) -> None:
    """A folder where a disk should be mounted is empty, and has no marker."""
    trash.trash(studio, alice, [fox])
    night(32)

    with elsewhere(studio, marked=False) as strange:
        with pytest.raises(StoreDown, match="marker"):
            retention.on_time(strange)
        with pytest.raises(StoreDown):
            trash.purge(strange, alice, [fox])

    assert ids(studio) == {fox}
    assert retention.on_time(studio) == trash.Purged(images=1, size=_size(studio))


def test_nothing_goes_from_a_store_that_is_another_one(
    studio: Studio, alice: Person, make: Make, night: Callable[[int], None], fox: str
) -> None:
    boat = make(alice, "a blue boat")
    trash.trash(studio, alice, [fox, boat])
    assert trash.purge(studio, alice, [boat]).images == 1
    night(32)

    with elsewhere(studio) as strange, pytest.raises(StoreDown, match="not the one that this database knows"):
        retention.on_time(strange)

    assert ids(studio) == {fox}


def test_a_store_without_our_files_is_not_taken_for_ours_at_the_first_meeting(
    studio: Studio, alice: Person, fox: str
) -> None:
    """An installation of before: its database has not met any store yet."""
    trash.trash(studio, alice, [fox])

    with elsewhere(studio) as strange, pytest.raises(StoreDown, match="hardly a file"):
        trash.empty(strange, alice)

    assert trash.empty(studio, alice).images == 1
    with studio.reading() as db:
        assert db.exec(select(KnownStore.identity)).one() == (studio.store.marker() or b"").decode()


def test_files_that_moved_are_purged_where_they_are_once_an_operator_says_so(
    studio: Studio, alice: Person, make: Make, night: Callable[[int], None], fox: str
) -> None:
    boat = make(alice, "a blue boat")
    trash.trash(studio, alice, [fox, boat])
    trash.purge(studio, alice, [boat])
    night(32)

    with elsewhere(studio) as there:
        for stored in studio.store.list():
            there.store.put(stored.key, studio.store.get(stored.key))
        with pytest.raises(StoreDown):
            retention.purge(there)
        purged = retention.purge(there, moved=True)

        assert purged.images == 1
        assert list(there.store.list()) == []
    with pytest.raises(StoreDown):
        known_store.check(studio)


def test_a_new_installation_has_nothing_to_refuse(studio: Studio) -> None:
    assert studio.store.marker() is None
    assert retention.on_time(studio) == trash.Purged()


def _broken(_studio: Studio) -> None:
    raise KeyError("replay")
