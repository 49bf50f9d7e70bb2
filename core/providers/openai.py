"""OpenAI's images: generations, and edits with or without a mask. https://platform.openai.com/docs/guides/images"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core import pictures
from core.providers import Answer, Picture, Request, Result
from core.providers.answers import counted, images, mapping, request_id
from core.providers.wire import Wire, data_url, described
from core.settings import Settings


class OpenAI:
    """GPT Image. It reports tokens and no cost, knows no seed, and takes masks by their transparency."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self.wire = Wire(
            "OpenAI",
            settings.openai_base_url,
            {"Authorization": f"Bearer {settings.openai_api_key}"},
            settings.provider_deadline,
            secrets=[settings.openai_api_key],
        )

    def sent(self, request: Request) -> dict[str, Any]:
        return _body(request, described, described)

    async def send(self, request: Request) -> Answer:
        path = "/images/edits" if _inputs(request) else "/images/generations"
        return await self.wire.post(path, lambda: _body(_alike(request), data_url, lambda m: _transparent(request, m)))

    def read(self, request: Request, answer: Answer) -> Result:
        found, usage = images(self.wire, answer)
        details = mapping(usage.get("input_tokens_details"))
        given = mapping(usage.get("output_tokens_details"))
        return Result(
            found,
            usage=counted(
                text_in=details.get("text_tokens") if details else usage.get("input_tokens"),
                image_in=details.get("image_tokens"),
                image_out=given.get("image_tokens") if given else usage.get("output_tokens"),
                text_out=given.get("text_tokens"),
            ),
            request_id=request_id(answer.headers),
        )


def _body(request: Request, show: Callable[[Picture], str], mask: Callable[[Picture], str]) -> dict[str, Any]:
    """The JSON form of both routes. `model` and `quality` always go out: the defaults are a dead model and any price.

    `response_format` and `seed` are errors with GPT Image, so they never do.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "n": 1,
        "size": f"{request.width}x{request.height}",
        "quality": request.quality or "medium",
        "output_format": "png",
    }
    if inputs := _inputs(request):
        body["images"] = [{"image_url": show(picture)} for picture in inputs]
    if request.mask:
        body["mask"] = {"image_url": mask(request.mask)}
    return body


def _inputs(request: Request) -> list[Picture]:
    """The source first: the mask belongs to the first image."""
    return [picture for picture in (request.source, *request.references) if picture]


def _alike(request: Request) -> Request:
    """With a mask, a PNG, the source has to be a PNG too: OpenAI wants both in one format."""
    if not request.mask or not request.source or request.source.mime == "image/png":
        return request
    source = replace(request.source, data=pictures.as_png(request.source.data), mime="image/png")
    return replace(request, source=source)


def _transparent(request: Request, mask: Picture) -> str:
    """OpenAI changes what is transparent, and wants exactly the source's pixels."""
    size = request.source or mask
    alpha = pictures.alpha_mask(mask.data, size.width, size.height)
    return data_url(replace(mask, data=alpha, mime="image/png"))
