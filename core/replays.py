"""Replay a branch on another model: the same turns once more, each starting from what the one before it made.

A replay is its turns and nothing else. Each carries the whole plan in its settings and its place in its token, so
whoever comes after a crash can tell what is missing, and asking for it twice is asking once. Its newest turn says when
somebody stopped it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from core import access, asks, budgets, events, log, turns
from core.access import Person
from core.asks import Asked
from core.branches import MARK, made, step, steps, token_of
from core.errors import Refused, StudioError
from core.studio import Studio
from core.tables import UNFINISHED, Conversation, Generation, Turn
from core.views import TurnView

STOPPED = "stopped"
PATIENCE = timedelta(days=1)
"""How long a replay waits for one of its images. When that comes later, nobody expects to pay for the rest any more,
and it goes on when a person says so."""


@dataclass(frozen=True)
class Stop:
    """One turn of the branch, as it will be asked."""

    turn_id: str
    position: int
    prompt: str
    images: int
    cost: Decimal


@dataclass(frozen=True)
class Plan:
    """What a replay would ask, and what it would cost and take in all."""

    stops: tuple[Stop, ...]
    cost: Decimal
    practice: bool
    seconds: float | None
    """Nine of ten times it would take no longer; None without history."""
    left_out: tuple[str, ...]
    """Sentences: what this model cannot honour."""
    warning: str | None = None
    """A sentence when most of a budget is used that this counts for."""
    shortened: bool = False
    """The branch is longer than `branches.MOST`, so it does not begin at its beginning."""

    @property
    def images(self) -> int:
        """How many will be made."""
        return sum(stop.images for stop in self.stops)


def plan(studio: Studio, person: Person, turn_id: str, model: str) -> Plan:
    """What replaying the branch that ends with this turn would ask and cost.

    Raises Refused when the model cannot do all of it or a budget has not enough for all, before anything is paid;
    NotFound.
    """
    asked, shortened = steps(studio, person, turn_id, model, "plan")
    quotes = [asks.quote(studio, person, ask) for _turn, ask in asked]
    cost = sum((quote.cost for quote in quotes), Decimal(0))
    warning = _foresee(studio, person, turn_id, cost) if cost else None
    times = [quote.all_seconds for quote in quotes]
    of_turns = zip([turn for turn, _step in asked], quotes, strict=True)
    return Plan(
        stops=tuple(Stop(turn.id, turn.position, turn.prompt, told.images, told.cost) for turn, told in of_turns),
        cost=cost,
        practice=not cost and all(quote.practice for quote in quotes),
        seconds=sum(time for time in times if time) if all(times) else None,
        left_out=tuple(dict.fromkeys(line for quote in quotes for line in quote.left_out)),
        warning=warning,
        shortened=shortened,
    )


def _foresee(studio: Studio, person: Person, turn_id: str, usd: Decimal) -> str | None:
    """As `budgets.foresee`; each turn has enough by itself, and all of them may not."""
    with studio.reading() as db:
        turn = access.find(db, Turn, turn_id, person)
        project_id = db.get_one(Conversation, turn.conversation_id).project_id
        return budgets.foresee(studio, db, person.id, project_id, usd)


def begin(studio: Studio, person: Person, turn_id: str, model: str, token: str) -> Asked:
    """Ask the first turn of the replay; the others follow by themselves, each when its source is there.

    Twice with one token is once. Raises as `plan` does.
    """
    plan(studio, person, turn_id, model)
    turn, first = steps(studio, person, turn_id, model, token)[0][0]
    return turns.ask(studio, person, turn.conversation_id, first)


def stop(studio: Studio, person: Person, turn_id: str) -> None:
    """Ask no more turns of this turn's replay until somebody resumes it. What is at work goes on. Twice is once.

    Raises Refused when no turn of it is left to ask, NotFound.
    """
    _mark(studio, person, turn_id, stopped=True)


def resume(studio: Studio, person: Person, turn_id: str) -> None:
    """Let this turn's replay go on by itself again; what is due is asked at once.

    Raises Refused when it has nothing to go on from, and as asking does; NotFound.
    """
    last = _mark(studio, person, turn_id, stopped=False)
    if not _ask_next(studio, last) and not _at_work(studio, last):
        raise Refused("The last turn of this replay has no image to go on from. Try that one again first.")


def going(studio: Studio, shown: Iterable[TurnView]) -> dict[str, bool]:
    """By turn: whether its replay goes on by itself, or waits for a person. Without those that have no turn left.

    Looks at these turns alone; they are in the order of the page.
    """
    replayed = [turn for turn in shown if MARK in turn.settings]
    last = {turn.settings[MARK]["run"]: turn for turn in replayed}
    unfinished = {run: _goes_on(studio, turn) for run, turn in last.items() if not _is_last(turn.settings[MARK])}
    return {turn.id: unfinished[run] for turn in replayed if (run := turn.settings[MARK]["run"]) in unfinished}


def go_on(studio: Studio, generation_id: str) -> None:
    """When this generation is of a replay and made its image, ask the next turn of it. Any number of times is once."""
    with studio.reading() as db:
        of_it = select(Turn).join(Generation, col(Generation.turn_id) == Turn.id)
        turn = db.exec(of_it.where(Generation.id == generation_id)).first()
    if turn is not None and MARK in turn.settings:
        _follow(studio, turn)


def take_up(studio: Studio) -> None:
    """Go on with every replay whose next turn is due: for each start and every minute.

    It was not asked when its source came, because somebody pulled the plug or it was refused at that moment.
    """
    query = select(Turn).where(col(Turn.id) > _id_of(studio.now() - PATIENCE), col(Turn.token).startswith(f"{MARK}."))
    with studio.reading() as db:
        last: dict[str, Turn] = {}
        for turn in db.exec(query.order_by(col(Turn.id))).all():
            if MARK not in turn.settings:
                continue  # its conversation was purged, and of the turn only the ledger is left
            run = turn.settings[MARK]["run"]
            if run not in last or turn.settings[MARK]["step"] > last[run].settings[MARK]["step"]:
                last[run] = turn
    for turn in last.values():
        try:
            _follow(studio, turn)
        except Exception as error:  # one that cannot go on must not keep the others waiting
            log.broken(error)


def _follow(studio: Studio, turn: Turn) -> None:
    """Ask what comes after this turn of a replay, unless it waits for a person."""
    if _is_last(turn.settings[MARK]) or not _goes_on(studio, turn):
        return
    try:
        _ask_next(studio, turn)
    except StudioError as refusal:  # no room on the disk, a model that ended: the next minute tries again
        log.step("replay.waits", turn=turn.id, kind=type(refusal).__name__)


def _is_last(told: dict[str, Any]) -> bool:
    return bool(told["step"] + 1 >= len(told["turns"]))


def _goes_on(studio: Studio, turn: Turn | TurnView) -> bool:
    return not turn.settings[MARK].get(STOPPED) and turn.created_at > studio.now() - PATIENCE


def _ask_next(studio: Studio, turn: Turn) -> bool:
    """Whether this turn has an image to go on from. In the trash a replay stops: it must not pay after a restore."""
    person, told = Person(turn.user_id, ""), turn.settings[MARK]
    with studio.reading() as db:
        trashed = db.get_one(Conversation, turn.conversation_id).deleted_at is not None
        source = made(db, turn)
        original = access.find(db, Turn, told["turns"][told["step"] + 1], person)
        following = replace(step(db, original, told, told["step"] + 1), source=source)
    if trashed:
        _mark(studio, person, turn.id, stopped=True)
    if source is not None:
        turns.ask(studio, person, turn.conversation_id, following, still=lambda db: _refuse_stopped(db, turn))
    return source is not None


def _refuse_stopped(db: Session, turn: Turn) -> None:
    if db.get_one(Turn, turn.id).settings.get(MARK, {STOPPED: True}).get(STOPPED):  # without: it was purged
        raise Refused("This replay was stopped.")


def _mark(studio: Studio, person: Person, turn_id: str, *, stopped: bool) -> Turn:
    """Write it on the replay's newest turn, while none can be added; gives that turn."""
    with studio.reading() as db:
        turn = access.find(db, Turn, turn_id, person)
    with studio.transaction() as db:
        access.find(db, Conversation, turn.conversation_id, person, lock=True)
        last = _newest(db, turn)
        if last is None or _is_last(last.settings[MARK]):
            raise Refused("No turn of a replay is left to ask here. What is at work can be canceled on its tile.")
        if bool(last.settings[MARK].get(STOPPED)) != stopped:
            last.settings = {**last.settings, MARK: {**last.settings[MARK], STOPPED: stopped}}
            kind = "replay.stopped" if stopped else "replay.resumed"
            events.record(studio, db, kind, person.id, conversation=last.conversation_id, turn=last.id)
    return last


def _newest(db: Session, turn: Turn) -> Turn | None:
    """The last turn that the same replay asked; None when this one is of no replay."""
    told = turn.settings.get(MARK, {"turns": ()})
    tokens = [token_of(told, place) for place, _id in enumerate(told["turns"])]
    query = select(Turn).where(Turn.user_id == turn.user_id, col(Turn.token).in_(tokens))
    return db.exec(query.order_by(col(Turn.position).desc())).first()


def _at_work(studio: Studio, turn: Turn) -> bool:
    query = select(Generation.id).where(Generation.turn_id == turn.id, col(Generation.status).in_(UNFINISHED))
    with studio.reading() as db:
        return db.exec(query).first() is not None


def _id_of(moment: datetime) -> str:
    """Where ids of that time begin: the first 48 bits of a UUIDv7 are its milliseconds."""
    return f"{int(moment.timestamp() * 1000):012x}"
