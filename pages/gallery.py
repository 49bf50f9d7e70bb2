"""Gallery: every image that was made, or those that are looked for; each of them large with all that is known of it."""

import streamlit as st

from core import access, projects
from pages.parts import bulk, find_words, finding_line, frame, saved_views, undo, viewer, wishes
from pages.parts.components import component
from pages.parts.gallery_words import words
from pages.parts.words import _, language

GRID = component("gallery")
FIRST = 48
"""Images that travel with the page itself; the grid asks for the others when they come into sight."""

with frame.screen(_("Gallery")) as (studio, person):
    st.title(_("Gallery"), anchor=False)
    titled = projects.titles(studio, person)
    found = finding_line.found(studio, person, FIRST, titled)
    grid = GRID(
        key=bulk.KEY,
        data={
            "source": "/api/gallery",
            "q": found.line,
            "first": found.page.wire(),
            "revision": found.revision,
            "answers": wishes.answered(bulk.KEY),
            "acts": bulk.acts(),
            "projects": [{"id": project.id, "title": project.title} for project in titled],
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "views": saved_views.shown(studio, person),
            "words": {**words(), "find": find_words.words()},
        },
        on_wishes_change=lambda: bulk.grant(studio, person, st.session_state[bulk.KEY].wishes),
        on_action_change=lambda: None,
        on_line_change=lambda: finding_line.follow(st.session_state[bulk.KEY].line),
    )
    if grid.action and grid.action["act"] == "create":
        viewer.act(grid.action)
    viewer.show(studio, person)
    undo.show(studio, person)
