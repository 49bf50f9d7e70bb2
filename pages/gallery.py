"""Gallery: every image that was made, newest first, and each of them large with all that is known of it."""

import streamlit as st

from core import access, gallery
from pages.parts import frame, viewer
from pages.parts.components import component
from pages.parts.words import _, language

GRID = component("gallery")
FIRST = 48
"""Images that travel with the page itself; the grid asks for the others when they come into sight."""

with frame.screen(_("Gallery")) as (studio, person):
    st.title(_("Gallery"), anchor=False)
    grid = GRID(
        key="gallery",
        data={
            "first": gallery.page(studio, person, limit=FIRST).wire(),
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "words": {
                "gallery": _("Images, newest first"),
                "image": _("{n} image"),
                "images": _("{n} images"),
                "new_image": _("{n} new image"),
                "new_images": _("{n} new images"),
                "practice": _("Practice"),
                "open": _("Open"),
                "create": _("Use in Create"),
                "download": _("Download"),
                "loading": _("Loading…"),
                "retry": _("Try again"),
                "failed": _("Some images could not be loaded. They are safe."),
                "nothing": _("Nothing here yet"),
                "nothing_text": _("Every image that you make is kept and appears here, newest first."),
                "first": _("Make your first image"),
            },
        },
        on_action_change=lambda: None,
    )
    viewer.act(grid.action)
    viewer.show(studio, person)
