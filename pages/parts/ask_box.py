"""The ask box: words, models, settings and pictures of one turn; Create and the conversation both show it."""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

import streamlit as st

from core import access
from core.access import Person
from core.conversations import Ask
from core.models import Model
from core.studio import Studio
from core.views import ImageView
from pages.parts import drawer, price
from pages.parts.components import component
from pages.parts.words import _

PICTURES = component("ask")
MOST_EACH = 8
WIDTH = 104
"""Pixels of a small choice; three fit side by side on a phone."""

Settings = Mapping[str, Any]
"""A turn's settings as `TurnView.settings` and `Ask.settings` have them."""


def show(
    studio: Studio,
    person: Person,
    key: str,
    *,
    source: ImageView | None = None,
    defaults: Settings | Callable[[], Settings] | None = None,
    submit_label: str | None = None,
    prompt_label: str | None = None,
    on_source: Callable[[str | None], None] | None = None,
) -> Ask | None:
    """Draw the box; the Ask when it was just submitted, else None.

    `key` names the box within the page ("create", "next"). `defaults` (or what gives them, called only when needed)
    count when the box is new or starts from another source, until the person changes something. `source` is what
    the turn starts from; with `on_source` the person may change it here: it is called with the id of an image just
    uploaded, or with None to start from words alone.
    After the verb took the ask call `sent(key)`: the next time the box is drawn it is empty. Until then an ask keeps
    its token, so asking again is asking once, and nothing typed is lost when it is refused.
    """
    models = {model.name: model for model in studio.catalogue.models(studio.providers)}
    token = _token(key)
    _begin(key, models, source, defaults)
    with st.container(border=True, key=key):
        prompt = _prompt(key, token, prompt_label or _("Describe the image you want to create…"))
        chosen = _chosen(key, models)
        references = _pictures(studio, person, key, token, chosen, source, on_source)
        _models(key, models)
        ask = Ask(
            prompt=prompt,
            models=tuple(model.name for model in chosen),
            token=token,
            source=source.id if source else None,
            references=references,
            **_shape(key, chosen),
            **drawer.show(key, chosen, editing=source is not None),
        )
        pressed = _foot(studio, person, key, ask, chosen, submit_label or _("Generate"))
    return ask if pressed else None


def sent(key: str) -> None:
    """The ask of this box was taken: from the next look on it has a new token and is empty.

    Not at once: the second click of a double click must still find the old token.
    """
    st.session_state[f"{key}-sent"] = st.session_state[f"{key}-token"]


def fill(key: str, prompt: str) -> None:
    """Write these words into the box; for callbacks."""
    st.session_state[f"{key}-prompt-{_token(key)}"] = prompt


def _token(key: str) -> str:
    """The token of the present ask. Widgets that empty with it carry it in their key; so does the button, so that a
    late click on the old one is not a click on the new one."""
    token = st.session_state.get(f"{key}-token")
    spent = token is not None and st.session_state.get(f"{key}-sent") == token
    if token is None or (spent and not st.session_state.get(f"{key}-go-{token}")):
        token = st.session_state[f"{key}-token"] = token_hex(8)
    return str(token)


def _begin(
    key: str,
    models: Mapping[str, Model],
    source: ImageView | None,
    defaults: Settings | Callable[[], Settings] | None,
) -> None:
    """Set what the person has not set: on the box's first look, and when it starts from another image."""
    state, begun = st.session_state, f"{key}-begun"
    start = source.id if source else ""
    if state.get(begun) == start:
        return
    given = (defaults() if callable(defaults) else defaults) or {}
    known = [name for name in given.get("models", ()) if name in models] or list(models)[:1]
    if begun not in state or source:
        state[f"{key}-models"] = known
    if begun not in state:
        state.update({f"{key}-{name}": given[name] for name in ("ratio", "resolution", "count") if name in given})
    state[begun] = start


def _prompt(key: str, token: str, label: str) -> str:
    with st.container(key=f"{key}-prompt"):
        return st.text_area(
            label,
            key=f"{key}-prompt-{token}",
            height=110,
            placeholder=label,
            label_visibility="collapsed",
            on_change="ignore",  # the words travel with the next run; typing alone draws nothing anew
            persist_state="session",
        )


def _chosen(key: str, models: Mapping[str, Model]) -> list[Model]:
    return [models[name] for name in st.session_state.get(f"{key}-models", ()) if name in models]


def _models(key: str, models: Mapping[str, Model]) -> None:
    def label(name: str) -> str:
        model = models[name]
        marked = model.practice and _("practice") not in model.label.lower()
        return f"{model.label} · {_('practice')}" if marked else model.label

    st.multiselect(
        _("Models"),
        list(models),
        format_func=label,
        key=f"{key}-models",
        placeholder=_("Pick one or more models"),
        select_all=False,  # a slip that costs money
        persist_state="session",
    )


def _shape(key: str, chosen: Sequence[Model]) -> dict[str, Any]:
    """Ratio, resolution and how many, side by side."""
    with st.container(horizontal=True, gap="xsmall", key=f"{key}-shape"):
        ratio = _pick(key, "ratio", _("Ratio"), [m.ratios for m in chosen if m.ratios], "1:1")
        sizes = [m.resolutions for m in chosen if m.resolutions]
        resolution = _pick(key, "resolution", _("Resolution"), sizes, "1K")
        numbers = list(range(1, MOST_EACH + 1))
        count = st.selectbox(_("Images each"), numbers, key=f"{key}-count", width=WIDTH, persist_state="session")
    return {"ratio": ratio, "resolution": resolution, "count": count}


def _pick(key: str, name: str, label: str, offers: Sequence[Sequence[str]], usual: str) -> str:
    """One of what all chosen models offer; of what any offers when they have nothing in common."""
    everything = list(dict.fromkeys(value for offer in offers for value in offer)) or [usual]
    options = [value for value in everything if all(value in offer for offer in offers)] or everything
    if st.session_state.get(f"{key}-{name}") not in options:
        st.session_state[f"{key}-{name}"] = usual if usual in options else options[0]
    return st.selectbox(label, options, key=f"{key}-{name}", width=WIDTH, persist_state="session")


def _pictures(
    studio: Studio,
    person: Person,
    key: str,
    token: str,
    chosen: Sequence[Model],
    source: ImageView | None,
    on_source: Callable[[str | None], None] | None,
) -> tuple[str, ...]:
    """What the ask starts from and its references; their ids stay here, so a reload of the browser part loses none."""
    kept, mount = f"{key}-references-{token}", f"{key}-pictures-{token}"

    def keep() -> None:
        st.session_state[kept] = tuple(map(str, st.session_state[mount].references or ()))

    def start() -> None:
        if on_source:
            on_source(str(st.session_state[mount].source or "") or None)

    def draft() -> None:
        st.session_state[f"{key}-prompt-{token}"] = str(st.session_state[mount].draft or "")

    PICTURES(
        key=mount,
        data={
            "prompt": f".st-key-{key}-prompt textarea",
            "source": source and source.id,
            "changeable": on_source is not None,
            "startable": on_source is not None and source is None and any(model.takes_source for model in chosen),
            "references": st.session_state.get(kept, ()),
            "room": max((_room(model, source) for model in chosen), default=0),
            "base": f"/m/{access.media_token(studio, person)}/",
            "words": _picture_words(),
        },
        on_references_change=keep,
        on_source_change=start,
        on_draft_change=draft,
    )
    return tuple(st.session_state.get(kept, ()))


def _room(model: Model, source: ImageView | None) -> int:
    """How many references this model takes beside the source."""
    return min(model.references_max, model.inputs_max - (source is not None))


def _picture_words() -> dict[str, str]:
    return {
        "add": _("Add reference images"),
        "start": _("Start from an image"),
        "hint": _("Choose files, paste a picture or drop it on this page"),
        "source": _("Starts from"),
        "reference": _("Reference"),
        "remove": _("Remove"),
        "uploading": _("Uploading…"),
        "full": _("These models do not take more reference images. Remove some, or pick another model."),
        "unreachable": _("The picture did not reach the studio. Check the connection and add it again."),
    }


def _foot(studio: Studio, person: Person, key: str, ask: Ask, chosen: Sequence[Model], label: str) -> bool:
    """What it will cost and take, what will be left out, and the button."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="stretch", gap=None, key=f"{key}-price"):
            price.show(studio, person, ask)
        pressed = st.button(
            label, key=f"{key}-go-{ask.token}", type="primary", icon=":material/auto_awesome:", shortcut="Mod+Enter"
        )
    price.warn(studio, chosen)
    return pressed
