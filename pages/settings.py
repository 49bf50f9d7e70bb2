"""Settings: what the team may spend, what it agreed on, who is in it. Admins change it, others read what counts."""

import streamlit as st

from core import briefs, people, rules
from pages.parts import door, frame, settings_brief, settings_budgets, settings_people, settings_rules
from pages.parts.words import _

with frame.screen(_("Settings")) as (studio, person):
    st.title(_("Settings"), anchor=False)
    admin = door.admits_admin(studio, person)
    if not admin:
        st.markdown(f":small[{_('Only admins change these. Ask one when something should be otherwise.')}]")
    team = people.everybody(studio, person) if admin else ()
    settings_budgets.show(studio, person, team)
    told = {rule.name: rule for rule in rules.told(studio, person)}
    settings_brief.show(studio, person, told.pop(briefs.TEAMS), admin=admin)
    settings_rules.show(studio, person, told, admin=admin)
    if admin:
        settings_people.show(studio, person, team)
