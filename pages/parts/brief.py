"""The brief on a screen: what captions keep to, at a glance, and a dialog to change it."""

from collections.abc import Callable

import streamlit as st

from core import briefs
from core.access import Person
from core.briefs import Brief
from core.studio import Studio
from pages.parts import frame
from pages.parts.tile_words import literal
from pages.parts.words import _


def summary(brief: Brief) -> None:
    """Its parts in a few lines; says so when it is empty."""
    parts = {
        _("Voice"): brief.voice,
        _("Readers"): brief.audience,
        _("Language"): brief.language,
        _("Hashtags"): " ".join(f"#{tag}" for tag in brief.hashtags),
        _("Never"): ", ".join(brief.avoid),
    }
    lines = [f"**{name}** {literal(text)}" for name, text in parts.items() if text]
    if lines:
        st.markdown("  \n".join(lines))
    else:
        st.markdown(f":small[{_('No brief yet: the caption follows the prompt alone.')}]")


def button(studio: Studio, person: Person, project_id: str | None = None) -> None:
    """Opens the dialog for the brief of this project, or the person's own."""

    def known() -> Brief:
        return briefs.show(studio, person, project_id)

    editor(known, lambda wanted: briefs.save(studio, person, wanted, project_id))


def editor(known: Callable[[], Brief], save: Callable[[Brief], None]) -> None:
    """Opens the dialog for any brief."""
    if st.button(_("Edit brief"), icon=":material/edit_note:", key="brief-edit"):
        st.dialog(_("Brief for captions"), width="medium")(_form)(known, save)


def _form(known: Callable[[], Brief], save: Callable[[Brief], None]) -> None:
    with frame.sentences():
        told = _("Every caption that is written from now on keeps to it. Leave empty what does not matter.")
        st.markdown(f":small[{told}]")
        with st.form("brief", border=False):
            wanted = _fields(known())
            if st.form_submit_button(_("Save"), type="primary"):
                save(wanted)
                st.rerun()


def _fields(known: Brief) -> Brief:
    voice = st.text_area(_("Voice"), known.voice, height=80, placeholder=_("Warm and short; no exclamation marks"))
    audience = st.text_input(_("Readers"), known.audience, placeholder=_("People who visit our shops"))
    spoken = st.text_input(_("Language"), known.language, placeholder=_("As the prompt"))
    always = " ".join(f"#{tag}" for tag in known.hashtags)
    tags = st.text_input(_("Hashtags that are always used"), always, placeholder="#studio #launch")
    avoid = st.text_input(_("Never use"), ", ".join(known.avoid), placeholder=_("cheap, best ever"))
    return Brief(voice, audience, spoken, tuple(tags.replace(",", " ").split()), tuple(avoid.split(",")))
