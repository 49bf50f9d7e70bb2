"""Answers: take pictures, counts and words out of what a vendor sent, without ever trusting its shape."""

import json
import re
from binascii import Error as NotBase64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pybase64
from msgspec import Raw

from core.errors import AnswerUnusable, ProviderError
from core.providers import Answer
from core.providers.complaint import Complaint, loose, said
from core.providers.wire import Wire

NOTHING = Raw(b"null")
_MOST_DOLLARS = 10_000
_MOST_TOKENS = 10**9
_ID_LENGTH = 200

# How models say no in words. Anything else that they say is a question or a misunderstanding.
_REFUSAL = re.compile(
    r"\b(can['\u2019]?t|cannot|can not|unable|won['\u2019]?t|not able|not allowed|polic(y|ies)|guidelines|sorry|"
    r"inappropriate|unsafe|safety|violat\w+)\b",
    re.IGNORECASE,
)

T = TypeVar("T")


class _Item(msgspec.Struct):
    b64_json: Raw = NOTHING


class Images(msgspec.Struct):
    """The images answer of OpenAI, which OpenRouter shares. What is not needed to find a picture stays unparsed."""

    data: list[_Item | None] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING
    choices: Raw = NOTHING


def images(wire: Wire, answer: Answer) -> tuple[tuple[bytes, ...], dict[str, Any]]:
    """The pictures and the usage of an OpenAI-shaped answer. Raises ProviderRefused or AnswerUnusable."""
    if bare := bare_picture(wire, answer):
        return (bare,), {}
    body = parsed(wire, answer, Images)
    pictures = tuple(data for item in body.data or () if item and (data := picture(item.b64_json)))
    if not pictures:
        raise no_picture(wire, body.error, "" if body.data else _chat_words(body.choices))
    return pictures, mapping(loose(body.usage))


def parsed(wire: Wire, answer: Answer, shape: type[T]) -> T:
    """The body as this shape. Raises AnswerUnusable, and nothing else, whatever came."""
    try:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            # Python's reader also takes a byte order mark, NaN and half characters; written again they are harmless.
            plain = json.loads(answer.body, parse_constant=lambda name: None)
            return msgspec.json.decode(json.dumps(plain, ensure_ascii=False).encode(errors="replace"), type=shape)
    except (ValueError, RecursionError, ArithmeticError, TypeError):
        raise unusable(wire, "it could not be read") from None


def bare_picture(wire: Wire, answer: Answer) -> bytes | None:
    """The body itself when it is an image and not JSON, which some servers send. Raises AnswerUnusable when empty."""
    if not answer.headers.get("content-type", "").lower().startswith("image/"):
        return None
    if not answer.body:
        raise unusable(wire, "it was empty")
    return answer.body


def picture(raw: Raw) -> bytes | None:
    """The bytes of a base64 JSON string, also with a data URL's prefix; None when they are broken or none."""
    quoted = memoryview(raw)
    try:
        if bytes(quoted[:1]) == b'"':
            return pybase64.b64decode(quoted[1:-1], validate=True) or None
    except (NotBase64, ValueError):
        return _folded(loose(raw))
    return None


def no_picture(wire: Wire, error: Raw, words: str = "", blocked: str | None = None) -> ProviderError:
    """What it means that no picture came: an error inside the answer, a block, words instead, or nothing at all."""
    complaint = said({"error": loose(error)})
    if loose(error):
        return wire.refused(complaint, "moderation" if complaint.moderation else "request")
    if blocked:
        return wire.refused(Complaint(f"{blocked} {words}".strip()), "moderation")
    if words.strip():
        kind = "moderation" if _REFUSAL.search(words) else "request"
        return wire.refused(Complaint(f"it answered in words: {words}"), kind)
    return unusable(wire, "there was no complete picture in it")


def unusable(wire: Wire, why: str) -> AnswerUnusable:
    """An answer came, perhaps for money, and holds nothing we can keep."""
    return AnswerUnusable(f"{wire.vendor} answered, but {why}. The answer is kept; it may have cost something.")


def dollars(value: object) -> Decimal | None:
    """US dollars as a vendor reported them; None for anything that is no plausible amount."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _MOST_DOLLARS:
        return None
    return Decimal(value)


def count(value: object) -> int:
    """A token count, 0 for anything that is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS else 0


def counted(**counts: object) -> dict[str, int]:
    """Usage by our names, without what was not used."""
    return {name: number for name, value in counts.items() if (number := count(value))}


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def request_id(headers: Mapping[str, str]) -> str | None:
    """What to tell the vendor's support."""
    found = (headers.get(name) for name in ("x-generation-id", "x-request-id", "request-id"))
    return next((value[:_ID_LENGTH] for value in found if value), None)


def _folded(text: Any) -> bytes | None:
    """Base64 with line breaks or a data URL's prefix."""
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode("".join(text.partition("base64,")[2].split() or text.split()), validate=True) or None
    except (NotBase64, ValueError):
        return None


def _chat_words(choices: Raw) -> str:
    """Words where a chat answer has them: some models answer an image request with talk."""
    found = loose(choices)
    message = mapping(mapping(found[0] if isinstance(found, list) and found else None).get("message"))
    return next((text for text in (message.get("refusal"), message.get("content")) if isinstance(text, str)), "")
