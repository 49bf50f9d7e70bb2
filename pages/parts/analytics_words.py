"""What figures, periods and reasons are called, and how their values are written."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from core.figures import COUNT, DOLLARS, MILLISECONDS, SHARE, UNITS
from pages.parts.words import _, money, number, percent, seconds


def columns() -> Mapping[str, str]:
    """Labels of all figures, in the order of tables."""
    return {
        "spend": _("Spend"),
        "images": _("Images"),
        "per_image": _("Per image"),
        "selected": _("Selected"),
        "per_selected": _("Per selected image"),
        "success": _("Success"),
        "failed": _("Failed"),
        "unknown": _("Unknown outcome"),
        "possible": _("Possible"),
        "typical": _("Takes"),
        "slow": _("Takes at most"),
        "waited": _("Waits"),
        "waited_long": _("Waits at most"),
        "calls": _("Calls"),
        "turned_away": _("Turned away"),
    }


def explanations() -> Mapping[str, str]:
    """What a figure counts, where its label alone does not say it."""
    return {
        "spend": _("What was billed, as far as it is known, captions and failures included."),
        "possible": _("What calls under way and calls of unknown outcome may come to, on top of it."),
        "per_image": _("What calls for images cost, by the images that they brought."),
        "per_selected": _(
            "What a selected image cost with everything that led to it: every try of its tree, those that were "
            "discarded, and its captions."
        ),
        "success": _(
            "Of the calls that ended, those that brought something. A busy provider is asked again and counts "
            "as no failure."
        ),
        "typical": _("Half of the calls for images that succeeded were quicker."),
        "slow": _("Nineteen of twenty were quicker."),
        "waited": _("In our queue, before it was sent: half waited less."),
        "waited_long": _("Nineteen of twenty waited less."),
    }


def periods() -> Mapping[str, str]:
    """Labels of the periods that can be picked."""
    return {
        "7d": _("Last 7 days"),
        "30d": _("Last 30 days"),
        "month": _("This month"),
        "last-month": _("Last month"),
        "90d": _("Last 90 days"),
        "year": _("Last 12 months"),
        "dates": _("From … to …"),
    }


def splits() -> Mapping[str, str]:
    """What figures can be told apart by."""
    return {
        "model": _("Model"),
        "provider": _("Provider"),
        "project": _("Project"),
        "person": _("Person"),
        "kind": _("Kind"),
    }


def every() -> Mapping[str, str]:
    """Steps of time."""
    return {"day": _("By day"), "week": _("By week"), "month": _("By month")}


def reasons() -> Mapping[str, str]:
    """Why calls fail, in a few words."""
    return {
        "moderation": _("Not allowed by the provider"),
        "account": _("Key, credits or access"),
        "request": _("The model could not do it"),
        "unusable": _("Answered without a picture"),
        "unknown": _("Nobody knows what became of it"),
        "failed": _("Failed"),
        "ours": _("Our own mistake"),
        "busy": _("Too busy"),
    }


def written(name: str, value: Any) -> str:
    """A figure as people read it; a dash where there is nothing to tell."""
    if value is None:
        return "\u2013"
    return _WRITTEN[UNITS[name]](value)


def change(now: Any, before: Any) -> str | None:
    """How a figure changed against the period before: “+12%”; None when there is nothing to compare with."""
    if now is None or not before:
        return None
    share = float(now) / float(before) - 1
    return percent(share, signed=True) if abs(share) >= 0.005 else None


_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    DOLLARS: lambda dollars: money(Decimal(dollars)),
    COUNT: number,
    SHARE: percent,
    MILLISECONDS: lambda milliseconds: seconds(milliseconds / 1000),
}
