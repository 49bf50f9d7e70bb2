"""What a person does with a post: open it, change its words, place its crops, have its caption written again."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlmodel as sql
from sqlmodel import Session, col

from core import access, banned, briefs, captions, events, fairness, holds, jobs, log, platforms, posts
from core.access import Person
from core.catalogue import TextModel
from core.columns import plain
from core.errors import Refused
from core.posted import OpenedPost, Variant, opened
from core.studio import Studio
from core.tables import CAPTION, IMAGE, Conversation, Generation, Image, Post, Turn

__all__ = ["OpenedPost", "Variant", "opened"]  # from below, for screens

LONGEST = platforms.LONGEST
"""Characters of a caption: what the most patient platform takes."""
LONGEST_ALT = 5_000
MOST_HASHTAGS = captions.MOST_HASHTAGS


@dataclass(frozen=True)
class Words:
    """What a person writes for a post."""

    caption: str
    hashtags: tuple[str, ...] = ()
    """With or without the #."""
    alt: str | None = None
    """The draft that images without an alt text of their own follow; None leaves it as it is."""


@dataclass(frozen=True)
class Price:
    """What a caption would cost, before paying."""

    model: TextModel
    cost: Decimal


def edit(
    studio: Studio,
    person: Person,
    post_id: str,
    words: Words | None,
    version: int,
    own: Mapping[str, str] | None = None,
) -> None:
    """Give a post these words, and platforms texts of their `own`, in one go; None leaves the words as they are.

    A platform with an empty text takes the post's caption again. Raises Refused when somebody changed any of it since
    `version` was read, for a platform that nobody knows, or for too much; then nothing was changed. NotFound.
    """
    words = words and _tidied(words)
    texts = {_platform(name): _short(plain(text).strip(), LONGEST, "A text") for name, text in (own or {}).items()}
    with studio.transaction() as db:
        post = access.find(db, Post, post_id, person, lock=True)
        _change(studio, post, version)
        if words is not None:
            _give(studio, db, post, words)
            _tell(studio, db, "post.edited", post)
        post.platforms = {name: text for name, text in {**post.platforms, **texts}.items() if text}
        for name in texts:
            _tell(studio, db, "post.edited", post, platform=name)


def use(studio: Studio, person: Person, post_id: str, words: Words, version: int) -> None:
    """Give a post words of its history again; those of now are in the history from then on.

    Raises Refused when somebody changed them since `version` was read, NotFound.
    """
    words = _tidied(words)
    written = sql.select(Generation).where(
        Generation.post_id == post_id, Generation.user_id == person.id, Generation.kind == CAPTION
    )
    with studio.transaction() as db:
        captions_of_it = db.exec(written.order_by(col(Generation.id)).with_for_update()).all()
        post = access.find(db, Post, post_id, person, lock=True)
        _change(studio, post, version)
        if captions_of_it:
            posts.keep(studio, db, captions_of_it[-1], post)
        _give(studio, db, post, words)
        _tell(studio, db, "post.edited", post)


def edit_alt(studio: Studio, person: Person, image_id: str, alt: str) -> None:
    """Say what somebody hears who cannot see this image. Raises Refused when it is too long, NotFound."""
    alt = _short(" ".join(plain(alt).split()), LONGEST_ALT, "An alt text")
    with studio.transaction() as db:
        image = access.find(db, Image, image_id, person, lock=True)
        image.alt = alt
        _tell_of_image(studio, db, "image.described", image)


def focus(studio: Studio, person: Person, image_id: str, x: float, y: float) -> None:
    """Keep crops to this point of the image, in shares from its top left. Raises Refused outside of it, NotFound."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise Refused("The focal point has to be within the image. Nothing was changed.")
    with studio.transaction() as db:
        image = access.find(db, Image, image_id, person, lock=True)
        image.focus_x, image.focus_y = round(x, 4), round(y, 4)
        _tell_of_image(studio, db, "image.focused", image)


def price_caption(studio: Studio, person: Person, post_id: str, model: str = captions.AUTO) -> Price:
    """Who would write this post's caption and for how much. Raises Refused when nobody could, NotFound."""
    with studio.reading() as db:
        post = access.find(db, Post, post_id, person)
        turn = _turn(db, post)
        found = _writer(studio, db, post, turn, model)
    return Price(found, captions.price(studio, found, f"{turn.prompt}\n{post.caption}"))


def ask_caption(studio: Studio, person: Person, post_id: str, model: str = captions.AUTO) -> str:
    """Have the caption written, for the first time or anew, to the brief of now; the id of its generation.

    It replaces what is there when it comes, also a person's own words from before: those go into the post's history.
    Raises Refused while one is on its way or when nobody can write it, NotFound.
    """
    studio.rules.read()
    captions.check(studio, model)
    jobs.ready(studio)
    studio.refuse_when_full()
    with studio.transaction() as db:
        _keep_from_purging(db, _turn(db, access.find(db, Post, post_id, person)))
        post = access.find(db, Post, post_id, person, lock=True)
        turn = _turn(db, post)
        banned.refuse(studio.rules.read(db).banned, turn.prompt)
        captions.alone(db, post.id)
        writer = _writer(studio, db, post, turn, model)
        post.brief = briefs.of(db, person.id, post.project_id).facts()
        fairness.admit(studio, db, person.id, 1)
        generation, usd = captions.ask(studio, db, turn, post, writer)
        _tell(studio, db, "post.caption_asked", post, model=writer.name)
        holds.reserve(studio, db, [(generation, usd)])
    log.step("caption.asked", conversation=turn.conversation_id, generation=generation.id)
    return generation.id


def _keep_from_purging(db: Session, turn: Turn) -> None:
    """Until this transaction ends: a purge that waits for it sees the caption at work, and one that was first has taken
    the post with its words, so that none is paid for."""
    conversation = sql.select(Conversation.id).where(Conversation.id == turn.conversation_id)
    db.exec(conversation.with_for_update(read=True, key_share=True)).one()
    db.expire_all()


def _change(studio: Studio, post: Post, version: int) -> None:
    if post.version != version:
        raise Refused("The words of this post were changed meanwhile. Yours are still here: look at both.")
    post.version, post.updated_at = version + 1, studio.now()


def _give(studio: Studio, db: Session, post: Post, words: Words) -> None:
    post.caption, post.hashtags, post.edited_at = words.caption, list(words.hashtags), studio.now()
    if words.alt is not None:
        _draft(db, post, words.alt)


def _platform(name: str) -> str:
    if platforms.find(name) is None:
        raise Refused(f"There is no platform called “{name}” here. Nothing was changed.")
    return name


def _tidied(words: Words) -> Words:
    caption = _short(plain(words.caption).strip(), LONGEST, "A caption")
    hashtags = tuple(dict.fromkeys(tag for word in words.hashtags if (tag := briefs.hashtag(word))))
    if len(hashtags) > MOST_HASHTAGS:
        raise Refused(f"A post has up to {MOST_HASHTAGS} hashtags. Take some away; nothing was changed.")
    alt = None if words.alt is None else _short(" ".join(plain(words.alt).split()), LONGEST_ALT, "An alt text")
    return Words(caption, hashtags, alt)


def _short(text: str, longest: int, what: str) -> str:
    if len(text) > longest:
        raise Refused(f"{what} has up to {longest:,} characters, this has {len(text):,}. Nothing was changed.")
    return text


def _draft(db: Session, post: Post, alt: str) -> None:
    """Images that still say the draft, or nothing, say the new one."""
    followers = sql.select(Image).where(Image.post_id == post.id, col(Image.alt).in_(("", post.alt)))
    for image in db.exec(followers).all():
        image.alt = alt
    post.alt = alt


def _turn(db: Session, post: Post) -> Turn:
    turn = db.get(Turn, post.turn_id) if post.turn_id else None
    if turn is None:
        raise Refused("Nobody knows any more what this post was asked with. Write its caption yourself.")
    return turn


def _writer(studio: Studio, db: Session, post: Post, turn: Turn, wanted: str) -> TextModel:
    """The one that is named; else one for practice where all images are for practice, as they were when asked."""
    captions.check(studio, wanted)
    asked = sql.select(Generation.practice).where(Generation.turn_id == turn.id, Generation.kind == IMAGE)
    practice = list(db.exec(asked).all())
    found = captions.writer(studio, wanted, practice=bool(practice) and all(practice))
    if found is None:
        raise Refused("No model that writes is set up here. Write the caption yourself, or add a provider's key.")
    return found


def _tell_of_image(studio: Studio, db: Session, kind: str, image: Image) -> None:
    facts: dict[str, Any] = {"image": image.id, "post": image.post_id}
    events.record(studio, db, kind, image.user_id, conversation=image.conversation_id, **facts)


def _tell(studio: Studio, db: Session, kind: str, post: Post, **facts: Any) -> None:
    turn = db.get(Turn, post.turn_id) if post.turn_id else None
    conversation = turn.conversation_id if turn else None
    events.record(studio, db, kind, post.user_id, conversation=conversation, post=post.id, **facts)
