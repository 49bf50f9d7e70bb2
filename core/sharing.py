"""Links to one conversation: make one, see who used it and what they say, change it, take it back."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, log, tokens
from core.access import Person
from core.columns import plain
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import Conversation, Image, Share, Turn, Verdict, new_id

MOST_DAYS = 365
LONGEST_NAME = 80
SHORTEST_PASSWORD, LONGEST_PASSWORD = 6, 200
MOST_LINKS = 100
"""That open a conversation at the same time."""


@dataclass(frozen=True)
class Terms:
    """What a link shows, for how long, and to whom. None leaves a link that is changed as it is."""

    name: str = ""
    """For whom it is, in the owner's words; its readers never see it."""
    days: int | None = 30
    """From now until it ends by itself."""
    password: str | None = ""
    """Empty: whoever has the link reads."""
    pinned: bool = False
    """Only the turns of this moment; else turns that come later are shown too."""
    shows_prompts: bool = True
    shows_models: bool = True
    shows_costs: bool = False
    takes_verdicts: bool = False
    """Readers may say approve, change or no to each image."""


@dataclass(frozen=True)
class Link:
    """A link that was just made. Its token is nowhere else: only the token's hash is kept."""

    id: str
    token: str

    @property
    def path(self) -> str:
        """Where it opens, below the studio's own address."""
        return f"/s/{self.token}"


@dataclass(frozen=True)
class LinkView:
    """A link as its owner sees it."""

    id: str
    name: str
    state: str
    """active, ended or revoked."""
    created_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    uses: int
    """How often its page was opened."""
    has_password: bool
    pinned: bool
    shows_prompts: bool
    shows_models: bool
    shows_costs: bool
    takes_verdicts: bool
    approve: int
    change: int
    no: int


@dataclass(frozen=True)
class Said:
    """What a reader said of one image."""

    image_id: str
    share_id: str
    link: str
    """The link's name."""
    verdict: str
    note: str
    at: datetime


def share(studio: Studio, person: Person, conversation_id: str, terms: Terms) -> Link:
    """Make a link. Raises NotFound, also for what is in the trash, and Refused for terms that do not work."""
    terms, link = _checked(terms), Link(new_id(), tokens.fresh())
    if terms.days is None:
        raise Refused("A new link has to end some day. Choose when.")
    with studio.transaction() as db:
        conversation = access.find(db, Conversation, conversation_id, person, lock=True)
        if conversation.deleted_at is not None:
            raise NotFound("This conversation is in the trash. Restore it to share it.")
        _refuse_too_many(studio, db, conversation.id)
        db.add(_row(studio, db, conversation, terms, link))
        events.record(studio, db, "share.made", person.id, conversation=conversation.id, share=link.id)
    log.step("share.made", conversation=conversation_id, id=link.id)
    return link


def links(studio: Studio, person: Person, conversation_id: str) -> tuple[LinkView, ...]:
    """All links of a conversation, newest first, also those that opened it once. Raises NotFound."""
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        query = select(Share).where(Share.conversation_id == conversation_id).order_by(col(Share.id).desc())
        rows = db.exec(query).all()
        said = _counts(db, [row.id for row in rows])
    return tuple(_view(studio, row, said[row.id]) for row in rows)


def revoke(studio: Studio, person: Person, share_id: str) -> None:
    """From now on the link opens nothing, its images neither. Doing it again changes nothing. Raises NotFound."""
    with studio.transaction() as db:
        row = access.find(db, Share, share_id, person, lock=True)
        if row.revoked_at is not None:
            return
        row.revoked_at = studio.now()
        events.record(studio, db, "share.revoked", person.id, conversation=row.conversation_id, share=row.id)
    log.step("share.revoked", id=share_id)


def change(studio: Studio, person: Person, share_id: str, terms: Terms) -> None:
    """Give a link other terms; whoever has it keeps it, and one that ended opens again with new days.

    Raises NotFound, and Refused for a link that was revoked or where too many others are open.
    """
    terms = _checked(terms)
    with studio.transaction() as db:
        row = access.find(db, Share, share_id, person)
        access.find(db, Conversation, row.conversation_id, person, lock=True)  # its links are counted one by one
        db.refresh(row, with_for_update=True)
        if row.revoked_at is not None:
            raise Refused("This link was revoked and stays so. Make a new one.")
        if terms.days is not None and _state(studio, row) == "ended":
            _refuse_too_many(studio, db, row.conversation_id)
        _settle(studio, db, row, terms)
        events.record(studio, db, "share.changed", person.id, conversation=row.conversation_id, share=row.id)
    log.step("share.changed", id=share_id)


def verdicts(studio: Studio, person: Person, conversation_id: str) -> tuple[Said, ...]:
    """What readers said of the images of a conversation that are not in the trash, newest first. Raises NotFound."""
    query = (
        select(Verdict, Share.name)
        .join(Share, col(Share.id) == Verdict.share_id)
        .join(Image, col(Image.id) == Verdict.image_id)
        .where(Share.conversation_id == conversation_id, col(Image.deleted_at).is_(None))
        .order_by(col(Verdict.at).desc(), col(Verdict.id).desc())
    )
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        rows = db.exec(query).all()
    return tuple(Said(row.image_id, row.share_id, name, row.verdict, row.note, row.at) for row, name in rows)


def _checked(terms: Terms) -> Terms:
    name = " ".join(plain(terms.name).split())
    if len(name) > LONGEST_NAME:
        raise Refused(f"The name of a link has up to {LONGEST_NAME} characters. Shorten it.")
    if terms.days is not None and not 1 <= terms.days <= MOST_DAYS:
        raise Refused(f"A link ends after 1 to {MOST_DAYS} days. Choose when.")
    if terms.password and not SHORTEST_PASSWORD <= len(terms.password) <= LONGEST_PASSWORD:
        raise Refused(f"The password of a link has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, or none.")
    return replace(terms, name=name)


def _refuse_too_many(studio: Studio, db: Session, conversation_id: str) -> None:
    still = col(Share.revoked_at).is_(None) & (col(Share.ends_at) > studio.now())
    if db.exec(select(sa.func.count()).where(Share.conversation_id == conversation_id, still)).one() >= MOST_LINKS:
        raise Refused(f"{MOST_LINKS} links open this conversation already. Revoke one of them first.")


def _row(studio: Studio, db: Session, conversation: Conversation, terms: Terms, link: Link) -> Share:
    row = Share(
        id=link.id,
        user_id=conversation.user_id,
        conversation_id=conversation.id,
        token_hash=tokens.digest(link.token),
        created_at=studio.now(),
    )
    _settle(studio, db, row, terms)
    return row


def _settle(studio: Studio, db: Session, row: Share, terms: Terms) -> None:
    """Write the terms down. A link that is pinned already stays at its moment."""
    for name in ("name", "shows_prompts", "shows_models", "shows_costs", "takes_verdicts"):
        setattr(row, name, getattr(terms, name))
    if terms.pinned != (row.last_position is not None):
        row.last_position = _last_position(db, row.conversation_id) if terms.pinned else None
    if terms.password is not None:
        row.password_hash = tokens.sealed(terms.password) if terms.password else None
    if terms.days is not None:
        row.ends_at = studio.now() + timedelta(days=terms.days)


def _last_position(db: Session, conversation_id: str) -> int:
    return db.exec(select(sa.func.max(Turn.position)).where(Turn.conversation_id == conversation_id)).one() or 0


def _counts(db: Session, share_ids: list[str]) -> dict[str, Counter[str]]:
    found = defaultdict[str, Counter[str]](Counter)
    query = (
        select(Verdict.share_id, Verdict.verdict, sa.func.count())
        .join(Image, col(Image.id) == Verdict.image_id)
        .where(col(Verdict.share_id).in_(share_ids), col(Image.deleted_at).is_(None))
        .group_by(col(Verdict.share_id), col(Verdict.verdict))
    )
    for share_id, verdict, count in db.exec(query).all():
        found[share_id][verdict] = count
    return found


def _view(studio: Studio, row: Share, said: Counter[str]) -> LinkView:
    return LinkView(
        id=row.id,
        name=row.name,
        state=_state(studio, row),
        created_at=row.created_at,
        ends_at=row.ends_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
        uses=row.uses,
        has_password=row.password_hash is not None,
        pinned=row.last_position is not None,
        shows_prompts=row.shows_prompts,
        shows_models=row.shows_models,
        shows_costs=row.shows_costs,
        takes_verdicts=row.takes_verdicts,
        approve=said["approve"],
        change=said["change"],
        no=said["no"],
    )


def _state(studio: Studio, row: Share) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "ended" if row.ends_at is not None and row.ends_at <= studio.now() else "active"
