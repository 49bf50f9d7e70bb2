"""Troubles that the vendors on loopback can make. To add one, add a function and a line to TROUBLES."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

from tests.vendor_answers import CHAT, REFUSAL, RETRY_AFTER, complaint


def _status(status: int, message: str, code: str = "", **headers: str) -> Callable[[Any], None]:
    return lambda h: h.json(status, complaint(h.vendor, status, message, code), headers)


def _html(h: Any) -> None:
    h.reply(200, b"<html><body>Please sign in to the hotel network</body></html>", {"Content-Type": "text/html"})


def _truncated(h: Any) -> None:
    """Valid JSON around base64 that stops in the middle of a character group."""
    body = json.dumps(h.good())
    data = base64.b64encode(h.vendors.picture).decode()
    h.reply(
        200,
        body.replace(data, data[: len(data) // 2 // 4 * 4 + 1])
        .replace("ZHJhZnQ=", "ZHJ")
        .replace("Z3JpZA==", "Z")
        .encode(),
    )


def _empty(h: Any) -> None:
    h.json(
        200,
        {"openrouter": {"data": []}, "openai": {"data": []}, "gemini": {"candidates": []}}.get(
            h.vendor, {"images": [], "info": "{}"}
        ),
    )


def _words(text: str) -> Callable[[Any], None]:
    def answer(h: Any) -> None:
        chat = {"choices": [{"message": {"role": "assistant", "content": text}}]}
        gemini = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
        h.json(200, {"gemini": gemini, "a1111": {"images": [], "info": "", "detail": text}}.get(h.vendor, chat))

    return answer


def _blocked(h: Any) -> None:
    """Each vendor's own way to say that this content is not drawn; a server of one's own has none."""
    if h.vendor == "gemini":
        h.json(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}})
    elif h.vendor == "openrouter":
        flagged = {"code": 403, "message": "Flagged", "metadata": {"reasons": ["violence"], "flagged_input": "..."}}
        h.json(403, {"error": flagged})
    else:
        h.json(400, complaint(h.vendor, 400, "Your request was rejected by the safety system.", "moderation_blocked"))


def _blocked_picture(h: Any) -> None:
    """Gemini stops at the drawn picture; OpenRouter reports an error inside a 200."""
    inside = {"error": {"code": 400, "message": "Rejected", "metadata": {"error_type": "content_policy_violation"}}}
    h.json(200, {"candidates": [{"finishReason": "IMAGE_SAFETY"}]} if h.vendor == "gemini" else inside)


def _drip(h: Any) -> None:
    """A byte now and then, for as long as somebody listens."""
    h.head(200, {"Content-Length": "1000000"})
    while not h.vendors.closing.is_set():
        h.wfile.write(b" ")
        h.vendors.closing.wait(0.02)


def _cut(h: Any) -> None:
    body = json.dumps(h.good()).encode()
    h.head(200, {"Content-Length": str(len(body))})
    h.wfile.write(body[: len(body) // 2])
    h.reset()


def _closed(h: Any) -> None:
    h.reset()


def _huge(h: Any) -> None:
    """More than anyone should read, without saying so before."""
    h.head(200, {})
    block = b" " * 1024 * 1024
    for _ in range(96):
        h.wfile.write(block)


def _bomb(h: Any) -> None:
    h.reply(200, gzip.compress(b" " * 50_000_000, 1), {"Content-Encoding": "gzip"})


def _redirect(h: Any) -> None:
    h.reply(302, b"", {"Location": f"{h.vendors.url}/openai/v1/images/generations"})


def _elsewhere(h: Any) -> None:
    """An address instead of a picture; there is one behind it."""
    url = f"{h.vendors.url}/elsewhere.png"
    listed, part = {"data": [{"url": url}]}, {"fileData": {"fileUri": url, "mimeType": "image/png"}}
    gemini = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
    h.json(200, {"gemini": gemini, "a1111": {"images": [url], "info": "{}"}}.get(h.vendor, listed))


def _bare(h: Any) -> None:
    h.reply(200, h.vendors.picture, {"Content-Type": "image/png"})


def _usage(change: Callable[[dict[str, Any]], object]) -> Callable[[Any], None]:
    def answer(h: Any) -> None:
        body = h.good()
        change(body)
        h.json(200, body)

    return answer


TROUBLES: dict[str, Callable[[Any], None]] = {
    "429": _status(429, "Slow down.", "rate_limit_exceeded", **{"Retry-After": str(RETRY_AFTER)}),
    "quota": _status(429, "You exceeded your current quota.", "insufficient_quota"),
    "400": _status(400, "The size is not one of ours.", "invalid_value"),
    "402": _status(402, "Insufficient credits.", "payment_required"),
    "403": _status(403, "Your organization must be verified.", "permission_denied"),
    "404": _status(404, "No such model.", "not_found"),
    "408": _status(408, "Request timed out."),
    "500": _status(500, "The server had an error."),
    "502": _status(502, "Provider returned an error."),
    "503": _status(503, "Overloaded."),
    "504": _status(504, "Gateway timeout."),
    "524": _status(524, "A timeout occurred."),
    "529": _status(529, "Overloaded."),
    "html": _html,
    "truncated": _truncated,
    "empty": _empty,
    "refusal": _words(REFUSAL),
    "chat": _words(CHAT),
    "blocked": _blocked,
    "blocked picture": _blocked_picture,
    "drip": _drip,
    "cut": _cut,
    "closed": _closed,
    "huge": _huge,
    "bomb": _bomb,
    "redirect": _redirect,
    "elsewhere": _elsewhere,
    "bare": _bare,
    "no usage": _usage(lambda body: body.pop("usage", None)),
    "null cost": _usage(lambda body: body["usage"].update(cost=None) if "usage" in body else None),
}
