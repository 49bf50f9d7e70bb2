"""Status: for admins, how the studio is at this moment, what needs somebody, and what to do then."""

import streamlit as st

from core import status
from core.access import Person
from core.studio import Studio
from pages.parts import frame, status_board
from pages.parts.words import _

LOOK_SECONDS = 10


@st.fragment(run_every=LOOK_SECONDS)
def looked(studio: Studio, person: Person) -> None:
    """All of it, and again after a while for as long as the page is open."""
    with frame.sentences():
        status_board.show(status.now(studio, person), LOOK_SECONDS)


with frame.screen(_("Status")) as (studio, person):
    st.title(_("Status"), anchor=False)
    looked(studio, person)
