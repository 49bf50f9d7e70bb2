"""What the vendors on loopback write, what they refuse to, and the troubles that only texts have."""

import json
from collections.abc import Callable
from typing import Any

from tests.vendor_answers import CHAT, complaint, locked_out
from tests.vendor_troubles import TROUBLES

WRITERS = ("openrouter", "openai", "gemini")
COST = 0.000231
TOKENS_IN, TOKENS_OUT = 310, 96
THOUGHTS = 20
WORDS_REFUSAL = "I'm sorry, I can't write that."


def writes(path: str, body: dict[str, Any]) -> bool:
    """Whether this call asks for a text."""
    return path.endswith("/chat/completions") or "responseMimeType" in body.get("generationConfig", {})


def good(vendor: str, body: dict[str, Any]) -> dict[str, Any]:
    """The vendor's answer to this call: every field that it asks for, with the usage that it would report."""
    prompt = body["contents"][0]["parts"][0]["text"] if vendor == "gemini" else body["messages"][-1]["content"]
    fields = {
        name: _value(facts, f"{name} for {prompt}") for name, facts in _schema(vendor, body)["properties"].items()
    }
    return saying(vendor, json.dumps(fields))


def moderated(body: dict[str, Any], violent: str) -> dict[str, Any]:
    """OpenAI's answer to whether this prompt may be used."""
    assert set(body) == {"model", "input"}
    flagged = violent in body["input"]
    categories = {"violence": flagged, "violence/graphic": flagged, "hate": False}
    scores = {"violence": 0.97 if flagged else 0.01, "violence/graphic": 0.4, "hate": 0.99}
    result = {"flagged": flagged, "categories": categories, "category_scores": scores}
    return {"id": "modr-1", "model": body["model"], "results": [result]}


def saying(vendor: str, text: str, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """The vendor's answer with this text."""
    if vendor == "gemini":
        parts = [{"text": "A fox, then.", "thought": True}, {"text": text[:5]}, {"text": text[5:]}]
        reason = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}[finish]
        counts = {"promptTokenCount": TOKENS_IN, "candidatesTokenCount": TOKENS_OUT - THOUGHTS}
        return {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}],
            "usageMetadata": {**counts, "thoughtsTokenCount": THOUGHTS, "totalTokenCount": TOKENS_IN + TOKENS_OUT},
            "modelVersion": "gemini-3.8-flash",
            "responseId": "resp-1",
        }
    said = {"role": "assistant", "content": text, "refusal": None, **message}
    usage = {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT, "total_tokens": TOKENS_IN + TOKENS_OUT}
    return {
        "id": "gen-loopback-1",
        "object": "chat.completion",
        "created": 1795219200,
        "model": "some-model",
        "choices": [{"index": 0, "message": said, "finish_reason": finish, "logprobs": None}],
        "usage": usage | ({"cost": COST, "is_byok": False} if vendor == "openrouter" else {}),
    }


def refusal(vendor: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    """What the real vendor would answer to a request for text it does not like."""
    if no := locked_out(vendor, headers):
        return no
    unknown = set(body) - set(_FIELDS[vendor].split())
    if vendor == "openrouter" and unknown and body.get("provider", {}).get("require_parameters"):
        # Its reading of an unknown parameter: nobody whom it could ask declares it.
        return 404, complaint(vendor, 404, "No endpoints found that can handle the requested parameters.", "not_found")
    if unknown:
        return 400, complaint(vendor, 400, f"Unsupported parameter: {min(unknown)}.", "unsupported_parameter")
    if not _strict(_schema(vendor, body)):
        return 400, complaint(vendor, 400, "Invalid schema: every property is required.", "invalid_json_schema")
    return None


_FIELDS = {
    "openrouter": "model messages response_format max_tokens provider",
    "openai": "model messages response_format max_completion_tokens reasoning_effort",
    "gemini": "systemInstruction contents generationConfig",
}


def _schema(vendor: str, body: dict[str, Any]) -> dict[str, Any]:
    if vendor == "gemini":
        return dict(body["generationConfig"]["responseJsonSchema"])
    return dict(body["response_format"]["json_schema"]["schema"])


def _strict(schema: dict[str, Any]) -> bool:
    """The rule of "strict": all properties are required and no others may come, in every object."""
    if schema["type"] == "array":
        return _strict(schema["items"])
    if schema["type"] != "object":
        return True
    inner = schema["properties"]
    closed = schema.get("additionalProperties") is False and sorted(schema.get("required", ())) == sorted(inner)
    return closed and all(_strict(facts) for facts in inner.values())


def _value(facts: dict[str, Any], text: str) -> Any:
    """Something of the type that the schema wants."""
    if facts["type"] == "array":
        return [_value(facts["items"], "fox"), _value(facts["items"], "snow")]
    if facts["type"] == "object":
        return {name: _value(inner, text) for name, inner in facts["properties"].items()}
    return {"string": text, "integer": 1, "boolean": True}[facts["type"]]


# Troubles ------------------------------------------------------------------------------------------------------------


def _saying(change: Callable[[str], str], finish: str = "stop", **message: Any) -> Callable[[Any], None]:
    """A good answer whose text was changed."""

    def answer(h: Any) -> None:
        body = h.good()
        parts = body["candidates"][0]["content"]["parts"][1:] if h.vendor == "gemini" else ()
        text = "".join(part["text"] for part in parts) or body["choices"][0]["message"]["content"]
        h.json(200, saying(h.vendor, change(text), finish, **message))

    return answer


def _refused(h: Any) -> None:
    """Chat has a field for it; Gemini just says so."""
    h.vendors.charges.append(h.call)
    if h.vendor == "gemini":
        h.json(200, saying(h.vendor, WORDS_REFUSAL))
    else:
        h.json(200, saying(h.vendor, "", refusal=WORDS_REFUSAL))


def _broken_off(h: Any) -> None:
    """An error when work has begun: chat puts it beside what would be the message."""
    error = {"code": 502, "message": "The connection to the model was lost.", "metadata": {"error_type": "server"}}
    choice = {"index": 0, "message": {"role": "assistant", "content": '{"caption": "A f'}, "finish_reason": "error"}
    h.json(200, {"error": error} if h.vendor == "gemini" else {"choices": [{**choice, "error": error}]})


def _nothing(h: Any) -> None:
    h.json(200, {"candidates": []} if h.vendor == "gemini" else {"choices": []})


def _fields(change: Callable[[dict[str, Any]], object]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        fields = json.loads(text)
        change(fields)
        return json.dumps(fields)

    return changed


_SHARED = (
    *("429", "quota", "400", "402", "403", "404", "408", "500", "502", "503", "504", "524", "529"),
    *("html", "blocked", "drip", "cut", "closed", "huge", "bomb", "redirect", "no usage", "null cost"),
)

TEXT_TROUBLES: dict[str, Callable[[Any], None]] = {name: TROUBLES[name] for name in _SHARED} | {
    "empty": _nothing,
    "refusal": _refused,
    "refusal in words": _saying(lambda text: WORDS_REFUSAL),
    "filtered": _saying(lambda text: text[:9], "content_filter"),
    "broken off": _broken_off,
    "too long": _saying(lambda text: text[: len(text) // 2], "length"),
    "truncated": _saying(lambda text: text[: len(text) // 2]),
    "chat": _saying(lambda text: CHAT),
    "field gone": _saying(_fields(lambda fields: fields.pop("caption"))),
    "wrong type": _saying(_fields(lambda fields: fields.update(hashtags="#fox #snow"))),
    "wrong type inside": _saying(_fields(lambda fields: fields.update(hashtags=["fox", 3]))),
    "fenced": _saying(lambda text: f"Here you are:\n```json\n{text}\n```\nAnything else?"),
    "a field more": _saying(_fields(lambda fields: fields.update(mood="cheerful"))),
}
