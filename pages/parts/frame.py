"""The frame around every screen: who is looking, the studio, and errors as sentences in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core import log
from core.access import Person
from core.errors import StudioError
from core.studio import Studio, current
from pages.parts import door
from pages.parts.tile_words import literal
from pages.parts.words import _

PAGES = Path(__file__).parent.parent


@contextmanager
def screen(title: str) -> Iterator[tuple[Studio, Person]]:
    """Every page's body goes inside: `with frame.screen("Gallery") as (studio, person):`.

    A StudioError shows its sentence where it happened; anything unforeseen is logged once under a number that the
    person can pass on. What was drawn before stays. `st.stop`, `st.rerun` and `st.switch_page` pass through.
    """
    st.set_page_config(page_title=f"{title} · {_('Image Studio')}")
    studio, person = guard()
    with sentences():
        yield studio, person


@contextmanager
def sentences() -> Iterator[None]:
    """Show what goes wrong inside as a sentence in this place, and go on after it."""
    try:
        door.refuse()  # a fragment may be drawn anew long after its page was
        yield
    except StudioError as error:
        st.error(literal(str(error)), icon=":material/error:")  # it may quote what somebody wrote, or an address
    except Exception as error:  # the one place that may: nothing above it but Streamlit's own traceback box
        st.error(_broken(error), icon=":material/error:")


def guard() -> tuple[Studio, Person]:
    """The studio and who is looking at it; pages start here, so a deep link on a cold server is guarded too.

    Whoever is not signed in, or not let in any more, sees the sign-in page instead, and the run ends.
    """
    studio = current()
    person = door.person(studio)
    if person is None:
        st.stop()
    return studio, person


def go(page: str, **query: str) -> None:
    """Open another page by its file's name: `frame.go("conversation", id=conversation_id)`. Does not return."""
    st.switch_page(str(PAGES / f"{page}.py"), query_params=query)


@contextmanager
def column(width: int) -> Iterator[None]:
    """A centred column, at most this many pixels wide."""
    with st.container(horizontal_alignment="center"), st.container(width=width):
        yield


def _broken(error: Exception) -> str:
    return _(
        "Something broke on our side while drawing this page. Nothing was lost. "
        "Try again; if it stays, tell whoever runs the studio this number: {number}"
    ).format(number=log.broken(error))
