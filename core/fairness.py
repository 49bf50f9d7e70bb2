"""Fair shares: how much one person may have under way, and whose turn it is in a provider's queue."""

from datetime import timedelta

from sqlmodel import Session, col, func, select

from core import jobs
from core.errors import Refused
from core.studio import Studio
from core.tables import UNFINISHED, Event, Generation, User

MINUTE = timedelta(minutes=1)
ASKING = ("turn.asked", "generation.retried", "post.caption_asked")
"""Events of which each is one ask."""


def admit(studio: Studio, db: Session, user_id: str, wanted: int) -> None:
    """Let a person ask for so many generations more, and nobody else in their name until this transaction ends.

    Raises Refused when that is more than they may have unfinished at once, or ask within a minute. Lock conversations,
    generations and posts before this.
    """
    # A lock that leaves links to this person alone: whoever writes one for them does not wait.
    db.exec(select(User.id).where(User.id == user_id).with_for_update(key_share=True)).one()
    rules = studio.rules.read(db)
    under_way = select(func.count()).where(Generation.user_id == user_id, col(Generation.status).in_(UNFINISHED))
    waiting = db.exec(under_way).one()
    if waiting + wanted > rules.at_once:
        raise Refused(
            f"{rules.at_once:,} images and captions may be on their way at once for one person, and you have "
            f"{waiting:,}; this would be {wanted:,} more. It goes again as soon as enough of them have come. Nothing "
            "was spent."
        )
    since = studio.now() - MINUTE
    asked = select(Event.at).where(Event.user_id == user_id, col(Event.kind).in_(ASKING), col(Event.at) > since)
    moments = sorted(db.exec(asked).all())
    if len(moments) >= rules.per_minute:
        seconds = max(1, round((moments[-rules.per_minute] - since).total_seconds()))
        raise Refused(
            f"You asked {len(moments):,} times within a minute, and {rules.per_minute:,} is the most. It goes again in "
            f"{seconds} seconds. Nothing was spent."
        )


def submit(studio: Studio, db: Session, generation: Generation) -> None:
    """Queue this generation's round behind as many rounds of others as its person has unfinished there.

    So a queue goes round by person: the first image of everybody, then the second. It has to be written already, and
    its person admitted. What an older version queued comes before all.
    """
    theirs = select(func.count()).where(
        Generation.user_id == generation.user_id,
        Generation.provider == generation.provider,
        col(Generation.status).in_(UNFINISHED),
    )
    place = db.exec(theirs).one()
    jobs.submit(studio, db, generation.provider, generation.id, generation.round, place)
