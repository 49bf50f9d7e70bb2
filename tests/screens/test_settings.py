"""Admins set what the team may spend, what it agreed on and who is in it; others read what counts for them."""

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core import access, budgets, people, rules
from core.access import Person
from core.briefs import Brief
from core.studio import Studio
from core.tables import EVERYBODY, LEAD, MEMBER, PERSON, TEAM, User
from tests.screens.support import queries, visit

MOST = 9
"""Nobody lingers here; who, and what each part shows."""


def shown() -> AppTest:
    app = visit("settings").run()
    assert not app.exception and not app.error
    return app


def field(app: AppTest, kind: str, label: str) -> object:
    return next(one for one in app.get(kind) if one.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_its_page_takes_few_queries_however_many_people_there_are(studio: Studio, me: Person) -> None:
    for number in range(30):
        person = access.person_named(studio, f"p{number}", f"Person {number}")
        budgets.set_cap(studio, me, PERSON, person.id, Decimal(5))
    app = visit("settings")

    with queries(studio) as seen:
        app.run()

    assert not app.exception
    assert len(seen) <= MOST, seen


def test_a_budget_is_set_told_and_taken_away(studio: Studio, me: Person) -> None:
    app = shown()
    field(app, "number_input", "US dollars a month").set_value(50.0)
    press(app, "Save budget")

    (state,) = budgets.caps(studio, me)
    assert (state.kind, state.of_id, state.usd) == (TEAM, EVERYBODY, Decimal(50))
    assert "The whole team: $0.00 of $50.00 used" in [bar.text.replace("\\", "") for bar in app.get("progress")]

    press(app, "Save budget")
    assert budgets.caps(studio, me) == ()


def test_rules_are_saved_together_and_only_what_changed(studio: Studio, me: Person) -> None:
    app = shown()
    field(app, "text_area", "Words that no prompt may hold").set_value("Acme\n\nred  fox")
    field(app, "number_input", "Days until unpicked images go to the trash").set_value(30)

    press(app, "Save rules")

    told = {rule.name: (rule.value, rule.version) for rule in rules.told(studio, me)}
    assert told["banned"] == (("Acme", "red fox"), 1)
    assert told["unpicked_days"] == (30, 1)
    assert {told[name][1] for name in told if name not in ("banned", "unpicked_days")} == {0}


def test_what_somebody_else_changed_meanwhile_is_not_written_over(studio: Studio, me: Person) -> None:
    app = shown()
    field(app, "number_input", "Images on their way for one person").set_value(5)
    rules.change(studio, me, "at_once", 7, 0)

    press(app, "Save rules")

    assert studio.rules.read().at_once == 7
    assert [toast.value for toast in app.toast if "meanwhile" in toast.value]


def test_the_teams_brief_is_shown_to_everybody(studio: Studio, me: Person) -> None:
    empty = shown()
    rules.change(studio, me, "brief", Brief(voice="Dry and short", hashtags=("Foxes",)).facts(), 0)

    told = [text.value for text in shown().markdown]

    assert any("No brief yet" in text.value for text in empty.markdown)
    assert any("Dry and short" in text and "#Foxes" in text for text in told)


def test_people_are_switched_off_and_get_other_roles(studio: Studio, me: Person) -> None:
    ana = access.person_named(studio, "ana", "Ana")
    app = shown()

    next(box for box in app.selectbox if box.label == "Role of Ana").select(LEAD).run()
    toggles = [toggle for toggle in app.toggle if toggle.label == "Let in"]
    next(one for one in toggles if ana.id in (one.key or "")).set_value(False).run()

    member = people.found(studio, me, ana.id)
    assert member.role == LEAD
    assert member.off_at is not None


def test_the_last_admin_stays(studio: Studio, me: Person) -> None:
    app = shown()

    next(toggle for toggle in app.toggle if toggle.label == "Let in").set_value(False).run()

    assert people.found(studio, me, me.id).off_at is None
    assert app.toast


@pytest.mark.parametrize("role", [MEMBER, LEAD])
def test_who_is_no_admin_reads_and_changes_nothing(studio: Studio, me: Person, role: str) -> None:
    budgets.set_cap(studio, me, TEAM, EVERYBODY, Decimal(50))
    access.person_named(studio, "ana", "Ana")
    with studio.transaction() as db:
        db.get_one(User, me.id).role = role

    app = shown()

    assert app.get("progress")
    assert not [button for button in app.button if button.label.startswith("Save")]
    assert not [head for head in app.subheader if head.value == "People"]
    assert all(one.disabled for one in (*app.text_area, *app.multiselect, *app.toggle))
