"""Every trouble with a vendor ends, after one call, as one of few errors that say what to do; keys stay secret."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from core.errors import AnswerUnusable, OutcomeUnknown, ProviderBusy, ProviderError, ProviderRefused
from core.providers import Provider, Request, Result, complaint, open_providers
from core.settings import Settings
from tests.vendor_answers import CHAT, REFUSAL, RETRY_AFTER
from tests.vendor_troubles import TROUBLES
from tests.vendors import VENDORS, Vendors

PICTURE = b"\x89PNG\r\n\x1a\n and then some pixels"
REQUEST = Request("some-model", "a red fox")


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(PICTURE) as running:
        yield running


@pytest.fixture
def providers(vendors: Vendors) -> dict[str, Provider]:
    return open_providers(Settings(**vendors.settings(), provider_deadline=10))


def draw(provider: Provider) -> Result:
    """Send and read, as the worker does."""
    return provider.read(REQUEST, asyncio.run(provider.send(REQUEST)))


# What each trouble is for us. "name/vendor" overrules "name" for one vendor; a kind of None is a good result.
EXPECTED: dict[str, tuple[type[ProviderError], str]] = {
    "429": (ProviderBusy, "busy"),
    "503": (ProviderBusy, "busy"),
    "529": (ProviderBusy, "busy"),
    "502/openrouter": (ProviderBusy, "busy"),
    "quota": (ProviderRefused, "account"),
    "quota/a1111": (ProviderBusy, "busy"),
    "402": (ProviderRefused, "account"),
    "403": (ProviderRefused, "account"),
    "redirect": (ProviderRefused, "account"),
    "400": (ProviderRefused, "request"),
    "404": (ProviderRefused, "request"),
    "chat": (ProviderRefused, "request"),
    "refusal": (ProviderRefused, "moderation"),
    "blocked": (ProviderRefused, "moderation"),
    "blocked picture": (ProviderRefused, "moderation"),
    "html": (AnswerUnusable, "unusable"),
    "truncated": (AnswerUnusable, "unusable"),
    "elsewhere": (AnswerUnusable, "unusable"),
    "empty": (AnswerUnusable, "unusable"),
    "408": (OutcomeUnknown, "unknown"),
    "500": (OutcomeUnknown, "unknown"),
    "502": (OutcomeUnknown, "unknown"),
    "504": (OutcomeUnknown, "unknown"),
    "524": (OutcomeUnknown, "unknown"),
    "drip": (OutcomeUnknown, "unknown"),
    "cut": (OutcomeUnknown, "unknown"),
    "closed": (OutcomeUnknown, "unknown"),
    "huge": (OutcomeUnknown, "unknown"),
    "bomb": (OutcomeUnknown, "unknown"),
}
HARMLESS = {"bare", "no usage", "null cost"}


def test_every_trouble_is_tried() -> None:
    assert {name.partition("/")[0] for name in EXPECTED} | HARMLESS == set(TROUBLES)


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize("trouble", sorted(set(TROUBLES) - HARMLESS))
def test_a_trouble_is_one_error_of_the_right_kind_after_one_call(vendors, providers, name: str, trouble: str) -> None:
    vendors.next(trouble)
    providers[name].wire.deadline = 0.4 if trouble == "drip" else 10
    error, kind = EXPECTED.get(f"{trouble}/{name}", EXPECTED[trouble])

    with pytest.raises(ProviderError) as raised:
        draw(providers[name])

    assert (type(raised.value), raised.value.kind) == (error, kind)
    assert len(vendors.calls) == 1


@pytest.mark.parametrize("name", VENDORS)
def test_nobody_listening_means_busy_because_nothing_was_sent(name: str) -> None:
    with Vendors(PICTURE) as gone:
        settings = Settings(**gone.settings())

    with pytest.raises(ProviderBusy) as raised:
        draw(open_providers(settings)[name])

    assert 0 < raised.value.wait <= 60


@pytest.mark.parametrize("address", ["127.0.0.1:7860", "ftp://127.0.0.1", "http://127.0.0.1:port", "no address"])
def test_an_address_that_cannot_be_one_is_for_the_operator(address: str) -> None:
    provider = open_providers(Settings(a1111_url=address))["a1111"]

    with pytest.raises(ProviderRefused, match="settings") as raised:
        draw(provider)

    assert raised.value.kind == "account"


@pytest.mark.parametrize("key", ["sk-secret\nwith a line", "sk-sécret", " sk-secret "])
def test_a_key_that_cannot_be_sent_is_for_the_operator_and_stays_secret(vendors: Vendors, key: str) -> None:
    provider = open_providers(Settings(**vendors.settings() | {"openai_api_key": key}))["openai"]

    with pytest.raises(ProviderRefused) as raised:
        draw(provider)

    assert raised.value.kind == "account"
    assert "cret" not in repr(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize("name", ["openrouter", "openai", "gemini"])
def test_a_key_that_the_vendor_repeats_is_not_shown(vendors: Vendors, name: str) -> None:
    """OpenAI's 401 quotes the key it was given."""
    wrong = "my-very-own-key-4711"
    provider = open_providers(Settings(**vendors.settings() | {f"{name}_api_key": wrong}))[name]

    with pytest.raises(ProviderRefused, match=r"Incorrect API key provided: \[key\]") as raised:
        draw(provider)

    assert raised.value.kind == "account"
    assert wrong not in repr(raised.value) + repr(provider) + repr(vars(raised.value))


def test_the_vendors_own_words_are_shown_short_and_on_one_line(vendors: Vendors, providers) -> None:
    vendors.next("400")

    with pytest.raises(ProviderRefused, match="The size is not one of ours") as raised:
        draw(providers["gemini"])

    assert len(providers["gemini"].wire.clean("long\n\x00\u202e words " * 500)) <= 300
    assert "pick another model" in str(raised.value)


@pytest.mark.parametrize(("trouble", "words"), [("refusal", REFUSAL), ("chat", CHAT)])
def test_words_instead_of_a_picture_are_shown(vendors: Vendors, providers, trouble: str, words: str) -> None:
    vendors.next(trouble)

    with pytest.raises(ProviderRefused) as raised:
        draw(providers["gemini"])

    assert words in str(raised.value)


def test_a_redirect_is_not_followed(vendors: Vendors, providers) -> None:
    vendors.next("redirect")

    with pytest.raises(ProviderRefused):
        draw(providers["openrouter"])

    assert [call.vendor for call in vendors.calls] == ["openrouter"]


@pytest.mark.parametrize("name", VENDORS)
def test_an_address_in_an_answer_is_not_fetched(vendors: Vendors, providers, name: str) -> None:
    """Whoever answers for a vendor could have us ask any server that we can reach."""
    vendors.next("elsewhere")

    with pytest.raises(ProviderError):
        draw(providers[name])

    assert vendors.fetched == []


def test_no_proxy_of_the_environment_sees_a_call(vendors: Vendors, providers, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert draw(providers["openai"]).pictures == (PICTURE,)


def test_cancelling_a_call_that_runs_stays_a_cancellation(vendors: Vendors, providers) -> None:
    vendors.next("drip")
    provider = providers["openai"]
    provider.wire.deadline = 30

    async def cancelled() -> None:
        call = asyncio.create_task(provider.send(REQUEST))
        while not vendors.calls:
            await asyncio.sleep(0.01)
        call.cancel()
        await call

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


# How long to wait ----------------------------------------------------------------------------------------------------


def test_a_busy_vendor_says_how_long_to_wait(vendors: Vendors, providers) -> None:
    vendors.next("429")

    with pytest.raises(ProviderBusy) as raised:
        draw(providers["openai"])

    assert raised.value.wait == RETRY_AFTER


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "11"}, {}, 11),
        ({"retry-after": "11", "retry-after-ms": "1500"}, {}, 1.5),
        ({"retry-after": "86400"}, {}, 120),
        ({"retry-after": "-3"}, {}, 0),
        ({"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}, {}, 0),
        ({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}, {}, 120),
        ({"retry-after": "soon"}, {}, 5),
        ({"retry-after": "nan"}, {}, 5),
        ({}, {"error": {"availability": {"retry_after": 40}}}, 40),
        ({}, {"error": {"details": [{"@type": "google.rpc.Help"}, {"retryDelay": "33.5s"}]}}, 33.5),
        ({}, [{"error": {"details": [{"retryDelay": "9s"}]}}], 9),
        ({}, "busy", 5),
    ],
)
def test_every_vendors_way_to_say_it_is_understood(headers: dict[str, str], body: object, seconds: float) -> None:
    said = complaint.complaint(json.dumps(body).encode())

    assert complaint.wait(headers, said) == seconds
