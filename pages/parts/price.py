"""What a turn will cost and take, and what will be left out: said before anybody pays."""

from collections.abc import Sequence

import streamlit as st

from core import catalogue, conversations
from core.access import Person
from core.again import price
from core.asks import Price
from core.conversations import Ask, Quote
from core.errors import Refused
from core.models import Model
from core.studio import Studio
from core.views import TurnView
from pages.parts.tile_words import literal
from pages.parts.words import _, money, plural, seconds


def show(studio: Studio, person: Person, ask: Ask) -> None:
    """One line, "3 images, about $0.17, first in ~9 s", grey while nobody knows how long; below, what is left out."""
    if not ask.models:
        st.caption(_("Pick at least one model."))
        return
    try:
        quote = conversations.quote(studio, person, ask)
    except Refused as refusal:
        st.caption(literal(str(refusal)))
        return
    line = _line(quote).replace("$", r"\$").replace("~", r"\~")
    st.markdown(line if quote.first_seconds is not None else f":gray[{line}]")
    for sentence in quote.left_out:
        st.caption(sentence)
    if quote.warning:
        st.caption(f":orange[:material/savings: {quote.warning}]".replace("$", r"\$"))


def cost(studio: Studio, person: Person, ask: Ask) -> str:
    """What it will cost, in words. Raises Refused as asking would."""
    return _cost(conversations.quote(studio, person, ask))


def warn(studio: Studio, models: Sequence[Model]) -> None:
    """A sentence for each of these models that ends soon."""
    for model in models:
        if warning := catalogue.warn_soon(model, studio.now().date()):
            st.caption(f":orange[:material/event_busy: {warning}]")


def again(studio: Studio, turn: TurnView) -> str:
    """What asking this turn once more would cost; "" when nobody can."""
    found = price(studio, turn)
    return _cost(found) if found else ""


def _cost(found: Quote | Price) -> str:
    return _("practice, free") if found.practice else _("about {cost}").format(cost=money(found.cost))


def _line(quote: Quote) -> str:
    parts = [plural("{n} image", "{n} images", quote.images)]
    parts.append(_cost(quote))
    if quote.first_seconds is not None:
        parts.append(_("first in ~{time}").format(time=seconds(quote.first_seconds)))
    if quote.all_seconds is not None and quote.images > 1:
        parts.append(_("all in ~{time}").format(time=seconds(quote.all_seconds)))
    return ", ".join(parts)
