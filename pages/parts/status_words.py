"""What the status page says: troubles with what to do, and what each thing that the studio stands on is like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.models import ROUTES
from core.status import Index, Service, Status
from pages.parts import analytics_words
from pages.parts.tile_words import literal
from pages.parts.words import _, money, number, plural, seconds, size


@dataclass(frozen=True)
class Said:
    """A trouble in words, and the page where something can be done about it."""

    what: str
    do: str
    """Markdown."""
    page: str = ""
    label: str = ""


def troubles(status: Status) -> list[Said]:
    """What needs somebody, the most pressing first."""
    said = _said(status)
    return [said[name] for name in status.troubles]


def _said(status: Status) -> Mapping[str, Said]:
    doubt, free = status.doubt, room(status.disk.free)
    failing = ", ".join(provider(service.provider) for service in status.services if service.failing)
    return {
        "files": Said(
            _("The file store cannot be used."),
            _("{why} Answers that came are kept on disk and become images once it is back.").format(
                why=literal(status.files or "")
            ),
        ),
        "full": Said(
            _("The disk is full: {free} are left.").format(free=free),
            _("Nothing new is paid for. Free some space; “Disk full” in the README says what may go."),
            "trash",
            _("Open the trash"),
        ),
        "tables": Said(
            _("The database has the tables of another version."),
            _("Run `studio migrate`, or start the version that fits; nothing is lost meanwhile."),
        ),
        "nobody": Said(
            _("Nobody does the work."),
            _("What is asked for waits. Start `studio worker`, or the studio with `BACKGROUND=here`."),
        ),
        "stuck": Said(
            _("Something has waited for {time}.").format(time=length(status.queue.oldest)),
            _("A busy provider is asked again by itself; “Stuck work” in the README says what else it can be."),
            "conversations",
            _("Open conversations"),
        ),
        "answers": Said(
            _("An answer has waited for {time} to become an image.").format(time=length(status.spool.oldest)),
            _("It is paid for and kept. See that the file store answers and that somebody works on this machine."),
        ),
        "failing": Said(
            _("Half of the calls or more fail: {providers}.").format(providers=failing),
            _("The table below says why. Models can be switched off until it is well again."),
            "settings",
            _("Open settings"),
        ),
        "unknown": Said(
            plural("{n} image of unknown outcome.", "{n} images of unknown outcome.", doubt.generations),
            _("Up to {cost} may have been charged. Look into the provider's bill before asking again.").format(
                cost=literal(money(doubt.possible))
            ),
            "analytics",
            _("Open analytics"),
        ),
        "filling": Said(
            _("The disk fills up: {free} are left.").format(free=free),
            _("Below {floor} nothing new is paid for. Free some space in time.").format(floor=room(status.disk.floor)),
            "trash",
            _("Open the trash"),
        ),
        "behind": Said(
            _("An index does not follow the database."),
            _("Screens may show less than there is. It is made anew when this process is started again."),
        ),
    }


def standing(status: Status) -> Mapping[str, str]:
    """What the studio stands on, and what each of it is like."""
    kind = {"sqlite": "SQLite", "postgresql": "Postgres"}.get(status.database, status.database)
    fits = _("with this version's tables") if status.revision == status.newest else _("with other tables")
    place = _("Bucket {name}").format(name=status.bucket) if status.bucket else _("Folder")
    tried = _("written, read and removed a file just now") if status.files is None else status.files
    gallery, ledger = (*status.indexes, None, None)[:2]
    return {
        _("Database"): f"{kind}, {fits} ({status.revision})",
        _("Files"): f"{place}: {tried}",
        _("Disk"): _("{free} free; below {floor} nothing new is paid for").format(
            free=room(status.disk.free), floor=room(status.disk.floor)
        ),
        _("Background work"): _workers(status.workers),
        _("Index of images"): _index(gallery),
        _("Index of calls"): _index(ledger),
        _("Answers on disk"): _answers(status),
        _("Version"): status.version,
    }


def reasons(service: Service) -> str:
    """Why its calls ended without a picture, the most frequent first."""
    called = analytics_words.reasons()
    return " · ".join(f"{called.get(why, why)}: {number(count)}" for why, count in service.reasons.items())


def provider(name: str) -> str:
    """As people call it."""
    return ROUTES.get(name, name)


def room(bytes_: int) -> str:
    """How much disk that is: "250 GB", "840 MB"."""
    return f"{number(round(bytes_ / 1_000_000_000))} GB" if bytes_ >= 10_000_000_000 else size(bytes_)


def length(time: timedelta) -> str:
    """How long something took or waits: "8.2 s", "5 minutes", "3 days"."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 1:
        return seconds(time.total_seconds())
    if minutes < 60:
        return plural("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return plural("{n} hour", "{n} hours", minutes // 60)
    return plural("{n} day", "{n} days", minutes // (24 * 60))


def _workers(workers: Mapping[str, float]) -> str:
    if not workers:
        return _("nobody works")
    told = plural("{n} process", "{n} processes", len(workers))
    names = [f"{name} ({seconds(age)})" if age else name for name, age in workers.items()]
    return told if names == ["embedded"] else f"{told}: {', '.join(names)}"


def _index(index: Index | None) -> str:
    if index is None or index.rows is None:
        return _("not there yet")
    rows = plural("{n} row", "{n} rows", index.rows)
    behind = index.behind or 0
    return f"{rows}, {_('as in the database')}" if behind < 5 else f"{rows}, {_('behind by')} {_behind(behind)}"


def _behind(age: float) -> str:
    return length(timedelta(seconds=age)) if age < 10**9 else _("an unknown time")


def _answers(status: Status) -> str:
    waiting, aside = status.spool.waiting, status.spool.aside
    told = plural("{n} waits to become an image", "{n} wait to become images", waiting) if waiting else _("none waits")
    kept = plural("{n} without a picture is kept aside", "{n} without a picture are kept aside", aside)
    return f"{told}; {kept}" if aside else told
