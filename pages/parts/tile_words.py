"""What a conversation says: all of it in the person's language, none of it markup."""

import re
from collections.abc import Callable
from typing import Any

from core.views import GenerationView, TurnView
from pages.parts.words import _, plural, setting_names


def literal(text: str) -> str:
    """A person's text as markdown that shows every character of it as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def words() -> dict[str, Any]:
    """Every sentence of the tiles; `{…}` is filled in by the browser."""
    return {
        "queued": _("Waiting for a free place"),
        "asking": _("Asking again…"),
        "again": _("Asking again in {time}; nothing was charged"),
        "stopping": _("Canceling…"),
        "cancel": _("Cancel"),
        "usually": _("Usually {usual} · {time} so far"),
        "usuallyQuick": _("Usually under a second"),
        "late": _("Slower than 9 of 10 runs · {time} so far"),
        "soFar": _("At work · {time} so far"),
        "nth": _("{label}, image {n}"),
        "alt": _("{model}: {prompt}"),
        "open": _("Open"),
        "continue": _("Continue from this"),
        "chosen": _("Next turn starts here"),
        "selected": _("Selected"),
        "create": _("Use in Create"),
        "download": _("Download"),
        "practice": _("Practice, free"),
        "about": _("about {cost}"),
        "costUnknown": _("cost unknown"),
        "retry": _("Try again"),
        "unknownFree": _("The call was cut. Practice costs nothing, so trying again is safe."),
        "retryUnknown": _("Try again, may cost twice"),
        "canceled": _("Canceled"),
        "cut": _("The call was cut while it ran, so it may have been charged."),
        "maybeCharged": _("may have been charged"),
        "notCharged": _("not charged"),
        "askAgain": _("Ask again"),
        "trashed": _("This image is in the trash."),
        "count": _("{done} of {total}"),
        "reassure": _("You can leave this page; it goes on without you."),
        "reconnecting": _("Reconnecting…"),
        "ready": _("{done} of {total} images are ready."),
        "readyOne": _("The image is ready."),
        "failedOne": _("One did not work."),
        "failedMany": _("{n} did not work."),
        "justNow": _("just now"),
        "more": _("Show all"),
        "less": _("Show less"),
        "timings": _("Status, time and cost of each image"),
        "caption": _("Caption"),
        "writingCaption": _("Writing the caption…"),
        "noCaption": _("There is no caption."),
        "captionFailed": _("It could not be written. The images are not affected."),
        "captionCanceled": _("Its writing was canceled."),
        "openPost": _("Open the post"),
        "copyCaption": _("Copy caption"),
        "copied": _("Copied"),
        "notCopied": _("Could not be copied. Select the text."),
        "menu": _("What to do with this turn"),
        "anew": _("Ask again with new seeds"),
        "duplicate": _("Duplicate, then change it"),
        "replay": _("Replay on another model…"),
        "stopReplay": _("Stop this replay"),
        "resumeReplay": _("Go on with this replay"),
        "removeOne": _("Remove the failed image"),
        "removeMany": _("Remove {n} failed images"),
        "copyLink": _("Copy a link to this turn"),
        "linkCopied": _("The link was copied."),
        "linkNotCopied": _("Could not be copied. The turn's name is the link."),
        "removedOne": _("One failed image was removed."),
        "removedMany": _("{n} failed images were removed."),
        "back": _("Show again"),
        "columns": [_("Image"), _("Status"), _("Waited"), _("Took"), _("Cost"), _("Seed")],
        "roles": {"source": _("Starts from"), "mask": _("Mask"), "reference": _("Reference")},
        "kinds": _kinds(),
    }


def _kinds() -> dict[str, dict[str, str]]:
    """Why there is no picture, by kind; `next` is said when the generation kept no sentence of its own."""
    return {
        "moderation": {
            "title": _("The provider refused this prompt"),
            "next": _("Change the words and ask a new turn."),
        },
        "busy": {
            "title": _("The provider was too busy"),
            "next": _("Nothing was charged. Try again in a few minutes."),
        },
        "account": {
            "title": _("The provider does not accept our account"),
            "next": _("Whoever runs the studio has to look at its key and credit."),
        },
        "request": {
            "title": _("The model did not accept these settings"),
            "next": _("Change them and ask a new turn."),
        },
        "unusable": {
            "title": _("It answered without a usable picture"),
            "next": _("It may have been charged. The answer is kept."),
        },
        "unknown": {
            "title": _("We do not know whether this went through."),
            "next": _("It may have been charged. Nothing was sent again; that is for you to decide."),
        },
        "ours": {
            "title": _("This did not work on our side"),
            "next": _("Try again; if it stays, tell whoever runs the studio."),
        },
        "failed": {
            "title": _("The provider could not do it"),
            "next": _("Try again, or pick another model."),
        },
    }


def status(answer: GenerationView) -> str:
    """How it stands, in one or two words."""
    if answer.unknown:
        return _("unknown")
    return {
        "queued": _("waiting"),
        "running": _("at work"),
        "succeeded": _("done"),
        "failed": _("did not work"),
        "canceled": _("canceled"),
    }[answer.status]


def summary(turn: TurnView, label: Callable[[str], str]) -> str:
    """A turn's settings in one quiet line: "Sketch, Banana · 16:9 · 2K · 2 each"."""
    chosen = turn.settings
    each = chosen.get("count") or 1
    parts = [", ".join(_models(turn, label)), chosen.get("ratio"), chosen.get("resolution")]
    parts += [plural("{n} each", "{n} each", each)] if each > 1 else []
    return " · ".join(str(part) for part in parts if part)


def replay(turn: TurnView, label: Callable[[str], str]) -> str:
    """Which part of a replay this turn is; "" for all others."""
    told = turn.settings.get("replay")
    if not told:
        return ""
    step, of = int(told["step"]) + 1, len(told["turns"])
    text = _("Replay on {model}, {n} of {of}, stopped") if told.get("stopped") else _("Replay on {model}, {n} of {of}")
    return text.format(model=label(told["model"]), n=step, of=of)


def settings(turn: TurnView, label: Callable[[str], str]) -> list[list[str]]:
    """A turn's settings as pairs of name and value, without what was not set."""
    known = [
        [name, str(turn.settings[key])] for key, name in setting_names().items() if turn.settings.get(key) is not None
    ]
    return [[_("Models"), ", ".join(_models(turn, label))], *known]


def _models(turn: TurnView, label: Callable[[str], str]) -> list[str]:
    names = turn.settings.get("models") or [answer.name for answer in turn.generations]
    return [label(name) for name in dict.fromkeys(names)]
