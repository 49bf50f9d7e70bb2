"""Status for admins: what needs somebody in plain words, the figures beside it, and few questions to the database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import status
from core.access import Person
from core.studio import Studio
from core.tables import FAILED, LEAD, MEMBER, UNKNOWN, Generation, User
from pages.parts import status_words
from tests.books import MODELS, Books
from tests.screens.support import queries, read, visit

MOST = 5


def shown() -> AppTest:
    app = visit("status").run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(one.value for one in app.markdown).replace("\\", "")


def test_its_page_takes_few_queries(studio: Studio, me: Person) -> None:
    books = Books(studio)
    for n in range(30):
        books.call(me, studio.now() - timedelta(minutes=n), model=MODELS[n % 3])
    app = visit("status")

    with queries(studio) as seen:
        app.run()

    assert not app.exception and not app.error
    assert len(seen) <= MOST, seen


def test_it_says_what_needs_somebody_and_what_to_do(studio: Studio, me: Person) -> None:
    books = Books(studio)
    books.call(me, studio.now(), None, state=UNKNOWN, error=UNKNOWN, reserved="0.07")
    with studio.transaction() as db:
        generation = db.exec(select(Generation)).one()
        generation.status, generation.error_kind = FAILED, UNKNOWN

    app = shown()

    assert not app.error
    told = words(app)
    assert "1 image of unknown outcome." in told
    assert "Up to $0.07 may have been charged." in told
    assert "Nobody does the work." in told  # the tests do it themselves
    assert [metric.value for metric in app.metric if metric.label == "Unknown outcome"] == ["1"]


def test_how_calls_ended_is_a_table(studio: Studio, me: Person) -> None:
    books = Books(studio)
    for _ in range(3):
        books.call(me, studio.now(), took=2_000)
    books.call(me, studio.now(), "0", state=FAILED, error="account")

    [table] = shown().dataframe

    row = table.value.iloc[0]
    assert (row["Provider"], row["Calls"], row["Success"], row["Takes"]) == ("OpenAI", 4, 0.75, 2.0)
    assert row["What else became of them"] == "Key, credits or access: 1"


def test_a_quiet_hour_says_so(studio: Studio, me: Person) -> None:
    app = shown()

    assert "Nobody asked for anything." in words(app)
    assert not app.dataframe


def test_when_all_is_well_it_says_so(studio: Studio, me: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status.jobs, "workers", lambda _: {"embedded": 0.0})

    told = words(shown())

    assert "All is well." in told
    assert "SQLite, with this version's tables" in told


@pytest.mark.parametrize("role", [MEMBER, LEAD])
def test_who_is_no_admin_sees_a_sentence_and_no_way_there(studio: Studio, me: Person, role: str) -> None:
    with studio.transaction() as db:
        db.get_one(User, me.id).role = role

    app = shown()

    assert [read(error) for error in app.error] == ["Only admins see how the studio is. Ask one of them."]
    assert not app.metric


def test_every_trouble_has_words_with_the_next_step(studio: Studio, me: Person) -> None:
    now = status.now(studio, me)
    broken = replace(now, files="It is gone.", services=(status.Service("openai", 1, 0, {"account": 9}, None, None),))

    said = status_words._said(broken)

    assert set(said) == set(status.TROUBLES)
    assert all(one.what.endswith(".") and one.do.endswith(".") for one in said.values())
    assert "OpenAI" in said["failing"].what
    assert all(bool(one.page) == bool(one.label) for one in said.values())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(2.34, "2.3 s"), (59, "59 s"), (60, "1 minute"), (3_599, "59 minutes"), (7_200, "2 hours"), (200_000, "2 days")],
)
def test_how_long_something_waits_is_said_in_the_largest_unit(seconds: float, said: str) -> None:
    assert status_words.length(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("size", "said"), [(840_000_000, "840 MB"), (9_000_000_000, "9,000 MB"), (25 * 10**9, "25 GB")]
)
def test_how_much_disk_is_left_is_said_as_people_say_it(size: int, said: str) -> None:
    assert status_words.room(size) == said
