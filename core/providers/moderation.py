"""OpenAI's moderation: whether a prompt may be sent anywhere. https://platform.openai.com/docs/guides/moderation"""

from typing import Any

import msgspec

from core.errors import AnswerUnusable
from core.providers.answers import parsed
from core.providers.wire import Wire
from core.settings import Settings

MODEL = "omni-moderation-latest"
SECONDS = 20
"""One check may take this long in all; it usually takes less than one second, and it is free."""


class _Result(msgspec.Struct):
    flagged: bool
    categories: dict[str, Any] = {}
    category_scores: dict[str, Any] = {}


class _Body(msgspec.Struct):
    results: list[_Result]


class Moderation:
    """Asks OpenAI; its words about a refused call are those of every provider."""

    def __init__(self, settings: Settings) -> None:
        self.wire = Wire(
            "OpenAI's moderation",
            settings.openai_base_url,
            {"Authorization": f"Bearer {settings.openai_api_key}"},
            SECONDS,
            secrets=[settings.openai_api_key],
        )

    async def flagged(self, text: str) -> str | None:
        """What the text was flagged for, e.g. "violence"; None when nothing is wrong with it.

        Raises ProviderBusy, ProviderRefused, OutcomeUnknown or AnswerUnusable: then nobody knows.
        """
        answer = await self.wire.post("/moderations", lambda: {"model": MODEL, "input": text})
        results = parsed(self.wire, answer, _Body).results
        if not results:
            raise AnswerUnusable("OpenAI's moderation answered without a result.")
        found = next((result for result in results if result.flagged), None)
        return None if found is None else _worst(found)


def _worst(result: _Result) -> str:
    """The category with the highest score among those that are true, in words."""
    scores = {name: score for name, score in result.category_scores.items() if isinstance(score, int | float)}
    true = [name for name, is_so in result.categories.items() if is_so is True]
    worst = max(true, key=lambda name: scores.get(name, 0), default="its rules")
    return worst.replace("/", ", ").replace("_", " ")
