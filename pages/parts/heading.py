"""The head of a conversation: its title, changed in place, what it comes to, and what can be done with it."""

import streamlit as st

from core import conversations
from core.access import Person
from core.conversations import Opened
from core.studio import Studio
from core.turns import TITLE
from pages.parts import frame, progress, sharing, throwing
from pages.parts.tile_words import literal
from pages.parts.whole import whole
from pages.parts.words import _, day, plural

RENAMING = "renaming"
"""The conversation that is being renamed, and the version of its title that the person saw."""


def show(studio: Studio, person: Person, opened: Opened) -> None:
    """Draw it."""
    with st.container(gap=None, key="heading"):
        renaming = st.session_state.get(RENAMING, ("", 0))[0] == opened.id
        if renaming:
            _form(studio, person, opened)
        else:
            st.title(literal(opened.title), anchor=False)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
            st.markdown(f":small[{literal(progress.total(opened))}]", width="content")
            if not renaming:
                _actions(studio, person, opened)


def trashed(studio: Studio, person: Person, opened: Opened) -> None:
    """Instead of its turns, when it is in the trash: until when, and the way back."""
    st.title(literal(opened.title), anchor=False)
    with st.container(border=True, key="trashed"):
        until = day(opened.purge_after) if opened.purge_after else ""
        st.markdown(_("**This conversation is in the trash** until {day}. Then it is gone for good.").format(day=until))
        st.markdown(f":small[{_left(conversations.went_along(studio, person, opened.id))}]")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(_("Restore"), icon=":material/restore_from_trash:", type="primary", key="restore"):
                back = conversations.restore(studio, person, opened.id)
                st.toast(throwing.came_back(len(back)), icon=":material/check:")
                st.rerun()
            st.page_link(frame.PAGES / "conversations.py", label=_("All conversations"), icon=":material/arrow_back:")


def _left(along: int) -> str:
    """What became of its images and links."""
    if along:
        images = plural(
            "{n} image went with it and comes back with it.", "{n} images went with it and come back.", along
        )
    else:
        images = _("Its images are still in the gallery.")
    return f"{images} " + _("Links that were shared open again once it is restored.")


def _actions(studio: Studio, person: Person, opened: Opened) -> None:
    """To add an action, add a line."""
    with st.container(horizontal=True, gap="small", width="content", key="actions"):
        sharing.button(studio, person, opened.id)
        st.button(_("Rename"), icon=":material/edit:", type="tertiary", key="rename", on_click=_begin, args=(opened,))
        wanted = {"on_click": throwing.want, "args": (opened.id,)}
        st.button(_("Trash"), icon=":material/delete:", type="tertiary", key="trash", **wanted)


@whole
def _begin(opened: Opened) -> None:
    st.session_state[RENAMING] = (opened.id, opened.version)
    st.session_state["new-title"] = opened.title


def _form(studio: Studio, person: Person, opened: Opened) -> None:
    with st.form("title", border=False), frame.sentences():
        with st.container(horizontal=True, gap="small"):
            title = st.text_input(_("Title"), key="new-title", max_chars=TITLE, label_visibility="collapsed")
            save = st.form_submit_button(_("Save"), type="primary")
            cancel = st.form_submit_button(_("Cancel"), type="tertiary")
        if save and title != opened.title:
            conversations.rename(studio, person, opened.id, title or "", st.session_state[RENAMING][1])
        if save or cancel:
            del st.session_state[RENAMING]
            st.rerun()
