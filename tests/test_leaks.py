"""A word that one person wrote reaches nobody else by any verb, list, search or file; a link alone reads and judges."""

import inspect
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from core import access, conversations, filters, gallery, line, replica, shared, zones
from core.access import Person
from core.errors import StudioError
from core.replica import Replica
from core.replica_calls import LEDGER
from core.replica_gallery import GALLERY
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import answers
from tests.conftest import wish
from tests.team import MARKER, Ids, furnish
from tests.test_strangers import ADMINS_ALONE, MAKES_THINGS, TAKES_NEW_THINGS, VERBS, Verb, everything, given

HERS = (
    *("briefs.show", "cards.cards", "opened.opened", "detail.of_image", "gallery.page", "lineage.tree"),
    *("posted.opened", "projects.titles", "saved_views.views", "sharing.links", "sharing.verdicts", "trashed.contents"),
)
"""Verbs that tell Alice what she wrote; else nothing here would show that the word can be found at all."""


ASKED = [verb for verb in VERBS if verb.name not in (*TAKES_NEW_THINGS, *ADMINS_ALONE)]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("data")
    opened = open_studio(Settings(data_dir=folder, sketch_delay=0, sketch_detail=0.02, free_space_floor_mb=1))
    with Replica(opened).running(), Replica(opened, LEDGER).running():
        yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def ids(studio: Studio) -> Ids:
    """What Alice has."""
    found = furnish(studio, access.person_named(studio, "alice", f"Alice {MARKER}"))
    for layout in (GALLERY, LEDGER):
        replica.of(studio, layout).sync()
    return found


@pytest.fixture(scope="module")
def alice(studio: Studio, ids: Ids) -> Person:
    return Person(ids.person, f"Alice {MARKER}")


@pytest.fixture(scope="module")
def bob(studio: Studio) -> Person:
    return access.person_named(studio, "bob", "Bob")


def said(studio: Studio, person: Person, verb: Verb, row_id: str) -> str:
    """All that the verb answers, writes into a file, or refuses with."""
    arguments: dict[str, Any] = dict(MAKES_THINGS.get(verb.name) or given(verb, row_id))
    answer = answered(verb, studio, person, arguments)
    into = arguments.get("into")
    return answer + (into.read_text(errors="replace") if isinstance(into, Path) and into.exists() else "")


def of_hers(ids: Ids) -> list[str]:
    return [value for name, value in vars(ids).items() if name != "token"]


@pytest.mark.parametrize("name", HERS)
def test_whoever_wrote_it_finds_it(studio: Studio, alice: Person, ids: Ids, name: str) -> None:
    verb = next(verb for verb in VERBS if verb.name == name)

    answers = [said(studio, alice, verb, row_id) for row_id in (of_hers(ids) if verb.ids else [""])]

    assert any(MARKER in answer for answer in answers)


@pytest.mark.parametrize("verb", ASKED, ids=lambda verb: verb.name)
def test_nobody_else_meets_it_by_any_verb(studio: Studio, bob: Person, ids: Ids, verb: Verb) -> None:
    answers = [said(studio, bob, verb, row_id) for row_id in (of_hers(ids) if verb.ids else [""])]

    assert [answer[:200] for answer in answers if MARKER in answer] == []


@pytest.mark.parametrize("sought", [MARKER, MARKER[:5], f'"{MARKER} fox"', f"project:{MARKER}", f"person:{MARKER}"])
def test_nobody_else_finds_it_by_looking_for_it(studio: Studio, bob: Person, ids: Ids, sought: str) -> None:
    assert not conversations.cards(studio, bob, search=sought)[0]

    try:
        wanted = line.read(studio, bob, sought, zones.named("UTC")).wanted
        found, counted = gallery.page(studio, bob, None, 10, wanted), filters.shown(studio, bob, "", zones.named("UTC"))
    except StudioError as refusal:
        assert MARKER not in str(refusal).replace(sought.partition(":")[2] or sought, "")
    else:
        assert not found.wire()["id"]
        assert MARKER not in repr(counted)


# ---- a link alone ----

DOORS: dict[str, Callable[[Studio, Ids], object]] = {
    "opened": lambda studio, ids: shared.opened(studio, ids.token),
    "enter": lambda studio, ids: shared.enter(studio, ids.token, "anything"),
    "image": lambda studio, ids: shared.image(studio, ids.token, ids.image),
    "cover": lambda studio, ids: shared.cover(studio, ids.token),
    "judge": lambda studio, ids: shared.judge(studio, ids.token, ids.image, "approve", "well"),
}
WRITTEN = {"opened": {"share"}, "judge": {"share", "event", "verdict"}}


def test_every_verb_for_whoever_has_a_link_is_known() -> None:
    public = {name for name, found in vars(shared).items() if isinstance(found, types.FunctionType) and name[0] != "_"}
    doors = {name for name in public if "token" in inspect.signature(getattr(shared, name)).parameters}

    assert doors == set(DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_with_a_link_alone_nothing_is_written_but_openings_and_verdicts(studio: Studio, ids: Ids, door: str) -> None:
    before = everything(studio)

    DOORS[door](studio, ids)

    after = everything(studio)
    assert {table for table in after if after[table] != before[table]} == WRITTEN.get(door, set())


@pytest.mark.parametrize("verb", [v for v in VERBS if v.ids], ids=lambda verb: verb.name)
def test_a_link_is_nobody_to_every_verb(studio: Studio, ids: Ids, verb: Verb) -> None:
    before = everything(studio)

    for name in (ids.token, ids.share, ""):
        for row_id in (ids.conversation, ids.image, ids.share):
            with pytest.raises((StudioError, IntegrityError)):  # a person whom nobody knows can own nothing
                verb.call(studio, Person(name, ""), **given(verb, row_id))

    assert everything(studio) == before


# ---- one's own around somebody else's ----


def test_a_part_of_somebody_elses_is_not_reached_through_ones_own(studio: Studio, bob: Person, ids: Ids) -> None:
    """The verbs that take several ids, with one's own first and then one of hers in each other place."""
    asked = conversations.start(studio, bob, wish("mine"))
    answers.answer(studio)
    own = conversations.opened(studio, bob, asked.conversation_id)
    mine = {"conversation_id": own.id, "image_id": own.images[0].id, "turn_id": own.turns[-1].id}
    hers = {"conversation_id": ids.conversation, "image_id": ids.image, "project_id": ids.project, "turn_id": ids.image}
    before = of_alice(studio, ids)

    for verb in [verb for verb in VERBS if len(verb.ids) > 1]:
        for place in verb.ids:
            given_ids = {
                name: (hers if name == place else mine).get(name.removesuffix("s"), ids.image) for name in verb.ids
            }
            told = {name: [one] if name.endswith("s") else one for name, one in given_ids.items()}
            assert MARKER not in answered(verb, studio, bob, given(verb, ids.image) | told)
    with pytest.raises(StudioError):
        conversations.ask(studio, bob, own.id, wish("mine", source=ids.image))

    assert of_alice(studio, ids) == before


def answered(verb: Verb, studio: Studio, person: Person, arguments: dict[str, Any]) -> str:
    """The answer, or the refusal."""
    try:
        return repr(verb.call(studio, person, **arguments))
    except StudioError as refusal:
        return str(refusal)


def of_alice(studio: Studio, ids: Ids) -> dict[str, list[dict[str, Any]]]:
    """Her rows."""
    return {
        table: [row for row in rows if row.get("user_id") == ids.person] for table, rows in everything(studio).items()
    }
