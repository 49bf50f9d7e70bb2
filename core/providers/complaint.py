"""What a vendor's error body says, whatever its shape: the message, whose matter it is, and how long to wait."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

MOST_WAIT = 120.0
_USUAL_WAIT = 5.0

# Parts of the stable codes by which OpenAI, OpenRouter and Google call a refusal of the content.
_MODERATION = ("moderation", "content_policy", "content_filter", "refusal", "safety", "prohibited_content")
_MODERATION_WORDS = re.compile(r"content policy|safety system|moderation", re.IGNORECASE)
# Codes that only money or an administrator can help with, whatever the status beside them.
_ACCOUNT = ("insufficient_quota", "billing_hard_limit", "payment_required", "billing_not_active")

_LOOSE = msgspec.json.Decoder(float_hook=Decimal)
_BROKEN = (ValueError, RecursionError, ArithmeticError, TypeError)


@dataclass(frozen=True)
class Complaint:
    """A vendor's own words, uncleaned, and what its codes stand for."""

    message: str = ""
    moderation: bool = False
    account: bool = False
    wait: float | None = None
    """Seconds that the body asks us to wait."""


def complaint(body: bytes) -> Complaint:
    """Read an error body: OpenAI's, OpenRouter's, Google's (also in a list) and FastAPI's shapes, or none of them."""
    return said(loose(body))


def said(tree: Any) -> Complaint:
    """The same for a body that is already parsed."""
    top = _dict(tree[0] if isinstance(tree, list) and tree else tree)
    error = _dict(top.get("error"))
    metadata = _dict(error.get("metadata"))
    message = next(_messages(top, error), "")
    codes = " ".join(_codes(top, error, metadata))
    flagged = bool(metadata.get("reasons") or metadata.get("flagged_input"))
    return Complaint(
        message,
        moderation=flagged or any(code in codes for code in _MODERATION) or bool(_MODERATION_WORDS.search(message)),
        account=any(code in codes for code in _ACCOUNT),
        wait=_asked(top, error),
    )


def wait(headers: Mapping[str, str], complaint: Complaint) -> float:
    """Seconds to wait, 0 to 120: the headers' word first, then the body's, then five."""
    milliseconds = _number(headers.get("retry-after-ms"))
    asked = milliseconds / 1000 if milliseconds is not None else _after(headers.get("retry-after"))
    for seconds in (asked, complaint.wait, _USUAL_WAIT):
        if seconds is not None:
            return min(max(seconds, 0.0), MOST_WAIT)
    return _USUAL_WAIT


def loose(data: Any) -> Any:
    """JSON as plain values, with Decimals for fractions; None when it cannot be read. Never raises."""
    try:
        return _LOOSE.decode(data)
    except _BROKEN:
        pass
    try:
        return json.loads(bytes(data), parse_float=Decimal, parse_constant=lambda name: None)
    except _BROKEN:
        return None


def _messages(top: Mapping[str, Any], error: Mapping[str, Any]) -> Iterator[str]:
    """Every place where a vendor writes to people, the best first. A1111 puts a class name into `error`."""
    details = top.get("detail")
    first = _dict(details[0]) if isinstance(details, list) and details else {}
    places = (error.get("message"), first.get("msg"), details, top.get("message"), top.get("errors"), top.get("error"))
    return (text for text in places if isinstance(text, str) and text.strip())


def _codes(*places: Mapping[str, Any]) -> Iterator[str]:
    names = ("code", "type", "status", "error_type", "provider_code")
    return (str(place[name]).lower() for place in places for name in names if isinstance(place.get(name), str))


def _asked(top: Mapping[str, Any], error: Mapping[str, Any]) -> float | None:
    """OpenRouter's `availability.retry_after`, or the `retryDelay` of Google's RetryInfo ("40s")."""
    details = error.get("details")
    delays = [_dict(one).get("retryDelay") for one in details] if isinstance(details, list) else []
    for place in (error, top):
        delays.append(_dict(place.get("availability")).get("retry_after"))
    return next((seconds for seconds in map(_number, delays) if seconds is not None), None)


def _after(value: str | None) -> float | None:
    """Retry-After is seconds or a date."""
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


def _number(value: object) -> float | None:
    text = str(value).strip().removesuffix("s") if isinstance(value, str | int | float | Decimal) else ""
    return float(text) if re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", text) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
