"""What stands on Create before anything was made: a word on how it works, prompts to try, sample content."""

import streamlit as st

from core import demo
from core.access import Person
from core.studio import Studio
from pages.parts import ask_box
from pages.parts.words import _

IMAGES = 60
"""Enough to see what the screens look like full; `studio demo` draws more."""


def show(studio: Studio, person: Person, key: str) -> None:
    """Draw it; `key` is the ask box that the sample prompts go to."""
    with st.container(horizontal_alignment="center", gap="small", key="first-run"):
        st.caption(_("Something to try"), text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
            for n, (name, prompt) in enumerate(_samples().items()):
                st.button(name, key=f"sample-{n}", help=prompt, on_click=ask_box.fill, args=(key, prompt))
        st.space("small")
        st.subheader(_("Your conversations will be here"), anchor=False, text_alignment="center")
        st.caption(_("Each prompt opens one: its images, and every further turn from them."), text_alignment="center")
        label = _("Fill with sample content")
        if st.button(label, key="fill", type="tertiary", icon=":material/auto_stories:"):
            _fill(studio, person)


def _samples() -> dict[str, str]:
    return {
        _("Product on a desk"): _(
            "A ceramic coffee cup on a walnut desk by a window, soft morning light, shallow depth of field"
        ),
        _("Poster"): _("A poster for a summer jazz night by the harbour, bold shapes, three colours, no text"),
        _("Landscape"): _("Rolling hills at dawn with mist in the valleys, seen from high above, calm pastel colours"),
    }


def _fill(studio: Studio, person: Person) -> None:
    """Whoever clicks elsewhere meanwhile stops it between two conversations; what is made by then stays."""
    text = _("Drawing sample content, all of it marked as practice…")
    bar = st.progress(0.0, text)

    def show_progress(made: int, of: int) -> None:
        bar.progress(made / of, text)

    demo.fill(studio, person, IMAGES, show_progress)
    st.rerun()
