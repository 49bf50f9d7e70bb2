"""What changed between two texts, word by word, in any script."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

KEPT, GONE, ADDED = "kept", "gone", "added"
MOST_WORK = 40_000
"""Words that differ of one text times those of the other: above this the whole middle counts as replaced."""
KIN = 0.25
"""Texts that share less than this have no words in common but "a" and "the": nobody reads that as a change."""
_INSIDE = "'-\u2019\u200c\u200d"
"""Signs that stay within a word."""
_SOLID = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "IDEOGRAPHIC")
"""Scripts that put no space between words: there each character counts by itself."""
_SPACED = re.compile(r"\S+\s*|\s+")
_PLAIN = re.compile(r"[A-Za-z0-9'-]+\s*|\S\s*|\s+")
"""Words of text that is ASCII, which most of it is: ten times as fast."""


@dataclass(frozen=True)
class Run:
    """Neighbouring words that share a fate, with the spaces after them as they were written."""

    kind: str
    """kept, gone or added."""
    text: str


def between(before: str, after: str) -> tuple[Run, ...]:
    """How `after` came from `before`: its kept and added runs are `after` in order, the gone ones stand between."""
    old, new = list(words(before)), list(words(after))
    runs = _kept_together([run for code in _codes(_plain(old), _plain(new)) for run in _runs(code, old, new)])
    shared = sum(len(run.text) for run in runs if run.kind == KEPT)
    if shared >= KIN * max(len(before), len(after)):
        return runs
    return tuple(run for run in (Run(GONE, before), Run(ADDED, after)) if run.text)


def words(text: str) -> Iterator[str]:
    """The words and signs of a text, each with the space after it; together they are the text."""
    for spaced in _SPACED.findall(text):
        yield from _PLAIN.findall(spaced) if spaced.isascii() else _any_words(spaced)


def _any_words(text: str) -> Iterator[str]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or _parts(text[end - 1], text[end]):
            yield text[start:end]
            start = end


def _parts(left: str, right: str) -> bool:
    """Whether a new word begins at the right one of these neighbours."""
    if right.isspace() or _mark(right):
        return False
    return left.isspace() or not (_of_word(left) and _of_word(right)) or _solid(right) or _solid(left)


def _of_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" or sign in _INSIDE


def _mark(sign: str) -> bool:
    """Accents, vowel signs and joiners belong to the character before them."""
    return not sign.isascii() and (unicodedata.category(sign)[0] == "M" or sign in "\u200c\u200d")


def _solid(sign: str) -> bool:
    return not sign.isascii() and unicodedata.name(sign, "").startswith(_SOLID)


def _plain(found: Sequence[str]) -> list[str]:
    """As they are compared: written one way, without the space after them."""
    return [unicodedata.normalize("NFC", word).rstrip() for word in found]


def _codes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's codes. What both begin and end with is taken off first: most changes are in one place."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    middles = old[head : len(old) - tail], new[head : len(new) - tail]
    yield "equal", 0, head, 0, head
    for tag, i, to_i, j, to_j in _middle(*middles):
        yield tag, head + i, head + to_i, head + j, head + to_j
    yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def _middle(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    if len(old) * len(new) > MOST_WORK:
        return [("replace", 0, len(old), 0, len(new))]
    matcher: SequenceMatcher[Any] = SequenceMatcher(None, old, new, autojunk=False)
    return matcher.get_opcodes()


def _runs(code: tuple[str, int, int, int, int], old: Sequence[str], new: Sequence[str]) -> Iterator[Run]:
    tag, i, to_i, j, to_j = code
    if tag == "equal":
        yield Run(KEPT, "".join(new[j:to_j]))
    else:
        yield Run(GONE, "".join(old[i:to_i]))
        yield Run(ADDED, "".join(new[j:to_j]))


def _kept_together(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Without empty ones, and neighbours of one kind as one."""
    found: list[Run] = []
    for run in (run for run in runs if run.text):
        if found and found[-1].kind == run.kind:
            found[-1] = Run(run.kind, found[-1].text + run.text)
        else:
            found.append(run)
    return tuple(found)
