"""Google's Gemini images: POST models/<model>:generateContent. https://ai.google.dev/gemini-api/docs/image-generation"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from core.providers import Answer, Picture, Request, Result
from core.providers.answers import NOTHING, bare_picture, count, counted, mapping, no_picture, parsed, picture
from core.providers.complaint import loose
from core.providers.wire import Wire, base64, described
from core.settings import Settings

# finishReason values that mean "not this content"; the others (NO_IMAGE, IMAGE_OTHER, MAX_TOKENS) are failures.
_BLOCKS = ("SAFETY", "PROHIBITED", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR", "JAILBREAK")


class _Shape(msgspec.Struct, rename="camel"):
    pass


class _Data(_Shape):
    data: Raw = NOTHING


class _Part(_Shape):
    text: Any = None
    thought: Any = None
    inline_data: _Data | None = None


class _Content(_Shape):
    parts: list[_Part] | None = None


class _Candidate(_Shape):
    content: _Content | None = None
    finish_reason: Any = None


class _Body(_Shape):
    candidates: list[_Candidate] | None = None
    prompt_feedback: Raw = NOTHING
    usage_metadata: Raw = NOTHING
    response_id: Any = None
    error: Raw = NOTHING


class Gemini:
    """Nano Banana. It reports tokens and no cost; masks, seeds and negative prompts do not exist."""

    name = "gemini"

    def __init__(self, settings: Settings) -> None:
        self.wire = Wire(
            "Gemini",
            settings.gemini_base_url,
            {"x-goog-api-key": settings.gemini_api_key},
            settings.provider_deadline,
            secrets=[settings.gemini_api_key],
        )

    def sent(self, request: Request) -> dict[str, Any]:
        return {"model": request.model, **_body(request, described)}

    async def send(self, request: Request) -> Answer:
        return await self.wire.post(f"/models/{request.model}:generateContent", lambda: _body(request, base64))

    def read(self, request: Request, answer: Answer) -> Result:
        """Of several images the last that is no thought is the result: the others are drafts."""
        if bare := bare_picture(self.wire, answer):
            return Result((bare,))
        body = parsed(self.wire, answer, _Body)
        first = body.candidates[0] if body.candidates else _Candidate()
        parts = [part for part in (first.content and first.content.parts) or () if part.thought is not True]
        words = " ".join(part.text for part in parts if isinstance(part.text, str)).strip()
        sent = [part.inline_data.data for part in parts if part.inline_data]
        drawn = [data for raw in sent if (data := picture(raw))]
        if not drawn:
            # Words beside a broken picture go with it; words alone are the answer.
            raise no_picture(self.wire, body.error, "" if sent else words, _block(body, first))
        return Result(
            (drawn[-1],),
            usage=_usage(mapping(loose(body.usage_metadata))),
            request_id=str(body.response_id)[:200] if body.response_id else None,
            text=words or None,
        )


def _body(request: Request, show: Callable[[Picture], str]) -> dict[str, Any]:
    """Pictures first come to their numbers in the prompt ("image 1"), so the source is the first of them."""
    inputs = [one for one in (request.source, *request.references) if one]
    parts = [{"inlineData": {"mimeType": one.mime, "data": show(one)}} for one in inputs]
    config = {"aspectRatio": request.ratio, "imageSize": request.resolution}
    return {
        "contents": [{"role": "user", "parts": [{"text": request.prompt}, *parts]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {name: value for name, value in config.items() if value},
        },
    }


def _block(body: _Body, first: _Candidate) -> str | None:
    """The reason when the content was blocked: of the prompt (then there are no candidates) or of the picture."""
    prompt = mapping(loose(body.prompt_feedback)).get("blockReason")
    reason = prompt or first.finish_reason
    blocked = prompt or any(word in str(reason).upper() for word in _BLOCKS)
    return f"the reason given is {reason}." if blocked else None


def _usage(meta: dict[str, Any]) -> dict[str, int]:
    """Thoughts are outside of the candidates' count and billed as text."""
    given, drawn = _modalities(meta.get("promptTokensDetails")), _modalities(meta.get("candidatesTokensDetails"))
    return counted(
        text_in=given.get("TEXT", 0) if given else meta.get("promptTokenCount"),
        image_in=given.get("IMAGE", 0),
        image_out=drawn.get("IMAGE", 0) if drawn else meta.get("candidatesTokenCount"),
        text_out=drawn.get("TEXT", 0) + count(meta.get("thoughtsTokenCount")),
    )


def _modalities(details: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in map(mapping, details if isinstance(details, list) else ()):
        name = str(one.get("modality"))
        found[name] = found.get(name, 0) + count(one.get("tokenCount"))
    return found
