"""Who is in the team, what each may do, and who is let in no longer."""

from collections.abc import Sequence

import streamlit as st

from core import people
from core.access import Person
from core.people import ROLES, Member
from core.studio import Studio
from core.tables import ADMIN, LEAD, MEMBER
from pages.parts import toast
from pages.parts.tile_words import literal
from pages.parts.words import _

MANY = 12
"""People from which on somebody is looked for by name."""


def show(studio: Studio, person: Person, team: Sequence[Member]) -> None:
    """Everybody in a row of their own; a change counts at once."""
    st.subheader(_("People"), anchor=False)
    told = _("Members see their own work, leads everybody's, admins also change these settings.")
    st.markdown(f":small[{told}]")
    sought = st.text_input(_("Find somebody"), key="people-sought").casefold() if len(team) > MANY else ""
    for member in team:
        if sought in f"{member.name} {member.email}".casefold():
            _row(studio, person, member)


def _row(studio: Studio, person: Person, member: Member) -> None:
    labels = {MEMBER: _("Member"), LEAD: _("Lead"), ADMIN: _("Admin")}
    role, inside = f"role-{member.id}-{member.role}", f"in-{member.id}-{member.off_at is None}"
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        with st.container(width="stretch"):
            st.text(_("{name} (you)").format(name=member.name) if _own(member, person) else member.name)
            if member.email:
                st.text(member.email)
        st.selectbox(
            _("Role of {name}").format(name=literal(member.name)),
            ROLES,
            ROLES.index(member.role),
            format_func=lambda one: labels[one],
            key=role,
            on_change=lambda: toast.after(
                lambda: people.set_role(studio, person, member.id, st.session_state[role]), _("Saved.")
            ),
            disabled=member.given,
            help=_("The sign-in says it.") if member.given else None,
            label_visibility="collapsed",
            width=150,
        )
        st.toggle(
            _("Let in"),
            member.off_at is None,
            key=inside,
            on_change=lambda: toast.after(
                lambda: (people.switch_on if st.session_state[inside] else people.switch_off)(
                    studio, person, member.id
                ),
                _("Saved."),
            ),
        )


def _own(member: Member, person: Person) -> bool:
    """In local mode one is called so anyway."""
    return member.id == person.id and member.name != "You"
