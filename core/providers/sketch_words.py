"""Practice texts: built in, offline, free, the same for the same request; each says that it is for practice."""

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from core.errors import AnswerUnusable, OutcomeUnknown, ProviderRefused
from core.providers import Answer, TextRequest, TextResult
from core.providers.complaint import loose
from core.providers.words import schema, taken
from core.settings import Settings

_LONGEST = 200
_MOST_HASHTAGS = 5
# Words of English prompts that name nothing; whatever is left of a prompt is near enough to its nouns.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "about above across add all and any are around background behind below between big change close create draw "
        "drawing during each every for from generate give has have her high his image into its just keep large like "
        "look looks make more new not off one our out over photo picture please put quality remove shot show shows "
        "small some style that the their them then there these this those three through two under use very view was "
        "were when where which while who wide will with without you your",
    )
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_LANGUAGE = re.compile(r"^Language: (?!the language of)(.{1,60})$", re.MULTILINE)


class SketchWords:
    """A writer like any other. It knows nothing and invents nothing: what it says was in the prompt."""

    name = "sketch"

    def __init__(self, settings: Settings) -> None:
        self.delay, self.failures = settings.sketch_delay, settings.sketch_failures

    def sent(self, request: TextRequest) -> dict[str, Any]:
        """What the text is made of."""
        return {"model": request.model, "prompt": request.prompt, "fields": list(request.fields)}

    async def send(self, request: TextRequest) -> Answer:
        """Write, no faster than SKETCH_DELAY. For a share of SKETCH_FAILURES it plays a failure."""
        await asyncio.sleep(self.delay)
        trouble = _trouble(self.failures)
        return _answer(request, trouble() if trouble else _written(request))

    def read(self, request: TextRequest, answer: Answer) -> TextResult:
        """Take the fields out. Raises AnswerUnusable."""
        try:
            fields = taken(loose(answer.body), schema(request.fields))
        except ValueError:
            raise AnswerUnusable("The practice writer answered without a text. Try again.") from None
        return TextResult(fields, cost=Decimal(0), request_id=answer.headers.get("x-request-id"))


def _written(request: TextRequest) -> dict[str, Any]:
    """Every field by its name, or by its type when the name says nothing to us."""
    prompt = " ".join(request.prompt.split())
    named: Mapping[str, Any] = {
        "caption": f"{_sentence(prompt)} ({_practice(request, 'caption')})",
        "hashtags": _hashtags(prompt),
        "alt": f"{_sentence(prompt)} ({_practice(request, 'alt text')})",
    }
    return {name: named.get(name, _filled(facts, prompt)) for name, facts in request.fields.items()}


def _filled(facts: Mapping[str, Any], prompt: str) -> Any:
    if facts["type"] == "string":
        return f"{_sentence(prompt)} (Practice text)"
    if facts["type"] == "array":
        return [_filled(facts["items"], prompt)]
    if facts["type"] == "object":
        return {name: _filled(inner, prompt) for name, inner in facts["properties"].items()}
    return {"boolean": False, "integer": 0}[facts["type"]]


def _sentence(prompt: str) -> str:
    """The prompt's beginning as a sentence of its own, cut between words."""
    text = prompt if len(prompt) <= _LONGEST else prompt[:_LONGEST].rpartition(" ")[0] or prompt[:_LONGEST]
    text = f"{text}…" if len(text) < len(prompt) else text.rstrip(".,;: ") + ("" if text.endswith(("!", "?")) else ".")
    return text[:1].upper() + text[1:]


def _practice(request: TextRequest, what: str) -> str:
    """What it is. A language that was asked for is only named: nobody here can write it."""
    language = _LANGUAGE.search(request.instructions)
    return f"Practice {what}; a real one would be in {language[1].strip()}" if language else f"Practice {what}"


def _hashtags(prompt: str) -> list[str]:
    words = (word.lower()[:30] for word in _WORD.findall(prompt))
    return list(dict.fromkeys(word for word in words if word not in _EMPTY))[:_MOST_HASHTAGS] or ["practice"]


def _trouble(share: float) -> Callable[[], dict[str, Any]] | None:
    """A failure for this share of all calls, whatever they ask for: trying again has to be worth it."""
    if secrets.randbelow(1_000_000) >= share * 1_000_000:
        return None
    return secrets.choice((_refuses, _vanishes, _says_nothing))


def _vanishes() -> dict[str, Any]:
    raise OutcomeUnknown("The practice writer plays a lost answer: a real one may have been charged for.")


def _refuses() -> dict[str, Any]:
    raise ProviderRefused(
        "The practice writer plays refusing this prompt. Change the prompt or try again.", "moderation"
    )


def _says_nothing() -> dict[str, Any]:
    return {"text": "Here is your caption."}


def _answer(request: TextRequest, told: dict[str, Any]) -> Answer:
    number = hashlib.sha256(f"{request.model}\n{request.prompt}".encode(errors="replace")).hexdigest()[:16]
    headers = {"content-type": "application/json", "x-request-id": f"sketch-{number}"}
    return Answer(200, headers, json.dumps(told).encode())
