"""What goes for good: the dialog that asks first and says how much it is, for a few things or for the whole trash."""

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

import streamlit as st

from core import access, trash
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.trash import Purged, Thrown, Total
from pages.parts import frame
from pages.parts.whole import whole
from pages.parts.words import _, day, plural, size

WANTED = "parting-wanted"
DONE = "parting-done"
PICTURES = 4
"""Of what is asked about, as many are shown."""
ROW = '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:8px">{parts}</div>'
PICTURE = (
    '<img src="{image}" alt="{text}" title="{text}" width="72" height="72"'
    ' style="display:block;object-fit:cover;border-radius:8px">'
)
WORDS = (
    '<div style="flex:1;min-width:0;margin-left:4px;line-height:1.4">'
    '<div style="display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden">{text}</div>'
    '<div style="font-size:0.86em;opacity:0.72">{day}</div></div>'
)


def want(image_ids: Sequence[str] = (), conversation_ids: Sequence[str] = ()) -> None:
    """Ask whether these shall go, the next time the page is drawn; for callbacks."""
    st.session_state[WANTED] = (tuple(image_ids), tuple(conversation_ids))


@whole
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
        _ask(studio, person, *wanted)


def _ask(studio: Studio, person: Person, images: tuple[str, ...], conversations: tuple[str, ...]) -> None:
    try:
        total = trash.total_of(studio, person, images) if images else Total(0, 0, 0, 0)
    except NotFound as error:
        st.toast(str(error), icon=":material/hide_image:")
        return
    what = counted(total.going, len(conversations))
    title = _("Remove {what} for good?").format(what=what) if total.going or conversations else _("In use")
    st.dialog(title)(_some)(studio, person, images, conversations, total)


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
        _used(total)
        _buttons(_("Empty trash"), lambda: trash.empty(studio, person, until=asked), total.going + total.conversations)


def _some(
    studio: Studio, person: Person, images: tuple[str, ...], conversations: tuple[str, ...], total: Total
) -> None:
    with frame.sentences():
        if images:
            _pictures(studio, person, images, total)
        if conversations:
            st.markdown(
                _("Its words and its links go. Its images stay where they are, in the gallery or in the trash.")
            )
        elif total.going:
            st.markdown(_("All files go too, {size}. Nobody can bring that back.").format(size=size(total.size)))
        _used(total)
        going = total.going + len(conversations)
        _buttons(_("Remove for good"), lambda: trash.purge(studio, person, images, conversations), going)


def _used(total: Total) -> None:
    """What the person asked for and will not happen, said before."""
    if total.used:
        _said(
            plural(
                "{n} image stays, because something that is not in the trash started from it.",
                "{n} images stay, because something that is not in the trash started from them.",
                total.used,
            )
        )


def _pictures(studio: Studio, person: Person, image_ids: Sequence[str], total: Total) -> None:
    """Which images will go, so that nobody removes the wrong ones; when none can, which those are.

    Of a single one also its words and its day.
    """
    found = trash.these(studio, person, image_ids)
    shown = [one for one in found if not one.used or not total.going][:PICTURES]
    n = total.going or total.images
    base = f"/m/{access.media_token(studio, person)}/"
    parts = [PICTURE.format(image=escape(f"{base}{one.id}/256"), text=escape(one.text)) for one in shown]
    if n == 1:
        parts += [WORDS.format(text=escape(one.text), day=escape(_made(one))) for one in shown]
    if n > len(shown):
        parts.append(f"<span>{escape(_('+ {n} more').format(n=f'{n - len(shown):,}'))}</span>")
    st.html(ROW.format(parts="".join(parts)))


def _made(image: Thrown) -> str:
    return _("Made on {day}").format(day=day(image.created_at))


def _buttons(label: str, verb: Callable[[], Purged], wanted: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Cancel"), key="parting-cancel"):
            st.rerun()
        go = st.button(label, icon=":material/delete_forever:", type="primary", key="parting-go", disabled=not wanted)
    if go:
        with st.spinner(_("Removing…")):
            purged = verb()
        _tell(purged, wanted)
        st.session_state[DONE] = st.session_state.get(DONE, 0) + 1
        st.rerun()


def done() -> int:
    """How often something went for good on this screen."""
    return int(st.session_state.get(DONE, 0))


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
