"""What goes for good: the dialog that asks first and says how much it is, for a few things or for the whole trash."""

from collections.abc import Callable, Sequence
from datetime import datetime

import streamlit as st

from core import trash
from core.access import Person
from core.studio import Studio
from core.trash import Purged
from pages.parts import frame
from pages.parts.words import _, plural, size

WANTED = "parting-wanted"


def want(image_ids: Sequence[str] = (), conversation_ids: Sequence[str] = ()) -> None:
    """Ask whether these shall go, the next time the page is drawn; for callbacks."""
    st.session_state[WANTED] = (tuple(image_ids), tuple(conversation_ids))


def want_all() -> None:
    """Ask whether everything shall go; for callbacks."""
    st.session_state[WANTED] = None


def show(studio: Studio, person: Person) -> None:
    """Open the dialog if somebody wants it."""
    if WANTED not in st.session_state:
        return
    wanted = st.session_state.pop(WANTED)
    if wanted is None:
        st.dialog(_("Empty the trash?"))(_all)(studio, person, studio.now())
    else:
        title = _("Remove {what} for good?").format(what=counted(*map(len, wanted)))
        st.dialog(title)(_some)(studio, person, *wanted)


def counted(images: int, conversations: int) -> str:
    """ "12 images and 1 conversation"; what there is none of is left out."""
    told = [plural("{n} image", "{n} images", images)] if images or not conversations else []
    told += [plural("{n} conversation", "{n} conversations", conversations)] if conversations else []
    return _(" and ").join(told)


def _all(studio: Studio, person: Person, asked: datetime) -> None:
    with frame.sentences():
        total = trash.total(studio, person)
        if total.going or total.conversations:
            what = counted(total.going, total.conversations)
            st.markdown(_("This removes **{what}** for good, {size}.").format(what=what, size=size(total.size)))
        if total.used:
            _said(
                plural(
                    "{n} image stays, because something that is not in the trash started from it.",
                    "{n} images stay, because something that is not in the trash started from them.",
                    total.used,
                )
            )
        _buttons(_("Empty trash"), lambda: trash.empty(studio, person, until=asked), total.going + total.conversations)


def _some(studio: Studio, person: Person, images: tuple[str, ...], conversations: tuple[str, ...]) -> None:
    with frame.sentences():
        if conversations:
            st.markdown(
                _("Its words and its links go. Its images stay where they are, in the gallery or in the trash.")
            )
        else:
            st.markdown(_("All files go too. Nobody can bring that back."))
        wanted = len(images) + len(conversations)
        _buttons(_("Remove for good"), lambda: trash.purge(studio, person, images, conversations), wanted)


def _buttons(label: str, verb: Callable[[], Purged], wanted: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Cancel"), key="parting-cancel"):
            st.rerun()
        go = st.button(label, icon=":material/delete_forever:", type="primary", key="parting-go", disabled=not wanted)
    if go:
        with st.spinner(_("Removing…")):
            purged = verb()
        _tell(purged, wanted)
        st.rerun()


def _tell(purged: Purged, wanted: int) -> None:
    """A toast of what went, and of what did not."""
    went = purged.images + purged.conversations
    if went:
        what = counted(purged.images, purged.conversations)
        st.toast(
            _("Gone for good: {what}, {size}.").format(what=what, size=size(purged.size)), icon=":material/delete:"
        )
    if went < wanted:
        stays = plural(
            "{n} was not removed: something still uses it, or it was taken back meanwhile.",
            "{n} were not removed: something still uses them, or they were taken back meanwhile.",
            wanted - went,
        )
        st.toast(stays, icon=":material/link:", duration="long")


def _said(text: str) -> None:
    st.markdown(f":small[{text}]")
