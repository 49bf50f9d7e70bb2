"""What a person asks for in one turn: checked and priced before paying, then rows and their background work."""

import random
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, banned, budgets, captions, events, fairness, holds, pace, posts
from core.access import Person
from core.catalogue import Model, TextModel, estimate, fit
from core.columns import plain
from core.errors import Refused
from core.fitting import SEED_MAX
from core.providers import Picture, Request
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE, Conversation, Generation, Image, Post, Reference, Turn, new_id

MOST_AT_ONCE = 16
"""Pictures that one turn may ask for: a slip in two number fields must not cost a month's budget."""
ASKED = ("ratio", "resolution", "quality", "negative_prompt", "steps", "guidance", "scheduler", "strength")
"""Settings of a turn that go to every model as they are."""


@dataclass(frozen=True)
class Ask:
    """What a person asks for in one turn."""

    prompt: str
    models: tuple[str, ...]
    """Full names, e.g. "sketch/sketch"."""
    token: str
    """Made once per form shown: asking twice with the same one is asking once."""
    count: int = 1
    """Pictures per model."""
    ratio: str = "1:1"
    resolution: str = "1K"
    quality: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    strength: float | None = None
    source: str | None = None
    """Image ids of what the turn starts from."""
    mask: str | None = None
    references: tuple[str, ...] = ()
    caption: str = captions.AUTO
    """Who writes the caption when the turn begins a post: a text model's name, AUTO, or NONE."""

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the turn beside its prompt and references."""
        facts = asdict(self)
        return {k: v for k, v in facts.items() if k not in ("prompt", "token", "source", "mask", "references")}


@dataclass(frozen=True)
class Asked:
    """Where the answer will appear."""

    conversation_id: str
    turn_id: str


@dataclass(frozen=True)
class Price:
    """What a turn would cost, in US dollars."""

    cost: Decimal
    practice: bool
    """True when nothing in it costs anything because all models are for practice, also the one that writes."""


@dataclass(frozen=True)
class Quote:
    """What a turn would cost and take, before paying."""

    images: int
    cost: Decimal
    practice: bool
    """As of a price."""
    first_seconds: float | None
    """Half of the fastest model's runs were quicker; None without history."""
    all_seconds: float | None
    """Nine of ten of the slowest model's runs were quicker."""
    left_out: tuple[str, ...] = ()
    """Sentences: what these models cannot honour."""
    warning: str | None = None
    """A sentence when most of a budget is used that this counts for."""


def quote(studio: Studio, person: Person, ask: Ask) -> Quote:
    """What this ask would cost and take. Raises Refused as asking would, but for a prompt that is still empty."""
    banned.refuse(studio.rules.read().banned, ask.prompt)
    studio.catalogue.refuse_off(*ask.models)
    models = _models(studio, ask)
    with studio.reading() as db:
        wish, begins = _wish(db, person, replace(ask, prompt=ask.prompt.strip() or "…"))
        paced = pace.paces(db, ask.models)
        price = price_of(studio, ask, wish, begins)
        warning = None
        if price.cost:  # practice counts for no budget
            project_id = _origin(db, ask.source).project_id
            warning = budgets.foresee(studio, db, person.id, project_id, price.cost)
    fitted = [(model, *fit(model, wish)) for model in models]
    first = [p.p50 for p in paced.values()]
    slowest = [p.p90 for p in paced.values()]
    return Quote(
        images=ask.count * len(fitted),
        cost=price.cost,
        practice=price.practice,
        first_seconds=min(first) / 1000 if first else None,
        all_seconds=max(slowest) / 1000 if slowest else None,
        left_out=tuple(f"{model.label}: {line}" for model, _, lines in fitted for line in lines),
        warning=warning,
    )


def price_of(studio: Studio, ask: Ask, wish: Request, begins: bool) -> Price:
    """What all its images cost, and the caption of a post that it `begins`; `wish` is what it asks, with its pictures.

    Raises Refused for a model that cannot do it.
    """
    models = _models(studio, ask)
    writer = _writer(studio, ask, models) if begins else None
    images = sum((estimate(model, fit(model, wish)[0], _inputs(wish)).usd * ask.count for model in models), Decimal(0))
    practice = all(model.practice for model in models) and (writer is None or writer.practice)
    return Price(images + captions.price(studio, writer, wish.prompt), practice)


def check(studio: Studio, ask: Ask) -> None:
    """Raise Refused for what can be seen to be wrong with the ask alone, and the team's rules."""
    if not ask.prompt.strip():
        raise Refused("Say what the image should show.")
    if not ask.models:
        raise Refused("Pick at least one model.")
    if not 1 <= ask.count * len(ask.models) <= MOST_AT_ONCE:
        raise Refused(f"One turn makes up to {MOST_AT_ONCE} images. Ask for fewer per model, or fewer models.")
    banned.refuse(studio.rules.read().banned, ask.prompt)
    studio.catalogue.refuse_off(*ask.models)
    captions.check(studio, ask.caption)
    studio.refuse_when_full()


def add_turn(studio: Studio, db: Session, person: Person, conversation: Conversation, ask: Ask) -> Asked:
    """The turn, its references and generations, their background work and what they should cost: all or nothing.

    Raises Refused when the person has too much under way, or a budget has too little left.
    """
    wish, begins = _wish(db, person, ask)
    origin = _origin(db, ask.source)
    project_id = conversation.project_id if begins else origin.project_id
    position = db.exec(select(sa.func.count()).where(Turn.conversation_id == conversation.id)).one() + 1
    turn = Turn(
        id=new_id(),
        conversation_id=conversation.id,
        user_id=person.id,
        root_id=origin.root_id,
        position=position,
        prompt=plain(ask.prompt),
        settings=ask.settings,
        token=ask.token,
        created_at=studio.now(),
    )
    db.add(turn)
    db.flush()
    db.add_all(_references(turn, ask))
    db.flush()
    models = _models(studio, ask)
    writer = _writer(studio, ask, models) if begins else None
    fairness.admit(studio, db, person.id, ask.count * len(models) + (writer is not None))
    asked = captions.begin(studio, db, turn, conversation, writer) if begins else []
    for model in models:
        asked += [_generation(studio, db, turn, project_id, model, wish, n) for n in range(1, ask.count + 1)]
    events.record(studio, db, "turn.asked", person.id, conversation=conversation.id, turn=turn.id)
    holds.reserve(studio, db, asked, lambda left: _cheaper(studio, ask, wish, begins, left))
    return Asked(conversation.id, turn.id)


def _writer(studio: Studio, ask: Ask, models: list[Model]) -> TextModel | None:
    return captions.writer(studio, ask.caption, practice=all(model.practice for model in models))


@dataclass(frozen=True)
class _Origin:
    """Where the image comes from that a turn starts from: the turn that all began with, the project of its post."""

    root_id: str | None = None
    project_id: str | None = None


def _origin(db: Session, source: str | None) -> _Origin:
    if source is None:
        return _Origin()
    root = sa.func.coalesce(Turn.root_id, Turn.id)
    query = sa.select(root, col(Post.project_id)).select_from(Image)
    query = query.outerjoin(Generation, col(Generation.id) == Image.generation_id)
    query = query.outerjoin(Turn, col(Turn.id) == Generation.turn_id).outerjoin(Post, col(Post.id) == Image.post_id)
    return _Origin(*db.execute(query.where(col(Image.id) == source)).one())


def _generation(
    studio: Studio, db: Session, turn: Turn, project_id: str | None, model: Model, wish: Request, n: int
) -> tuple[Generation, Decimal]:
    request, left_out = fit(model, wish)
    generation = Generation(
        id=new_id(),
        turn_id=turn.id,
        user_id=turn.user_id,
        provider=model.provider,
        model=model.id,
        n=n,
        project_id=project_id,
        seed=_seed(model, request.seed, n),
        practice=model.practice,
        left_out=list(left_out),
        queued_at=studio.now(),
    )
    db.add(generation)
    db.flush()
    fairness.submit(studio, db, generation)
    return generation, estimate(model, request, _inputs(wish)).usd


def _cheaper(studio: Studio, ask: Ask, wish: Request, begins: bool, left: Decimal) -> str:
    """The cheapest model that can do all of this wish, and what it takes; practice is no answer to a real wish."""
    prices = []
    for model in studio.catalogue.models(studio.providers):
        with suppress(Refused):  # it cannot do this
            alone = replace(ask, models=(model.name,))
            if not model.practice and model.price is not None and not fit(model, wish)[1]:
                prices.append((price_of(studio, alone, wish, begins).cost, model.label))
    if not prices:
        return "No other model that is set up here can do this."
    usd, label = min(prices)
    told = f"the cheapest model that can do this, {label}, takes about {budgets.money(usd)}"
    return f"Within the budget, {told}." if usd <= left else f"Even {told}."


def _seed(model: Model, wanted: int | None, n: int) -> int | None:
    """Each of several pictures gets its own seed, known from the start, so that any of them can be made again."""
    if not model.seed:
        return None
    return random.randrange(2**31) if wanted is None else (wanted + n - 1) % (SEED_MAX + 1)


def _inputs(wish: Request) -> int:
    return len(wish.references) + (wish.source is not None)


def _models(studio: Studio, ask: Ask) -> list[Model]:
    found = [studio.catalogue.find(name) for name in dict.fromkeys(ask.models)]
    for model in found:
        if model.provider not in studio.providers:
            raise Refused(f"{model.label} is not set up here. Pick another model.")
    return found


def _wish(db: Session, person: Person, ask: Ask) -> tuple[Request, bool]:
    """What is asked, with the measures of its pictures, whose bytes are fetched when the call is made; and whether it
    begins a post."""
    if ask.mask and not ask.source:
        raise Refused("A mask needs the image that it was painted on. Choose the source again.")
    source = access.find(db, Image, ask.source, person) if ask.source else None
    request = Request(
        model="",
        prompt=plain(ask.prompt),
        seed=ask.seed,
        **{name: getattr(ask, name) for name in ASKED},
        source=_picture(source) if source else None,
        mask=_picture(access.find(db, Image, ask.mask, person)) if ask.mask else None,
        references=tuple(_picture(access.find(db, Image, image_id, person)) for image_id in ask.references),
    )
    return request, posts.begins(source)


def _picture(row: Image) -> Picture:
    return Picture(b"", row.mime, row.width, row.height)


def _references(turn: Turn, ask: Ask) -> list[Reference]:
    uses = [(SOURCE, 0, ask.source), (MASK, 0, ask.mask)]
    uses += [(REFERENCE, place, image_id) for place, image_id in enumerate(ask.references)]
    return [Reference(turn_id=turn.id, image_id=i, role=role, position=place) for role, place, i in uses if i]
