"""OpenRouter, one key for many makers: POST /images. https://openrouter.ai/docs"""

from collections.abc import Callable
from typing import Any

from core.providers import Answer, Picture, Request, Result
from core.providers.answers import count, counted, dollars, images, mapping, request_id
from core.providers.wire import Wire, data_url, described
from core.settings import Settings


class OpenRouter:
    """Its dedicated image route; it has no mask and no negative prompt, and reports the cost."""

    name = "openrouter"

    def __init__(self, settings: Settings) -> None:
        self.wire = Wire(
            "OpenRouter",
            settings.openrouter_base_url,
            {"Authorization": f"Bearer {settings.openrouter_api_key}", "X-OpenRouter-Title": "Image Studio"},
            settings.provider_deadline,
            secrets=[settings.openrouter_api_key],
            # "A failed generation answers 502 and is not billed": its image guide.
            unbilled=[502],
        )

    def sent(self, request: Request) -> dict[str, Any]:
        return _body(request, described)

    async def send(self, request: Request) -> Answer:
        return await self.wire.post("/images", lambda: _body(request, data_url))

    def read(self, request: Request, answer: Answer) -> Result:
        pictures, usage = images(self.wire, answer)
        out = count(usage.get("completion_tokens"))
        drawn = count(mapping(usage.get("completion_tokens_details")).get("image_tokens"))
        return Result(
            pictures,
            cost=dollars(usage.get("cost")),
            usage=counted(text_in=usage.get("prompt_tokens"), image_out=drawn, text_out=max(out - drawn, 0)),
            seed=request.seed,
            request_id=request_id(answer.headers),
        )


def _body(request: Request, show: Callable[[Picture], str]) -> dict[str, Any]:
    """Only what the model declares; `core.catalogue.fit` has left out the rest. Unknown keys are ignored but paid."""
    inputs = [picture for picture in (request.source, *request.references) if picture]
    extras = {"steps": request.steps, "guidance": request.guidance}
    body = {
        "model": request.model,
        "prompt": request.prompt,
        "n": 1,
        "aspect_ratio": request.ratio or None,
        "resolution": request.resolution or None,
        "quality": request.quality,
        "seed": request.seed,
        "input_references": [{"type": "image_url", "image_url": {"url": show(one)}} for one in inputs] or None,
        "provider": _options(request.model.partition("/")[0], extras),
    }
    return {name: value for name, value in body.items() if value is not None}


def _options(maker: str, extras: dict[str, Any]) -> dict[str, Any] | None:
    """Settings that OpenRouter hands on unread, under the maker's name."""
    wanted = {name: value for name, value in extras.items() if value is not None}
    return {"options": {maker: wanted}} if wanted else None
