"""What may be spent in a month, how much of it is used, and by whom it is said."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import streamlit as st

from core import budgets, projects
from core.access import Person
from core.budgets import State
from core.people import Member
from core.studio import Studio
from core.tables import EVERYBODY, PERSON, PROJECT, TEAM
from pages.parts import toast
from pages.parts.tile_words import literal
from pages.parts.whole import whole
from pages.parts.words import _, money

Names = Mapping[tuple[str, str], str]


def show(studio: Studio, person: Person, team: Sequence[Member]) -> None:
    """The budgets that count for this person; all of them for an admin, who sees the team and can change them."""
    st.subheader(_("Budgets"), anchor=False)
    told = _("US dollars for a calendar month, in UTC. What is asked for is held at once, so nobody overshoots.")
    st.markdown(f":small[{told}]")
    states, names = budgets.caps(studio, person), _names(studio, person, team)
    if not states:
        st.markdown(_("There is no budget yet: nothing keeps anybody from asking."))
    for state in states:
        _bar(state, names)
    if team:
        _form(studio, person, names)


def _bar(state: State, names: Names) -> None:
    used = state.reserved + state.spent
    label = names.get((state.kind, state.of_id), _("Somebody or something that is gone"))
    told = _("{label}: {used} of {cap} used").format(label=label, used=money(used), cap=money(state.usd))
    held = _(", {held} of it for what is on its way").format(held=money(state.reserved)) if state.reserved else ""
    st.progress(min(float(state.used), 1.0), text=literal(f"{told}{held}"))


def _form(studio: Studio, person: Person, names: Names) -> None:
    with (
        st.form("budget", border=True, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.selectbox(_("Budget of"), list(names), format_func=lambda one: names[one], key="budget-of", width=280)
        st.number_input(
            _("US dollars a month"),
            min_value=0.0,
            value=None,
            step=10.0,
            format="%.2f",
            key="budget-usd",
            placeholder=_("no budget"),
            width=200,
        )
        st.form_submit_button(_("Save budget"), type="primary", on_click=lambda: _save(studio, person))


@whole
def _save(studio: Studio, person: Person) -> None:
    whom, dollars = st.session_state["budget-of"], st.session_state["budget-usd"]
    cap = None if dollars is None else Decimal(str(dollars))
    done = _("The budget is saved.") if cap is not None else _("There is no such budget any more.")
    toast.after(lambda: budgets.set_cap(studio, person, *whom, cap), done)


def _names(studio: Studio, person: Person, team: Sequence[Member]) -> dict[tuple[str, str], str]:
    """What can have a budget, by kind and id."""
    found = {(TEAM, EVERYBODY): _("The whole team"), (PERSON, person.id): person.name}
    found |= {(PERSON, one.id): one.name for one in team}
    return found | {(PROJECT, one.id): one.title for one in projects.titles(studio, person)}
