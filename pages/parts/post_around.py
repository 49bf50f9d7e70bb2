"""Around a post: how far it is, where it comes from, what it was asked with, what happened to it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core import platforms, posting
from core.access import Person
from core.history import Step
from core.posted import EDITED, GENERATED, GENERATING_CAPTION, GENERATING_IMAGES
from core.posting import OpenedPost, Words
from core.studio import Studio
from pages.parts import frame
from pages.parts.tile_words import literal
from pages.parts.words import _, ago, money, seconds, setting_names

INSTANT = 100
"""Milliseconds below which nobody wants to know how long it took."""
STYLE = """
<style>
ol.post-history[class] { margin: 0; padding: 0; list-style: none; }
ol.post-history > li { padding: 5px 0; margin: 0; }
.post-history time { margin-left: 6px; font-size: 0.85em; opacity: 0.72; white-space: nowrap; }
</style>
"""


def status(post: OpenedPost) -> None:
    """The derived status as a small badge; none where there is nothing of it to see."""
    if post.status == GENERATED and not (post.variants or post.words.caption):
        return
    label, icon, colour = {
        GENERATING_CAPTION: (_("Generating caption"), "edit_note", "violet"),
        GENERATING_IMAGES: (_("Generating images"), "image", "violet"),
        GENERATED: (_("Generated"), "check", "gray"),
        EDITED: (_("Edited"), "edit", "gray"),
    }[post.status]
    st.badge(label, icon=f":material/{icon}:", color=colour)


def origin(post: OpenedPost) -> None:
    """ "Derived from …", leading to the parent; nothing for a post that began with words."""
    if post.origin is None:
        return
    title = literal(post.origin.title or _("a conversation that is gone for good"))
    if post.origin.conversation_id is None:
        st.caption(_("Derived from an image that was uploaded"))
    elif post.origin.trashed:
        st.caption(
            _("Derived from turn {n} of “{title}”, whose image is in the trash").format(
                n=post.origin.position, title=title
            )
        )
    else:
        label = _("Derived from turn {n} of “{title}”").format(n=post.origin.position, title=title)
        if st.button(label, icon=":material/subdirectory_arrow_right:", type="tertiary", key=f"origin-{post.id}"):
            parent = post.origin.post_id
            frame.go("post" if parent else "conversation", id=parent or post.origin.conversation_id)


def settings(studio: Studio, post: OpenedPost) -> None:
    """The prompt and the settings of its turn, and what its caption cost."""
    with st.expander(_("Prompt and settings"), icon=":material/tune:", key="post-settings"):
        st.markdown(literal(post.prompt))
        st.markdown("  \n".join(f"**{name}** {literal(value)}" for name, value in _settings(studio, post)))


def history(studio: Studio, person: Person, post: OpenedPost) -> None:
    """What happened to it, newest first, with the words that can be used again; the exact time is the tooltip."""
    with st.expander(_("History"), icon=":material/history:", key="post-history"), st.container(gap="xsmall"):
        lines: list[str] = []
        for n, step in reversed(list(enumerate(post.history))):
            lines.append(_line(studio, step))
            words = _words(step)
            if words and (words.caption, words.hashtags) != (post.words.caption, post.words.hashtags):
                _lines(lines)
                lines = []
                _use(studio, person, post, words, f"use-{post.id}-{n}")
        _lines(lines)


def _lines(lines: Sequence[str]) -> None:
    if lines:
        st.html(f"{STYLE}<ol class='post-history'>{''.join(lines)}</ol>")


def _use(studio: Studio, person: Person, post: OpenedPost, words: Words, key: str) -> None:
    """Words of before, with the button that gives them back to the post."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(literal(words.caption).replace("\n", "  \n"))
        if words.hashtags:
            st.caption(literal(" ".join(f"#{tag}" for tag in words.hashtags)))
        if st.button(_("Use this"), key=key, icon=":material/undo:", type="tertiary"):
            with frame.sentences():
                posting.use(studio, person, post.id, words, post.words.version)
                st.rerun()


def _words(step: Step) -> Words | None:
    facts = step.facts
    return Words(facts["caption"], tuple(facts["hashtags"]), facts["alt"] or None) if "caption" in facts else None


def _line(studio: Studio, step: Step) -> str:
    exact = f"{step.at:%Y-%m-%d %H:%M} UTC"
    time = f"<time datetime='{step.at.isoformat()}' title='{exact}'>{escape(ago(studio.now(), step.at))}</time>"
    return f"<li>{escape(_told(studio, step))} {time}</li>"


def _settings(studio: Studio, post: OpenedPost) -> list[tuple[str, str]]:
    label = studio.catalogue.label
    models = post.settings.get("models") or [run.model for run in post.making]
    rows = [(_("Models"), ", ".join(label(name) for name in dict.fromkeys(models)))]
    rows += [
        (name, str(post.settings[key])) for key, name in setting_names().items() if post.settings.get(key) is not None
    ]
    if post.caption:
        rows.append((_("Caption by"), _writer(label(post.caption.model), post)))
    return rows


def _writer(label: str, post: OpenedPost) -> str:
    caption = post.caption
    if caption is None:
        return label
    took = [seconds(caption.duration_ms / 1000)] if (caption.duration_ms or 0) >= INSTANT else []
    cost = _("practice, free") if caption.practice else money(caption.cost) if caption.cost is not None else None
    return " · ".join([label, *([cost] if cost else []), *took])


def _told(studio: Studio, step: Step) -> str:
    """One line of the history."""
    facts: Mapping[str, Any] = step.facts
    model = studio.catalogue.label(str(facts.get("model", "")))
    platform = platforms.find(str(facts.get("platform")))
    lines = {
        "asked": _("Asked as turn {n}").format(n=facts.get("turn")),
        "kept": _("Words that were replaced then"),
        "captioned": _("Caption written by {model}").format(model=model),
        "imaged": _("Image made by {model}").format(model=model),
        "failed": _("{model} failed").format(model=model),
        "post.edited": _("Text for {platform} edited").format(platform=platform.label)
        if platform
        else _("Words edited"),
        "post.caption_asked": _("Another caption asked of {model}").format(model=model),
        "image.selected": _("Image selected"),
        "image.unselected": _("Image no longer selected"),
        "image.described": _("Alt text edited"),
        "image.focused": _("Focal point moved"),
    }
    return lines[step.kind]
