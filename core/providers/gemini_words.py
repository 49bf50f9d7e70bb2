"""Google's Gemini as a writer: POST models/<model>:generateContent with a JSON schema.

https://ai.google.dev/gemini-api/docs/structured-output
"""

from typing import Any

import msgspec
from msgspec import Raw

from core.errors import ProviderError
from core.providers import Answer, TextRequest, TextResult
from core.providers.answers import NOTHING, count, counted, mapping, parsed, unusable
from core.providers.complaint import Complaint, loose, said
from core.providers.words import MOST_TOKENS, Desk, schema, told
from core.settings import Settings

# finishReason values that mean "not this content"; MAX_TOKENS is a text that was cut.
_BLOCKS = ("SAFETY", "PROHIBITED", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR", "JAILBREAK")


class _Shape(msgspec.Struct, rename="camel"):
    pass


class _Part(_Shape):
    text: Any = None
    thought: Any = None


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


class GeminiWords:
    """Gemini Flash and its kin. They report tokens and no cost; thoughts are billed as text."""

    name = "gemini"

    def __init__(self, settings: Settings) -> None:
        self.wire = Desk(
            "Gemini",
            settings.gemini_base_url,
            {"x-goog-api-key": settings.gemini_api_key},
            settings.provider_deadline,
            secrets=[settings.gemini_api_key],
        )

    def sent(self, request: TextRequest) -> dict[str, Any]:
        """The whole body and, since it stands in the address, the model."""
        return {"model": request.model, **_body(request)}

    async def send(self, request: TextRequest) -> Answer:
        """One call, as every writer does it."""
        return await self.wire.post(f"/models/{request.model}:generateContent", lambda: _body(request))

    def read(self, request: TextRequest, answer: Answer) -> TextResult:
        """A blocked prompt has no candidates at all; thoughts are parts like the others, but marked."""
        body = parsed(self.wire, answer, _Body)
        first = body.candidates[0] if body.candidates else _Candidate()
        if failure := _failure(self.wire, body, first):
            raise failure
        parts = [part for part in (first.content and first.content.parts) or () if part.thought is not True]
        text = "".join(part.text for part in parts if isinstance(part.text, str))
        meta = mapping(loose(body.usage_metadata))
        out = count(meta.get("candidatesTokenCount")) + count(meta.get("thoughtsTokenCount"))
        return TextResult(
            told(self.wire, request, text, cut=first.finish_reason == "MAX_TOKENS"),
            usage=counted(text_in=meta.get("promptTokenCount"), text_out=out),
            request_id=str(body.response_id)[:200] if body.response_id else None,
        )


def _body(request: TextRequest) -> dict[str, Any]:
    return {
        "systemInstruction": {"parts": [{"text": request.instructions}]},
        "contents": [{"role": "user", "parts": [{"text": request.prompt}]}],
        "generationConfig": {
            "responseMimeType": "application/json",
            # Not responseSchema: that is Google's own dialect, without additionalProperties.
            "responseJsonSchema": schema(request.fields),
            "maxOutputTokens": MOST_TOKENS,
        },
    }


def _failure(wire: Desk, body: _Body, first: _Candidate) -> ProviderError | None:
    """Why there is no text, when the answer says so itself."""
    if error := loose(body.error):
        complaint = said({"error": error})
        if complaint.moderation:
            return wire.refused(complaint, "moderation")
        return unusable(wire, f"with an error: “{wire.clean(complaint.message) or 'no reason given'}”")
    reason = mapping(loose(body.prompt_feedback)).get("blockReason")
    if reason or any(word in str(first.finish_reason).upper() for word in _BLOCKS):
        return wire.refused(Complaint(f"the reason given is {reason or first.finish_reason}"), "moderation")
    return None
