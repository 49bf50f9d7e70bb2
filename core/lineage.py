"""How a conversation grew: which turn came from which image, and what was changed on the way."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import access, differences, views
from core.access import Person
from core.catalogue import Catalogue
from core.studio import Studio
from core.tables import IMAGE, SOURCE, Conversation, Generation, Image, Reference, Turn

SETTINGS = ("ratio", "resolution", "quality", "seed", "negative_prompt", "steps", "guidance", "scheduler", "strength")
"""What is compared beside the words and the models."""
EDITS_ONLY = ("strength",)
"""Says nothing when the turn before could not have it, because it began with words."""
WEAKEST_FIRST = ("unknown", "estimated", "computed", "reported")
AROUND = 40
"""Characters of unchanged text that are sent on each side of a change."""
LONGEST = 600
"""Characters of a prompt or of one changed run that are sent; the conversation itself shows them all."""


@dataclass(frozen=True)
class Origin:
    """The image that a turn starts from, and where it was made. An upload was made nowhere."""

    image: views.ImageView
    trashed: bool
    model: str | None = None
    """Full name; None for an upload, as all that follows."""
    turn_id: str | None = None
    conversation_id: str | None = None
    title: str = ""
    position: int = 0
    prompt: str = ""
    settings: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Change:
    """What a turn asked for otherwise than the one that made its image."""

    words: tuple[differences.Run, ...]
    models: tuple[tuple[str, ...], tuple[str, ...]] | None
    """Full names before and after; None when it asked the same."""
    settings: tuple[tuple[str, Any, Any], ...]
    """Name, before, after."""


@dataclass(frozen=True)
class Node:
    """A turn in the tree, with what came of it."""

    id: str
    position: int
    prompt: str
    asked: float
    """Seconds since 1970."""
    answers: tuple[views.GenerationView, ...]
    origin: Origin | None
    change: Change | None

    @property
    def cost(self) -> tuple[Decimal | None, str | None]:
        """What is known to have been paid, and the weakest basis of it; None while nothing is known."""
        paid = [a for a in self.answers if not a.practice]
        known = [a.cost for a in paid if a.cost is not None]
        bases = {a.cost_basis for a in paid if a.cost_basis}
        weakest = [basis for basis in WEAKEST_FIRST if basis in bases]
        return (sum(known, Decimal(0)) if known else None), (weakest[0] if weakest else None)

    @property
    def milliseconds(self) -> int | None:
        """How long the slowest of its models took: they work at the same time."""
        return max((a.duration_ms for a in self.answers if a.duration_ms is not None), default=None)


@dataclass(frozen=True)
class Tree:
    """All turns of a conversation, oldest first; each after the one that it came from."""

    conversation_id: str
    nodes: tuple[Node, ...]

    def wire(self, catalogue: Catalogue) -> dict[str, Any]:
        """As plain JSON for the map. `parent` is a node's id, an outside one's ("image:…") or null."""
        outside = {o.image.id: o for o in map(self._outside, self.nodes) if o}
        return {
            "id": self.conversation_id,
            "nodes": [_node(node, self._parent(node), catalogue) for node in self.nodes],
            "outside": [_outside(origin, catalogue) for origin in outside.values()],
        }

    def _outside(self, node: Node) -> Origin | None:
        """Where it came from, when that is not in this conversation."""
        origin = node.origin
        return origin if origin and origin.conversation_id != self.conversation_id else None

    def _parent(self, node: Node) -> str | None:
        if foreign := self._outside(node):
            return f"image:{foreign.image.id}"
        return node.origin.turn_id if node.origin else None


def tree(studio: Studio, person: Person, conversation_id: str) -> Tree:
    """How this conversation grew, in four queries however long it is. Raises NotFound."""
    with studio.reading() as db:
        row = access.find(db, Conversation, conversation_id, person)
        asked = list(_asked(db, person, Turn.conversation_id == row.id))
        answers = defaultdict[str, list[views.GenerationView]](list)
        for view in views.generations(db, Turn.conversation_id == row.id, Generation.kind == IMAGE):
            answers[view.turn_id].append(view)
    nodes = [_with_change(turn, tuple(answers[turn.id]), origin) for turn, origin in asked]
    return Tree(conversation_id, tuple(nodes))


def ancestors(db: Session, person: Person, ids: Sequence[str]) -> dict[str, list[str]]:
    """The images that each of these was derived from, nearest first: one query, however long the line is."""
    itself: sa.Select[str, str, int] = sa.select(col(Image.id).label("of"), col(Image.id), sa.literal(0).label("depth"))
    line = itself.where(col(Image.id).in_(ids), access.may_read(Image, person)).cte("line", recursive=True)
    above = (
        sa.select(line.c.of, col(Reference.image_id), line.c.depth + 1)
        .join(Image, col(Image.id) == line.c.id)
        .join(Generation, col(Generation.id) == col(Image.generation_id))
        .join(Reference, sa.and_(col(Reference.turn_id) == Generation.turn_id, col(Reference.role) == SOURCE))
    )
    whole = line.union_all(above)
    query = sa.select(whole.c.of, whole.c.id).where(whole.c.depth > 0).order_by(whole.c.depth)
    found: dict[str, list[str]] = {}
    for of, parent in db.execute(query):
        found.setdefault(of, []).append(parent)
    return found


def _asked(db: Session, person: Person, condition: Any) -> Iterator[tuple[Turn, Origin | None]]:
    """Turns in their order, each with where it came from: one query."""
    made, before, home = aliased(Generation), aliased(Turn), aliased(Conversation)
    used = sa.and_(col(Reference.turn_id) == Turn.id, col(Reference.role) == SOURCE, col(Reference.position) == 0)
    query = (
        sa.select(Turn, Image, made, before, col(home.title))
        .outerjoin(Reference, used)
        .outerjoin(Image, sa.and_(col(Image.id) == Reference.image_id, col(Image.user_id) == person.id))
        .outerjoin(made, col(made.id) == Image.generation_id)
        .outerjoin(before, col(before.id) == made.turn_id)
        .outerjoin(home, col(home.id) == before.conversation_id)
        .where(condition)
        .order_by(col(Turn.position))
    )
    for turn, image, generation, parent, title in db.execute(query):
        yield turn, _origin(image, generation, parent, title) if image else None


def _origin(image: Image, generation: Generation | None, turn: Turn | None, title: str) -> Origin:
    shown = views.image(image, SOURCE)
    if generation is None or turn is None:
        return Origin(shown, image.deleted_at is not None)
    return Origin(
        image=shown,
        trashed=image.deleted_at is not None,
        model=f"{generation.provider}/{generation.model}",
        turn_id=turn.id,
        conversation_id=turn.conversation_id,
        title=title,
        position=turn.position,
        prompt=turn.prompt,
        settings=turn.settings,
    )


def _with_change(turn: Turn, answers: tuple[views.GenerationView, ...], origin: Origin | None) -> Node:
    names = turn.settings.get("models") or [answer.name for answer in answers]
    made = origin and origin.turn_id
    change = _change(turn, tuple(dict.fromkeys(names)), origin) if origin and made else None
    return Node(turn.id, turn.position, turn.prompt, turn.created_at.timestamp(), answers, origin, change)


def _change(turn: Turn, names: tuple[str, ...], origin: Origin) -> Change:
    before = origin.settings or {}
    maker = (origin.model,) if origin.model else ()
    same = set(names) in ({*maker}, set(before.get("models", ())))
    settings = [(name, before.get(name), turn.settings.get(name)) for name in SETTINGS]
    missing = {name for name in EDITS_ONLY if before.get(name) is None}
    return Change(
        words=differences.between(origin.prompt, turn.prompt),
        models=None if same else (maker, names),
        settings=tuple(change for change in settings if change[1] != change[2] and change[0] not in missing),
    )


def _node(node: Node, parent: str | None, catalogue: Catalogue) -> dict[str, Any]:
    cost, basis = node.cost
    images = [(image, answer) for answer in node.answers for image in answer.images]
    return {
        "id": node.id,
        "position": node.position,
        "prompt": _cut(node.prompt),
        "asked": round(node.asked * 1000),
        "images": [_image(image) | {"model": catalogue.label(answer.name)} for image, answer in images],
        "models": _labels((answer.name for answer in node.answers), catalogue),
        "cost": None if cost is None else str(cost),
        "basis": basis,
        "practice": bool(node.answers) and all(answer.practice for answer in node.answers),
        "ms": node.milliseconds,
        "counts": Counter(answer.status for answer in node.answers),
        "parent": parent,
        "from": node.origin and node.origin.image.id,
        "change": node.change and _changed(node.change, catalogue),
    }


def _outside(origin: Origin, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "id": f"image:{origin.image.id}",
        "image": _image(origin.image) | {"model": origin.model and catalogue.label(origin.model)},
        "trashed": origin.trashed,
        "conversation": origin.conversation_id,
        "title": origin.title,
        "position": origin.position,
        "prompt": _cut(origin.prompt),
    }


def _image(image: views.ImageView) -> dict[str, Any]:
    plain = {"id": image.id, "w": image.width, "h": image.height, "placeholder": image.placeholder}
    return plain | {"selected": image.selected, "alt": image.alt}


def _changed(change: Change, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "words": [[run.kind, text] for run, text in _short(change.words)],
        "models": change.models and [_labels(names, catalogue) for names in change.models],
        "settings": [[name, *map(_said, values)] for name, *values in change.settings],
    }


def _labels(names: Iterable[str], catalogue: Catalogue) -> list[str]:
    return [catalogue.label(name) for name in dict.fromkeys(names)]


def _said(value: Any) -> str | None:
    return None if value is None else _cut(str(value))


def _short(runs: Sequence[differences.Run]) -> Iterator[tuple[differences.Run, str]]:
    """The changes, with as much of what stayed as it takes to see where they are."""
    for place, run in enumerate(runs):
        if run.kind != differences.KEPT:
            yield run, _cut(run.text)
        elif len(run.text) <= 2 * AROUND:
            yield run, run.text
        else:
            first = run.text[:AROUND].rpartition(" ")[0] if place else ""
            last = run.text[-AROUND:].partition(" ")[2] if place < len(runs) - 1 else ""
            yield run, f"{first} … {last}".lstrip()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + "…"
