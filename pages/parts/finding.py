"""What somebody looks for among the conversations: it is in the address, so a reload and Back keep it."""

from dataclasses import dataclass

import streamlit as st

from core import access
from core.access import Person
from core.studio import Studio
from core.views import ImageView
from pages.parts import beginnings, frame
from pages.parts.whole import whole
from pages.parts.words import _

SEARCH, IMAGE, TRASH, AFTER = "q", "image", "trash", "after"
LONGEST = 200


@dataclass(frozen=True)
class Wanted:
    """Which conversations."""

    search: str
    image: str | None
    """Those that made this one or used it."""
    trashed: bool
    after: str | None
    """The cursor of a later page."""

    @property
    def narrowed(self) -> bool:
        """Whether some are left out."""
        return bool(self.search or self.image)


def show() -> Wanted:
    """Draw the search and the switch to the trash; what they say now."""
    query = st.query_params
    said = (query.get(SEARCH, ""), TRASH in query)
    if st.session_state.get("found-by") != said:  # another address was opened: what it says counts
        st.session_state["search"], st.session_state["in-trash"] = st.session_state["found-by"] = said
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="finding"):
        st.text_input(
            _("Search in titles and prompts"),
            key="search",
            type="search",
            max_chars=LONGEST,
            icon=":material/search:",
            placeholder=_("Search in titles and prompts"),
            label_visibility="collapsed",
            on_change=_changed,
            persist_state="session",
        )
        st.toggle(_("In the trash"), key="in-trash", on_change=_changed, persist_state="session")
    return Wanted(query.get(SEARCH, ""), query.get(IMAGE), TRASH in query, query.get(AFTER))


def of_image(studio: Studio, person: Person, image: ImageView) -> None:
    """Say that only the conversations with this image are shown, with a way to all."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="of-image"):
        st.html(
            f'<img src="/m/{access.media_token(studio, person)}/{image.id}/256" alt="" width="56" height="56" '
            'style="display:block;object-fit:cover;border-radius:8px">',
            width="content",
        )
        st.markdown(_("Conversations that made this image or started from it"), width="content")
        st.button(_("Show all"), icon=":material/close:", type="tertiary", key="all", on_click=_without, args=(IMAGE,))
        if st.button(_("New conversation from it"), icon=":material/add:", type="tertiary", key="from-image"):
            beginnings.create(image.id)


def nothing(wanted: Wanted) -> None:
    """What to do when there is nothing to show."""
    with st.container(horizontal_alignment="center", gap="small", key="nothing"):
        st.space("medium")
        if wanted.narrowed:
            st.subheader(_("Nothing was found"), anchor=False, text_alignment="center")
            _said(_("Every word has to be in the title or in one of the prompts."))
            st.button(_("Show all conversations"), key="clear", on_click=_clear)
        elif wanted.trashed:
            st.subheader(_("The trash is empty"), anchor=False, text_alignment="center")
            _said(_("Conversations that you throw away wait here until they are gone for good."))
        else:
            st.subheader(_("No conversations yet"), anchor=False, text_alignment="center")
            _said(_("Each prompt opens one: its images, and every further turn from them."))
            if st.button(_("Make your first image"), key="first", type="primary"):
                frame.go("create")


def _said(text: str) -> None:
    st.markdown(f":small[{text}]", text_alignment="center")


def pages(wanted: Wanted, following: str | None) -> None:
    """The ways to the first and to the next page."""
    if not (wanted.after or following):
        return
    with st.container(horizontal=True, horizontal_alignment="center", gap="small", key="pages"):
        if wanted.after:
            st.button(
                _("Newest"),
                icon=":material/first_page:",
                type="tertiary",
                key="newest",
                on_click=_without,
                args=(AFTER,),
            )
        if following:
            st.button(
                _("Older"),
                icon=":material/chevron_right:",
                icon_position="right",
                key="older",
                on_click=_turn,
                args=(following,),
            )


@whole
def _changed() -> None:
    """What is looked for goes into the address; pages are counted anew."""
    search, trashed = st.session_state["search"], st.session_state["in-trash"]
    st.session_state["found-by"] = ((search or "").strip(), bool(trashed))
    wanted = {SEARCH: (search or "").strip(), TRASH: "1" if trashed else "", IMAGE: st.query_params.get(IMAGE, "")}
    st.query_params.from_dict({name: value for name, value in wanted.items() if value})


@whole
def _clear() -> None:
    st.session_state["search"] = ""
    _without(IMAGE)
    _changed()


@whole
def _without(name: str) -> None:
    st.query_params.from_dict({key: value for key, value in st.query_params.items() if key not in (name, AFTER)})


@whole
def _turn(cursor: str) -> None:
    st.query_params[AFTER] = cursor
