"""A conversation: its turns with tiles that fill by themselves, and a box to ask the next one."""

import streamlit as st

from core import conversations
from core.conversations import Ask
from pages.parts import (
    already,
    ask_box,
    frame,
    heading,
    lineage,
    older,
    progress,
    replay,
    sharing,
    source_strip,
    strip,
    throwing,
    turn_acts,
    undo,
    viewer,
)
from pages.parts.words import _


def start_from(image_id: str | None) -> None:
    """The choice is in the address, so that a reload keeps it."""
    st.query_params["source"] = image_id or source_strip.WORDS


with frame.screen(_("Conversation")) as (studio, person):
    opened = None
    with frame.column(760), frame.sentences():
        opened = older.opened(studio, person, st.query_params.get("id", ""))
        if opened and opened.purge_after:
            heading.trashed(studio, person, opened)
    if opened is None:
        with frame.column(760):
            st.page_link(frame.PAGES / "create.py", label=_("Back to Create"), icon=":material/arrow_back:")
    if opened is None or opened.purge_after:
        undo.show(studio, person)
        st.stop()

    box = f"next-{opened.id}"
    st.set_page_config(page_title=f"{opened.title} · {_('Image Studio')}")
    with frame.column(1080):
        heading.show(studio, person, opened)
        writing = f".st-key-{box}-prompt textarea"
        mark = f"{opened.totals.turns} {sum(turn.done for turn in opened.turns)}"
        if opened.totals.images > 1:
            lineage.show(studio, person, opened.id, start_from, box=writing, mark=mark)

        source, newest = None, older.newest(studio, person, opened)
        with frame.sentences():
            source = source_strip.chosen(studio, person, newest, st.query_params.get("source"), box)
        if opened.totals.images > 1:
            strip.show(studio, person, opened.id, start_from, source=source and source.id, box=writing, mark=mark)
        older.earlier(opened)
        progress.turns(
            studio,
            person,
            opened,
            source=source and source.id,
            box=writing,
            on_continue=start_from,
            on_turn=lambda told: turn_acts.grant(studio, person, opened, box, told),
            goal=older.goal(opened),
        )
        older.later(opened)
        sharing.verdicts(studio, person, opened.id)

        st.space("small")
        st.subheader(_("Take it further"), anchor=False)
        source_strip.show(studio, person, newest, source, start_from)

        def make(ask: Ask) -> None:
            conversations.ask(studio, person, opened.id, ask)
            ask_box.sent(box)
            st.query_params.from_dict({"id": opened.id})
            st.rerun()

        ask = ask_box.show(
            studio,
            person,
            box,
            source=source,
            defaults=lambda: source_strip.settings(studio, newest, source),
            prompt_label=_("Describe what to change, or what else to make…"),
            on_source=start_from,
            beside=source_strip.beside(newest, source),
        )
        if ask:
            with frame.sentences():
                already.ask_first(studio, person, box, ask, make)
    viewer.show(studio, person)  # before what comes and goes: where it moves, Streamlit begins it anew
    replay.show(studio, person, opened)
    throwing.show(studio, person, leave="conversations")
    undo.show(studio, person)
