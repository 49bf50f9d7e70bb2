"""Create: describe an image, pick models, and the conversation opens at once; earlier ones are below."""

import streamlit as st

from core import conversations
from core.conversations import Ask
from pages.parts import already, ask_box, beginnings, card, first_run, frame, viewer
from pages.parts.words import _

KEY = beginnings.KEY
PAGE = 12


def start_from(image_id: str | None) -> None:
    """The source is in the address, so that a reload keeps it and other screens can link here."""
    st.query_params.from_dict({"source": image_id} if image_id else {})
    st.rerun()


with frame.screen(_("Create")) as (studio, person):
    pages = st.session_state.setdefault("create-shown", 1)
    cards, more = conversations.cards(studio, person, limit=PAGE * pages)

    def make(ask: Ask) -> None:
        asked = conversations.start(studio, person, ask)
        ask_box.sent(KEY)
        frame.go("conversation", id=asked.conversation_id)

    @st.fragment
    def ask() -> None:
        """The box alone is drawn anew while somebody chooses; the list below is not read again for that."""
        with frame.sentences():
            wanted = ask_box.show(
                studio,
                person,
                KEY,
                source=source,
                defaults=lambda: beginnings.settings(studio, person, source, cards),
                on_source=start_from,
            )
            if wanted:
                already.ask_first(studio, person, KEY, wanted, make)

    with frame.column(760):
        st.title(_("What shall we make?"), anchor=False, text_alignment="center")
        source = None
        with frame.sentences():
            if image_id := st.query_params.get("source"):
                source = beginnings.source(studio, person, image_id)
        ask()
        if not cards:
            first_run.show(studio, person, KEY)

    if cards:
        with frame.column(1080):
            st.space("small")
            st.subheader(_("Earlier conversations"), anchor=False)
            card.grid(studio, person, cards, key="earlier")
            if more and st.button(_("Show more"), key="more"):
                st.session_state["create-shown"] += 1
                st.rerun()
    if viewer.VIEW in st.query_params:
        viewer.show(studio, person)
