"""Star images, choose them for their posts, put them into a project: any number in one transaction."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import access, events, posts, projects, written
from core.access import AT_ONCE, Person
from core.errors import Refused
from core.studio import Studio
from core.tables import Generation, Image, Post, Project, Turn

Moved = Mapping[str, str]
"""Posts that went into another project: by their ids, the project that each was in before, "" for none."""


def star(studio: Studio, person: Person, image_ids: Iterable[str], *, on: bool = True) -> int:
    """Star these images, or take their stars; how many changed. Raises NotFound when none of them is there."""
    with written.writing(studio, person) as db:
        changed = [row for row in access.find_many(db, Image, image_ids, person) if row.starred != on]
        for row in changed:
            row.starred = on
        _tell(studio, db, person, "image.starred" if on else "image.unstarred", changed)
    return len(changed)


def select(studio: Studio, person: Person, image_ids: Iterable[str], *, on: bool = True) -> int:
    """Choose these images for their posts, or choose them no longer; how many changed.

    A post has one selected image: of several of one post the newest is chosen, and the one before it no more.
    Raises NotFound when none of them is there.
    """
    with written.writing(studio, person) as db:
        found = _locked(db, person, image_ids)
        if on:
            kept = [row for row in found if row.deleted_at is None]  # what lies in the trash takes no other's place
            found = list({row.post_id or row.id: row for row in kept}.values())
            _unselect_others(studio, db, person, found)
        changed = [row for row in found if row.selected != on]
        for row in changed:
            row.selected = on
        _tell(studio, db, person, "image.selected" if on else "image.unselected", changed)
    return len(changed)


def put_into(studio: Studio, person: Person, image_ids: Iterable[str], project_id: str) -> Moved:
    """Put the posts of these images into a project, or with "" into none; those that were elsewhere.

    A project holds posts, so the other images of a post come along; images of a version that made no posts get one.
    Raises NotFound when no image is there, or no such project.
    """
    with written.writing(studio, person) as db:
        if project_id and access.find(db, Project, project_id, person).deleted_at is not None:
            raise Refused("This project is in the trash. Take another one; nothing was moved.")
        return _move(studio, db, person, image_ids, project_id)


def put_into_new(studio: Studio, person: Person, image_ids: Iterable[str], title: str) -> tuple[str, Moved]:
    """Begin a project and put the posts of these images into it; its id, and those that were elsewhere: all of them.

    Raises what `projects.start` and `put_into` do; then there is no new project either.
    """
    with written.writing(studio, person) as db:
        project = projects.begin(studio, db, person, title)
        return project.id, _move(studio, db, person, image_ids, project.id)


def put_back(studio: Studio, person: Person, project_id: str, moved: Moved) -> int:
    """Put these posts out of a project into those that they were in before; how many changed.

    What went elsewhere meanwhile stays there, and so does what was in a project that is gone for good. Raises NotFound
    when none of the posts is there.
    """
    with written.writing(studio, person) as db:
        posts.lock(db, moved)
        there = {"", *db.scalars(sa.select(col(Project.id)).where(col(Project.user_id) == person.id))}
        held = [post for post in access.find_many(db, Post, moved, person) if (post.project_id or "") == project_id]
        changed = [post for post in held if moved[post.id] in there]
        for post in changed:
            post.project_id = moved[post.id] or None
        posts.count_for_projects(db, changed)
        _tell(studio, db, person, "image.moved", _images_of(db, changed))
    return len(changed)


def _images_of(db: Session, held: Sequence[Post]) -> list[Image]:
    ids = [post.id for post in held]
    parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
    return [row for part in parts for row in db.scalars(sa.select(Image).where(col(Image.post_id).in_(part)))]


def _move(studio: Studio, db: Session, person: Person, image_ids: Iterable[str], project_id: str) -> Moved:
    found = _locked(db, person, image_ids)
    _post(studio, db, found)
    held = access.find_many(db, Post, [row.post_id for row in found if row.post_id], person)
    changed = [post for post in held if (post.project_id or "") != project_id]
    moved = {post.id: post.project_id or "" for post in changed}
    for post in changed:
        post.project_id = project_id or None
    posts.count_for_projects(db, changed)
    _tell(studio, db, person, "image.moved", found if changed else [])
    return moved


def _post(studio: Studio, db: Session, images: Sequence[Image]) -> None:
    for image in images:
        generation = db.get(Generation, image.generation_id) if image.generation_id and not image.post_id else None
        if generation:
            turn = db.get_one(Turn, generation.turn_id)
            image.post_id = posts.begin(studio, db, turn, None, {}).id
    db.flush()


def _unselect_others(studio: Studio, db: Session, person: Person, chosen: Sequence[Image]) -> None:
    posts = sorted({row.post_id for row in chosen if row.post_id})
    kept = {row.id for row in chosen}
    others = [row for start in range(0, len(posts), AT_ONCE) for row in _selected(db, posts[start : start + AT_ONCE])]
    replaced = [row for row in others if row.id not in kept]
    for row in replaced:
        row.selected = False
    _tell(studio, db, person, "image.unselected", replaced)


def _selected(db: Session, post_ids: Sequence[str]) -> Sequence[Image]:
    chosen = sa.select(Image).where(col(Image.post_id).in_(post_ids), col(Image.selected).is_(True))
    return db.scalars(chosen.order_by(col(Image.id)).with_for_update()).all()


def _locked(db: Session, person: Person, image_ids: Iterable[str]) -> list[Image]:
    """As they are once their posts are locked: of two who choose at once, the later sees what the earlier chose."""
    wanted = tuple(image_ids)
    posts.lock(db, {row.post_id for row in access.find_many(db, Image, wanted, person, lock=False)})
    return access.find_many(db, Image, wanted, person)


def _tell(studio: Studio, db: Session, person: Person, kind: str, rows: Sequence[Image]) -> None:
    for row in rows:
        facts = {"image": row.id, "post": row.post_id}
        events.record(studio, db, kind, person.id, conversation=row.conversation_id, **facts)
