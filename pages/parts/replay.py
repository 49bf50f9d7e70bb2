"""The dialog that replays a branch on another model: which turns, what they cost, and then one after another."""

from secrets import token_hex

import streamlit as st

from core import replays
from core.access import Person
from core.conversations import Opened
from core.errors import Refused
from core.replays import Plan, Stop
from core.studio import Studio
from core.views import TurnView
from pages.parts import frame
from pages.parts.tile_words import literal
from pages.parts.words import _, money, plural, seconds

WANTED = "replay-wanted"
SHORT = 90
"""Characters of a prompt in the list of turns."""
FEW, HIGH = 6, 260
"""More turns than that scroll in a list that is so many pixels high."""


def want(turn_id: str) -> None:
    """Open the dialog for the branch that ends with this turn, the next time the page is drawn; for callbacks."""
    st.session_state[WANTED] = (turn_id, token_hex(8))


def show(studio: Studio, person: Person, opened: Opened) -> None:
    """Open the dialog if somebody wants it."""
    turn_id, token = st.session_state.pop(WANTED, (None, ""))
    turn = next((turn for turn in opened.turns if turn.id == turn_id), None)
    if turn:
        st.dialog(_("Replay on another model"), width="medium")(_inside)(studio, person, turn, token)


def _inside(studio: Studio, person: Person, turn: TurnView, token: str) -> None:
    offered = {model.name: model for model in studio.catalogue.models(studio.providers)}
    asked = {answer.name for answer in turn.generations}
    others = [name for name in offered if name not in asked] + [name for name in offered if name in asked]
    with frame.sentences():
        model = st.selectbox(_("Model"), others, format_func=lambda name: offered[name].label, key=f"replay-{token}")
        try:
            plan = replays.plan(studio, person, turn.id, model)
        except Refused as refusal:
            st.info(literal(str(refusal)), icon=":material/info:")
            return
        _said(_("Asks the same words again. Each turn starts from what the one before it made."))
        _list(plan)
        if st.button(_label(plan), type="primary", icon=":material/replay:", key=f"replay-go-{token}", width="stretch"):
            replays.begin(studio, person, turn.id, model, token)
            st.toast(_("The replay began. Its turns follow one after another."), icon=":material/check:")
            st.rerun()


def _list(plan: Plan) -> None:
    """Which turns will be asked, each with its price, and what will be left out."""
    with st.container(height=HIGH if len(plan.stops) > FEW else "content", gap="xsmall", key="stops"):
        for stop in plan.stops:
            _row(stop, _("free") if plan.practice else money(stop.cost))
    if plan.shortened:
        _said(_("The branch is longer; it is replayed from turn {n} on.").format(n=plan.stops[0].position))
    for sentence in plan.left_out:
        _said(sentence)
    if plan.warning:
        _said(plan.warning)
    if plan.seconds:
        _said(_("Takes about {time} in all; you can leave this page.").format(time=seconds(plan.seconds)))


def _said(text: str) -> None:
    st.markdown(f":small[{literal(text)}]")


def _row(stop: Stop, price: str) -> None:
    images = plural("{n} image", "{n} images", stop.images)
    with st.container(horizontal=True, gap="small", wrap=False):
        st.markdown(f":small[{literal(_('Turn {n}').format(n=stop.position))}]", width=64)
        st.markdown(f":small[{literal(_short(stop.prompt))}]", width="stretch")
        st.markdown(f":small[{literal(f'{images} · {price}')}]", width="content")


def _label(plan: Plan) -> str:
    turns = plural("Replay {n} turn", "Replay {n} turns", len(plan.stops))
    price = _("practice, free") if plan.practice else _("about {cost}").format(cost=money(plan.cost))
    return f"{turns}, {price}".replace("$", r"\$")


def _short(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= SHORT else words[:SHORT].rsplit(" ", 1)[0] + "…"
