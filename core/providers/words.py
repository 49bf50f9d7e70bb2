"""Words from models that write: how fields are asked for, and how they are found in whatever a model said."""

import re
from collections.abc import Mapping
from typing import Any

from core.errors import AnswerUnusable, ProviderRefused
from core.providers import TextRequest
from core.providers.answers import unusable
from core.providers.complaint import Complaint, loose
from core.providers.wire import Wire

MOST_TOKENS = 8_000
"""Where a text that does not end is cut. Models that think to themselves need most of it for that."""

# How a model says no in words where fields were wanted. A caption may well say "can't", but hardly begins so.
_REFUSAL = re.compile(
    r"\W*(i['\u2019]?m sorry|sorry|i can(['\u2019]?t|not)|i won['\u2019]?t|i['\u2019]?m unable)\b", re.I
)
_TYPES: Mapping[str, type] = {"string": str, "array": list, "object": dict, "boolean": bool, "integer": int}


class Desk(Wire):
    """A wire to somebody who writes; its refusals say so."""

    def refused(self, said: Complaint, kind: str) -> ProviderRefused:
        """As on every wire, but nothing was to be drawn."""
        if kind != "moderation":
            return super().refused(said, kind)
        words = self.clean(said.message)
        quoted = f": “{words}”" if words else ""
        stop = "" if words.endswith((".", "!", "?", "…")) else "."
        todo = "Change the prompt and ask again, or write it yourself."
        return ProviderRefused(f"{self.vendor} declined to write this{quoted}{stop} {todo}", kind)


def schema(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these fields, in the form that "strict" wants."""
    return {
        "type": "object",
        "properties": {name: dict(facts) for name, facts in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }


def told(wire: Wire, request: TextRequest, text: str, *, cut: bool = False) -> dict[str, Any]:
    """The fields out of what a model said, also from a code fence or from amid talk. `cut`: it came to its length.

    Raises ProviderRefused when it says no in words, AnswerUnusable when a field is missing or of another type.
    """
    found = loose(text[text.find("{") : text.rfind("}") + 1].encode(errors="replace"))
    if not isinstance(found, dict):
        raise _no_fields(wire, text, cut)
    try:
        fields: dict[str, Any] = taken(found, schema(request.fields))
    except ValueError as wrong:
        raise unusable(wire, f"its “{wrong}” was missing or not what we asked for") from None
    return fields


def taken(value: Any, facts: Mapping[str, Any], name: str = "text") -> Any:
    """As much of a JSON value as its schema describes; half characters, which nobody can store, become "?".

    Raises ValueError with the name of the field that is missing or of another type.
    """
    kind = _TYPES[facts["type"]]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(name)
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [taken(one, facts["items"], name) for one in value]
    if isinstance(value, dict):
        return {inner: taken(value.get(inner), wanted, inner) for inner, wanted in facts["properties"].items()}
    return value


def _no_fields(wire: Wire, text: str, cut: bool) -> ProviderRefused | AnswerUnusable:
    if _REFUSAL.match(text):
        return wire.refused(Complaint(text), "moderation")
    if cut:
        return unusable(wire, "the text was cut before its end")
    words = wire.clean(text)
    return unusable(wire, f"in words instead of fields: “{words}”" if words else "there was no text in it")
