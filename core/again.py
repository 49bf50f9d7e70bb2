"""What asking a turn once more would cost, told from what a screen has read already: it shows many of them."""

from core import posts
from core.asks import ASKED, Ask, Price, price_of
from core.captions import AUTO
from core.errors import Refused
from core.providers import Picture, Request
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE
from core.views import ImageView, TurnView


def price(studio: Studio, turn: TurnView) -> Price | None:
    """As the quote of the same ask says it; None when its models cannot do it any more."""
    settings, source = turn.settings, _first(turn, SOURCE)
    ask = Ask(
        prompt=turn.prompt,
        models=tuple(settings.get("models") or dict.fromkeys(answer.name for answer in turn.generations)),
        token="",
        count=settings.get("count") or 1,
        caption=settings.get("caption", AUTO),
    )
    wish = Request(
        model="",
        prompt=turn.prompt,
        **{name: settings[name] for name in ASKED if name in settings},
        source=_picture(source),
        mask=_picture(_first(turn, MASK)),
        references=tuple(p for use in turn.references if use.role == REFERENCE and (p := _picture(use))),
    )
    try:
        return price_of(studio, ask, wish, posts.begins(source))
    except Refused:
        return None


def _first(turn: TurnView, role: str) -> ImageView | None:
    return next((use for use in turn.references if use.role == role), None)


def _picture(use: ImageView | None) -> Picture | None:
    return Picture(b"", use.mime, use.width, use.height) if use else None
