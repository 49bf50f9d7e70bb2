"""What is asked of the ledger: which calls count; and how an address says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from core import zones
from core.errors import Refused

LONGEST = timedelta(days=3_700)
FILTERS = {"model": "models", "project": "projects", "person": "people"}
"""By its name in an address, the field of a question."""
NONE = "none"
"""In an address, what is in no project."""


@dataclass(frozen=True)
class Question:
    """Which calls are counted. Nothing named is all of it."""

    since: date
    until: date
    """The last day, which counts too; both are days of the person's own time zone."""
    zone: str = "UTC"
    people: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Full names."""
    providers: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    """Ids; "" is none."""
    kinds: tuple[str, ...] = ()
    """image, caption"""
    practice: bool = False
    """Count practice runs too; they cost nothing, whatever they say they would."""

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days + 1

    def before(self) -> "Question":
        """The same of as many days right before."""
        return replace(self, since=self.since - timedelta(self.days), until=self.since - timedelta(1))

    def check(self) -> None:
        """Raise Refused for a period that is none."""
        if self.since > self.until:
            raise Refused("The period ends before it begins. Choose a later end.")
        if self.until - self.since > LONGEST:
            raise Refused("At most ten years at once. Choose a shorter period.")

    def moments(self) -> tuple[datetime, datetime]:
        """Its beginning, and the first moment after it."""
        zone = zones.named(self.zone)
        begins, ends = (datetime.combine(day, time(), zone) for day in (self.since, self.until + timedelta(1)))
        return begins.astimezone(UTC), ends.astimezone(UTC)

    def filters(self) -> dict[str, tuple[str, ...]]:
        """By dimension of the copy, what it must be one of."""
        wanted = {"person": self.people, "model": self.models, "provider": self.providers}
        return {**wanted, "project": self.projects, "kind": self.kinds}

    def address(self) -> dict[str, Sequence[str]]:
        """As an address says it; `read` takes it back."""
        said: dict[str, Sequence[str]] = {"from": [str(self.since)], "to": [str(self.until)], "tz": [self.zone]}
        said |= {name: [value or NONE for value in getattr(self, own)] for name, own in FILTERS.items()}
        return said | ({"practice": ["1"]} if self.practice else {})


def read(params: Mapping[str, Sequence[str]], since: date | None = None, until: date | None = None) -> Question:
    """What the parameters of an address ask for; without days of its own, from `since` to `until`.

    Raises Refused for days that are none.
    """
    one = {name: values[-1] for name, values in params.items() if values}
    chosen = {
        own: tuple(dict.fromkeys("" if value == NONE else value for value in params.get(name, ())))
        for name, own in FILTERS.items()
    }
    begins, ends = _day(one.get("from"), since), _day(one.get("to"), until)
    question = Question(begins, ends, one.get("tz", "UTC"), practice=one.get("practice") == "1", **chosen)
    question.check()
    return question


def _day(text: str | None, otherwise: date | None) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise or date.fromisoformat("")
    except ValueError:
        raise Refused("Say from which day to which, as 2026-11-01.") from None
