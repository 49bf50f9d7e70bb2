"""The words of a post on its page: what is said on screen, and the component that they are written in."""

from typing import Any

from core import platforms
from core.posting import OpenedPost
from core.studio import Studio
from core.tables import FAILED
from pages.parts import tile_words
from pages.parts.components import component
from pages.parts.words import _

WORDS = component("post_words")


def data(studio: Studio, post: OpenedPost) -> dict[str, Any]:
    """What the component draws; the same to the byte while nothing changed."""
    caption = post.caption
    return {
        "post": post.id,
        "conversation": post.conversation_id,
        "caption": post.words.caption,
        "hashtags": list(post.words.hashtags),
        "own": dict(post.platforms),
        "version": post.words.version,
        "platforms": platforms.wire(),
        "writing": caption.id if caption and caption.unfinished else None,
        "failed": _failed(post),
        "watch": [run.id for run in (*post.captions, *post.making) if run.unfinished],
    }


def _failed(post: OpenedPost) -> dict[str, str] | None:
    """Why the newest caption did not come; nobody needs to hear it once there are words, or were and are not wanted."""
    run = post.caption
    if run is None or run.status != FAILED or post.words.caption or post.words.edited:
        return None
    again = _("Try again, may cost twice") if run.error_kind == "unknown" else _("Try again")
    text = run.error or tile_words.words()["kinds"]["failed"]["next"]
    return {"id": run.id, "title": _("The caption was not written"), "text": text, "again": again}


def words() -> dict[str, Any]:
    """Every sentence of the component; `{…}` is filled in by the browser."""
    return {
        "tabs": _("Texts of this post"),
        "post": _("Caption"),
        "caption": _("Caption"),
        "textFor": _("Text for {platform}"),
        "write": _("Write what goes with the image…"),
        "appears": _("The caption appears here; what you write yourself stays."),
        "hashtags": _("Hashtags"),
        "addTag": _("Add a hashtag"),
        "removeTag": _("Remove #{tag}"),
        "copy": _("Copy"),
        "copied": _("Copied."),
        "notCopied": _("Your browser did not allow it. Select the text and copy it by hand."),
        "discard": _("Discard changes"),
        "save": _("Save"),
        "saving": _("Saving…"),
        "saved": _("Saved."),
        "isSaved": _("Saved"),
        "conflict": _("The words of this post were changed meanwhile. Saving keeps yours. The others are:"),
        "takeTheirs": _("Take these instead"),
        "tabWrong": _("{platform}, does not fit yet"),
        "tooLong": _("{platform} takes {most} characters; this has {n}. Shorten it by {over}."),
        "tooMany": _("{platform} takes {most} of your hashtags; this has {n}."),
        "fromPost": _("The post's caption and hashtags. Change it here to write for this platform alone."),
        "dropped": _("It takes only the first {n} of {all} hashtags."),
        "ownText": _("Written for {platform} alone."),
        "usePost": _("Use the post's caption"),
        "of": _("{n} of {most} characters"),
        "characters": _("{n} characters"),
        "writing": _("The caption is being written…"),
        "cancel": _("Cancel"),
    }
