"""OpenAI and OpenRouter as writers: POST /chat/completions, with fields as a strict JSON schema.

https://platform.openai.com/docs/guides/structured-outputs, https://openrouter.ai/docs/features/structured-outputs
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from core.errors import ProviderError
from core.providers import Answer, TextRequest, TextResult
from core.providers.answers import NOTHING, counted, dollars, mapping, parsed, request_id, unusable
from core.providers.complaint import Complaint, loose, said
from core.providers.words import MOST_TOKENS, Desk, schema, told
from core.settings import Settings


class _Message(msgspec.Struct):
    content: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    finish_reason: Any = None
    error: Raw = NOTHING


class _Body(msgspec.Struct):
    choices: list[_Choice | None] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


class Chat:
    """One vendor of chat completions. `extras` are what its calls have beyond everybody's."""

    def __init__(self, name: str, wire: Desk, extras: Mapping[str, Any]) -> None:
        self.name, self.wire, self.extras = name, wire, extras

    def sent(self, request: TextRequest) -> dict[str, Any]:
        """The whole body: there is no secret in it."""
        return {**_body(request), **self.extras}

    async def send(self, request: TextRequest) -> Answer:
        """One call, as every writer does it."""
        return await self.wire.post("/chat/completions", lambda: self.sent(request))

    def read(self, request: TextRequest, answer: Answer) -> TextResult:
        """A refusal has a field of its own, a block a finish_reason, and an error may come inside of a 200."""
        body = parsed(self.wire, answer, _Body)
        first = next((choice for choice in body.choices or () if choice), _Choice())
        message = first.message or _Message()
        if failure := _failure(self.wire, body, first, message):
            raise failure
        usage = mapping(loose(body.usage))
        return TextResult(
            told(self.wire, request, _text(message.content), cut=first.finish_reason == "length"),
            cost=dollars(usage.get("cost")),
            usage=counted(text_in=usage.get("prompt_tokens"), text_out=usage.get("completion_tokens")),
            request_id=request_id(answer.headers),
        )


def openai(settings: Settings) -> Chat:
    """OpenAI. It reports tokens and no cost; without an effort, models think about a caption and bill it."""
    wire = Desk(
        "OpenAI",
        settings.openai_base_url,
        {"Authorization": f"Bearer {settings.openai_api_key}"},
        settings.provider_deadline,
        secrets=[settings.openai_api_key],
    )
    return Chat("openai", wire, {"max_completion_tokens": MOST_TOKENS, "reasoning_effort": "none"})


def openrouter(settings: Settings) -> Chat:
    """OpenRouter, which reports the cost. Without `require_parameters` it may pick somebody who ignores the schema.

    With it, everything sent has to be known to a model's makers: most know max_tokens alone, and no effort.
    """
    wire = Desk(
        "OpenRouter",
        settings.openrouter_base_url,
        {"Authorization": f"Bearer {settings.openrouter_api_key}", "X-OpenRouter-Title": "Image Studio"},
        settings.provider_deadline,
        secrets=[settings.openrouter_api_key],
    )
    return Chat("openrouter", wire, {"max_tokens": MOST_TOKENS, "provider": {"require_parameters": True}})


def _body(request: TextRequest) -> dict[str, Any]:
    return {
        "model": request.model,
        "messages": [
            {"role": "system", "content": request.instructions},
            {"role": "user", "content": request.prompt},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "text", "strict": True, "schema": schema(request.fields)},
        },
    }


def _failure(wire: Desk, body: _Body, first: _Choice, message: _Message) -> ProviderError | None:
    """Why there is no text, when the answer says so itself."""
    error = loose(body.error) or loose(first.error)
    if error:
        complaint = said({"error": error})
        if complaint.moderation or complaint.account:
            return wire.refused(complaint, "moderation" if complaint.moderation else "account")
        return unusable(wire, f"with an error: “{wire.clean(complaint.message) or 'no reason given'}”")
    if isinstance(message.refusal, str) and message.refusal.strip():
        return wire.refused(Complaint(message.refusal), "moderation")
    if first.finish_reason == "content_filter":
        return wire.refused(Complaint("its content filter stopped the text"), "moderation")
    return None


def _text(content: Any) -> str:
    """What was said: a string, or the text parts of a list."""
    parts = content if isinstance(content, list) else [{"text": content}]
    return "".join(text for part in parts if isinstance(text := mapping(part).get("text"), str))
