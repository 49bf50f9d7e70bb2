"""Whatever a vendor answers, reading it gives pictures or one of two errors, and never anything else."""

import json
import random
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from core.errors import AnswerUnusable, ProviderError, ProviderRefused
from core.providers import Answer, Provider, Request, Result, open_providers
from core.settings import Settings
from tests.vendors import VENDORS, good

ANSWERS_PER_VENDOR = 2500
PICTURE = b"\x89PNG\r\n\x1a\n and then some pixels"
REQUEST = Request("some-model", "a fox")

PROVIDERS = open_providers(
    Settings(openrouter_api_key="k", openai_api_key="k", gemini_api_key="k", a1111_url="http://127.0.0.1")
)

# What a careless, broken or hostile server puts where something else belongs.
ODD: list[Any] = [
    None, True, False, 0, -1, 10**30, 1e308, -0.0, float("nan"), float("inf"), "", " ", "null", "iVBORw0KGgo", "%%%%",
    "data:image/png;base64,", "data:image/png;base64,aGk=", "aGk=\n", "é", "\x00", "\ud800", "x" * 5000, [], [[]],
    [None], {}, {"": None}, {"error": {"message": 5}}, {"error": "no"}, [{"b64_json": 3}], {"parts": "none"},
    "SAFETY", "STOP",
]  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON tree, the root first."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at that place."""
    if not path:
        return deepcopy(value)
    tree[path[0]] = put(tree[path[0]], path[1:], value)
    return tree


def other_values(rng: random.Random, tree: Any) -> bytes:
    for _ in range(rng.randint(1, 3)):
        tree = put(tree, rng.choice(places(tree)), rng.choice(ODD))
    return json.dumps(tree).encode()


def fields_gone(rng: random.Random, tree: Any) -> bytes:
    path = rng.choice([place for place in places(tree) if place])
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return json.dumps(tree).encode()


def bytes_changed(rng: random.Random, tree: Any) -> bytes:
    body = bytearray(json.dumps(tree).encode())
    for _ in range(rng.randint(1, 8)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body)


def cut_short(rng: random.Random, tree: Any) -> bytes:
    body = json.dumps(tree).encode()
    return body[: rng.randrange(len(body))]


def deeply_nested(rng: random.Random, tree: Any) -> bytes:
    path = rng.choice(places(tree))
    opening = rng.choice(['{"error":', "[", '{"data":[', '{"candidates":[{"content":'])
    return json.dumps(put(tree, path, "HERE")).replace('"HERE"', opening * 20_000).encode()


def said_twice(rng: random.Random, tree: Any) -> bytes:
    """The same names again, with something odd: readers differ in which of them counts."""
    odd = {key: rng.choice(ODD) for key in tree}
    return (json.dumps(tree)[:-1] + "," + json.dumps(odd)[1:]).encode()


def marked(rng: random.Random, tree: Any) -> bytes:
    return rng.choice([b"\xef\xbb\xbf", b"\n\n ", b")]}'\n", b"data: ", b"\x1f\x8b"]) + json.dumps(tree).encode()


def complaining(rng: random.Random, tree: Any) -> bytes:
    """An error inside of a 200, with or without the picture, itself malformed."""
    error = {"code": "content_policy_violation", "message": "No.", "metadata": {"reasons": ["violence"]}, "details": []}
    complaint = {"error": error, "promptFeedback": {"blockReason": "SAFETY"}, "detail": [{"msg": "No."}]}
    return other_values(rng, complaint if rng.random() < 0.7 else tree | complaint)


WAYS = [
    other_values,
    other_values,
    other_values,
    fields_gone,
    bytes_changed,
    cut_short,
    deeply_nested,
    said_twice,
    marked,
    complaining,
]


def read(provider: Provider, body: bytes, kind: str = "application/json") -> Result | ProviderError:
    try:
        return provider.read(REQUEST, Answer(200, {"content-type": kind}, body))
    except (ProviderRefused, AnswerUnusable) as error:
        return error


def check(outcome: Result | ProviderError) -> None:
    """What everybody downstream relies on."""
    if isinstance(outcome, ProviderError):
        assert 10 < len(str(outcome)) < 600 and str(outcome).isprintable()
        return
    assert outcome.pictures and all(type(data) is bytes and data for data in outcome.pictures)
    assert outcome.cost is None or (type(outcome.cost) is Decimal and 0 <= outcome.cost < 10_000)
    assert all(type(count) is int and count > 0 for count in outcome.usage.values())
    assert outcome.seed is None or type(outcome.seed) is int
    assert outcome.text is None or isinstance(outcome.text, str)


@pytest.mark.parametrize("name", VENDORS)
def test_malformed_answers_end_as_pictures_or_as_one_of_two_errors(name: str) -> None:
    rng = random.Random(f"answers of {name}")
    seen = set()

    for _ in range(ANSWERS_PER_VENDOR):
        body = rng.choice(WAYS)(rng, good(name, PICTURE))
        outcome = read(PROVIDERS[name], body)
        check(outcome)
        seen.add(type(outcome))

    # Were one of them missing, the mutations would be too weak or too strong to say anything.
    assert seen == {Result, ProviderRefused, AnswerUnusable}


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"0", b"NaN", b"\xff\xfe\x00", b"[" * 200_000])
def test_a_body_that_is_no_answer_at_all_is_unusable(name: str, body: bytes) -> None:
    assert isinstance(read(PROVIDERS[name], body), AnswerUnusable)


@pytest.mark.parametrize("name", VENDORS)
def test_a_strange_bill_does_not_cost_the_picture(name: str) -> None:
    """The picture is paid for; usage in a shape that nobody knows is only usage."""
    for odd in ODD:
        body = good(name, PICTURE)
        body |= {"usage": odd} if "usage" in body else {}
        body |= {"usageMetadata": odd} if "usageMetadata" in body else {}

        outcome = read(PROVIDERS[name], json.dumps(body).encode())

        assert isinstance(outcome, Result) and outcome.pictures == (PICTURE,)


@pytest.mark.parametrize("name", VENDORS)
def test_a_byte_order_mark_and_line_breaks_in_base64_are_forgiven(name: str) -> None:
    data = good(name, PICTURE)
    text = json.dumps(data).replace("iVBOR", r"iVB\nOR").replace("+", r"\u002b")

    outcome = read(PROVIDERS[name], b"\xef\xbb\xbf" + text.encode())

    assert isinstance(outcome, Result) and outcome.pictures == (PICTURE,)
