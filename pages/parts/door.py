"""The door: who is looking, the sign-in page for whoever is not in, and the way out."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import sign_in, standing
from core.access import Person
from core.errors import Refused
from core.sign_in import Claims
from core.studio import Studio, current
from core.tables import ADMIN
from pages.parts.tile_words import literal
from pages.parts.whole import whole
from pages.parts.words import _

ICON = Path(__file__).parent / "icon.svg"
WIDTH = 360
OPENED = "door-opened"

# The menu of the person sits in the page's head, which Streamlit keeps for itself.
STYLE = """
<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-person) { position: absolute }
.st-key-person { position: fixed; top: 0.5rem; right: 1rem; width: auto; z-index: 1000000 }
.st-key-person button:is(*, :hover, :focus, :active) { color: inherit }
.st-key-person button p { max-width: 40vw; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
</style>
"""
PAGE_STYLE = """
<style>
.st-key-door { padding-top: max(1rem, 16vh) }
.st-key-door img { border-radius: 14px }
</style>
"""


def person(studio: Studio) -> Person | None:
    """Who is looking. For whoever is not signed in, or not let in, it draws the sign-in page and answers None."""
    try:
        return sign_in.person(studio, _claims(studio))
    except sign_in.SignedOut as error:
        by_provider = studio.settings.sign_in == sign_in.OIDC
        never = by_provider and not _claims(studio).get("is_logged_in")
        _draw(studio, "" if never else str(error))
    except Refused as error:
        _draw(studio, str(error), refused=True)
    return None


def refuse() -> None:
    """Raise Refused for whoever was put out since the page was drawn: callbacks and fragments run before the page."""
    studio = current()
    sign_in.person(studio, _claims(studio))


def admits_admin(studio: Studio, person: Person) -> bool:
    """Whether it is an admin who came in. They were just looked up, so the database is not asked again."""
    here = standing.of(studio, person.id)
    return here is not None and here.role == ADMIN


def sign_out(studio: Studio, person: Person) -> None:
    """The person's menu in the head of the page; in local mode there is nobody to sign out."""
    if studio.settings.sign_in == sign_in.LOCAL:
        return
    st.html(STYLE)
    with (
        st.container(key="person"),
        st.popover(literal(person.name), icon=":material/account_circle:", type="tertiary"),
    ):
        if studio.settings.sign_in == sign_in.OIDC:
            icon = ":material/logout:"
            st.button(_("Sign out"), key="sign-out", icon=icon, on_click=_out, args=(studio,), width="stretch")
        else:
            st.caption(_("Signed in by the proxy of your team."))


def _claims(studio: Studio) -> Claims:
    if studio.settings.sign_in == sign_in.OIDC:
        return st.user.to_dict()
    claims = sign_in.from_headers(studio.settings, st.context.headers.get_all)
    # They are those with which this tab was opened: what a newer one brought since then counts more.
    return {**claims, "began": st.session_state.setdefault(OPENED, studio.now().timestamp())} if claims else {}


def _draw(studio: Studio, why: str, refused: bool = False) -> None:
    st.html(PAGE_STYLE)
    with (
        st.container(key="door", horizontal_alignment="center"),
        st.container(width=WIDTH, horizontal_alignment="center"),
    ):
        st.image(str(ICON), width=56, alt="")
        st.title(_("Image Studio"), anchor=False, text_alignment="center")
        if why:
            (st.warning if refused else st.info)(literal(why))
        if studio.settings.sign_in != sign_in.OIDC:
            return
        if refused:
            st.button(_("Sign in as somebody else"), key="sign-out", on_click=_out, args=(studio,), width="stretch")
        else:
            _choice(sign_in.providers(studio.settings))


def _choice(providers: Sequence[sign_in.Provider]) -> None:
    """A button for each; where there are several, none is more than the others."""
    st.markdown(_("Sign in with the account of your team."), text_alignment="center")
    for provider in providers:
        st.button(
            _("Continue with {provider}").format(provider=provider.name),
            key=f"sign-in-{provider.name}",
            type="primary" if len(providers) == 1 else "secondary",
            on_click=st.login,
            args=(provider.name,),
            width="stretch",
        )


@whole
def _out(studio: Studio) -> None:
    sign_in.end(studio, _claims(studio))
    st.logout()
