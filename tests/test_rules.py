"""Team rules: everybody works under them, admins change them, and each change is told."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from core import access, briefs, conversations, generations, projects, rules
from core.access import Person
from core.briefs import Brief
from core.errors import Refused
from core.rulebook import FRESH, Rulebook, Rules
from core.studio import Studio
from core.tables import ADMIN, Event
from tests.conftest import unfinished, wish


@pytest.fixture
def ada(studio: Studio) -> Person:
    """Who may change rules."""
    return access.person_named(studio, "ada", "Ada", ADMIN)


def set_to(studio: Studio, ada: Person, name: str, value: object) -> None:
    versions = {told.name: told.version for told in rules.told(studio, ada)}
    rules.change(studio, ada, name, value, versions[name])


def test_rules_are_as_they_come_until_somebody_changes_them(studio: Studio, alice: Person) -> None:
    assert studio.rules.read() == Rules()
    assert {told.version for told in rules.told(studio, alice)} == {0}


def test_every_rule_can_be_changed_and_is_told(studio: Studio, ada: Person) -> None:
    assert list(rules.NAMES) == [told.name for told in rules.told(studio, ada)]
    assert set(rules.NAMES) == set(Rules.__dataclass_fields__)


def test_a_change_holds_at_once_and_says_who_made_it(studio: Studio, ada: Person, alice: Person) -> None:
    set_to(studio, ada, "per_minute", 5)

    told = next(told for told in rules.told(studio, alice) if told.name == "per_minute")

    assert studio.rules.read().per_minute == 5
    assert (told.value, told.version, told.changed_by) == (5, 1, "Ada")


def test_who_is_no_admin_changes_nothing(studio: Studio, alice: Person) -> None:
    with pytest.raises(Refused, match="admin"):
        rules.change(studio, alice, "per_minute", 5, 0)

    assert studio.rules.read() == Rules()


def test_two_admins_do_not_overwrite_each_other_unseen(studio: Studio, ada: Person) -> None:
    rules.change(studio, ada, "per_minute", 5, 0)

    with pytest.raises(Refused, match="meanwhile"):
        rules.change(studio, ada, "per_minute", 6, 0)

    assert studio.rules.read().per_minute == 5


def test_a_change_leaves_an_event_without_the_words(studio: Studio, ada: Person) -> None:
    set_to(studio, ada, "banned", ["Acme Cola"])
    set_to(studio, ada, "moderation", True)

    with studio.reading() as db:
        told = [event.facts for event in db.exec(select(Event).where(Event.kind == "rule.changed")).all()]
    assert told == [
        {"rule": "banned", "version": 1, "count": 1},
        {"rule": "moderation", "version": 1, "value": True},
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_minute", 0),
        ("per_minute", True),
        ("at_once", "many"),
        ("banned", "fox"),
        ("banned", ["!?"]),
        ("off", ["nobody/knows"]),
        ("moderation", 1),
        ("brief", "loud"),
        ("brief", {"voice": "loud"}),
        ("brief", Brief(voice="loud" * 1_000).facts()),
        ("failed_days", 0),
        ("nonsense", 1),
    ],
)
def test_what_a_rule_cannot_be_is_refused(studio: Studio, ada: Person, name: str, value: object) -> None:
    with pytest.raises(Refused, match="Nothing was changed"):
        rules.change(studio, ada, name, value, 0)


def test_another_process_sees_a_change_within_seconds(studio: Studio, ada: Person) -> None:
    clock = [0.0]
    other = Rulebook(studio.engine, lambda: clock[0])
    before = other.read().per_minute

    set_to(studio, ada, "per_minute", 5)
    clock[0] += FRESH

    assert (before, other.read().per_minute) == (Rules().per_minute, 5)


# The word list -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["a CAFÉ by the sea", "a cafe", "two acme   cola cans", "Acme-Cola!"])
def test_a_banned_word_is_found_whatever_its_case_and_accents(
    studio: Studio, alice: Person, ada: Person, prompt: str
) -> None:
    set_to(studio, ada, "banned", ["café", "Acme Cola"])

    with pytest.raises(Refused, match=r"“(café|Acme Cola)”"):
        conversations.start(studio, alice, wish(prompt))

    assert unfinished(studio) == []


@pytest.mark.parametrize("prompt", ["a cafeteria", "acme and cola"])
def test_only_whole_words_are_banned(studio: Studio, alice: Person, ada: Person, prompt: str) -> None:
    set_to(studio, ada, "banned", ["cafe", "acme cola"])

    conversations.start(studio, alice, wish(prompt))


def test_what_a_prompt_shall_not_show_may_be_named(studio: Studio, alice: Person, ada: Person) -> None:
    set_to(studio, ada, "banned", ["text"])

    conversations.start(studio, alice, wish("a fox", negative_prompt="text"))


def test_a_word_that_was_banned_meanwhile_is_not_tried_again(studio: Studio, alice: Person, ada: Person) -> None:
    conversations.start(studio, alice, wish("a fox"))
    (generation_id, _), *_ = unfinished(studio)
    generations.cancel(studio, alice, generation_id)

    set_to(studio, ada, "banned", ["fox"])

    with pytest.raises(Refused, match="“fox”"):
        generations.retry(studio, alice, generation_id)


# The brief -----------------------------------------------------------------------------------------------------------


def test_the_nearest_brief_counts_that_says_something(studio: Studio, alice: Person, ada: Person) -> None:
    project_id = projects.start(studio, alice, "Launch")
    teams, own, projects_own = Brief(voice="calm"), Brief(voice="dry"), Brief(voice="loud", hashtags=("Launch",))

    set_to(studio, ada, "brief", teams.facts())
    for_all = briefs.show(studio, alice, project_id)
    briefs.save(studio, alice, own)
    for_alice = briefs.show(studio, alice, project_id)
    briefs.save(studio, alice, projects_own, project_id)
    for_project = briefs.show(studio, alice, project_id)
    briefs.save(studio, alice, Brief(), project_id)

    assert (for_all, for_alice, for_project) == (teams, own, projects_own)
    assert (briefs.show(studio, alice, project_id), briefs.show(studio, ada)) == (own, teams)


# Models that are off -------------------------------------------------------------------------------------------------


def test_a_model_that_is_off_is_neither_offered_nor_asked(studio: Studio, alice: Person, ada: Person) -> None:
    set_to(studio, ada, "off", ["sketch/sketch", "sketch/caption"])

    offered = [model.name for model in studio.catalogue.models(studio.providers)]
    writers = [model.name for model in studio.catalogue.texts(studio.writers)]

    assert "sketch/sketch" not in offered
    assert offered
    assert "sketch/caption" not in writers
    for ask in (wish("a fox"), wish("a fox", "sketch/ink", caption="sketch/caption")):
        with pytest.raises(Refused, match="switched off by your team"):
            conversations.start(studio, alice, ask)


def test_what_was_asked_before_its_model_was_off_still_comes(
    studio: Studio, alice: Person, ada: Person, work: Callable[[], None]
) -> None:
    asked = conversations.start(studio, alice, wish("a fox"))
    set_to(studio, ada, "off", ["sketch/sketch"])

    work()

    assert len(conversations.opened(studio, alice, asked.conversation_id).images) == 1
