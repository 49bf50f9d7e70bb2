"""The page of a shared link, for people who are not signed in: `/s/<token>`, its pictures, its forms, its preview."""

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import metrics, pictures, shared, tokens
from core.errors import NotFound, Refused, StudioError
from core.files import StoreDown
from core.shared import Locked, Picture
from core.studio import Studio
from core.web import forms, media, paper, security, words
from core.web.media import Media
from core.web.throttle import Buckets, Guesses, neighbourhood

SIZES = ("256", "512", "preview")
"""Never the original: files of other makers may carry the prompt inside."""
CARD = (1200, 630)
CARDS_REMEMBERED = 16
FORM_BYTES = 20_000
TOO_MUCH = "This is more than the form takes. Shorten the note and send it again."
JUST_JUDGED = 20
"""Seconds in which the page that follows a verdict is no new opening."""
PICTURE_MISSED = 0.1
"""How much of a guess a missing picture is: a page that was open when its link ended asks for many."""
ENTERING = 2
"""Passwords looked at at the same time: each takes a core for 50 ms, and other work shall not wait for guessers."""
PASSWORD, JUDGED = "proof", "judged"
PICTURE_HEADERS = {**media.HEADERS, **paper.SECRET}

Doing = Callable[[Request, str], Awaitable[Response]]


class SharedPages:
    """Answers readers. Whatever opens nothing gets one and the same page."""

    def __init__(self, studio: Studio, catalogues: Path, media: Media) -> None:
        self.studio, self.catalogues, self.media = studio, catalogues, media
        self.guesses = Guesses()
        self.passwords = Buckets(at_once=30, per_minute=1)  # by link: its password may be short
        self.entering = anyio.CapacityLimiter(ENTERING)
        self.verdicts = Buckets(at_once=120, per_minute=60)
        self.cards: OrderedDict[str, bytes] = OrderedDict()

    def door(self, doing: Doing, cost: float = 1) -> Callable[[Request], Awaitable[Response]]:
        """Before and after everything here: who guesses waits, what opens nothing is gone, what is locked asks."""

        async def answer(request: Request) -> Response:
            address, token = _address(request), request.path_params["token"]
            if wait := self.guesses.wait(address):
                return self._wait(request, wait)
            try:
                return await doing(request, token)
            except NotFound as error:
                self.guesses.failed(address, cost)
                metrics.GUESSES.inc(cost)
                return self._says(request, 404, str(error))
            except Locked:
                return self._says(request, 403, "", template="password.html", token=token)
            except StoreDown as error:
                return self._says(request, 503, str(error), back=f"/s/{token}")
            except StudioError as error:
                return self._says(request, 400, str(error), back=f"/s/{token}")

        return answer

    async def page(self, request: Request, token: str) -> Response:
        """The conversation. Only asking for it with GET counts as opening it."""
        proof = request.cookies.get(PASSWORD, "")
        counts = request.method == "GET" and not self._just_judged(request, token)
        seen = await run_sync(lambda: shared.opened(self.studio, token, proof, counts=counts))
        form = self._form_token(token, proof)
        base = f"{request.url.scheme}://{request.headers.get('host', '')}"
        said = words.of(request, self.catalogues)
        return paper.page("shared.html", said, seen=seen, base=base, path=f"/s/{token}", form=form, widths=_widths)

    async def picture(self, request: Request, token: str) -> Response:
        """One picture of the page in one of its sizes, as long as the link opens it: asked anew every time."""
        image_id, size = request.path_params["image"], request.path_params["size"]
        if size not in SIZES:
            raise NotFound(shared.GONE)
        proof = request.cookies.get(PASSWORD, "")
        found = await run_sync(lambda: shared.image(self.studio, token, image_id, proof))
        return _bytes(await self.media.variant(_file(found), size))

    async def card(self, request: Request, token: str) -> Response:
        """What chat programs show beside the link."""
        found = await run_sync(shared.cover, self.studio, token)
        if found.id not in self.cards:
            large = await self.media.variant(_file(found), "preview")
            self.cards[found.id] = await run_sync(_card, large, limiter=self.media.limiter)
            if len(self.cards) > CARDS_REMEMBERED:
                self.cards.popitem(last=False)
        return _bytes(self.cards[found.id])

    async def password(self, request: Request, token: str) -> Response:
        """Lets in whoever knows the password, for some hours, by a cookie for this link alone."""
        form, key, address = await _form(request), tokens.digest(token), _address(request)
        if wait := max(self.passwords.wait(key), self.guesses.wait(address)):
            return self._wait(request, wait)
        # Counted before the answer is known: else all who ask at the same time would have the same try.
        self.passwords.spend(key)
        self.guesses.failed(address)
        try:
            proof = await run_sync(shared.enter, self.studio, token, form.get("password", ""), limiter=self.entering)
        except Refused as error:
            metrics.GUESSES.inc()
            return self._says(request, 403, str(error), template="password.html", token=token)
        except StudioError:
            self._give_back(key, address)
            raise
        self._give_back(key, address)
        answer = RedirectResponse(f"/s/{token}", 303, paper.HEADERS)
        _remember(answer, request, token, PASSWORD, proof, int(shared.PROOF_LIVES.total_seconds()))
        return answer

    async def verdict(self, request: Request, token: str) -> Response:
        """What a reader says of one image; only from a form of this very page."""
        form, proof = await _form(request), request.cookies.get(PASSWORD, "")
        if not tokens.genuine(self.studio.secrets, form.get("form", ""), "form", tokens.digest(token), proof):
            raise Refused("This form is not from this page, or the page is old. Go back, reload it and try again.")
        if wait := self.verdicts.wait(key := tokens.digest(token)):
            return self._wait(request, wait)
        self.verdicts.spend(key)
        image_id = form.get("image", "")
        told = (image_id, form.get("verdict", ""), form.get("note", ""), proof)
        await run_sync(lambda: shared.judge(self.studio, token, *told))
        answer = RedirectResponse(f"/s/{token}#image-{image_id}", 303, paper.HEADERS)
        _remember(answer, request, token, JUDGED, self._judged_token(token), JUST_JUDGED)
        return answer

    def _give_back(self, key: str, address: str) -> None:
        self.passwords.give_back(key)
        self.guesses.forgive(address)

    def _form_token(self, token: str, proof: str) -> str:
        return tokens.signed(self.studio.secret, "form", tokens.digest(token), proof)

    def _judged_token(self, token: str) -> str:
        ends = f"{int(self.studio.now().timestamp()) + JUST_JUDGED:x}"
        return f"{ends}.{tokens.signed(self.studio.secret, JUDGED, tokens.digest(token), ends)}"

    def _just_judged(self, request: Request, token: str) -> bool:
        ends, _, signature = request.cookies.get(JUDGED, "").partition(".")
        genuine = tokens.genuine(self.studio.secrets, signature, JUDGED, tokens.digest(token), ends)
        return genuine and int(ends, 16) >= self.studio.now().timestamp()

    def _wait(self, request: Request, seconds: float) -> Response:
        metrics.HELD_UP.inc()
        sentence = "That were too many tries from here. Wait a minute, then open the link again."
        return self._says(request, 429, sentence, headers={"Retry-After": str(math.ceil(seconds))})

    def _says(self, request: Request, status: int, sentence: str, **facts: Any) -> Response:
        """A page with one sentence; `template` and `headers` where they differ."""
        name = facts.pop("template", "gone.html")
        known = {"sentence": sentence, "back": None, "code": status, **facts}
        return paper.page(name, words.of(request, self.catalogues), status, known.pop("headers", None), **known)


def routes(studio: Studio, catalogues: Path, media: Media) -> list[Route]:
    """Everything below `/s/<token>`; `catalogues` holds the languages."""
    pages = SharedPages(studio, catalogues, media)
    return [
        Route("/s/{token}", pages.door(pages.page), methods=["GET"]),
        Route("/s/{token}/password", pages.door(pages.password), methods=["POST"]),
        Route("/s/{token}/verdict", pages.door(pages.verdict), methods=["POST"]),
        Route("/s/{token}/card.jpg", pages.door(pages.card), methods=["GET"]),
        Route("/s/{token}/m/{image}/{size}", pages.door(pages.picture, PICTURE_MISSED), methods=["GET"]),
    ]


def _address(request: Request) -> str:
    return neighbourhood(request.client.host if request.client else "")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form that a page of ours sent. Raises Refused for any other.

    A page that tells no referrer sends "Origin: null"; where it really comes from says Sec-Fetch-Site, and where that
    is missing too, the form's own token.
    """
    origin, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or (origin != "null" and not security.same_origin(request.scope)):
        raise Refused("This did not come from the page of the link. Open the link and try again.")
    return await forms.fields(request, FORM_BYTES, TOO_MUCH)


def _remember(answer: Response, request: Request, token: str, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, seconds, path=f"/s/{token}", httponly=True, samesite="lax", secure=secure)


def _file(picture: Picture) -> media.File:
    facts = asdict(picture)
    facts.pop("id")
    return media.File(**facts)


def _bytes(data: bytes) -> Response:
    return Response(data, headers=PICTURE_HEADERS, media_type=pictures.sniff(data))


def _card(data: bytes) -> bytes:
    return pictures.preview(pictures.fitted(data, *CARD), CARD[0])


def _widths(width: int, height: int) -> dict[str, int]:
    """How wide a picture of this size is in each of its sizes, so that a browser can choose."""
    short = {name: min(1, int(name) / min(width, height), 3 * int(name) / max(width, height)) for name in SIZES[:2]}
    scales = {**short, "preview": min(1, 1440 / max(width, height))}
    return {name: max(1, round(width * scale)) for name, scale in scales.items()}
