"""Trash: what was thrown away, with the days that are left; taken back, or gone for good."""

import streamlit as st

from core import trash
from core.trash import Total
from pages.parts import frame, parting, thrown, undo, viewer
from pages.parts.words import _, plural


def head(total: Total) -> None:
    """What lies here, for how long, and the way to be rid of it."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_("Trash"), anchor=False, width="content")
        if total.images or total.conversations:
            st.button(_("Empty trash"), icon=":material/delete_forever:", key="empty", on_click=parting.want_all)
    if total.images or total.conversations:
        days = plural("{n} day", "{n} days", studio.settings.trash_days)
        told = _("What you throw away can be taken back for {days}. Then it is gone for good.").format(days=days)
        st.markdown(f":small[{told}]")
    if total.refused:
        st.info(
            _("So much was due that nothing was removed last night, in case it is a mistake. Look through it first."),
            icon=":material/shield:",
        )


with frame.screen(_("Trash")) as (studio, person):
    total = trash.total(studio, person)
    # What comes and goes has its place: where the large view moves or goes, Streamlit begins it anew, and what it was
    # about to do is lost.
    with st.container():
        head(total)
    with st.container():
        if total.conversations:
            st.subheader(_("Conversations"), anchor=False)
            thrown.threads(studio, person)
        if total.conversations and total.images:
            st.subheader(_("Images"), anchor=False)
    with st.container():
        if total.images or not total.conversations:
            thrown.images(studio, person, total)
    viewer.show(studio, person, plain=True, acts=thrown.large_acts(studio, person))
    parting.show(studio, person)
    undo.show(studio, person)
