"""What the gallery's address looks for: its line, the first images, and how to tell that they changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import streamlit as st

from core import gallery, line, zones
from core.access import Person, Sight
from core.gallery import EVERYTHING, Behind
from core.projects import Titled
from core.studio import Studio
from core.tiles import Page

LINE = "q"
"""In the address: `/gallery?q=is:starred`."""
NOTHING = Page((), None)


@dataclass(frozen=True)
class Found:
    """The beginning of what a line finds."""

    line: str
    page: Page
    revision: str
    """As `gallery.revision`; "" while nobody can tell."""


def found(studio: Studio, person: Person, first: int, titled: Sequence[Titled]) -> Found:
    """What this address shows to this person, whose projects are `titled`.

    Nothing while the line is wrong or its index is made: the header says which it is.
    """
    text = st.query_params.get(LINE, "")
    sight = Sight(studio, person)
    try:
        wanted = line.read(studio, person, text, zone(), titled, sight).wanted if text else EVERYTHING
        return Found(text, *gallery.beginning(studio, person, first, wanted, sight))
    except (line.Misread, Behind):
        return Found(text, NOTHING, "")


def follow(text: str | None) -> None:
    """The person looks for something else."""
    if text:
        st.query_params[LINE] = text
    else:
        st.query_params.pop(LINE, None)


def zone() -> tzinfo:
    """The person's."""
    return zones.named(st.context.timezone)
