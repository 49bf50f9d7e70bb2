"""Nobody reaches what is not theirs, and a guess learns nothing: not yours and not there are the same."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, func, select

from core import access, tables
from core.access import Person, Sight, find, media_token, person_of_token
from core.errors import NotFound
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import LEAD, Image, User, new_id
from tests import many
from tests.conftest import Clock

OWNED = [
    table
    for table in vars(tables).values()
    if isinstance(table, type) and issubclass(table, SQLModel) and {"id", "user_id"} <= table.model_fields.keys()
]
FIXTURE = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None}


@pytest.fixture
def db(studio: Studio, alice: Person, bob: Person) -> Iterator[Session]:
    """A transaction in which rows may stand alone; it ends with nothing written."""
    off = "PRAGMA defer_foreign_keys=ON" if studio.settings.on_sqlite else "SET LOCAL session_replication_role=replica"
    with studio.reading() as db:
        db.connection().exec_driver_sql(off)
        yield db


def test_a_person_sees_their_own_work_and_a_lead_everybodys(studio: Studio, alice: Person, bob: Person) -> None:
    lea = access.person_named(studio, "lea", "Lea", LEAD)
    own, all_of_it = Sight(studio, alice), Sight(studio, lea)

    assert own.people == {alice.id: "Alice"}
    assert not any(own.reaches(people) for people in ((), (bob.id,), (alice.id, bob.id)))
    assert all_of_it.people == {alice.id: "Alice", bob.id: "Bob", lea.id: "Lea"}
    assert all(all_of_it.reaches(people) for people in ((), (bob.id,), (alice.id, bob.id)))
    assert not all_of_it.reaches((bob.id, new_id()))


def test_there_are_owned_tables() -> None:
    names = {table.__name__ for table in OWNED}

    assert names == {"Project", "Note", "Conversation", "Turn", "Generation", "Post", "Image", "Share", "SavedView"}


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.__name__)
@pytest.mark.parametrize("lock", [False, True], ids=["seen", "locked"])
def test_yours_is_found_and_anything_else_is_not_there_in_the_same_words(
    db: Session, alice: Person, bob: Person, table: Any, lock: bool
) -> None:
    mine, theirs = a_row(db, table, alice), a_row(db, table, bob)

    assert find(db, table, mine, alice, lock=lock).id == mine
    assert find(db, table, theirs, bob, lock=lock).id == theirs
    words = {said(db, table, row_id, alice, lock) for row_id in (theirs, new_id(), "", "x", mine.upper(), mine + " ")}
    assert len(words) == 1


@given(row_id=st.text(alphabet=st.characters(), max_size=60))
@example(row_id="\0")
@example(row_id="\ud800")
@example(row_id="%' OR 1=1 --")
@example(row_id="0" * 100_000)
@how(max_examples=60, **FIXTURE)
def test_a_made_up_id_is_not_there_whatever_it_holds(db: Session, alice: Person, row_id: str) -> None:
    a_row(db, Image, alice)

    assert said(db, Image, row_id, alice, lock=False) == "There is no such image, or it is not yours."


def test_a_lead_reads_what_is_anybodys_and_changes_only_their_own(studio: Studio, alice: Person, bob: Person) -> None:
    lead = access.person_named(studio, "lea", "Lea", LEAD)
    (fox,) = many.images(studio, alice, 1)

    with studio.reading() as db:
        assert access.look(db, Image, fox, lead).id == fox
        for look, person in ((access.look, bob), (access.find, lead)):
            with pytest.raises(NotFound, match="not yours"):
                look(db, Image, fox, person)
    assert {person.name for person in access.people(studio, lead)} >= {"Alice", "Bob", "Lea"}
    assert access.people(studio, bob) == (bob,)


def test_a_person_is_made_at_first_use_and_found_later(studio: Studio) -> None:
    first = access.person_named(studio, "carol@example.org", "Carol")
    again = access.person_named(studio, "carol@example.org", "another name")

    assert first == again == Person(first.id, "Carol")


def test_the_person_of_local_mode_is_always_the_same(studio: Studio) -> None:
    assert access.local_person(studio) == access.local_person(studio)


def test_a_person_who_comes_twice_at_once_is_made_once(studio: Studio) -> None:
    """Two processes that started together both made the local person, and on Postgres one of them failed."""
    together, found = threading.Barrier(6), list[Person]()

    def come() -> None:
        together.wait(30)
        found.append(access.person_named(studio, "dora", "Dora"))

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1
    with studio.reading() as db:
        assert db.scalar(select(func.count()).select_from(User).where(User.subject == "dora")) == 1


def test_a_media_token_opens_as_its_person_and_nobody_else(studio: Studio, alice: Person, bob: Person) -> None:
    assert person_of_token(studio, media_token(studio, alice)).id == alice.id
    assert person_of_token(studio, media_token(studio, bob)).id == bob.id


def test_a_token_with_another_person_in_it_is_refused(studio: Studio, alice: Person, bob: Person) -> None:
    forged = media_token(studio, alice).replace(alice.id, bob.id)

    assert refused(studio, forged)


def test_a_token_with_another_end_in_it_is_refused(studio: Studio, alice: Person) -> None:
    person, ends, signature = media_token(studio, alice).split(".")

    assert refused(studio, f"{person}.{int(ends, 16) + 86_400:x}.{signature}")


def test_every_changed_letter_of_a_token_is_refused(studio: Studio, alice: Person) -> None:
    token = media_token(studio, alice)
    changed = [
        f"{token[:n]}{letter}{token[n + 1 :]}" for n in range(len(token)) for letter in "0aZ-." if token[n] != letter
    ]

    assert [other for other in changed if not refused(studio, other)] == []
    assert [token[:n] for n in range(len(token)) if not refused(studio, token[:n])] == []


tokens = st.text(alphabet=st.characters(), max_size=200) | st.lists(st.text(max_size=50), max_size=6).map(".".join)


@given(token=tokens)
@example(token="")
@example(token="no dots at all")
@example(token="..")
@example(token="." * 100_000)
@example(token="é.ü.ß")
@example(token="\ud800.1.\udfff")
@example(token="\0.\0.\0")
@example(token="x" * 1_000_000)
@how(max_examples=200, **FIXTURE)
def test_a_made_up_token_is_refused_whatever_it_holds(studio: Studio, token: str) -> None:
    assert refused(studio, token)


def test_a_token_stays_the_same_for_a_day_so_that_pictures_stay_in_the_cache(
    studio: Studio, alice: Person, clock: Clock
) -> None:
    to_midnight(clock)

    tokens = set()
    for _ in range(23):
        tokens.add(media_token(studio, alice))
        clock.skip(hours=1)

    assert len(tokens) == 1


def test_a_token_ends_after_one_to_two_days(studio: Studio, alice: Person, clock: Clock) -> None:
    to_midnight(clock)
    clock.skip(hours=12)
    token = media_token(studio, alice)

    clock.skip(hours=35)
    before = refused(studio, token)
    clock.skip(hours=2)

    assert (before, refused(studio, token)) == (False, True)


def test_a_token_of_another_secret_is_refused(studio: Studio, alice: Person) -> None:
    other = replace(studio, secret=b"another")

    assert refused(other, media_token(studio, alice))
    assert refused(studio, media_token(other, alice))


def test_a_key_that_was_replaced_opens_what_it_signed_and_signs_nothing_more(studio: Studio, alice: Person) -> None:
    before = media_token(studio, alice)
    rotated = replace(studio, secret=b"the new one", old_secrets=(b"an older one", studio.secret))

    after = media_token(rotated, alice)

    assert person_of_token(rotated, before) == person_of_token(rotated, after)
    assert after != before and refused(studio, after)


def test_a_key_that_was_taken_away_opens_nothing(studio: Studio, alice: Person) -> None:
    before = media_token(studio, alice)

    rotated = replace(studio, secret=b"the new one", old_secrets=(b"an older one",))

    assert refused(rotated, before)


def test_what_an_old_key_signed_ends_when_it_would_have_ended(studio: Studio, alice: Person, clock: Clock) -> None:
    before = media_token(studio, alice)
    rotated = replace(studio, secret=b"the new one", old_secrets=(studio.secret,))

    clock.skip(days=2)

    assert refused(rotated, before)


def test_the_first_key_signs_and_all_that_are_set_count(settings: Settings) -> None:
    opened = open_studio(replace(settings, secret_key="new-key", old_secret_keys="old-key  older-key"))
    opened.engine.dispose()

    assert opened.secret == b"new-key"
    assert opened.secrets == (b"new-key", b"old-key", b"older-key")


def a_row(db: Session, table: Any, person: Person) -> str:
    """A row of this table that belongs to the person, with whatever else it needs; its id."""
    values = {name: some(field) for name, field in table.model_fields.items()}
    row = {**values, "id": new_id(), "user_id": person.id}
    db.execute(sa.insert(table), [row])
    return str(row["id"])


def some(field: Any) -> Any:
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    return {str: new_id(), int: 1, datetime: datetime.now(UTC)}[field.annotation]


def said(db: Session, table: Any, row_id: str, person: Person, lock: bool) -> str:
    with pytest.raises(NotFound) as refusal:
        find(db, table, row_id, person, lock=lock)
    return str(refusal.value)


def refused(studio: Studio, token: str) -> bool:
    """True when it is answered with NotFound; any other exception is a failure of the test."""
    try:
        person_of_token(studio, token)
    except NotFound:
        return True
    return False


def to_midnight(clock: Clock) -> None:
    """Just after the beginning of a day."""
    now = clock()
    clock.ahead += now.replace(hour=0, minute=0, second=1) + timedelta(days=1) - now
