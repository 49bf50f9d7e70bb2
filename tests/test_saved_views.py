"""Whatever is looked for can be kept under a name, and shown to the team; everybody sees their own images with it."""

from collections.abc import Callable

import pytest

from core import line, projects, saved_views
from core.access import Person
from core.errors import NotFound, Refused
from core.line import Misread
from core.saved_views import LONGEST, MOST
from core.studio import Studio
from core.tables import SavedView


def named(studio: Studio, person: Person) -> list[tuple[str, str]]:
    return [(view.name, view.owner) for view in saved_views.views(studio, person)]


def test_a_line_is_kept_as_it_was_written(studio: Studio, alice: Person) -> None:
    view_id = saved_views.save(studio, alice, " Last  week ", "  is:starred   after:7d ")

    (view,) = saved_views.views(studio, alice)
    assert (view.id, view.name, view.line, view.shared, view.owner) == (
        view_id,
        "Last week",
        "is:starred after:7d",
        False,
        "",
    )


def test_a_view_is_ones_own_until_it_is_shared(studio: Studio, alice: Person, bob: Person) -> None:
    foxes = saved_views.save(studio, alice, "Foxes", "fox")
    saved_views.save(studio, bob, "Boats", "boat")

    assert named(studio, bob) == [("Boats", "")]
    saved_views.share(studio, alice, foxes)
    assert named(studio, bob) == [("Boats", ""), ("Foxes", "Alice")]
    assert [view.shared for view in saved_views.views(studio, alice)] == [True]
    saved_views.share(studio, alice, foxes, on=False)

    assert named(studio, bob) == [("Boats", "")]


def test_a_colleagues_view_looks_at_ones_own_things(studio: Studio, alice: Person, bob: Person) -> None:
    winters = {person.id: projects.start(studio, person, "Winter") for person in (alice, bob)}
    saved_views.share(studio, alice, saved_views.save(studio, alice, "Winter", "project:winter"))

    (view,) = saved_views.views(studio, bob)

    assert line.read(studio, bob, view.line).wanted.picked == {"project": (winters[bob.id],)}


def test_a_view_gets_another_name_and_another_line(studio: Studio, alice: Person) -> None:
    view_id = saved_views.save(studio, alice, "Foxes", "fox")

    saved_views.rename(studio, alice, view_id, "Red foxes")
    saved_views.change(studio, alice, view_id, '"red fox"')

    (view,) = saved_views.views(studio, alice)
    assert (view.name, view.line) == ("Red foxes", '"red fox"')


def test_a_view_that_is_removed_is_gone(studio: Studio, alice: Person) -> None:
    foxes, _ = (saved_views.save(studio, alice, name, "fox") for name in ("Foxes", "Dogs"))

    saved_views.remove(studio, alice, foxes)

    assert named(studio, alice) == [("Dogs", "")]
    with pytest.raises(NotFound, match="There is no such view"):
        saved_views.remove(studio, alice, foxes)


def test_ones_own_come_first_and_each_by_name(studio: Studio, alice: Person, bob: Person) -> None:
    for name in ("b", "Ä", "a"):
        saved_views.save(studio, alice, name, "fox")
    saved_views.share(studio, bob, saved_views.save(studio, bob, "A", "fox"))

    assert named(studio, alice) == [("a", ""), ("b", ""), ("Ä", ""), ("A", "Bob")]


@pytest.mark.parametrize("name", ["", " \n\t ", "\x00", "a" * (LONGEST + 1)])
def test_a_name_that_cannot_be_read_is_refused(studio: Studio, alice: Person, name: str) -> None:
    with pytest.raises(Refused, match="needs a name"):
        saved_views.save(studio, alice, name, "fox")


def test_a_name_is_taken_once_by_one_person(studio: Studio, alice: Person, bob: Person) -> None:
    saved_views.save(studio, alice, "Foxes", "fox")
    dogs = saved_views.save(studio, alice, "Dogs", "dog")
    saved_views.save(studio, bob, "Foxes", "fox")

    for again in (
        lambda: saved_views.save(studio, alice, "foxes", "fox"),
        lambda: saved_views.rename(studio, alice, dogs, "FOXES"),
    ):
        with pytest.raises(Refused, match="already"):
            again()
    saved_views.rename(studio, alice, dogs, "DOGS")

    assert named(studio, alice) == [("DOGS", ""), ("Foxes", "")]


LINES: list[tuple[str, type[Refused]]] = [
    ("modle:x", Misread),
    ("", Refused),
    (" \x00", Refused),
    ("a" * (line.LONGEST + 1), Misread),
]


@pytest.mark.parametrize(("text", "error"), LINES)
def test_a_line_that_cannot_be_read_is_not_kept(studio: Studio, alice: Person, text: str, error: type[Refused]) -> None:
    foxes = saved_views.save(studio, alice, "Foxes", "fox")

    for verb in (
        lambda: saved_views.save(studio, alice, "Wrong", text),
        lambda: saved_views.change(studio, alice, foxes, text),
    ):
        with pytest.raises(error):
            verb()

    assert [view.line for view in saved_views.views(studio, alice)] == ["fox"]


def test_nobody_touches_a_colleagues_view(studio: Studio, alice: Person, bob: Person) -> None:
    """Not even one that they see."""
    foxes = saved_views.save(studio, alice, "Foxes", "fox")
    saved_views.share(studio, alice, foxes)
    verbs: list[Callable[[], None]] = [
        lambda: saved_views.rename(studio, bob, foxes, "Mine"),
        lambda: saved_views.change(studio, bob, foxes, "dog"),
        lambda: saved_views.share(studio, bob, foxes, on=False),
        lambda: saved_views.remove(studio, bob, foxes),
    ]

    for verb in verbs:
        with pytest.raises(NotFound):
            verb()

    assert named(studio, bob) == [("Foxes", "Alice")]


def test_there_is_a_most(studio: Studio, alice: Person) -> None:
    now = studio.now()
    with studio.transaction() as db:
        rows = {"user_id": alice.id, "line": "fox", "created_at": now, "updated_at": now}
        db.add_all(SavedView(name=f"View {number}", **rows) for number in range(MOST))

    with pytest.raises(Refused, match="are the most"):
        saved_views.save(studio, alice, "One more", "fox")
