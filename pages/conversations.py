"""Conversations: find one by its words or by an image in it, and take one back from the trash."""

import streamlit as st

from core import conversations
from pages.parts import beginnings, card, finding, frame, throwing, undo
from pages.parts.words import _

PAGE = 24

with frame.screen(_("Conversations")) as (studio, person), frame.column(1080):
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_("Conversations"), anchor=False)
        if st.button(_("New conversation"), icon=":material/add:", type="primary", key="new"):
            frame.go("create")

    wanted = finding.show()
    with frame.sentences():
        if wanted.image:
            finding.of_image(studio, person, beginnings.source(studio, person, wanted.image))
        cards, following = conversations.cards(
            studio,
            person,
            wanted.after,
            PAGE,
            search=wanted.search,
            image=wanted.image,
            trashed=wanted.trashed,
        )
        if cards:
            card.grid(
                studio,
                person,
                cards,
                key="found",
                on_trash=None if wanted.trashed else throwing.want,
                on_restore=(lambda id: throwing.restore(studio, person, id)) if wanted.trashed else None,
            )
        else:
            finding.nothing(wanted)
        finding.pages(wanted, following)
    throwing.show(studio, person)
    undo.show(studio, person)
