"""Practice pictures: built in, offline, free, and the same for the same model, prompt, seed and size."""

import asyncio
import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.errors import AnswerUnusable, OutcomeUnknown, ProviderRefused, Refused
from core.providers import Answer, Request, Result, sketch_art
from core.settings import Settings

_SEEDS = 2**31


class Sketch:
    """A provider like any other, for the first run, training, demonstrations and tests.

    Its models are the styles of `sketch_art.STYLES`. Without a seed it picks one and reports it, as vendors do.
    """

    name = "sketch"

    def __init__(self, settings: Settings) -> None:
        self.delay, self.detail = settings.sketch_delay, settings.sketch_detail
        self.failures = settings.sketch_failures

    def sent(self, request: Request) -> dict[str, Any]:
        """What the drawing depends on; images are only named."""
        told: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
        told |= {"width": request.width, "height": request.height, "seed": request.seed}
        told |= {"strength": request.strength, "source": request.source is not None, "mask": request.mask is not None}
        told["references"] = len(request.references)
        return {name: value for name, value in told.items() if value not in (None, False, 0) or name == "seed"}

    async def send(self, request: Request) -> Answer:
        """Draw, no faster than SKETCH_DELAY. For a share of SKETCH_FAILURES it plays a failure."""
        await asyncio.sleep(self.delay)
        seed = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
        trouble = _trouble(request, seed, self.failures)
        if trouble is not None:
            return trouble()
        try:
            png = await asyncio.to_thread(sketch_art.draw, request, seed, self.detail)
        except Refused as refusal:
            raise ProviderRefused(str(refusal)) from refusal
        return _answer({"image": base64.b64encode(png).decode(), "seed": seed, "cost": 0}, request, seed)

    def read(self, request: Request, answer: Answer) -> Result:
        """Take the picture out. Raises AnswerUnusable."""
        try:
            told = json.loads(answer.body)
            picture = base64.b64decode(told["image"], validate=True)
            cost, seed = Decimal(str(told["cost"])), int(told["seed"])
        except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
            raise AnswerUnusable("The practice provider answered without a picture. Try again.") from None
        if not picture:
            raise AnswerUnusable("The practice provider answered with an empty picture. Try again.")
        return Result((picture,), cost=cost, seed=seed, request_id=answer.headers.get("x-request-id"))


def _trouble(request: Request, seed: int, share: float) -> Callable[[], Answer] | None:
    """A failure for this share of all calls, whatever they ask for: trying again has to be worth it."""
    if secrets.randbelow(1_000_000) >= share * 1_000_000:
        return None
    return secrets.choice((_refuses, _vanishes, lambda: _empty(request, seed)))


def _vanishes() -> Answer:
    raise OutcomeUnknown("The practice provider plays a lost answer: a real one may have been charged for.")


def _refuses() -> Answer:
    raise ProviderRefused(
        "The practice provider plays refusing this prompt. Change the prompt or try again.", "moderation"
    )


def _empty(request: Request, seed: int) -> Answer:
    return _answer({"text": "Here is your picture.", "seed": seed, "cost": 0}, request, seed)


def _answer(told: dict[str, Any], request: Request, seed: int) -> Answer:
    number = hashlib.sha256(f"{request.model}\n{request.prompt}\n{seed}".encode()).hexdigest()[:16]
    return Answer(
        200, {"content-type": "application/json", "x-request-id": f"sketch-{number}"}, json.dumps(told).encode()
    )
