"""The ask box: words, pictures, models and settings of one turn; Create and the conversation both show it."""

from collections.abc import Callable, Sequence
from secrets import token_hex

import streamlit as st

from core.access import Person
from core.conversations import Ask
from core.models import Model, TextModel
from core.studio import Studio
from core.views import ImageView
from pages.parts import ask_pictures, choices, drawer, mask, price, prompt
from pages.parts.choices import Settings
from pages.parts.whole import whole
from pages.parts.words import _


def show(
    studio: Studio,
    person: Person,
    key: str,
    *,
    source: ImageView | None = None,
    defaults: Settings | Callable[[], Settings] | None = None,
    submit_label: str | None = None,
    prompt_label: str | None = None,
    on_source: ask_pictures.OnSource | None = None,
    beside: Sequence[str] = (),
) -> Ask | None:
    """Draw the box; the Ask when it was just submitted, else None.

    `key` names the box within the page ("create", "next"). `defaults` (or what gives them, called only when needed)
    count when the box is new or starts from another source, until the person changes something. `source` is what
    the turn starts from; with `on_source` the person may change it here: it is called with the id of an image just
    uploaded, or with None to start from words alone. Images `beside` it become references by themselves.
    After the verb took the ask call `sent(key)`: the next time the box is drawn it is empty. Until then an ask keeps
    its token, so asking again is asking once, and nothing typed is lost when it is refused.
    """
    offered = {model.name: model for model in studio.catalogue.models(studio.providers)}
    token = _token(key)
    choices.begin(key, offered, source, defaults)
    with st.container(border=True, key=key):
        words = prompt.show(studio, person, key, token, prompt_label or _("Describe the image you want to create…"))
        chosen = choices.chosen(key, offered)
        references = ask_pictures.show(studio, person, key, token, chosen, source, on_source, beside)
        painted = _painted(studio, person, f"{key}-mask-{token}", chosen, source)
        choices.models(key, offered)
        ask = Ask(
            prompt=words,
            models=tuple(model.name for model in chosen),
            token=token,
            source=source.id if source else None,
            mask=painted,
            references=references,
            **choices.shape(key, chosen),
            **drawer.show(key, chosen, source, _writers(studio)),
        )
        pressed = _foot(studio, person, key, ask, chosen, submit_label or _("Generate"))
    return ask if pressed else None


def sent(key: str) -> None:
    """The ask of this box was taken: from the next look on it has a new token and is empty.

    Not at once: the second click of a double click must still find the old token.
    """
    st.session_state[f"{key}-sent"] = st.session_state[f"{key}-token"]


@whole
def fill(key: str, words: str) -> None:
    """Write these words into the box; for callbacks."""
    prompt.fill(key, _token(key), words)


def _token(key: str) -> str:
    """The token of the present ask. Widgets that empty with it carry it in their key; so does the button, so that a
    late click on the old one is not a click on the new one."""
    token = st.session_state.get(f"{key}-token")
    spent = token is not None and st.session_state.get(f"{key}-sent") == token
    if token is None or (spent and not st.session_state.get(prompt.button(key, token))):
        token = st.session_state[f"{key}-token"] = token_hex(8)
    return str(token)


def _painted(studio: Studio, person: Person, key: str, chosen: Sequence[Model], source: ImageView | None) -> str | None:
    """Offer to paint on the source where one of the models can change only a part; the mask's id."""
    if source is None or not any(model.mask for model in chosen):
        return None
    return mask.paint(studio, person, key, source)


def _writers(studio: Studio) -> Sequence[TextModel]:
    """The models that can write a caption here."""
    return studio.catalogue.texts(studio.writers)


def _foot(studio: Studio, person: Person, key: str, ask: Ask, chosen: Sequence[Model], label: str) -> bool:
    """What it will cost and take, what will be left out, and the button."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="stretch", gap=None, key=f"{key}-price"):
            price.show(studio, person, ask)
        button = prompt.button(key, ask.token)
        pressed = st.button(label, key=button, type="primary", icon=":material/auto_awesome:", shortcut="Mod+Enter")
    price.warn(studio, chosen)
    return pressed
