"""What a picture cost with everything that led to it and beside it: its tree, from the turn that all began with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core import access
from core.access import Person
from core.columns import Dollars
from core.studio import Studio
from core.tables import Attempt, Generation, Image, Turn


@dataclass(frozen=True)
class Tree:
    """All calls of a tree: tries, discards and captions, of whatever model. Practice counts nothing."""

    calls: int
    cost: Decimal
    """US dollars, as far as they are known."""
    possible: Decimal
    """What calls without a known cost may come to on top."""

    def wire(self) -> dict[str, Any]:
        """As plain JSON; money as text, because JavaScript would round it."""
        return {"calls": self.calls, "cost": str(self.cost), "possible": str(self.possible)}


def of_image(studio: Studio, person: Person, image_id: str) -> Tree:
    """That of this image; nothing for an upload. Raises NotFound for what the person does not see."""
    root = sa.select(sa.func.coalesce(Turn.root_id, Turn.id)).join(Generation, col(Generation.turn_id) == col(Turn.id))
    root = root.join(Image, col(Image.generation_id) == col(Generation.id)).where(col(Image.id) == image_id)
    of_tree = sa.or_(col(Turn.id) == root.scalar_subquery(), col(Turn.root_id) == root.scalar_subquery())
    possible = sa.case((col(Attempt.cost).is_(None), Attempt.reserved_cost))
    sums = (sa.func.sum(part, type_=Dollars) for part in (Attempt.cost, possible))
    query = sa.select(sa.func.count(), *sums).select_from(Turn)
    query = query.join(Generation, col(Generation.turn_id) == col(Turn.id))
    query = query.join(Attempt, col(Attempt.generation_id) == col(Generation.id))
    with studio.reading() as db:
        access.look(db, Image, image_id, person)
        calls, cost, open_ = db.execute(query.where(of_tree, col(Generation.practice).is_(False))).one()
    return Tree(calls, cost or Decimal(0), open_ or Decimal(0))
