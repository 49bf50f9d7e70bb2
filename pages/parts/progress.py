"""Turns with their tiles: they move by the live socket; the script runs again only when a turn is done or added."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import access, generations, replays
from core.access import Person
from core.conversations import Opened
from core.studio import Studio
from core.views import GenerationView, TurnView
from pages.parts import beginnings, price, tile_words, toast
from pages.parts.components import component
from pages.parts.words import _, language, money, plural, seconds

TILES = component("tiles")
NONE = "\N{EN DASH}"
LATEST = 5
"""Clicks that a browser may still tell again."""
Told = Mapping[str, str]
"""What a component says was clicked."""


def turns(
    studio: Studio,
    person: Person,
    opened: Opened,
    *,
    source: str | None,
    box: str,
    on_continue: Callable[[str], None],
    on_turn: Callable[[Told], None],
    goal: int | None = None,
) -> None:
    """Draw these turns of a conversation.

    `source` is the image that the next turn starts from, `box` the CSS selector of where its words are written.
    `on_continue` is called with the image that a person wants to go on from, `on_turn` with what was chosen in a
    turn's menu, before the page is drawn anew. `goal` is the position of the turn that the page shall show at first.
    """
    shared = _shared(studio, person, opened, box)
    going = replays.going(studio, opened.turns)
    for turn in opened.turns:
        data = shared | _data(studio, turn, source) | _place(opened, turn, goal) | _replay(studio, turn, going)
        _mount(data, lambda told: grant(studio, person, told, on_continue, on_turn))


def total(opened: Opened) -> str:
    """How much there is and what it cost so far: "3 images · $0.12 so far"."""
    sums = opened.totals
    images = plural("{n} image", "{n} images", sums.images)
    if sums.practice and not sums.paid:
        return f"{images} · {_('practice, free')}"
    parts = [images, _("{cost} so far").format(cost=money(sums.cost))]
    if sums.doubtful:
        parts.append(plural("{n} call may have been charged too", "{n} calls may have been charged too", sums.doubtful))
    return " · ".join(parts)


def grant(
    studio: Studio,
    person: Person,
    told: Told | None,
    on_continue: Callable[[str], None],
    on_turn: Callable[[Told], None] = lambda told: None,
) -> None:
    """Do what was clicked on a tile: `act` is retry, cancel, continue or create, `id` a generation or an image.
    All else was chosen in a turn's menu.

    It comes from a browser, so every verb looks up the id again. A browser that hears nothing tells it again; the same
    `wish` is granted once.
    """
    if not told or _granted(told):
        return
    target = str(told.get("id", ""))
    verbs: dict[str | None, Callable[[], object]] = {
        "retry": lambda: toast.after(lambda: generations.retry(studio, person, target), _("Asked again.")),
        "cancel": lambda: toast.after(lambda: generations.cancel(studio, person, target), _("Canceled.")),
        "continue": lambda: on_continue(target),
        "create": lambda: beginnings.create(target),
    }
    verbs.get(told.get("act"), lambda: on_turn(told))()


def _granted(told: Told) -> bool:
    """Whether this wish was granted before; from now on it was."""
    granted = st.session_state.setdefault("granted", [])
    if told.get("wish") in granted:
        return True
    granted.append(told.get("wish"))
    return False


def _mount(data: Mapping[str, Any], on_told: Callable[[Told | None], None]) -> None:
    key = f"turn-{data['turn']}"
    TILES(
        key=key,
        data=data,
        on_act_change=lambda: on_told(st.session_state[key].act),
        on_news_change=lambda: None,  # the run itself is the answer: costs and the choice of images follow
    )


def _shared(studio: Studio, person: Person, opened: Opened, box: str) -> dict[str, Any]:
    """What is the same for every turn."""
    return {
        "conversation": opened.id,
        "media": f"/m/{access.media_token(studio, person)}/",
        "locale": language().replace("_", "-"),
        "box": box,
        "words": tile_words.words(),
    }


def _place(opened: Opened, turn: TurnView, goal: int | None) -> dict[str, bool]:
    """Where it stands among the others."""
    last = turn.position == opened.totals.turns
    return {"last": last, "newest": opened.later == 0, "goal": turn.position == goal}


def _replay(studio: Studio, turn: TurnView, going: Mapping[str, bool]) -> dict[str, str]:
    """Which part of a replay it is, and the name of what its menu can do about that."""
    acts = {True: "stopReplay", False: "resumeReplay", None: ""}
    return {"replay": tile_words.replay(turn, studio.catalogue.label), "replayAct": acts[going.get(turn.id)]}


def _data(studio: Studio, turn: TurnView, source: str | None) -> dict[str, Any]:
    answers = turn.generations
    label = studio.catalogue.label
    return {
        "turn": turn.id,
        "name": _("Turn {n}").format(n=turn.position),
        "link": f"/conversation?id={turn.conversation_id}&turn={turn.position}",
        "asked": round(turn.created_at.timestamp() * 1000),
        "prompt": turn.prompt,
        "ratio": _shape(turn.settings.get("ratio")),
        "references": [{"id": i.id, "role": i.role, "placeholder": i.placeholder} for i in turn.references],
        "removed": turn.removed,
        "again": price.again(studio, turn),
        "summary": tile_words.summary(turn, label),
        "settings": tile_words.settings(turn, label),
        "timings": [
            _timing(answer, label(answer.name), several=(turn.settings.get("count") or 1) > 1) for answer in answers
        ],
        "caption": turn.caption and turn.caption.wire(studio.catalogue),
        "generations": [answer.wire(studio.catalogue) for answer in answers],
        "source": source if any(source == image.id for answer in answers for image in answer.images) else None,
        # New with every click, so that a tile which shows what was clicked goes back to what is when it was refused.
        "granted": st.session_state.get("granted", [])[-LATEST:],
    }


def _shape(ratio: object) -> float:
    """Width by height of the frame that waits for a picture."""
    wide, _colon, high = str(ratio).partition(":")
    try:
        return round(max(0.25, min(4.0, float(wide) / float(high))), 4)
    except (ValueError, ZeroDivisionError):
        return 1.0


def _timing(answer: GenerationView, label: str, several: bool) -> list[str]:
    """A row of the table under a turn's settings."""
    waited = (answer.started_at - answer.queued_at).total_seconds() if answer.started_at else None
    cost = _("free") if answer.practice else money(answer.cost) if answer.cost is not None else NONE
    return [
        f"{label} {answer.n}" if several else label,
        tile_words.status(answer),
        seconds(max(waited, 0)) if waited is not None else NONE,
        seconds(answer.duration_ms / 1000) if answer.duration_ms is not None else NONE,
        cost,
        NONE if answer.seed is None else str(answer.seed),
    ]
