"""The team's brief: what captions keep to where no project and nobody says otherwise."""

import streamlit as st

from core import rules
from core.access import Person
from core.briefs import Brief
from core.rules import Told
from core.studio import Studio
from pages.parts import brief
from pages.parts.words import _


def show(studio: Studio, person: Person, told: Told, *, admin: bool) -> None:
    """What it says; an admin can change it, and not over what somebody else changed meanwhile."""
    st.subheader(_("Brief for captions"), anchor=False)
    line = _("Counts for everybody, where neither a project nor the person has a brief of their own.")
    st.markdown(f":small[{line}]")
    known = Brief.read(told.value)
    brief.summary(known)
    if admin:
        brief.editor(
            lambda: known, lambda wanted: rules.change(studio, person, told.name, wanted.facts(), told.version)
        )
