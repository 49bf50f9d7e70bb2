"""Fill the studio with sample content that looks like two months of a team's work, all of it marked as practice."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from core import access
from core.access import Person
from core.demo_plan import COLLEAGUES, DAYS, Story, plan, words
from core.demo_rows import Making, aged_id, token
from core.models import ROUTES
from core.studio import Studio
from core.tables import Attempt, Conversation, Generation, Image, Note, Post, Project, Reference, Turn, User

SEED = 7
THREADS = 2
ORDER = (Conversation, Turn, Generation, Attempt, Post, Image, Reference)
"""Rows that others point to come first."""

Progress = Callable[[int, int], None]
"""Called with images made and images in all, always in the thread that called `fill`."""


def fill(studio: Studio, person: Person, images: int = 300, progress: Progress | None = None, seed: int = SEED) -> int:
    """Make at least this many sample images for the person and four colleagues; returns how many were made.

    Content that is there already is not made again, so a fill that was cut off goes on, and a second one makes
    nothing. Every conversation is one short transaction. Raises Refused on a full disk, StoreDown.
    """
    studio.refuse_when_full()
    people = {subject: access.person_named(studio, subject, name) for subject, name in COLLEAGUES.items()}
    known = {model.name for model in studio.catalogue.models(ROUTES)}
    stories = [(story, people.get(story.colleague or "", person)) for story in plan(images, seed, known)]
    missing = _missing(studio, stories)
    if not missing:
        return 0
    projects = _projects(studio, person)
    total, done = sum(story.images for story, _ in missing), 0
    with ThreadPoolExecutor(THREADS) as pool:
        work = [pool.submit(_make, studio, owner, story, projects, seed) for story, owner in missing]
        try:
            for finished in as_completed(work):
                done += finished.result()
                if progress:
                    progress(done, total)
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def _missing(studio: Studio, stories: list[tuple[Story, Person]]) -> list[tuple[Story, Person]]:
    with studio.reading() as db:
        return [(story, owner) for story, owner in stories if not _there(db, story, owner)]


def _there(db: Session, story: Story, owner: Person) -> bool:
    query = select(Turn.id).where(Turn.user_id == owner.id, Turn.token == token(story, 0))
    return db.exec(query).first() is not None


def _projects(studio: Studio, person: Person) -> list[str]:
    """The ids of the person's sample projects, in the order of the file; made when they are not there."""
    moment = studio.now() - timedelta(days=DAYS + 2)
    ids = []
    with studio.transaction() as db:
        for told in words()["projects"]:
            known = select(Project.id).where(Project.user_id == person.id, Project.title == told["title"])
            ids.append(db.exec(known).first() or _project(db, person, told, moment))
    return ids


def _project(db: Session, person: Person, told: dict[str, str], moment: datetime) -> str:
    dates: dict[str, Any] = {"created_at": moment, "updated_at": moment}
    project_id = aged_id(moment, random.Random(f"{person.id}/{told['title']}"))
    db.add(Project(id=project_id, user_id=person.id, title=told["title"], stage=told["stage"], **dates))
    db.flush()
    db.add(
        Note(project_id=project_id, user_id=person.id, stage="brain dump", body=told["note"], updated_at=moment),
    )
    return project_id


def _make(studio: Studio, owner: Person, story: Story, projects: list[str], seed: int) -> int:
    """Files first, rows second, all rows of the conversation at once. Returns how many images it gave."""
    making = Making(studio, owner, story, random.Random(f"{seed}/{story.number}/{owner.id}"))
    making.conversation(None if story.project is None else projects[story.project])
    with studio.transaction() as db:
        db.exec(select(User.id).where(User.id == owner.id).with_for_update()).first()  # two fills: one after the other
        late = _there(db, story, owner)
        for table in () if late else ORDER:
            db.add_all(making.rows[table])
            db.flush()
    if late:
        making.sweep()
    return 0 if late else story.images
