"""Who the sign-in says somebody is, and whether they are let in.

In local mode nobody signs in. With "oidc" a provider says who somebody is, in a cookie that only we can sign; with
"proxy" a proxy on this machine says it in a header.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from core import access, events, standing
from core.access import Person
from core.errors import Refused
from core.settings import Settings
from core.standing import Standing
from core.studio import Studio
from core.tables import ADMIN, LEAD, MEMBER, User

LOCAL, OIDC, PROXY = "local", "oidc", "proxy"
MODES = (LOCAL, OIDC, PROXY)
Claims = Mapping[str, Any]
"""What a provider or a proxy says of somebody; empty when nobody is signed in."""
RESERVED = (LOCAL, PROXY, "default")
SKEW = 300
"""Seconds by which a provider's clock may be ahead of ours."""
LONGEST = 255
"""Letters of a name or an id that are kept; OpenID allows no longer ids."""
_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")


class SignedOut(Refused):
    """Nobody is signed in, or not any more."""


@dataclass(frozen=True)
class Provider:
    """A service that knows who people are; the name stands on its button and in what it calls them."""

    name: str
    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Claimed:
    """Who the sign-in says somebody is."""

    subject: str
    name: str
    email: str
    role: str | None
    """None leaves it to the admins of the studio."""
    began: float
    """When they signed in, in seconds of Unix time."""
    sign_in: str
    """A name for this one sign-in, which tells nothing."""


def check(settings: Settings, address: str | None) -> None:
    """Raise Refused when nobody should be served like this; `address` is where the server will listen, None: anywhere.

    Without a sign-in of our own only this machine may connect: nobody else could be told from an intruder.
    """
    if settings.sign_in not in MODES:
        raise Refused(f"SIGN_IN is “{settings.sign_in}”. It can be local, oidc or proxy.")
    if settings.sign_in == OIDC:
        providers(settings)
        _check_address(settings)
    elif not is_loopback(address or ""):
        why = {LOCAL: "There is no sign-in", PROXY: "Only the proxy may say who somebody is"}[settings.sign_in]
        where = address or "every address"
        raise Refused(f"{why}, so the studio answers only to this machine: listen at 127.0.0.1, not at {where}.")


def providers(settings: Settings) -> tuple[Provider, ...]:
    """Those that people choose from, in their order. Raises Refused with what is missing or wrong."""
    issuers, ids, secrets = map(_pairs, (settings.oidc_issuers, settings.oidc_client_ids, settings.oidc_client_secrets))
    if not issuers:
        raise Refused("SIGN_IN is oidc, and OIDC_ISSUERS names no provider.")
    for name, issuer in issuers.items():
        if not _NAME.fullmatch(name) or name.lower() in RESERVED:
            raise Refused(f"“{name}” cannot be the name of a provider: take letters, digits and hyphens.")
        if not _is_safe(issuer):
            raise Refused(f"The issuer of {name} must begin with https://.")
        if name not in ids or name not in secrets:
            raise Refused(f"OIDC_CLIENT_IDS and OIDC_CLIENT_SECRETS both need {name}=… for its provider.")
    return tuple(Provider(name, issuer, ids[name], secrets[name]) for name, issuer in issuers.items())


def hosts(settings: Settings) -> frozenset[str]:
    """Host names that the studio answers to beside those of this machine; none named: to any. Not in local mode."""
    named = [*_words(settings.allowed_hosts), urlsplit(settings.public_address).hostname]
    return frozenset(name for name in named if name) if settings.sign_in != LOCAL else frozenset()


def person(studio: Studio, claims: Claims) -> Person:
    """Whom these claims name; made at first use.

    Raises SignedOut when they name nobody or count no longer, and Refused for somebody who is not let in.
    """
    if studio.settings.sign_in == LOCAL:
        here = standing.of_subject(studio, LOCAL)
        return Person(here.id, here.name) if here else access.local_person(studio)
    said = claimed(studio.settings, claims, studio.now())
    known = standing.of_subject(studio, said.subject)
    if known is None or (said.began > known.told and _differs(said, known)):
        known = _keep(studio, said)
    if known.off:
        raise Refused("You are switched off in Image Studio. Ask an admin of your team.")
    if said.sign_in in known.over:
        raise SignedOut("You signed out.")
    return Person(known.id, known.name)


def claimed(settings: Settings, claims: Claims, now: datetime) -> Claimed:
    """What these claims say, checked. Raises SignedOut and Refused as `person` does; asks no database."""
    return (_of_proxy if settings.sign_in == PROXY else _of_provider)(settings, claims, now.timestamp())


def from_headers(settings: Settings, header: Callable[[str], Sequence[str]]) -> Claims:
    """The claims that a proxy puts into headers; `header` gives all values of one. Elsewhere headers say nothing."""
    named = header(settings.proxy_user_header) if settings.sign_in == PROXY else ()
    if len(named) != 1 or not named[0].strip():  # two: somebody brought one of their own past the proxy
        return {}
    groups = header(settings.proxy_groups_header) if settings.proxy_groups_header else ()
    return {"email": named[0].strip(), "groups": ",".join(groups)}


def end(studio: Studio, claims: Claims) -> None:
    """Sign out: this sign-in counts no longer, also in other tabs and for whoever copied its cookie."""
    with suppress(Refused):
        said = claimed(studio.settings, claims, studio.now())
        known = standing.of_subject(studio, said.subject)
        if known:
            with studio.transaction() as db:
                events.record(studio, db, standing.SIGNED_OUT, known.id, sign_in=said.sign_in)
            standing.forget(studio)


def given_role(settings: Settings, email: str, groups: Sequence[str] = ()) -> str | None:
    """The role that lists and groups give; None where they leave it to the admins."""
    for role, emails, names in (
        (ADMIN, settings.admin_emails, settings.admin_groups),
        (LEAD, settings.lead_emails, settings.lead_groups),
    ):
        if (email and email in _words(emails)) or set(groups) & set(_parts(names)):
            return role
    return MEMBER if by_groups(settings) else None


def by_groups(settings: Settings) -> bool:
    """Whether the sign-in says everybody's role."""
    named = {OIDC: settings.role_claim, PROXY: settings.proxy_groups_header}
    return bool(named.get(settings.sign_in))


def is_loopback(address: str) -> bool:
    """True for names of this machine that nobody else can reach."""
    try:
        return address == "localhost" or ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def _of_provider(settings: Settings, claims: Claims, now: float) -> Claimed:
    provider, sub, began = claims.get("provider"), claims.get("sub"), claims.get("iat")
    if not claims.get("is_logged_in"):
        raise SignedOut("Sign in to go on.")
    if provider not in _pairs(settings.oidc_issuers) or not isinstance(sub, str) or not 0 < len(sub) <= LONGEST:
        raise SignedOut("This sign-in names nobody. Sign in again.")
    if not isinstance(began, int | float) or not now - settings.sign_in_hours * 3600 < began <= now + SKEW:
        raise SignedOut("Your sign-in has ended. Sign in again.")
    sure = str(claims.get("email_verified", "")).lower() == "true"  # else anybody could write any address there
    email = str(claims.get("email") or "").strip().lower()[:LONGEST] if sure else ""
    _refuse_strangers(settings, email)
    subject = f"{provider}|{sub}"
    name = claims.get("name") or claims.get("preferred_username") or email or "Somebody"
    role = given_role(settings, email, _parts(claims.get(settings.role_claim) if settings.role_claim else ""))
    sign_in = hashlib.sha256(f"{subject}|{began}|{claims.get('nonce')}".encode(errors="replace")).hexdigest()[:32]
    return Claimed(subject, str(name)[:LONGEST], email, role, float(began), sign_in)


def _of_proxy(settings: Settings, claims: Claims, now: float) -> Claimed:
    email = str(claims.get("email") or "").lower()
    if not 0 < len(email) <= LONGEST:
        raise SignedOut("The proxy in front of Image Studio did not say who you are.")
    _refuse_strangers(settings, email)
    role = given_role(settings, email, _parts(claims.get("groups")))
    return Claimed(f"{PROXY}|{email}", email.partition("@")[0], email, role, float(claims.get("began", now)), "")


def _refuse_strangers(settings: Settings, email: str) -> None:
    allowed = _words(settings.sign_in_allowed)
    if allowed and email not in allowed and f"@{email.rpartition('@')[2]}" not in allowed:
        whom = email or "An account whose e-mail address is not confirmed"
        raise Refused(f"{whom} is not let in here. Sign in with the account of your team.")


def _differs(said: Claimed, known: Standing) -> bool:
    role = said.role or known.role
    return (said.name, said.email, role) != (known.name, known.email, known.role)


def _keep(studio: Studio, said: Claimed) -> Standing:
    """Write down what the sign-in says. Two processes may do so at once; the first one makes the row."""
    row = User(
        subject=said.subject, name=said.name, email=said.email, role=said.role or MEMBER, created_at=studio.now()
    )
    with suppress(IntegrityError), studio.transaction() as db:
        user = db.exec(select(User).where(User.subject == said.subject).with_for_update()).first() or row
        user.name, user.email, user.role = said.name, said.email, said.role or user.role
        db.add(user)
        db.flush()
        events.record(studio, db, standing.TOLD, user.id, began=said.began, role=user.role)
    standing.forget(studio)
    known = standing.of_subject(studio, said.subject)
    assert known, "it was written just now"
    return known


def _check_address(settings: Settings) -> None:
    parts = urlsplit(settings.public_address)
    if not _is_safe(settings.public_address) or parts.path.strip("/") or parts.query:
        raise Refused("SIGN_IN is oidc, so PUBLIC_ADDRESS must say where people open the studio: https://…")
    if settings.sign_in_hours < 1:
        raise Refused("SIGN_IN_HOURS must be 1 or more.")


def _is_safe(address: str) -> bool:
    """Only over a line that nobody else reads; on this machine nobody does."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _pairs(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in text.split())}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.lower().replace(",", " ").split())


def _parts(groups: Any) -> tuple[str, ...]:
    """Groups come as a list or as one text with commas; their names may hold blanks."""
    named = groups.split(",") if isinstance(groups, str) else groups if isinstance(groups, list | tuple) else ()
    return tuple(str(group).strip() for group in named if str(group).strip())
