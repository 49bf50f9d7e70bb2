"""How soon the replica has what others changed: one step of it, and from the end of a commit until readers see it."""

import random
import time
from collections.abc import Iterator, Sequence
from statistics import median

import sqlalchemy as sa
from sqlmodel import col

from core import changes
from core.replica import APART_SECONDS, LOOK_SECONDS, Replica
from core.studio import Studio
from core.tables import Image
from tests.bench import apart
from tests.bench.asked import same
from tests.bench.measure import Row, milliseconds, p95

CHANGED = {1: 20, 100: 10, 10_000: 3}
"""So many images, so often."""
MOST_MS = 500
"""What the largest step may take."""
HERE_MS, THERE_MS = 50, 300
"""How long nearly every commit may take until readers see it."""
COMMITS = 60


def syncs(name: str, studio: Studio) -> Iterator[Row]:
    """The step of the replica after so many images got or lost a star, anywhere."""
    copy, chance = Replica(studio), random.Random(6)
    copy.sync()
    with copy.reading() as cursor:
        ids = [row[0].hex for row in cursor.execute("SELECT id FROM img ORDER BY id").fetchall()]
    for count, rounds in CHANGED.items():
        wrote, took = list[float](), list[float]()
        for _ in range(rounds):
            chosen = chance.sample(ids, min(count, len(ids) // 2))
            wrote.append(milliseconds(lambda chosen=chosen: _star(studio, chosen)))
            took.append(milliseconds(copy.sync))
            _check_stars(studio, copy, chosen)
        label = f"{name}: sync of {count:,} change{'s'[: count > 1]}"
        yield Row(label, median(took), median(wrote), "the writing itself")
        if count == max(CHANGED):
            yield Row("  the same", median(took), MOST_MS, "what is wanted", 1.0)
    copy.close()


def _star(studio: Studio, image_ids: Sequence[str]) -> str:
    """One transaction; its token."""
    with studio.transaction() as db:
        for start in range(0, len(image_ids), 1000):
            those = col(Image.id).in_(image_ids[start : start + 1000])
            db.execute(sa.update(Image).where(those).values(starred=sa.not_(col(Image.starred))))
        return changes.token(db)


def _check_stars(studio: Studio, copy: Replica, image_ids: Sequence[str]) -> None:
    looked = image_ids[:500]
    with studio.reading() as db:
        starred = set(db.scalars(sa.select(col(Image.id)).where(col(Image.id).in_(looked), col(Image.starred))))
    sql = "SELECT id FROM img JOIN combo ON combo = no WHERE starred = 'yes' AND id IN (SELECT unnest($ids)::UUID)"
    with copy.reading() as cursor:
        same(iter((starred, {row[0].hex for row in cursor.execute(sql, {"ids": list(looked)}).fetchall()})))


def seen(name: str, studio: Studio) -> Iterator[Row]:
    """From the end of a commit until readers see it: here, and in another process that nobody wakes."""
    with Replica(studio).running() as copy, apart.follower(studio.settings) as elsewhere:
        copy.sync()
        with copy.reading() as cursor:
            ids = [row[0].hex for row in cursor.execute(f"SELECT id FROM img ORDER BY id LIMIT {COMMITS}").fetchall()]
        here, there = list[float](), list[float]()
        for image_id in ids:
            token = _star(studio, [image_id])
            committed = time.monotonic()
            here.append((apart.until(lambda token=token: apart.seen(copy, token)) - committed) * 1000)
            there.append((elsewhere(token) - committed) * 1000)
            time.sleep(2 * LOOK_SECONDS * random.random())  # else each commit would come right after a look
    pause, look = APART_SECONDS * 1000, LOOK_SECONDS * 1000
    yield Row(f"{name}: commit to visible, here, p50", median(here), pause, "the pause after news")
    yield Row(f"{name}: commit to visible, here, p95", p95(here), HERE_MS, "what is wanted", 1.0)
    yield Row(f"{name}: the same in another process, p50", median(there), look, "one look at the log")
    yield Row(f"{name}: the same in another process, p95", p95(there), THERE_MS, "what is wanted", 1.0)
