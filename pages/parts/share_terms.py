"""The fields of a form that says on what terms a link is shared: a new one, or one that people have already."""

from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import sharing
from core.sharing import LinkView, Terms
from core.studio import Studio
from pages.parts.words import _, plural

DAYS = (1, 7, 30, 90, 365)


def fields(studio: Studio, link: LinkView | None = None) -> Terms:
    """What is filled in; for a link that is there they begin with what holds for it."""
    of, known, kinds = link.id if link else "new", link or Terms(), (False, True)
    left, right = st.columns(2)
    for_whom, longest = _("Only you see this"), sharing.LONGEST_NAME
    name = left.text_input(_("For whom"), known.name, placeholder=for_whom, max_chars=longest, key=f"share-name-{of}")
    days = _days(studio, right, link)
    password = _password(left, link)
    pinned = right.selectbox(_("Turns"), kinds, int(known.pinned), format_func=_turns, key=f"share-pinned-{of}")
    st.markdown(f":small[{_('Readers see the images, their captions and')}]")
    with st.container(horizontal=True, gap="medium"):
        prompts = st.checkbox(_("Prompts"), known.shows_prompts, key=f"share-prompts-{of}")
        models = st.checkbox(_("Models"), known.shows_models, key=f"share-models-{of}")
        costs = st.checkbox(_("Costs"), known.shows_costs, key=f"share-costs-{of}")
    asked = _("Ask readers to approve, change or refuse each image")
    asks = st.toggle(asked, known.takes_verdicts, key=f"share-verdicts-{of}")
    return Terms(name, days, password, pinned, prompts, models, costs, asks)


def left(studio: Studio, ends_at: datetime) -> int:
    """Whole days until then, at least one."""
    return max(1, round((ends_at - studio.now()).total_seconds() / 86_400))


def _days(studio: Studio, place: DeltaGenerator, link: LinkView | None) -> int | None:
    """How many days from now it ends; None: when it ends, or ended, anyway."""
    if link is None:
        return place.selectbox(_("Ends after"), DAYS, DAYS.index(30), format_func=_counted, key="share-days-new")

    def said(days: int | None) -> str:
        return _from_now(days) if days else _ending(studio, link)

    return place.selectbox(_("Ends"), (None, *DAYS), format_func=said, key=f"share-days-{link.id}")


def _password(place: DeltaGenerator, link: LinkView | None) -> str | None:
    """What it asks for; empty for nothing, None for the password that it has."""
    has, of = bool(link and link.has_password), link.id if link else "new"
    written = place.text_input(
        _("Password"),
        type="password",
        placeholder=_("Unchanged") if has else _("None"),
        autocomplete="new-password",
        key=f"share-password-{of}",
    )
    if has and place.checkbox(_("No password any more"), key=f"share-open-{of}"):
        return ""
    return written if written or not has else None


def _ending(studio: Studio, link: LinkView) -> str:
    if link.state == "ended" or link.ends_at is None:
        return _("Unchanged: it has ended")
    return plural("Unchanged: in a day", "Unchanged: in {n} days", left(studio, link.ends_at))


def _from_now(days: int) -> str:
    return plural("In {n} day", "In {n} days", days) if days < 365 else _("In a year")


def _counted(days: int) -> str:
    return plural("{n} day", "{n} days", days) if days < 365 else _("A year")


def _turns(pinned: bool) -> str:
    return _("Only those of now") if pinned else _("Also those that come later")
