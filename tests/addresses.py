"""Every address of ours with what a test needs to ask for it. To add an address, add a case: `CASES` has to fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import access
from tests import serving
from tests.team import Team

PRIVATE, BEARER, PUBLIC, OPERATORS, NOTHING = "private", "bearer", "public", "operators", "nothing"
"""Who gets an answer: whom a cookie names, whoever has its token, anybody, programs on this machine, nobody."""


@dataclass(frozen=True)
class Case:
    """One address of ours, as its rightful reader asks for it."""

    kind: str
    method: str = "GET"
    query: str = ""
    body: Callable[[Team], Mapping[str, Any]] = field(default=lambda team: {})
    filled: Mapping[str, str] = field(default_factory=dict)
    """What stands in its gaps, where it is no id of the team's."""
    own: bool = False
    """It is about the person who asks alone: to anybody else it answers, with their own."""
    counts: bool = False
    """Asking for it is noted, as it should be."""


def _form(team: Team) -> Mapping[str, Any]:
    return {"data": {"ids": team.ids.image}}


DAYS = "?from=2026-01-01&to=2026-12-31&practice=1"
CASES: dict[str, Case] = {
    "/healthz": Case(PUBLIC),
    "/readyz": Case(OPERATORS),
    "/metrics": Case(OPERATORS),
    "/m/{token}/{image}/{variant}": Case(BEARER, filled={"token": "{media}", "variant": "512"}),
    "/s/{token}": Case(BEARER, counts=True),
    "/s/{token}/password": Case(BEARER, "POST", body=lambda team: {"data": {"password": "anything"}}),
    "/s/{token}/verdict": Case(BEARER, "POST", body=lambda team: {"data": {"form": "forged", "verdict": "no"}}),
    "/s/{token}/card.jpg": Case(BEARER),
    "/s/{token}/m/{image}/{size}": Case(BEARER, filled={"size": "256"}),
    "/ui/{version}/{file}": Case(PUBLIC, filled={"version": "0", "file": "gallery.js"}),
    "/api/gallery": Case(PRIVATE, own=True),
    "/api/gallery/layout": Case(PRIVATE, own=True),
    "/api/gallery/ids": Case(PRIVATE, own=True),
    "/api/gallery/place": Case(PRIVATE, query="?on=2026-01-01&tz=UTC", own=True),
    "/api/gallery/{image}": Case(PRIVATE, query="?placed=1"),
    "/api/gallery/{image}/derived": Case(PRIVATE),
    "/api/find/counts": Case(PRIVATE, query="?q=fox&tz=UTC", own=True),
    "/api/trash": Case(PRIVATE, own=True),
    "/api/trash/layout": Case(PRIVATE, own=True),
    "/api/trash/ids": Case(PRIVATE, own=True),
    "/api/trash/place": Case(PRIVATE, query="?on=2026-01-01&tz=UTC", own=True),
    "/api/conversations/{conversation}/seen": Case(PRIVATE, "POST"),
    "/api/conversations/{conversation}/lineage": Case(PRIVATE),
    "/api/conversations/{conversation}/strip": Case(PRIVATE),
    "/api/posts/{post}/kit.zip": Case(PRIVATE, query="?alt=missing"),
    "/api/analytics/{what}.{form}": Case(PRIVATE, query=DAYS, filled={"what": "calls", "form": "csv"}, own=True),
    "/api/downloads": Case(PRIVATE, "POST", body=_form),
    "/api/uploads": Case(PRIVATE, "POST", body=lambda team: {"content": serving.picture(size=(32, 24))}, own=True),
    "/api/live": Case(PRIVATE, "SOCKET"),
    **{f"/{name}": Case(NOTHING) for name in ("api", "m", "s", "ui")},
    **{f"/{name}/{{rest}}": Case(NOTHING, filled={"rest": "nothing/here"}) for name in ("api", "m", "s", "ui")},
}


def of(*kinds: str) -> list[str]:
    """The addresses that are for these, without the socket."""
    return [address for address, case in CASES.items() if case.kind in kinds and case.method != "SOCKET"]


def gaps(address: str) -> list[str]:
    """The names of what has to be filled in."""
    return [part.partition("}")[0] for part in address.split("{")[1:]]


def filled(team: Team, address: str, **others: str) -> str:
    """The address with the ids of what Ada has, or with others in their place."""
    case, ids = CASES[address], team.ids
    known = vars(ids) | {"media": access.media_token(team.studio, access.Person(ids.person, ""))}
    values = {gap: case.filled.get(gap, f"{{{gap}}}").format(**known) for gap in gaps(address)}
    return address.format(**values | others) + case.query
