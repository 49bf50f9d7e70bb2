"""What figures are told apart by, as people call it: models by labels, projects by titles, people by name."""

from collections.abc import Callable, Iterable, Mapping

from sqlmodel import col, select

from core import access
from core.access import Person, Sight
from core.models import ROUTES
from core.studio import Studio
from core.tables import CAPTION, IMAGE, Project

Labels = Mapping[str, Mapping[str, str]]
"""By dimension, by value."""


def labels(studio: Studio, person: Person, values: Mapping[str, Iterable[str]], sight: Sight | None = None) -> Labels:
    """How these values of these dimensions are called, each dimension in its alphabet; what went for good by its kind.

    `sight`: whose work they see, so that who has asked with it asks for that once.
    """
    titles = _titles(studio, person, values.get("project", ()))
    people = (sight or Sight(studio, person)).people if "person" in values else {}
    known: Mapping[str, Callable[[str], str]] = {
        "model": studio.catalogue.label,
        "provider": lambda name: ROUTES.get(name, name),
        "project": lambda project: titles.get(project, "A project that is gone") if project else "No project",
        "person": lambda owner: people.get(owner, "Somebody"),
        "kind": lambda kind: {IMAGE: "Images", CAPTION: "Captions"}.get(kind, kind),
    }
    called = {dim: {value: known[dim](value) for value in own} for dim, own in values.items()}
    return {dim: dict(sorted(own.items(), key=lambda one: one[1].casefold())) for dim, own in called.items()}


def _titles(studio: Studio, person: Person, ids: Iterable[str]) -> dict[str, str]:
    wanted = [project for project in ids if project]
    if not wanted:
        return {}
    with studio.reading() as db:
        query = select(Project).where(col(Project.id).in_(wanted), access.may_read(Project, person))
        return {row.id: row.title for row in db.exec(query).all()}
