"""The query line: one string that says everything that is looked for, read into `Wanted`.

    model:seedream cost:>0.05 is:selected after:2026-11-01 "red fox" -draft sort:costliest stack:post

A key with several values takes any of them (ranges narrow each other); a minus leaves out; the rest are words to search
for. What can be said is listed in `core/line_keys.py`. People write it, and so does the browser (`find_pieces.js`).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from core import wanted as wanted_
from core.access import Person, Sight
from core.errors import Refused
from core.line_choices import STRAIGHT, Asker, unknown
from core.line_keys import KEYS, quoted
from core.line_values import Slip
from core.projects import Titled
from core.shelves import Wanted
from core.studio import Studio

LONGEST = 1_000
"""Characters."""
_PIECE = re.compile(
    r'(?P<minus>-?)(?:(?P<key>[^\W\d_]+):(?:"(?P<quoted>(?:[^"]|"")*)"?|(?P<bare>\S*))'
    r'|"(?P<phrase>[^"]*)"?|(?P<word>\S+))'
)


class Misread(Refused):
    """Something in the line cannot be read; `start` and `end` say where, in characters.

    `meant` is the word that its sentence proposes, `instead` what then stands in that place; empty without one.
    """

    def __init__(self, message: str, start: int, end: int, meant: str = "", instead: str = "") -> None:
        super().__init__(message)
        self.start, self.end, self.meant, self.instead = start, end, meant, instead


@dataclass(frozen=True)
class Piece:
    """One word of the line, where it stands, and what it alone would want."""

    start: int
    end: int
    key: str
    """Empty for words to search for."""
    value: str
    """What stands behind the key, or the word or phrase, without quotes."""
    minus: bool
    wanted: Wanted


@dataclass(frozen=True)
class Line:
    """A line as it was read."""

    wanted: Wanted
    pieces: tuple[Piece, ...]


def read(
    studio: Studio,
    person: Person,
    text: str,
    zone: tzinfo = UTC,
    titled: Sequence[Titled] | None = None,
    sight: Sight | None = None,
) -> Line:
    """What this person looks for with it, and the words that say so. Days are those of `zone`.

    `titled` are their projects, when they are known; `sight` is asked whose images they see, so that it is asked once.
    Raises Misread for a word that makes no sense.
    """
    if len(text) > LONGEST:
        raise Misread(f"The line may have up to {LONGEST:,} characters. Leave something out.", LONGEST, len(text))
    asker, pieces, whole = Asker(studio, person, zone, titled, sight), list[Piece](), Wanted()
    for found in _PIECE.finditer(clean(text)):
        try:
            piece = _piece(asker, found)
            whole = _joined(whole, piece.wanted)
        except Refused as wrong:
            start = found.start() + len(found["minus"])
            raise Misread(str(wrong), start, found.end(), *_meant(found, wrong)) from wrong
        pieces.append(piece)
    return Line(whole, tuple(pieces))


def clean(text: str) -> str:
    """Straight quotes, and blanks for what no database keeps; every character stays in its place."""
    blank = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return blank.translate(STRAIGHT)


def _piece(asker: Asker, found: re.Match[str]) -> Piece:
    minus = bool(found["minus"])
    if found["key"] is None:
        value = " ".join((found["word"] if found["phrase"] is None else found["phrase"]).split())
        return Piece(found.start(), found.end(), "", value, minus, Wanted(words=_words(found, value)))
    key = KEYS.get(found["key"].lower())
    if key is None:
        raise _no_key(found["key"])
    value = (found["bare"] if found["quoted"] is None else found["quoted"].replace('""', '"')).strip()
    if not value:
        raise Refused(f"Say what “{key.name}:” should be.")
    own = key.read(asker, value)
    return Piece(found.start(), found.end(), key.name, value, minus, _without(own, key.name) if minus else own)


def _meant(found: re.Match[str], wrong: Refused) -> tuple[str, str] | tuple[()]:
    """The word that was meant, and the piece with it, without its minus."""
    if not isinstance(wrong, Slip):
        return ()
    if found["key"].lower() in KEYS:
        return wrong.meant, f"{found['key']}:{quoted(wrong.meant)}"
    return wrong.meant, wrong.meant + found.string[found.end("key") : found.end()]


def _words(found: re.Match[str], value: str) -> str:
    if not any(map(str.isalnum, value)):
        return ""
    return found["minus"] + (value if found["phrase"] is None else f'"{value}"')


def _no_key(name: str) -> Refused:
    return unknown(f"There is no filter “{name}”", name, KEYS, "To search for these words, put them in quotes.")


def _without(own: Wanted, key: str) -> Wanted:
    if own != Wanted(picked=own.picked):
        raise Refused(f"“{key}:” cannot be left out with a minus. Say what it should be.")
    return Wanted(without=own.picked)


def _joined(one: Wanted, other: Wanted) -> Wanted:
    """Both at once. Raises Refused where they leave nothing."""
    if other.sort and one.sort not in (None, other.sort):
        raise Refused(f"Images can be sorted in one way only: “{one.sort}” stands before it.")
    if other.like and one.like not in (None, other.like):
        raise Refused("Images can be like one image only, and another stands before it.")
    words = " ".join(filter(None, (one.words, other.words)))
    if other.words:
        wanted_.terms(words)  # refuses too many
    return replace(
        one,
        picked=_both(one.picked, other.picked),
        without=_both(one.without, other.without),
        between={**one.between}
        | {name: _narrower(one.between.get(name), ends) for name, ends in other.between.items()},
        words=words,
        people=_everybody(one.people, other.people),
        sort=one.sort or other.sort,
        stacked=one.stacked or other.stacked,
        like=one.like or other.like,
    )


def _both(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {**one, **{name: tuple(dict.fromkeys((*one.get(name, ()), *values))) for name, values in other.items()}}


def _everybody(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(dict.fromkeys((*one, *other))) if one and other else ()


def _narrower(one: tuple[Any, Any] | None, other: tuple[Any, Any]) -> tuple[Any, Any]:
    starts, ends = ([end for end in both if end is not None] for both in zip(one or (None, None), other, strict=True))
    start, end = max(starts, default=None), min(ends, default=None)
    if start is not None and end is not None and start >= end:
        raise Refused("With what stands before it, this leaves no image. Take one of them away.")
    return start, end
