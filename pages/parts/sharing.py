"""Sharing on a screen: make a link to a conversation, see who uses it, take it back; and what its readers said."""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from core import access, sharing
from core.access import Person
from core.sharing import Link, LinkView, Said
from core.studio import Studio
from pages.parts import frame, share_terms
from pages.parts.components import component
from pages.parts.tile_words import literal
from pages.parts.words import _, ago, plural

LINK = component("shared_link")
MADE = "share-made"
"""Where the link that was just made waits to be copied; nothing else knows its token."""
CHANGING = "share-changing"
"""The id of the link whose terms are being changed; the dialog then shows nothing else."""
MOST_SHOWN = 30
"""Verdicts on the screen; more are counted."""
COLOURS = {"approve": "green", "change": "orange", "no": "red"}
ICONS = {"approve": "check", "change": "edit", "no": "close"}


def button(studio: Studio, person: Person, conversation_id: str) -> None:
    """Draw it; a click opens the dialog."""
    if st.button(_("Share"), icon=":material/ios_share:", type="tertiary", key=f"share-{conversation_id}"):
        for waiting in (MADE, CHANGING):
            st.session_state.pop(waiting, None)
        dialog(studio, person, conversation_id)


def dialog(studio: Studio, person: Person, conversation_id: str) -> None:
    """A new link, shown once; and all links of the conversation."""
    st.dialog(_("Share this conversation"), width="medium")(_inside)(studio, person, conversation_id)


def verdicts(studio: Studio, person: Person, conversation_id: str) -> None:
    """What readers said of the images; nothing while nobody said anything."""
    said = sharing.verdicts(studio, person, conversation_id)
    if not said:
        return
    with st.expander(f"{_('What readers said')} · {_counted(said)}", icon=":material/rate_review:", key="verdicts"):
        base = f"/m/{access.media_token(studio, person)}/"
        for one in said[:MOST_SHOWN]:
            _verdict(studio, base, one)
        if len(said) > MOST_SHOWN:
            st.caption(plural("And {n} more.", "And {n} more.", len(said) - MOST_SHOWN))


def _inside(studio: Studio, person: Person, conversation_id: str) -> None:
    with frame.sentences():
        links = sharing.links(studio, person, conversation_id)
        changing = next((link for link in links if link.id == st.session_state.get(CHANGING)), None)
        if changing and changing.state != "revoked":
            _change(studio, person, changing)
            return
        if made := st.session_state.get(MADE):
            _copy(made)
        else:
            _form(studio, person, conversation_id)
        _list(studio, person, links)


def _form(studio: Studio, person: Person, conversation_id: str) -> None:
    st.markdown(_("Whoever has the link can look at this conversation without signing in, and nothing else."))
    with st.form("share", border=False):
        terms = share_terms.fields(studio)
        if st.form_submit_button(_("Make a link"), type="primary", icon=":material/add_link:"):
            with frame.sentences():
                st.session_state[MADE] = sharing.share(studio, person, conversation_id, terms)
                st.rerun(scope="fragment")


def _change(studio: Studio, person: Person, link: LinkView) -> None:
    """Other terms for a link that somebody has already."""
    st.subheader(literal(link.name) or _("Link"), anchor=False)
    st.markdown(_("The link stays the same: whoever has it need not get another one."))
    with st.form(f"change-{link.id}", border=False):
        terms = share_terms.fields(studio, link)
        with st.container(horizontal=True):
            saves = st.form_submit_button(_("Save"), type="primary", icon=":material/check:")
            leaves = st.form_submit_button(_("Cancel"))
        with frame.sentences():
            if saves:
                sharing.change(studio, person, link.id, terms)
            if saves or leaves:
                st.session_state.pop(CHANGING)
                st.rerun(scope="fragment")


def _copy(made: Link) -> None:
    """The one moment in which the link can be seen."""
    st.markdown(f"**{_('Your link is ready.')}** {_('Copy it now: it is shown only this once.')}")
    words = {"link": _("Link"), "copy": _("Copy link"), "copied": _("Copied"), "press": _("Press Ctrl+C")}
    LINK(key=f"made-{made.id}", data={"path": made.path, "words": words})
    if urlsplit(st.context.url or "").hostname in ("localhost", "127.0.0.1", "::1"):
        st.caption(_("This studio answers only on this computer, so the link opens here and nowhere else."))
    if st.button(_("Make another link"), icon=":material/add_link:", key="share-another"):
        st.session_state.pop(MADE)
        st.rerun(scope="fragment")


def _list(studio: Studio, person: Person, links: tuple[LinkView, ...]) -> None:
    active = [link for link in links if link.state == "active"]
    over = [link for link in links if link.state != "active"]
    if active:
        st.subheader(_("Links that open it"), anchor=False)
    for link in active:
        _row(studio, person, link)
    if over:
        with st.expander(plural("{n} earlier link", "{n} earlier links", len(over)), key="share-earlier"):
            for link in over:
                _row(studio, person, link)


def _row(studio: Studio, person: Person, link: LinkView) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"link-{link.id}"):
        with st.container(gap=None):
            st.markdown(f"**{literal(link.name) or _('Link')}** {_marks(link)}")
            st.markdown(f":small[{_when(studio, link)}]", help=_exact(link))
            st.markdown(f":small[{_shown(link)}]")
        if link.state == "revoked":
            return
        if st.button(_("Change…"), icon=":material/tune:", type="tertiary", key=f"change-{link.id}"):
            st.session_state[CHANGING] = link.id
            st.rerun(scope="fragment")
        if link.state == "active" and st.button(
            _("Revoke"), icon=":material/link_off:", key=f"revoke-{link.id}", help=_("It stops working at once")
        ):
            sharing.revoke(studio, person, link.id)
            st.rerun(scope="fragment")


def _shown(link: LinkView) -> str:
    """What its readers see and are asked for."""
    parts = ((link.shows_prompts, _("prompts")), (link.shows_models, _("models")), (link.shows_costs, _("costs")))
    also = ", ".join(name for shown, name in parts if shown)
    told = _("Shows {parts}").format(parts=also) if also else _("Shows images and captions alone")
    return f"{told} · {_('asks for verdicts')}" if link.takes_verdicts else told


def _marks(link: LinkView) -> str:
    """Small badges: how it ended, what it asks for, what came back."""
    marks = {"ended": f":gray-badge[{_('Ended')}]", "revoked": f":gray-badge[{_('Revoked')}]"}
    badges = [marks.get(link.state, "")]
    if link.has_password:
        badges.append(f":gray-badge[:material/lock: {_('Password')}]")
    if link.pinned:
        badges.append(f":gray-badge[:material/keep: {_('Pinned')}]")
    for name, count in (("approve", link.approve), ("change", link.change), ("no", link.no)):
        badges += [f":{COLOURS[name]}-badge[:material/{ICONS[name]}: {count}]"] if count else []
    return " ".join(badge for badge in badges if badge)


def _when(studio: Studio, link: LinkView) -> str:
    used = _("Never opened")
    if link.used_at:
        last = ago(studio.now(), link.used_at)
        last = last if link.uses == 1 else _("most recently {when}").format(when=last)
        used = f"{plural('Opened once', 'Opened {n} times', link.uses)}, {last}"
    if link.state == "active" and link.ends_at:
        used += " · " + plural("ends in a day", "ends in {n} days", share_terms.left(studio, link.ends_at))
    return literal(used)


def _exact(link: LinkView) -> str:
    moments = {
        _("Made"): link.created_at,
        _("Last opened"): link.used_at,
        _("Ends"): link.ends_at,
        _("Revoked"): link.revoked_at,
    }
    return "  \n".join(f"{name}: {at:%Y-%m-%d %H:%M} UTC" for name, at in moments.items() if at)


def _verdict(studio: Studio, base: str, one: Said) -> None:
    words = {"approve": _("Approved"), "change": _("Change"), "no": _("No")}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        image = f"{base}{one.image_id}/256"
        st.html(
            f'<img src="{escape(image)}" alt="" loading="lazy" width="64" height="64"'
            ' style="object-fit:cover;border-radius:8px;display:block">',
            width=64,
        )
        with st.container(gap=None):
            badge = f":{COLOURS[one.verdict]}-badge[:material/{ICONS[one.verdict]}: {words[one.verdict]}]"
            st.markdown(f"{badge} {literal(one.note)}")
            said = " · ".join(part for part in (one.link, ago(studio.now(), one.at)) if part)
            st.markdown(f":small[{literal(said)}]")


def _counted(said: tuple[Said, ...]) -> str:
    counts = {name: sum(one.verdict == name for one in said) for name in COLOURS}
    parts = (
        plural("{n} approved", "{n} approved", counts["approve"]) if counts["approve"] else "",
        plural("{n} change", "{n} changes", counts["change"]) if counts["change"] else "",
        plural("{n} no", "{n} no", counts["no"]) if counts["no"] else "",
    )
    return ", ".join(part for part in parts if part)
