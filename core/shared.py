"""A reader's side of a link: what its page shows, already without what its owner hides. The one door for strangers.

Everything here takes a token and gives nothing but the one conversation that the token is for. What is not there, has
ended, was revoked or lies in the trash is answered in the same words, so that a guess learns nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import events, tokens, views
from core.columns import plain
from core.errors import NotFound, Refused
from core.showing import Shared, SharedImage, SharedTurn, Showing
from core.studio import Studio
from core.tables import Conversation, Generation, Image, Post, Share, Turn, Verdict
from core.views import TurnView

__all__ = ["Shared", "SharedImage", "SharedTurn"]  # from below, for the page

GONE = "There is nothing behind this link. It may have ended or been taken back; ask whoever sent it for a new one."
VERDICTS = ("approve", "change", "no")
LONGEST_NOTE = 1_000
PROOF_LIVES = timedelta(hours=12)
"""How long a password need not be typed again."""
TELL_AGAIN = timedelta(minutes=10)
"""Somebody who reloads a page opens it again, but is no news."""


class Locked(Refused):
    """The link is good, but asks for its password."""


@dataclass(frozen=True)
class Picture:
    """What serving a picture needs of its row."""

    id: str
    key: str
    mime: str
    size: int
    sha256: str


def opened(studio: Studio, token: str, proof: str = "", *, counts: bool = True) -> Shared:
    """What the link's page shows; `counts` it as an opening. Raises NotFound, and Locked without its password's proof.

    Eight queries, however long the conversation is.
    """
    with studio.reading() as db:
        share, conversation = _admitted(studio, db, token, proof)
        turns = views.turns(db, db.exec(select(Turn).where(*_turns_of(share)).order_by(col(Turn.position))).all())
        said = db.exec(select(Verdict).where(Verdict.share_id == share.id)).all()
        by_image = {verdict.image_id: verdict for verdict in said}
        showing = Showing(studio.catalogue, share, conversation, turns, _posts(db, turns), by_image)
    if counts:
        _count(studio, share)
    return showing.page()


def enter(studio: Studio, token: str, password: str) -> str:
    """The proof that somebody knows the link's password, good for `PROOF_LIVES`. Raises NotFound and Refused."""
    with studio.reading() as db:
        share, _conversation = _found(studio, db, token)
    if share.password_hash is None:
        return ""
    if not tokens.opens(password, share.password_hash):
        raise Refused("That is not the password of this link. Try again, or ask whoever sent it.")
    ends = f"{int((studio.now() + PROOF_LIVES).timestamp()):x}"
    return f"{ends}.{tokens.signed(studio.secret, *_proven(share, ends))}"


def image(studio: Studio, token: str, image_id: str, proof: str = "") -> Picture:
    """A picture that the link's page shows. Raises NotFound, and Locked."""
    with studio.reading() as db:
        share, _conversation = _admitted(studio, db, token, proof)
        return _picture(_shown(db, share, image_id))


def cover(studio: Studio, token: str) -> Picture:
    """The picture that stands for the link in a preview: one that was selected, else the newest.

    Raises NotFound also when there is none yet, and Locked: a preview is made by whoever has the link alone.
    """
    with studio.reading() as db:
        share, _conversation = _admitted(studio, db, token, "")
        query = _images_of(share).order_by(col(Image.selected).desc(), col(Image.id).desc()).limit(1)
        row = db.exec(query).first()
    if row is None:
        raise NotFound(GONE)
    return _picture(row)


def judge(studio: Studio, token: str, image_id: str, verdict: str, note: str, proof: str = "") -> None:
    """Keep what a reader says of one image of the page, in the place of what the same link said before.

    Raises NotFound for everything that the page does not show, Refused where no verdicts are asked for, and Locked.
    """
    note = plain(note.replace("\r\n", "\n")).strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(f"A note has up to {LONGEST_NOTE:,} characters. Shorten it and send it again.")
    if verdict not in VERDICTS:
        raise Refused("Say approve, change or no.")
    with studio.transaction() as db:
        share, conversation = _admitted(studio, db, token, proof, lock=True)
        row = _shown(db, share, image_id)
        if not share.takes_verdicts:
            raise Refused("Whoever sent this link does not ask for verdicts here.")
        share.used_at = studio.now()
        if _kept(studio, db, share, row, verdict, note):
            facts = {"share": share.id, "image": row.id, "verdict": verdict}
            events.record(studio, db, "verdict.given", share.user_id, conversation=conversation.id, **facts)


def _found(studio: Studio, db: Session, token: str, lock: bool = False) -> tuple[Share, Conversation]:
    """The link, if it opens anything at this moment. Raises NotFound in one sentence for all that does not."""
    query = (
        select(Share, Conversation)
        .join(Conversation, col(Conversation.id) == Share.conversation_id)
        .where(Share.token_hash == tokens.digest(token), Share.user_id == Conversation.user_id)
    )
    found = db.exec(query.with_for_update(of=Share) if lock else query).first()
    if found is None or not tokens.same(found[0].token_hash, tokens.digest(token)):
        raise NotFound(GONE)
    share, conversation = found
    ended = share.ends_at is not None and share.ends_at <= studio.now()
    if ended or share.revoked_at is not None or conversation.deleted_at is not None:
        raise NotFound(GONE)
    return share, conversation


def _admitted(studio: Studio, db: Session, token: str, proof: str, lock: bool = False) -> tuple[Share, Conversation]:
    share, conversation = _found(studio, db, token, lock)
    ends, _, signature = proof.partition(".")
    if share.password_hash is not None:
        genuine = tokens.genuine(studio.secrets, signature, *_proven(share, ends))
        if not genuine or int(ends, 16) < studio.now().timestamp():
            raise Locked("This link asks for its password.")
    return share, conversation


def _proven(share: Share, ends: str) -> tuple[str, ...]:
    """What a proof is signed under: it holds for this link, and for as long as the password is the same."""
    return "share", share.id, str(share.password_hash), ends


def _turns_of(share: Share) -> list[Any]:
    """Which turns the link shows."""
    conditions: list[Any] = [Turn.conversation_id == share.conversation_id]
    if share.last_position is not None:
        conditions.append(col(Turn.position) <= share.last_position)
    return conditions


def _images_of(share: Share) -> Any:
    """The pictures that the link shows: made in its turns, and not thrown away."""
    return (
        select(Image)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(*_turns_of(share), col(Image.deleted_at).is_(None), col(Generation.deleted_at).is_(None))
    )


def _shown(db: Session, share: Share, image_id: str) -> Image:
    ours = image_id.isascii() and image_id.isalnum()  # Postgres fails at ids that hold a NUL
    row = db.exec(_images_of(share).where(Image.id == image_id)).first() if ours else None
    if not isinstance(row, Image):
        raise NotFound(GONE)
    return row


def _picture(row: Image) -> Picture:
    return Picture(row.id, row.key, row.mime, row.size, row.sha256)


def _posts(db: Session, turns: Sequence[TurnView]) -> dict[str, Post]:
    ids = {image.post_id for turn in turns for g in turn.generations for image in g.images}
    ids |= {turn.caption.post.id for turn in turns if turn.caption and turn.caption.post}
    return {post.id: post for post in db.exec(select(Post).where(col(Post.id).in_(ids - {None}))).all()}


def _count(studio: Studio, share: Share) -> None:
    """One more opening; an event only after a while, because somebody who reloads a page is no news."""
    now = studio.now()
    with studio.transaction() as db:
        of_it = sa.update(Share).where(col(Share.id) == share.id)
        db.exec(of_it.values(uses=Share.uses + 1, used_at=now))
        if share.used_at is None or now - share.used_at > TELL_AGAIN:
            facts = {"conversation": share.conversation_id, "share": share.id}
            events.record(studio, db, "share.opened", share.user_id, **facts)


def _kept(studio: Studio, db: Session, share: Share, row: Image, verdict: str, note: str) -> bool:
    """Write it down; False when the very same was said before. The link's row is locked, so nobody is between."""
    before = db.exec(select(Verdict).where(Verdict.share_id == share.id, Verdict.image_id == row.id)).first()
    if before is None:
        db.add(Verdict(share_id=share.id, image_id=row.id, verdict=verdict, note=note, at=studio.now()))
        return True
    if (before.verdict, before.note) == (verdict, note):
        return False
    before.verdict, before.note, before.at = verdict, note, studio.now()
    return True
