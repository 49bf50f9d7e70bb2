"""Generate from a terminal: ask as the screens do, work or let others work, and tell what came of it."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from core import access, asks, captions, conversations, pictures, uploads, worker
from core.asks import Ask, Asked
from core.errors import Refused
from core.models import ROUTES
from core.stopping import LOOK, Stopping
from core.store import DiskStore
from core.studio import Studio
from core.tables import MASK, QUEUED, RUNNING, SOURCE, SUCCEEDED, UNFINISHED, Generation, Heartbeat, Image, new_id

TAKE_OVER = 2.0
"""Seconds between two tries to be the one who works: whoever does may end before our generations have."""
QUIET = 5.0
"""Seconds in which nothing began, before we say what it waits for."""
GRACE = 10.0
"""Seconds beyond a provider's deadline, after which a running call is surely at its end."""
LEFT = "Not waiting any longer. It goes on while the studio or a worker runs, and what comes is kept."
INTERRUPTED = 130
"""The exit code that shells give to Ctrl-C."""
_RATIO = re.compile(r"[1-9]\d{0,4}:[1-9]\d{0,4}")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    prompt: str
    models: tuple[str, ...]
    ratio: str = "1:1"
    count: int = 1
    seed: int | None = None
    source: Path | None = None
    mask: Path | None = None


def begin(studio: Studio, wanted: Wanted) -> Asked:
    """Start a conversation with this as its first turn. Raises Refused with what to change; nothing is asked then."""
    ask = Ask(
        prompt=wanted.prompt,
        models=tuple(dict.fromkeys(wanted.models)),
        token=new_id(),
        count=wanted.count,
        ratio=wanted.ratio,
        seed=wanted.seed,
        caption=captions.NONE,
    )
    asks.check(studio, ask)
    _check(studio, wanted, ask.models)
    person = access.local_person(studio)
    source = uploads.upload(studio, person, _bytes(wanted.source), SOURCE).id if wanted.source else None
    mask = uploads.upload(studio, person, _bytes(wanted.mask), MASK).id if wanted.mask else None
    return conversations.start(studio, person, replace(ask, source=source, mask=mask))


class Waiting:
    """Waits until the generations of a turn have ended, and works on them when nobody else does.

    Once it is told to stop it waits no longer: an exception may come while a library tidies up, and is lost there.
    """

    def __init__(self, studio: Studio, asked: Asked, tell: Tell, stopping: Stopping) -> None:
        self.studio, self.asked, self.tell, self.stopping = studio, asked, tell, stopping
        self.working = False

    def ended(self) -> bool:
        """True when all have ended, False when somebody pressed Ctrl-C before."""
        began = tried = time.monotonic()
        told = False
        self._work()
        while statuses := [g.status for g in generations(self.studio, self.asked) if g.status in UNFINISHED]:
            if self.stopping.wait(LOOK):
                self.tell(LEFT)
                return False
            now = time.monotonic()
            if now - tried > TAKE_OVER:
                tried = now
                self._work()
            if not told and not self.working and now - began > QUIET and set(statuses) == {QUEUED}:
                told = True
                self.tell("Waiting for a worker. Start one with `studio worker`.")
        return True

    def leave(self) -> None:
        """Stop working, but not before calls that this process may have under way are answered: they are paid for."""
        if not self.working:
            return
        mine = self._running() if self.stopping.told else None
        latest = time.monotonic() + self.studio.settings.provider_deadline + GRACE
        while time.monotonic() < latest and self._running() & (mine if mine is not None else self._running()):
            time.sleep(LOOK)
        worker.stop(self.studio)

    def _work(self) -> None:
        if self.working or self.studio.settings.background != "here" or self._others_work():
            return
        self.working = worker.start(self.studio)

    def _others_work(self) -> bool:
        """On Postgres whoever works shows signs of life; then there is no need to take part for a moment."""
        if self.studio.settings.on_sqlite:
            return False  # the lock of the embedded database answers that
        dead = self.studio.settings.worker_dead_seconds * 1000
        clock = sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000
        with self.studio.reading() as db:
            alive = select(Heartbeat.executor_id).where(col(Heartbeat.beat_ms) > clock - dead)
            return db.exec(alive).first() is not None

    def _running(self) -> set[str]:
        with self.studio.reading() as db:
            return set(db.exec(select(Generation.id).where(Generation.status == RUNNING)).all())


def generations(studio: Studio, asked: Asked) -> Sequence[Generation]:
    """The generations of this turn, in the order they were asked."""
    with studio.reading() as db:
        query = select(Generation).where(Generation.turn_id == asked.turn_id)
        return db.exec(query.order_by(col(Generation.queued_at), col(Generation.id))).all()


def facts(studio: Studio, asked: Asked) -> dict[str, Any]:
    """What came of it, as plain JSON. Costs are US dollars, or null while nobody knows."""
    return {
        "conversation_id": asked.conversation_id,
        "turn_id": asked.turn_id,
        "generations": [
            {
                "id": g.id,
                "provider": g.provider,
                "model": g.model,
                "status": g.status,
                "error": g.error,
                "cost": None if g.cost is None else float(g.cost),
                "cost_basis": g.cost_basis,
                "duration_ms": g.duration_ms,
                "images": [
                    {name: getattr(image, name) for name in ("id", "key", "mime", "width", "height", "sha256")}
                    for image in _images(studio, g)
                ],
            }
            for g in generations(studio, asked)
        ],
    }


def lines(studio: Studio, asked: Asked) -> list[str]:
    """What came of it, for people."""
    told = []
    for g in generations(studio, asked):
        label = studio.catalogue.label(f"{g.provider}/{g.model}")
        seconds = "" if g.duration_ms is None else f", {g.duration_ms / 1000:.1f} s"
        told.append(f"{label}: {g.status}, {_price(g)}{seconds}" + (f". {g.error}" if g.error else ""))
        told += [f"  note: {line}" for line in g.left_out]
        told += [f"  {_place(studio, image)}" for image in _images(studio, g)]
    return told


def all_succeeded(studio: Studio, asked: Asked) -> bool:
    """Whether every generation of the turn did."""
    return all(g.status == SUCCEEDED for g in generations(studio, asked))


def _check(studio: Studio, wanted: Wanted, models: Sequence[str]) -> None:
    """What the screens cannot get wrong, but a line can."""
    if not _RATIO.fullmatch(wanted.ratio):
        raise Refused(f"“{wanted.ratio}” is not a ratio such as 16:9.")
    if wanted.mask and not wanted.source:
        raise Refused("A mask needs the picture that it belongs to. Add --source FILE.")
    for name in models:
        provider = studio.catalogue.find(name).provider
        if provider not in studio.providers:
            setting = "A1111_URL" if provider == "a1111" else f"{provider.upper()}_API_KEY"
            raise Refused(f"{ROUTES[provider]} is not set up here. Set {setting}, then ask again.")


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > pictures.UPLOAD_BYTES:
            raise Refused(f"{path} is larger than {pictures.UPLOAD_BYTES // 1_000_000} MB. Make it smaller.")
        if not path.is_file():
            raise Refused(f"{path} is not a file.")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def _images(studio: Studio, generation: Generation) -> Sequence[Image]:
    with studio.reading() as db:
        query = select(Image).where(Image.generation_id == generation.id, col(Image.deleted_at).is_(None))
        return db.exec(query.order_by(col(Image.n))).all()


def _price(generation: Generation) -> str:
    if generation.practice:
        return "practice, free"
    if generation.cost is None:
        return "nobody knows what it cost" if generation.cost_basis else "free"
    return f"${generation.cost:.4f} {generation.cost_basis}"


def _place(studio: Studio, image: Image) -> str:
    """Where the file is, as far as a person at this machine can open it."""
    store = studio.store
    return str(store.root / image.key) if isinstance(store, DiskStore) else image.key
