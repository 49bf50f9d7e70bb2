"""Admins see who is in the team, say who may do what, and switch people off; nobody else does, and one admin stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core import access, people, standing
from core.access import Person
from core.errors import NotFound, Refused, StudioError
from core.studio import Studio
from core.tables import ADMIN, LEAD, MEMBER, User, new_id
from tests.conftest import Clock

VERBS: dict[str, Callable[[Studio, Person, str], object]] = {
    "see": lambda studio, person, user_id: people.everybody(studio, person),
    "role": lambda studio, person, user_id: people.set_role(studio, person, user_id, ADMIN),
    "off": people.switch_off,
    "on": people.switch_on,
}


@pytest.fixture
def boss(studio: Studio) -> Person:
    return access.person_named(studio, "boss", "Boss", ADMIN)


def found(studio: Studio, boss: Person, person: Person) -> people.Member:
    return next(member for member in people.everybody(studio, boss) if member.id == person.id)


def test_an_admin_sees_everybody_by_name(studio: Studio, boss: Person, bob: Person, alice: Person) -> None:
    seen = people.everybody(studio, boss)

    assert [(member.name, member.role) for member in seen] == [("Alice", MEMBER), ("Bob", MEMBER), ("Boss", ADMIN)]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", [MEMBER, LEAD])
def test_nobody_but_admins_sees_or_changes_people(
    studio: Studio, boss: Person, bob: Person, verb: str, role: str
) -> None:
    asking = access.person_named(studio, "asking", "Asking", role)

    with pytest.raises(StudioError, match="Only admins" if verb == "see" else "no such person"):
        VERBS[verb](studio, asking, bob.id)

    assert found(studio, boss, bob).role == MEMBER


@pytest.mark.parametrize("verb", VERBS)
def test_an_admin_who_is_switched_off_is_none(studio: Studio, boss: Person, bob: Person, verb: str) -> None:
    second = access.person_named(studio, "second", "Second", ADMIN)
    people.switch_off(studio, boss, second.id)

    with pytest.raises(StudioError, match="Only admins" if verb == "see" else "no such person"):
        VERBS[verb](studio, second, bob.id)


@pytest.mark.parametrize("verb", ["role", "off", "on"])
def test_nobody_is_not_there(studio: Studio, boss: Person, verb: str) -> None:
    for user_id in (new_id(), "", "\0", "x' or 1=1"):
        with pytest.raises(NotFound):
            VERBS[verb](studio, boss, user_id)


def test_one_of_them_is_found_by_id_or_address(studio: Studio, boss: Person, bob: Person, alice: Person) -> None:
    with studio.transaction() as db:
        for person in (bob, alice):
            db.get_one(User, person.id).email = "team@example.org"
        db.get_one(User, boss.id).email = "boss@example.org"

    assert people.found(studio, boss, bob.id).name == "Bob"
    assert people.found(studio, boss, "boss@example.org").id == boss.id
    with pytest.raises(Refused, match="2 people"):
        people.found(studio, boss, "team@example.org")
    with pytest.raises(NotFound):
        people.found(studio, boss, "")


def test_a_role_counts_at_once(studio: Studio, boss: Person, bob: Person, alice: Person) -> None:
    people.set_role(studio, boss, bob.id, LEAD)

    assert access.leads(studio, bob)
    with pytest.raises(Refused, match="A role is"):
        people.set_role(studio, boss, bob.id, "king")


def test_the_last_admin_stays_one(studio: Studio, boss: Person, bob: Person) -> None:
    access.local_person(studio)  # an admin, who can sign in nowhere

    for verb in (
        lambda: people.set_role(studio, boss, boss.id, MEMBER),
        lambda: people.switch_off(studio, boss, boss.id),
    ):
        with pytest.raises(Refused, match="last admin"):
            verb()

    people.set_role(studio, boss, bob.id, ADMIN)
    people.switch_off(studio, bob, boss.id)
    with pytest.raises(Refused, match="last admin"):
        people.set_role(studio, bob, bob.id, LEAD)


def test_the_person_of_local_mode_stays(studio: Studio, boss: Person) -> None:
    local = access.local_person(studio)

    for verb in (
        lambda: people.set_role(studio, boss, local.id, MEMBER),
        lambda: people.switch_off(studio, boss, local.id),
    ):
        with pytest.raises(Refused, match="local mode"):
            verb()


def test_a_role_that_comes_from_elsewhere_is_changed_there(studio: Studio, boss: Person, bob: Person) -> None:
    by_groups = replace(studio, settings=replace(studio.settings, sign_in="oidc", role_claim="groups"))

    assert found(by_groups, boss, bob).given
    with pytest.raises(Refused, match="comes from the sign-in"):
        people.set_role(by_groups, boss, bob.id, LEAD)


def test_a_media_link_of_somebody_who_is_switched_off_ends(studio: Studio, boss: Person, bob: Person) -> None:
    link = access.media_token(studio, bob)
    assert access.person_of_token(studio, link).id == bob.id

    people.switch_off(studio, boss, bob.id)
    with pytest.raises(NotFound, match="switched off"):
        access.person_of_token(studio, link)

    people.switch_on(studio, boss, bob.id)
    assert access.person_of_token(studio, link).id == bob.id


def test_another_process_knows_it_seconds_later(studio: Studio, boss: Person, bob: Person, clock: Clock) -> None:
    elsewhere = replace(studio, held={})
    standing.refuse_off(elsewhere, bob.id)
    people.switch_off(studio, boss, bob.id)

    clock.ahead += standing.REMEMBERED + timedelta(milliseconds=1)

    with pytest.raises(NotFound):
        standing.refuse_off(elsewhere, bob.id)


def test_what_was_done_is_kept_with_who_did_it(studio: Studio, boss: Person, bob: Person) -> None:
    people.switch_off(studio, boss, bob.id)
    since = found(studio, boss, bob).off_at
    people.switch_off(studio, boss, bob.id)

    with studio.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT user_id FROM event WHERE kind = 'person.off'").all()
    assert [row[0] for row in rows] == [bob.id] * 2
    assert found(studio, boss, bob).off_at == since
