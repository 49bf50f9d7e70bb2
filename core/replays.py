"""Replay a branch on another model: the same turns once more, each starting from what the one before it made.

A replay is its turns and nothing else. Each carries the whole plan in its settings and its place in its token, so
whoever comes after a crash can tell what is missing, and asking for it twice is asking once.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from core import access, asks, log, turns
from core.access import Person
from core.asks import Ask, Asked
from core.errors import StudioError
from core.studio import Studio
from core.tables import SOURCE, Conversation, Generation, Image, Reference, Turn

MOST = 40
"""Turns of one replay; a longer branch is replayed from the last so many."""
MARK = "replay"
PATIENCE = timedelta(days=30)
"""How long a replay may wait for one of its images before nobody looks for it any more."""


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
    shortened: bool = False
    """The branch is longer than MOST, so it does not begin at its beginning."""

    @property
    def images(self) -> int:
        """How many will be made."""
        return sum(stop.images for stop in self.stops)


@dataclass(frozen=True)
class Step(Ask):
    """The ask of one turn of a replay."""

    replay: dict[str, Any] = field(default_factory=dict)
    """`run`, `model`, `turns` (ids of the originals), `seeds` of each, and `step`, counted from 0."""


def plan(studio: Studio, person: Person, turn_id: str, model: str) -> Plan:
    """What replaying the branch that ends with this turn would ask and cost.

    Raises Refused when the model cannot do all of it, before anything is paid; NotFound.
    """
    stops, quotes = [], []
    for turn, step in _steps(studio, person, turn_id, model, "plan"):
        quote = asks.quote(studio, person, step)
        quotes.append(quote)
        stops.append(Stop(turn.id, turn.position, turn.prompt, quote.images, quote.cost))
    times = [quote.all_seconds for quote in quotes]
    return Plan(
        stops=tuple(stops),
        cost=sum((quote.cost for quote in quotes), Decimal(0)),
        practice=all(quote.practice for quote in quotes),
        seconds=sum(time for time in times if time) if all(times) else None,
        left_out=tuple(dict.fromkeys(line for quote in quotes for line in quote.left_out)),
        shortened=len(stops) == MOST,
    )


def begin(studio: Studio, person: Person, turn_id: str, model: str, token: str) -> Asked:
    """Ask the first turn of the replay; the others follow by themselves, each when its source is there.

    Twice with one token is once. Raises as `plan` does.
    """
    plan(studio, person, turn_id, model)
    turn, first = _steps(studio, person, turn_id, model, token)[0]
    return turns.ask(studio, person, turn.conversation_id, first)


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
            run = turn.settings[MARK]["run"]
            if run not in last or turn.settings[MARK]["step"] > last[run].settings[MARK]["step"]:
                last[run] = turn
    for turn in last.values():
        try:
            _follow(studio, turn)
        except Exception as error:  # one that cannot go on must not keep the others waiting
            log.broken(error)


def _follow(studio: Studio, turn: Turn) -> None:
    """Ask what comes after this turn of a replay, if it has an image and its conversation is not in the trash."""
    person, told = Person(turn.user_id, ""), turn.settings[MARK]
    place = told["step"] + 1
    if place >= len(told["turns"]):
        return
    with studio.reading() as db:
        conversation = db.get_one(Conversation, turn.conversation_id)
        source = _made(db, turn)
        if source is None or conversation.deleted_at is not None:
            return
        original = access.find(db, Turn, told["turns"][place], person)
        step = replace(_step(db, original, told, place), source=source)
    try:
        turns.ask(studio, person, turn.conversation_id, step)
    except StudioError as refusal:  # no room on the disk, a model that ended: the next minute tries again
        log.step("replay.waits", turn=turn.id, why=str(refusal))


def _steps(studio: Studio, person: Person, turn_id: str, model: str, token: str) -> list[tuple[Turn, Step]]:
    """The branch's turns from its beginning, each as it will be asked, still with the sources that they had."""
    seeded = studio.catalogue.find(model).seed
    with studio.reading() as db:
        branch = _branch(db, access.find(db, Turn, turn_id, person))
        ends = [used for _turn, used in branch[1:]] + [_first_of(db, branch[-1][0])]
        told = {
            "run": token,
            "model": model,
            "turns": [turn.id for turn, _used in branch],
            "seeds": [end.seed if end and seeded else None for end in ends],
        }
        return [(turn, _step(db, turn, told, place)) for place, (turn, _used) in enumerate(branch)]


def _step(db: Session, turn: Turn, told: dict[str, Any], place: int) -> Step:
    """One image is enough to go on from; the last turn makes as many as before."""
    same = asdict(turns.asked(db, turn))
    last = place == len(told["turns"]) - 1
    return Step(
        **same
        | {
            "models": (told["model"],),
            "token": f"{MARK}.{told['run']}.{place}",
            "count": same["count"] if last else 1,
            "seed": told["seeds"][place],
        },
        replay={**told, "step": place},
    )


def _branch(db: Session, turn: Turn) -> list[tuple[Turn, Generation | None]]:
    """The turns of its conversation that led to this one, from the first; each with the answer that it started from."""
    query: Any = (
        select(Reference.turn_id, Generation)
        .join(Turn, col(Turn.id) == Reference.turn_id)
        .join(Image, col(Image.id) == Reference.image_id)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(Turn.conversation_id == turn.conversation_id, Reference.role == SOURCE)
    )
    came_from: dict[str, Generation] = dict(db.exec(query).all())
    of_this = select(Turn).where(Turn.conversation_id == turn.conversation_id)
    known = {row.id: row for row in db.exec(of_this).all()}
    branch: list[tuple[Turn, Generation | None]] = []
    here: Turn | None = turn
    while here is not None and len(branch) < MOST:
        answer = came_from.get(here.id)
        branch.append((here, answer))
        here = known.get(answer.turn_id) if answer else None
    return branch[::-1]


def _first_of(db: Session, turn: Turn) -> Generation | None:
    """Whose seed the last turn begins with."""
    query = select(Generation).where(Generation.turn_id == turn.id, col(Generation.seed).is_not(None))
    return db.exec(query.order_by(col(Generation.n), col(Generation.id))).first()


def _made(db: Session, turn: Turn) -> str | None:
    """The image that a turn of a replay came to."""
    query = (
        select(Image.id)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(Generation.turn_id == turn.id, col(Image.deleted_at).is_(None))
    )
    return db.exec(query.order_by(col(Image.n), col(Image.id))).first()


def _id_of(moment: datetime) -> str:
    """Where ids of that time begin: the first 48 bits of a UUIDv7 are its milliseconds."""
    return f"{int(moment.timestamp() * 1000):012x}"
