"""Who the sign-in says somebody is: modes, providers, lists, groups, and how long it counts. A doubt lets nobody in."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from core import access, people, sign_in
from core.access import Person
from core.errors import Refused
from core.settings import Settings
from core.sign_in import SignedOut
from core.studio import Studio, open_studio
from core.tables import ADMIN, LEAD, MEMBER
from tests.conftest import Clock

PROVIDERS = {
    "sign_in": "oidc",
    "public_address": "https://studio.example.org",
    "oidc_issuers": "Acme=https://login.acme.example Globex=https://globex.example/id",
    "oidc_client_ids": "Acme=one Globex=two",
    "oidc_client_secrets": "Acme=a=b Globex=c",
}


@pytest.fixture
def studio(furnished: Settings, clock: Clock) -> Iterator[Studio]:
    opened = open_studio(replace(furnished, **PROVIDERS), clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def claims(clock: Clock) -> Callable[..., dict[str, Any]]:
    """What a provider says of Ada, who signs in at this moment."""

    def said(**others: object) -> dict[str, Any]:
        known = {"is_logged_in": True, "provider": "Acme", "sub": "ada", "name": "Ada Lovelace", "nonce": "n"}
        known |= {"email": "Ada@Example.org", "email_verified": True, "iat": clock().timestamp()}
        return known | others

    return said


def role(studio: Studio, person: Person) -> str:
    boss = access.person_named(studio, "boss", "Boss", ADMIN)
    return next(member.role for member in people.everybody(studio, boss) if member.id == person.id)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
@pytest.mark.parametrize("mode", ["local", "proxy"])
def test_without_a_sign_in_of_its_own_it_listens_to_this_machine(mode: str, address: str) -> None:
    sign_in.check(Settings(sign_in=mode), address)


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "10.0.0.1", "studio.example.org", "", None, "localhost.evil.example"]
)
@pytest.mark.parametrize("mode", ["local", "proxy"])
def test_without_a_sign_in_of_its_own_it_refuses_to_listen_to_others(mode: str, address: str | None) -> None:
    with pytest.raises(Refused, match=r"listen at 127\.0\.0\.1"):
        sign_in.check(Settings(sign_in=mode), address)


def test_with_providers_it_listens_anywhere() -> None:
    sign_in.check(Settings(**PROVIDERS), None)


WRONG = [
    ({"sign_in": "OIDC"}, "can be local, oidc or proxy"),
    ({"sign_in": "none"}, "can be local, oidc or proxy"),
    ({"oidc_issuers": ""}, "names no provider"),
    ({"oidc_issuers": "Acme=http://login.acme.example"}, "must begin with https"),
    ({"oidc_issuers": "Acme"}, "must begin with https"),
    ({"oidc_issuers": "my_team=https://a.example"}, "cannot be the name"),
    ({"oidc_issuers": "proxy=https://a.example"}, "cannot be the name"),
    ({"oidc_issuers": "Other=https://a.example"}, "both need Other="),
    ({"oidc_client_secrets": "Acme=a"}, "both need Globex="),
    ({"public_address": ""}, "PUBLIC_ADDRESS must say"),
    ({"public_address": "http://studio.example.org"}, "PUBLIC_ADDRESS must say"),
    ({"public_address": "https://studio.example.org/inner"}, "PUBLIC_ADDRESS must say"),
    ({"sign_in_hours": 0}, "1 or more"),
]


@pytest.mark.parametrize(("changed", "words"), WRONG)
def test_what_is_missing_or_wrong_is_said_at_the_start(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        sign_in.check(Settings(**{**PROVIDERS, **changed}), "127.0.0.1")


def test_a_secret_may_hold_an_equals_sign() -> None:
    first, second = sign_in.providers(Settings(**PROVIDERS))

    assert (first.name, first.client_id, first.client_secret) == ("Acme", "one", "a=b")
    assert (second.name, second.issuer) == ("Globex", "https://globex.example/id")


def test_somebody_is_made_at_first_use_and_known_later(studio: Studio, claims: Callable[..., Any]) -> None:
    ada = sign_in.person(studio, claims())

    assert ada.name == "Ada Lovelace"
    assert sign_in.person(studio, claims()) == ada
    assert role(studio, ada) == MEMBER


def test_the_same_id_at_another_provider_is_somebody_else(studio: Studio, claims: Callable[..., Any]) -> None:
    ada = sign_in.person(studio, claims())

    assert sign_in.person(studio, claims(provider="Globex")).id != ada.id


NOBODY = [
    {"is_logged_in": False},
    {"provider": "Unknown"},
    {"provider": None},
    {"sub": ""},
    {"sub": None},
    {"sub": 7},
    {"sub": "x" * 256},
    {"iat": None},
    {"iat": "now"},
    {"iat": 0},
    {"iat": float("nan")},
    {"iat": 10**12},
]


@pytest.mark.parametrize("others", NOBODY, ids=str)
def test_claims_that_name_nobody_let_nobody_in(
    studio: Studio, claims: Callable[..., Any], others: dict[str, Any]
) -> None:
    with pytest.raises(SignedOut):
        sign_in.person(studio, claims(**others))


def test_no_claims_let_nobody_in(studio: Studio) -> None:
    with pytest.raises(SignedOut):
        sign_in.person(studio, {})


def test_a_sign_in_counts_for_its_hours_and_no_longer(studio: Studio, claims: Callable[..., Any], clock: Clock) -> None:
    said = claims(exp=clock().timestamp() + 10**6)
    ada = sign_in.person(studio, said)

    clock.skip(hours=11.9)
    assert sign_in.person(studio, said) == ada
    clock.skip(hours=0.2)

    with pytest.raises(SignedOut, match="has ended"):
        sign_in.person(studio, said)


def test_who_signed_out_is_out_wherever_that_sign_in_is_kept(
    studio: Studio, claims: Callable[..., Any], clock: Clock
) -> None:
    here, elsewhere = claims(), claims(nonce="other")
    ada = sign_in.person(studio, here)

    sign_in.end(studio, here)

    with pytest.raises(SignedOut):
        sign_in.person(studio, here)
    assert sign_in.person(studio, elsewhere) == ada
    clock.skip(hours=11)
    with pytest.raises(SignedOut):
        sign_in.person(studio, here)


LISTS = {"admin_emails": "root@example.org ada@example.org", "lead_emails": "lea@example.org"}
GROUPS = {"role_claim": "groups", "admin_groups": "Studio Admins", "lead_groups": "Leads,Heads"}
ROLES = [
    (LISTS, {}, ADMIN),
    (LISTS, {"email_verified": "true"}, ADMIN),
    (LISTS, {"email": "lea@example.org"}, LEAD),
    (LISTS, {"email": "ben@example.org"}, MEMBER),
    (LISTS, {"email_verified": False}, MEMBER),
    (LISTS, {"email_verified": None}, MEMBER),
    (GROUPS, {"groups": ["Studio Admins", "All"]}, ADMIN),
    (GROUPS, {"groups": ["Heads"]}, LEAD),
    (GROUPS, {"groups": "All, Leads"}, LEAD),
    (GROUPS, {"groups": ["leads"]}, MEMBER),
    (GROUPS, {"groups": {"Leads": True}}, MEMBER),
    (GROUPS, {"roles": ["Heads"]}, MEMBER),
    (GROUPS | LISTS, {"groups": ["Heads"]}, ADMIN),
    ({"admin_groups": ""}, {"groups": [""]}, MEMBER),
]


@pytest.mark.parametrize(("lists", "others", "wanted"), ROLES, ids=str)
def test_lists_and_groups_give_roles(
    studio: Studio, claims: Callable[..., Any], lists: dict[str, Any], others: dict[str, Any], wanted: str
) -> None:
    studio = replace(studio, settings=replace(studio.settings, **lists))

    ada = sign_in.person(studio, claims(**others))

    assert role(studio, ada) == wanted


def test_a_newer_sign_in_changes_the_role_and_an_older_one_does_not_bring_it_back(
    studio: Studio, claims: Callable[..., Any], clock: Clock
) -> None:
    studio = replace(studio, settings=replace(studio.settings, **GROUPS))
    older = claims(groups=["Studio Admins"], name="Ada L.")
    ada = sign_in.person(studio, older)
    clock.skip(minutes=5)
    newer = claims(groups=[])

    names = [sign_in.person(studio, said).name for said in (newer, older, newer)]

    assert role(studio, ada) == MEMBER
    assert names == ["Ada Lovelace"] * 3


def test_without_lists_and_groups_a_role_is_what_an_admin_says(studio: Studio, claims: Callable[..., Any]) -> None:
    ada = sign_in.person(studio, claims())
    people.set_role(studio, access.person_named(studio, "boss", "Boss", ADMIN), ada.id, LEAD)

    sign_in.person(studio, claims())

    assert role(studio, ada) == LEAD


LET_IN = [
    ("@example.org", True),
    ("ada@example.org", True),
    ("ben@example.org @acme.example", False),
    ("example.org", False),
]


@pytest.mark.parametrize(("allowed", "let_in"), LET_IN)
def test_only_who_is_allowed_is_let_in(studio: Studio, claims: Callable[..., Any], allowed: str, let_in: bool) -> None:
    studio = replace(studio, settings=replace(studio.settings, sign_in_allowed=allowed))

    if let_in:
        assert sign_in.person(studio, claims()).name == "Ada Lovelace"
    else:
        with pytest.raises(Refused, match="not let in"):
            sign_in.person(studio, claims())


@pytest.mark.parametrize("email", ["ada@example.org.evil.example", "ada@evil.example", "@example.org@evil.example", ""])
def test_an_address_that_only_looks_like_ours_is_not_let_in(
    studio: Studio, claims: Callable[..., Any], email: str
) -> None:
    studio = replace(studio, settings=replace(studio.settings, sign_in_allowed="@example.org"))

    with pytest.raises(Refused, match="not let in"):
        sign_in.person(studio, claims(email=email))


def test_an_address_that_the_provider_does_not_confirm_is_not_let_in(
    studio: Studio, claims: Callable[..., Any]
) -> None:
    studio = replace(studio, settings=replace(studio.settings, sign_in_allowed="@example.org"))

    with pytest.raises(Refused, match="not confirmed"):
        sign_in.person(studio, claims(email_verified=False))


def test_who_is_switched_off_is_not_let_in(studio: Studio, claims: Callable[..., Any]) -> None:
    ada = sign_in.person(studio, claims())
    people.switch_off(studio, access.person_named(studio, "boss", "Boss", ADMIN), ada.id)

    with pytest.raises(Refused, match="switched off"):
        sign_in.person(studio, claims())


def headers(**values: str | list[str]) -> Callable[[str], list[str]]:
    known = {name.replace("_", "-").lower(): value for name, value in values.items()}

    def header(name: str) -> list[str]:
        value = known.get(name.lower(), [])
        return [value] if isinstance(value, str) else value

    return header


def test_a_proxy_says_who_is_there(studio: Studio) -> None:
    settings = replace(studio.settings, sign_in="proxy", proxy_groups_header="X-Groups", lead_groups="Heads")
    studio = replace(studio, settings=settings)

    said = sign_in.from_headers(settings, headers(X_Forwarded_Email="Ada@Example.org", X_Groups="All, Heads"))
    ada = sign_in.person(studio, said)

    assert ada.name == "ada"
    assert role(studio, ada) == LEAD


def test_a_tab_that_was_opened_before_somebody_lost_a_role_does_not_bring_it_back(studio: Studio, clock: Clock) -> None:
    settings = replace(studio.settings, sign_in="proxy", proxy_groups_header="X-Groups", lead_groups="Heads")
    studio = replace(studio, settings=settings)
    old = {"email": "ada@example.org", "groups": "Heads", "began": clock().timestamp()}
    ada = sign_in.person(studio, old)
    clock.skip(hours=1)
    sign_in.person(studio, {"email": "ada@example.org", "groups": ""})

    clock.skip(days=3)
    sign_in.person(studio, old)

    assert role(studio, ada) == MEMBER


@pytest.mark.parametrize("named", [[], [""], [" "], ["ada@example.org", "boss@example.org"]], ids=str)
def test_a_proxy_that_names_nobody_or_two_lets_nobody_in(studio: Studio, named: list[str]) -> None:
    settings = replace(studio.settings, sign_in="proxy")

    said = sign_in.from_headers(settings, headers(X_Forwarded_Email=named))

    with pytest.raises(SignedOut):
        sign_in.person(replace(studio, settings=settings), said)


@pytest.mark.parametrize("mode", ["local", "oidc"])
def test_in_the_other_modes_headers_say_nothing(studio: Studio, mode: str) -> None:
    settings = replace(studio.settings, sign_in=mode)

    assert sign_in.from_headers(settings, headers(X_Forwarded_Email="boss@example.org")) == {}
