"""The wire: one call to a provider over HTTP, and what its status and its complaint mean for us."""

import asyncio
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import msgspec
import pybase64

from core.errors import OutcomeUnknown, ProviderBusy, ProviderError, ProviderRefused
from core.providers import Answer, Picture
from core.providers.complaint import Complaint, complaint, wait

MOST_BYTES = 64 * 1024 * 1024
"""Longest answer that we take: four 4K PNGs as base64 are half of it."""
CONNECT_SECONDS = 10
# What a refusal says fits many times in here, and takes no longer once the status line is there.
_COMPLAINT_BYTES = 64 * 1024
_COMPLAINT_SECONDS = 10
_SHOWN = 300

_KEPT_HEADERS = ("content-type", "retry-after", "x-request-id", "request-id", "x-generation-id")
# Keys as OpenAI, OpenRouter and Google write them, also half hidden as vendors echo them.
_KEYLIKE = re.compile(r"\b(?:sk-[\w*.\-]{4,}|AIza[\w*\-]{4,}|Bearer\s+\S+|Basic\s+\S+)")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\s]+")

_Unusable = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
_NotSent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Wire:
    """One provider's connection: its address, headers and secrets.

    `unbilled` are statuses of which the vendor says in writing that nothing was charged.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        deadline: float,
        secrets: Collection[str] = (),
        unbilled: Collection[int] = (),
    ) -> None:
        self.vendor, self.deadline = vendor, deadline
        self._base_url, self._headers = base_url, dict(headers)
        self._secrets, self._unbilled = [s for s in secrets if s], unbilled
        # A client belongs to the event loop it was first used in.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def post(self, path: str, body: Callable[[], Any]) -> Answer:
        """One call and its complete answer, within `deadline` seconds in all and MOST_BYTES. Never retries.

        `body` runs in a thread, since masks are converted and pictures encoded there. Raises ProviderBusy (nothing
        was accepted), ProviderRefused (a clear no) or OutcomeUnknown (left us, no complete answer).
        """
        content = await asyncio.to_thread(lambda: msgspec.json.encode(body()))
        try:
            async with asyncio.timeout(self.deadline):
                return await self._exchange(path, content)
        except (httpx.HTTPError, OSError, *_Unusable) as error:
            failure = self._failure(error)
        # Raised out here, so that the library's exception, which may hold a key, is not in its context.
        raise failure

    def clean(self, said: object) -> str:
        """A vendor's words, fit to be shown and kept: one line, no keys, shortened."""
        text = str(said)
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        text = _UNREADABLE.sub(" ", _KEYLIKE.sub("[key]", text)).strip()
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

    def refused(self, said: Complaint, kind: str) -> ProviderRefused:
        """A clear no, with the vendor's own words and the next step."""
        words = self.clean(said.message)
        quoted = f": “{words}”" if words else ""
        stop = "" if words.endswith((".", "!", "?", "…")) else "."
        return ProviderRefused(f"{self.vendor} {_REFUSALS[kind][0]}{quoted}{stop} {_REFUSALS[kind][1]}", kind)

    async def _exchange(self, path: str, content: bytes) -> Answer:
        headers = {"content-type": "application/json"}
        async with self._client().stream("POST", path, content=content, headers=headers) as response:
            kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            if not response.is_success:
                raise self._no(response, await _short(response))
            if _encoded(response):
                raise self._unknown("compressed, although we asked it not to")
            return Answer(response.status_code, kept, await self._whole(response))

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx.AsyncClient(
                base_url=self._base_url,
                headers={"user-agent": "image-studio", **self._headers, "accept-encoding": "identity"},
                timeout=httpx.Timeout(self.deadline, connect=CONNECT_SECONDS),
                # A kept connection that the server closes just as we write looks like a lost answer, perhaps a paid
                # one. A new handshake is nothing beside the seconds that a picture takes.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                trust_env=False,
                verify=_trusted(),
                follow_redirects=False,
            )
        return self._clients[loop]

    async def _whole(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_BYTES:
                raise self._unknown(f"longer than {MOST_BYTES // 1024**2} MB")
        return bytes(body)

    def _no(self, response: httpx.Response, body: bytes) -> ProviderError:
        status, said = response.status_code, complaint(body)
        if response.is_redirect or 300 <= status < 400:
            return self.refused(Complaint("it wants us to go to another address"), "account")
        if (status == 429 and not said.account) or status in (503, 529) or status in self._unbilled:
            return self._busy(wait(response.headers, said))
        if status == 408 or status >= 500:
            return self._unknown(f"it answered {status}" + (f", “{self.clean(said.message)}”" if said.message else ""))
        if said.moderation:
            return self.refused(said, "moderation")
        return self.refused(said, "account" if said.account or status in (401, 402, 403) else "request")

    def _failure(self, error: Exception) -> ProviderError:
        if isinstance(error, _Unusable):
            return self.refused(Complaint("its address or key in the settings cannot be used"), "account")
        if isinstance(error, _NotSent):
            return self._busy(5.0, "cannot be reached")
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return self._unknown(f"no complete answer within {self.deadline:g} seconds")
        return self._unknown("the connection broke")

    def _busy(self, seconds: float, state: str = "is busy") -> ProviderBusy:
        return ProviderBusy(f"{self.vendor} {state}; nothing was made or charged. Try again in a while.", seconds)

    def _unknown(self, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"The answer of {self.vendor} was lost ({why}). It may have been charged; trying again may cost twice."
        )


# What happened and what to do next, by the kind of a refusal.
_REFUSALS = {
    "moderation": ("declined to draw this", "Change the prompt or the images and ask again."),
    "account": ("did not let us in", "Someone has to look at its key, credits, access or address in the settings."),
    "request": ("did not accept this request", "Change the prompt or the settings, or pick another model."),
}


def described(picture: Picture) -> str:
    """What the record says instead of a picture's bytes."""
    return f"{picture.mime}, {picture.width}x{picture.height}, {len(picture.data)} bytes"


def base64(picture: Picture) -> str:
    """A picture's bytes in base64."""
    return pybase64.b64encode_as_string(picture.data)


def data_url(picture: Picture) -> str:
    """A picture as a data URL: always reachable for the vendor, unlike a link to us."""
    return f"data:{picture.mime};base64,{base64(picture)}"


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates we trust. To read them takes some 20 ms, so all clients share what was read."""
    return httpx.create_ssl_context(trust_env=False)


def _encoded(response: httpx.Response) -> bool:
    return response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


async def _short(response: httpx.Response) -> bytes:
    """The beginning of a refusal's body, as far as it comes; the status is known and stands without it."""
    body = bytearray()
    if _encoded(response):
        return b""
    try:
        async with asyncio.timeout(_COMPLAINT_SECONDS):
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _COMPLAINT_BYTES:
                    break
    except (httpx.HTTPError, TimeoutError):
        return bytes(body)
    return bytes(body)
