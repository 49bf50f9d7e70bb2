"""What was just put away can be taken back: a sentence at the foot of the page with a button, for some seconds."""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

import streamlit as st

from core import conversations, marks, trash
from core.access import Person
from core.studio import Studio
from pages.parts import toast, wishes
from pages.parts.components import component
from pages.parts.wishes import Wish
from pages.parts.words import _, plural

UNDO = component("undo")
OFFERED = "undo-offered"
PAGE = "undo-page"
SECONDS = 10

# To add something that can be taken back, add a line: its name, and the verb that does it, given what was put away.
WAYS_BACK: Mapping[str, Callable[..., Any]] = {
    "trash": conversations.restore,
    "failed": conversations.bring_back,
    "images": trash.restore,
    "restored images": trash.trash,
    "restored conversation": conversations.trash,
    "moved posts": marks.put_back,
}


def trashed(images: int) -> str:
    """So many went to the trash, in a sentence."""
    return plural("{n} image is in the trash.", "{n} images are in the trash.", images)


def restored(images: int) -> str:
    """So many came back, in a sentence."""
    return plural("{n} image is back.", "{n} images are back.", images)


# What is done to images one after the other is taken back together: the way back, and what is said of so many. Their
# parts are what is known of each, by its id.
TOGETHER: Mapping[str, Callable[[int], str]] = {"images": trashed, "restored images": restored}


def offer(text: str, way: str, target: str | Sequence[str], *parts: Any, derived: Sequence[str] = ()) -> None:
    """Say what was done; the next page that is drawn offers to take it back.

    `way` is a name of `WAYS_BACK`; its verb is given the id of the target (`images`: the ids of as many as were put
    away at once), and which parts of it if not all. Of images that went to the trash it asks whether those `derived`
    from them shall follow. Images that are put away or restored while an offer for others stands are taken back with
    those.
    """
    before = st.session_state.get(OFFERED)
    if way in TOGETHER and before and before["way"] == way:
        target = [*dict.fromkeys((*before["target"], *target))]
        parts = tuple(earlier | later for earlier, later in zip(before["parts"], parts, strict=True))
        derived = [image for image in dict.fromkeys((*before["derived"], *derived)) if image not in target]
        text = TOGETHER[way](len(target))
    if derived:
        text += " " + plural("{n} derived image stays.", "{n} derived images stay.", len(derived))
    offered = {"text": text, "way": way, "target": target, "parts": parts, "derived": list(derived)}
    st.session_state[OFFERED] = {"id": token_hex(8)} | offered


def arrive(page: str) -> None:
    """Somebody looks at this page, named by its address: what was offered on another one is over."""
    before, st.session_state[PAGE] = st.session_state.get(PAGE), page
    if page != before and st.session_state.get(OFFERED, {}).get("seen"):
        del st.session_state[OFFERED]


def show(studio: Studio, person: Person) -> None:
    """Draw what is offered; once on a page, at its end."""
    offered = st.session_state.get(OFFERED)
    if not offered:
        return
    offered["seen"] = True
    key = f"undo-{offered['id']}"
    follow = _("Trash too") if offered["derived"] else ""
    UNDO(
        key=key,
        data={
            "text": offered["text"],
            "seconds": SECONDS,
            "words": {"undo": _("Undo"), "close": _("Close"), "follow": follow},
        },
        on_wishes_change=lambda: _told(studio, person, offered, st.session_state[key].wishes),
    )


def _told(studio: Studio, person: Person, offered: Mapping[str, Any], told: Any) -> None:
    """What somebody pressed, or that the time is over. The bar is no longer drawn then, which is all of its answer."""
    if not told:
        return
    if st.session_state.get(OFFERED) == offered:  # else something newer is offered by now
        del st.session_state[OFFERED]
    acts: Mapping[str, Callable[[Wish], object]] = {
        "undo": lambda wish: _take_back(studio, person, offered),
        "follow": lambda wish: _follow(studio, person, offered),
        "closed": lambda wish: None,
    }
    wishes.grant("undo", told, acts)


def _take_back(studio: Studio, person: Person, offered: Mapping[str, Any]) -> None:
    back = WAYS_BACK[offered["way"]]
    done = _("Taken back.")
    toast.after(lambda: back(studio, person, offered["target"], *offered["parts"]), done, ":material/undo:")


def _follow(studio: Studio, person: Person, offered: Mapping[str, Any]) -> None:
    """What was derived goes to the trash too; from then on all of it is taken back together."""
    followed = toast.after(lambda: trash.trash(studio, person, offered["derived"]))
    if followed:
        everything = [*offered["target"], *followed]
        offer(trashed(len(everything)), "images", everything)
