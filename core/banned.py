"""Words that no prompt may hold: found whatever their case and accents, and only as whole words."""

import re
import unicodedata
from collections.abc import Iterable

from core.errors import Refused


def refuse(words: Iterable[str], prompt: str) -> None:
    """Raise Refused, naming the word, when the prompt holds one of these."""
    if word := found(words, prompt):
        raise Refused(f"Your team does not allow “{word}” in prompts. Change the prompt; nothing was sent or spent.")


def found(words: Iterable[str], text: str) -> str | None:
    """The first of these words and phrases that the text holds, as it is written in the list."""
    said = f" {folded(text)} "
    return next((word for word in words if (short := folded(word)) and f" {short} " in said), None)


def folded(text: str) -> str:
    """Small letters without accents, and one blank for whatever stands between words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", bare.casefold()))
