"""A conversation goes to the trash: the dialog that asks what happens to its images, and the way back."""

from collections.abc import Collection

import streamlit as st

from core import conversations, sharing
from core.access import Person
from core.studio import Studio
from pages.parts import frame, toast, undo
from pages.parts.words import _, plural

WANTED = "throwing-wanted"


def want(conversation_id: str) -> None:
    """Put it away the next time the page is drawn, after asking if it has images; for callbacks."""
    st.session_state[WANTED] = conversation_id


def show(studio: Studio, person: Person, leave: str = "") -> None:
    """Do what is wanted, if somebody wants it. Afterwards the page `leave` is opened, else this one is drawn anew."""
    if WANTED not in st.session_state:
        return
    wanted = st.session_state.pop(WANTED)
    with frame.sentences():
        images = conversations.images(studio, person, wanted)
        if images:
            title = plural("What happens to its {n} image?", "What happens to its {n} images?", images)
            st.dialog(title)(_ask)(studio, person, wanted, images, leave)
        else:
            _put_away(studio, person, wanted, (), _("The conversation is in the trash."), leave)


def _ask(studio: Studio, person: Person, conversation_id: str, images: int, leave: str) -> None:
    with frame.sentences():
        st.markdown(
            _(
                "The conversation goes to the trash. Its images can stay in the gallery, or go with it and come back "
                "with it."
            )
        )
        if shared := sum(link.state == "active" for link in sharing.links(studio, person, conversation_id)):
            told = plural(
                "A link to it is open; it shows nothing while the conversation is in the trash.",
                "{n} links to it are open; they show nothing while the conversation is in the trash.",
                shared,
            )
            st.markdown(f":small[:material/link: {told}]")
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Cancel"), key="throwing-cancel"):
                st.rerun()
            along = st.button(_("Trash them too"), icon=":material/delete:", key="throwing-along")
            keep = st.button(_("Keep them"), icon=":material/photo_library:", type="primary", key="throwing-keep")
        if keep:
            said = _("The conversation is in the trash. Its images stay in the gallery.")
            _put_away(studio, person, conversation_id, (), said, leave)
        if along:
            said = plural(
                "The conversation and its {n} image are in the trash.",
                "The conversation and its {n} images are in the trash.",
                images,
            )
            _put_away(studio, person, conversation_id, None, said, leave)


def _put_away(
    studio: Studio, person: Person, conversation_id: str, along: Collection[str] | None, said: str, leave: str
) -> None:
    conversations.trash(studio, person, conversation_id, along)
    undo.offer(said, "trash", conversation_id)
    if leave:
        frame.go(leave)
    st.rerun()


def restore(studio: Studio, person: Person, conversation_id: str) -> None:
    """Take it back with what went along, and offer to undo that; for callbacks."""
    back = toast.after(lambda: conversations.restore(studio, person, conversation_id))
    if back is not None:
        undo.offer(came_back(len(back)), "restored conversation", conversation_id, tuple(back))


def came_back(images: int) -> str:
    """What was restored, in a sentence."""
    if not images:
        return _("The conversation is back.")
    return plural("The conversation and {n} image are back.", "The conversation and {n} images are back.", images)
