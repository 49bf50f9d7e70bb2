"""Vendors on loopback: one server that speaks OpenRouter's, OpenAI's, Gemini's and A1111's wire format, troubles too.

    with Vendors(png) as vendors:
        settings = Settings(**vendors.settings())
        vendors.next("429", "500")          # what the next calls meet; after them it behaves well again
        ...
        vendors.calls                       # what really arrived

It refuses what the real ones refuse: a wrong key, a field they do not know, a mask of another size.
"""

import base64
import gzip
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

KEY = "sk-loopback-0123456789abcdef"
RETRY_AFTER = 7
REQUEST_ID = "req-loopback-1"
CHOSEN_SEED = 42
REFUSAL = "I'm sorry, I can't draw that."
CHAT = "Do you want a cat or a dog?"

# A server of one's own has no moderation; here it answers like OpenAI, since some wrappers do.
VENDORS = ("openrouter", "openai", "gemini", "a1111")


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    vendor: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Vendors:
    """A server on a free port; `picture` is what every good answer holds. Also a context manager."""

    picture: bytes
    seconds: float = 0.0
    """How long a good answer takes."""
    calls: list[Call] = field(default_factory=list)
    always: str = ""
    """A trouble that every call meets, unless `next` says otherwise."""

    def __enter__(self) -> Self:
        self._queue: deque[str] = deque()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.vendors = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self) -> dict[str, Any]:
        """What to give to `Settings` so that every provider is open and talks to this server."""
        return {
            "openrouter_base_url": f"{self.url}/openrouter/api/v1",
            "openrouter_api_key": KEY,
            "openai_base_url": f"{self.url}/openai/v1",
            "openai_api_key": KEY,
            "gemini_base_url": f"{self.url}/gemini/v1beta",
            "gemini_api_key": KEY,
            "a1111_url": f"{self.url}/a1111",
        }

    def next(self, *troubles: str) -> None:
        """What the next calls meet, one each; "" is a good answer. The names are the keys of TROUBLES."""
        self._queue.extend(troubles)

    def trouble(self) -> str:
        return self._queue.popleft() if self._queue else self.always


# Bodies of good answers, also for tests that need no server -----------------------------------------------------------


def good(vendor: str, picture: bytes, seed: int = -1) -> dict[str, Any]:
    """The vendor's answer with this picture, with the usage that it would report."""
    data = base64.b64encode(picture).decode()
    return _GOOD[vendor](data, CHOSEN_SEED if seed == -1 else seed)


def _openrouter(data: str, seed: int) -> dict[str, Any]:
    return {
        "created": 1795219200,
        "data": [{"b64_json": data, "media_type": "image/png"}],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 1120,
            "total_tokens": 1132,
            "completion_tokens_details": {"image_tokens": 1120},
            "cost": 0.0336,
            "is_byok": False,
        },
    }


def _openai(data: str, seed: int) -> dict[str, Any]:
    return {
        "created": 1795219200,
        "background": "opaque",
        "output_format": "png",
        "data": [{"b64_json": data, "revised_prompt": None}],
        "usage": {
            "input_tokens": 61,
            "input_tokens_details": {"text_tokens": 13, "image_tokens": 48},
            "output_tokens": 1756,
            "output_tokens_details": {"image_tokens": 1756, "text_tokens": 0},
            "total_tokens": 1817,
        },
    }


def _gemini(data: str, seed: int) -> dict[str, Any]:
    draft = {"inlineData": {"mimeType": "image/png", "data": "ZHJhZnQ="}}
    parts = [
        {"text": "Thinking of foxes.", "thought": True},
        {**draft, "thought": True},
        draft,
        {"text": "Here it is."},
        {"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": "c2lnbmVk"},
    ]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 271,
            "candidatesTokenCount": 1120,
            "thoughtsTokenCount": 310,
            "totalTokenCount": 1701,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 13},
                {"modality": "IMAGE", "tokenCount": 258},
            ],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
        },
        "modelVersion": "gemini-nano-banana-2.1",
        "responseId": "resp-1",
    }


def _a1111(data: str, seed: int) -> dict[str, Any]:
    """The first image is a grid, as when the server was told to make one."""
    info = {"seed": seed, "all_seeds": [seed], "index_of_first_image": 1, "sd_model_name": "some-checkpoint"}
    return {"images": ["Z3JpZA==", data], "parameters": {"init_images": None}, "info": json.dumps(info)}


_GOOD = {"openrouter": _openrouter, "openai": _openai, "gemini": _gemini, "a1111": _a1111}

# What each vendor takes: its fields, and what it says to others -------------------------------------------------------

_FIELDS = {
    "openrouter": "model prompt n resolution aspect_ratio size quality output_format background seed input_references "
    "provider",
    "openai": "model prompt n size quality background output_format moderation images mask user",
    "gemini": "contents generationConfig safetySettings",
    "a1111": "prompt negative_prompt seed steps cfg_scale sampler_name scheduler width height batch_size n_iter "
    "denoising_strength override_settings init_images mask mask_blur inpainting_fill inpainting_mask_invert",
}


def _refusal(vendor: str, call: Call) -> tuple[int, dict[str, Any]] | None:
    """What the real vendor would answer to a request it does not like."""
    given = call.headers.get("authorization", "").removeprefix("Bearer ") or call.headers.get("x-goog-api-key", "")
    if vendor != "a1111" and given != KEY:
        return 401, _complaint(vendor, 401, f"Incorrect API key provided: {given}.", "invalid_api_key")
    unknown = set(call.body) - set(_FIELDS[vendor].split())
    if unknown:
        return 400, _complaint(vendor, 400, f"Unknown parameter: {min(unknown)}.", "unknown_parameter")
    if vendor == "openai" and "mask" in call.body:
        image, mask = (
            base64.b64decode(one["image_url"].partition(",")[2]) for one in (call.body["images"][0], call.body["mask"])
        )
        if _png(mask)[:2] != _png(image)[:2] or _png(mask)[2] not in (4, 6):
            return 400, _complaint(vendor, 400, "Invalid mask image: size or format differ.", "invalid_image_file")
    return None


def _png(data: bytes) -> tuple[int, int, int]:
    """Width, height and colour type (4 and 6 have an alpha channel) from a PNG's header."""
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    return width, height, kind


def _complaint(vendor: str, status: int, message: str, code: str) -> Any:
    if vendor == "openrouter":
        return {"error": {"code": status, "message": message, "metadata": {"error_type": code}}, "user_id": "user_x"}
    if vendor == "openai":
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    if vendor == "gemini":
        return [{"error": {"code": status, "message": message, "status": code.upper()}}]
    return {"error": "HTTPException", "detail": message, "body": "", "errors": ""}


# Troubles: to add one, add a function and a line to TROUBLES ----------------------------------------------------------


def _status(status: int, message: str, code: str = "", **headers: str) -> Callable[["_Handler"], None]:
    return lambda h: h.json(status, _complaint(h.vendor, status, message, code), headers)


def _html(h: "_Handler") -> None:
    h.reply(200, b"<html><body>Please sign in to the hotel network</body></html>", {"Content-Type": "text/html"})


def _truncated(h: "_Handler") -> None:
    """Valid JSON around base64 that stops in the middle of a character group."""
    body = json.dumps(good(h.vendor, h.vendors.picture))
    data = base64.b64encode(h.vendors.picture).decode()
    h.reply(
        200,
        body.replace(data, data[: len(data) // 2 // 4 * 4 + 1])
        .replace("ZHJhZnQ=", "ZHJ")
        .replace("Z3JpZA==", "Z")
        .encode(),
    )


def _empty(h: "_Handler") -> None:
    h.json(
        200,
        {"openrouter": {"data": []}, "openai": {"data": []}, "gemini": {"candidates": []}}.get(
            h.vendor, {"images": [], "info": "{}"}
        ),
    )


def _words(text: str) -> Callable[["_Handler"], None]:
    def answer(h: "_Handler") -> None:
        chat = {"choices": [{"message": {"role": "assistant", "content": text}}]}
        gemini = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
        h.json(200, {"gemini": gemini, "a1111": {"images": [], "info": "", "detail": text}}.get(h.vendor, chat))

    return answer


def _blocked(h: "_Handler") -> None:
    """Each vendor's own way to say that this content is not drawn; a server of one's own has none."""
    if h.vendor == "gemini":
        h.json(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}})
    elif h.vendor == "openrouter":
        flagged = {"code": 403, "message": "Flagged", "metadata": {"reasons": ["violence"], "flagged_input": "..."}}
        h.json(403, {"error": flagged})
    else:
        h.json(400, _complaint(h.vendor, 400, "Your request was rejected by the safety system.", "moderation_blocked"))


def _blocked_picture(h: "_Handler") -> None:
    """Gemini stops at the drawn picture; OpenRouter reports an error inside a 200."""
    inside = {"error": {"code": 400, "message": "Rejected", "metadata": {"error_type": "content_policy_violation"}}}
    h.json(200, {"candidates": [{"finishReason": "IMAGE_SAFETY"}]} if h.vendor == "gemini" else inside)


def _drip(h: "_Handler") -> None:
    """A byte now and then, for as long as somebody listens."""
    h.head(200, {"Content-Length": "1000000"})
    while not h.vendors.closing.is_set():
        h.wfile.write(b" ")
        h.vendors.closing.wait(0.02)


def _cut(h: "_Handler") -> None:
    body = json.dumps(good(h.vendor, h.vendors.picture)).encode()
    h.head(200, {"Content-Length": str(len(body))})
    h.wfile.write(body[: len(body) // 2])
    h.reset()


def _closed(h: "_Handler") -> None:
    h.reset()


def _huge(h: "_Handler") -> None:
    """More than anyone should read, without saying so before."""
    h.head(200, {})
    block = b" " * 1024 * 1024
    for _ in range(96):
        h.wfile.write(block)


def _bomb(h: "_Handler") -> None:
    h.reply(200, gzip.compress(b" " * 50_000_000, 1), {"Content-Encoding": "gzip"})


def _redirect(h: "_Handler") -> None:
    h.reply(302, b"", {"Location": f"{h.vendors.url}/openai/v1/images/generations"})


def _bare(h: "_Handler") -> None:
    h.reply(200, h.vendors.picture, {"Content-Type": "image/png"})


def _usage(change: Callable[[dict[str, Any]], object]) -> Callable[["_Handler"], None]:
    def answer(h: "_Handler") -> None:
        body = good(h.vendor, h.vendors.picture)
        change(body)
        h.json(200, body)

    return answer


TROUBLES: dict[str, Callable[["_Handler"], None]] = {
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
    "bare": _bare,
    "no usage": _usage(lambda body: body.pop("usage", None)),
    "null cost": _usage(lambda body: body["usage"].update(cost=None) if "usage" in body else None),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    vendors: Vendors


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def vendors(self) -> Vendors:
        return self.server.vendors

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.vendor = self.path.split("/")[1]
        call = Call(self.vendor, self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(raw))
        self.vendors.calls.append(call)
        trouble = self.vendors.trouble()
        # Whoever hangs up on a trouble is right to do so.
        with suppress(ConnectionError):
            if trouble:
                TROUBLES[trouble](self)
            elif refusal := _refusal(self.vendor, call):
                self.json(*refusal)
            else:
                time.sleep(self.vendors.seconds)
                self.json(200, good(self.vendor, self.vendors.picture, call.body.get("seed", -1)))

    def json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.reply(status, json.dumps(body).encode(), headers)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Connection": "close",
            "x-request-id": REQUEST_ID,
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def reset(self) -> None:
        """Hang up the hard way, so that the other side cannot take it for an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the tests' output."""
