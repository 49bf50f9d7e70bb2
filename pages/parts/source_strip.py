"""Which image the next turn starts from: the one that is asked for, the newest, or words alone."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit_image_select import image_select

from core import access
from core.access import Person
from core.conversations import Opened
from core.studio import Studio
from core.views import GenerationView, ImageView, TurnView
from pages.parts import beginnings
from pages.parts.ask_box import Settings
from pages.parts.tile_words import literal
from pages.parts.words import _

WORDS = "words"
"""Stands for no image, in the address and in the strip."""
MOST = 11
"""Newest images in the strip, beside the words; it draws all of them at once."""
_LETTERS = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160"><rect width="160" height="160" fill="#ecebf2"/>'
    '<text x="80" y="98" font-family="system-ui,sans-serif" font-size="52" text-anchor="middle" '
    'fill="#5b5b72">Aa</text></svg>'
)
LETTERS = f"data:image/svg+xml;base64,{b64encode(_LETTERS.encode()).decode()}"


def chosen(studio: Studio, person: Person, opened: Opened, wanted: str | None, key: str) -> ImageView | None:
    """The image with the id `wanted`, None for words alone; without a wish the newest that can be taken further.

    The newest of a moment ago stays while somebody writes in the box `key`: what they write is about that image.
    Raises NotFound for an image that is not there, or somebody else's.
    """
    if wanted == WORDS:
        return None
    offered = {image.id: image for image in opened.images}
    if wanted:
        return offered.get(wanted) or beginnings.source(studio, person, wanted)
    kept = f"{key}-newest"
    if not (kept in st.session_state and _writing(key)):
        st.session_state[kept] = _newest(studio, opened)
    return offered.get(st.session_state[kept])


def show(
    studio: Studio, person: Person, opened: Opened, source: ImageView | None, on_source: Callable[[str | None], None]
) -> None:
    """The newest images as a strip; calls `on_source` and runs again when another one is picked."""
    images = list(reversed(opened.images))[:MOST]
    if source and source not in images:
        images = [source, *images[: MOST - 1]]
    if not images:
        return
    label = _("{where} · choose another").format(where=literal(where(studio, opened, source)))
    with st.expander(label, icon=":material/start:", key="strip", on_change="rerun") as strip:
        if not strip.open:
            st.session_state.pop("strip-drawn", None)
            return
        present = source.id if source else WORDS
        picked = _strip(studio, person, opened, images, present)
    if picked != present:
        on_source(None if picked == WORDS else picked)
        st.rerun()


def _strip(studio: Studio, person: Person, opened: Opened, images: Sequence[ImageView], present: str) -> str:
    """Draw it; what is picked in it. It marks its first picture until a click, whatever its `index` says, and keeps
    the pictures it was first drawn with; so it is drawn anew, with the present choice first, when either is wrong."""
    base = f"/m/{access.media_token(studio, person)}/"
    looks = {WORDS: (LETTERS, _("Words alone"))}
    looks |= {image.id: (f"{base}{image.id}/256", _caption(opened, image)) for image in images}
    choices, picked = st.session_state.get("strip-drawn", ((), None))
    if set(choices) != set(looks) or picked != present:
        choices = (present, *(choice for choice in looks if choice != present))
    index = image_select(
        _("Pick what the next turn starts from"),
        [looks[choice][0] for choice in choices],
        captions=[looks[choice][1] for choice in choices],
        use_container_width=False,
        return_value="index",
        key=f"strip-{hashlib.sha256(repr(choices).encode()).hexdigest()[:16]}",
    )
    st.session_state["strip-drawn"] = (choices, choices[index])
    return choices[index]


def settings(studio: Studio, opened: Opened, source: ImageView | None) -> Settings:
    """What the next turn begins with: as the source's turn was asked, with those of its models that take an image."""
    if not opened.turns:
        return {}
    made = _made(opened, source) if source else None
    turn = made[0] if made else opened.turns[-1]
    models = turn.settings.get("models", ())
    if source:
        able = [model.name for model in studio.catalogue.models(studio.providers) if model.takes_source]
        models = [name for name in models if name in able] or able[:1]
    return {**turn.settings, "models": models}


def beside(opened: Opened, source: ImageView | None) -> list[str]:
    """What was made in the same turn as the source: the next turn may take from it too."""
    made = _made(opened, source) if source else None
    return [image.id for answer in made[0].generations for image in answer.images if image != source] if made else []


def where(studio: Studio, opened: Opened, source: ImageView | None) -> str:
    """The choice in words, for everybody and for whom the strip says nothing."""
    if source is None:
        return _("Starts from words alone")
    made = _made(opened, source)
    if made is None:
        return _("Starts from another image")
    turn, answer = made
    return _("Starts from turn {n}, {model}").format(n=turn.position, model=studio.catalogue.label(answer.name))


def _made(opened: Opened, image: ImageView) -> tuple[TurnView, GenerationView] | None:
    """The turn and the answer that this image came from, if it is of this conversation."""
    answers = ((turn, answer) for turn in opened.turns for answer in turn.generations)
    return next(((turn, answer) for turn, answer in answers if image in answer.images), None)


def _writing(key: str) -> bool:
    """Whether there are words in the ask box that were not sent."""
    state = st.session_state
    token = state.get(f"{key}-token")
    return token != state.get(f"{key}-sent") and bool(state.get(f"{key}-prompt-{token}"))


def _newest(studio: Studio, opened: Opened) -> str | None:
    """Of the last turn that has images, when a model that it asked can start from one."""
    for turn in reversed(opened.turns):
        images = [image for answer in turn.generations for image in answer.images]
        if images:
            asked = {answer.name for answer in turn.generations}
            able = (m.name for m in studio.catalogue.models(studio.providers) if m.takes_source)
            return None if asked.isdisjoint(able) else images[-1].id
    return None


def _caption(opened: Opened, image: ImageView) -> str:
    made = _made(opened, image)
    return _("Turn {n}").format(n=made[0].position) if made else _("Uploaded")
