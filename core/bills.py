"""What a generation came to: the sum of its calls, as far as anybody knows."""

from decimal import Decimal

from sqlmodel import Session, select

from core.tables import UNKNOWN, Attempt, Generation


def add_up(db: Session, generation: Generation) -> None:
    """The generation's cost is that of all its attempts, as far as it is known; the basis is the weakest of them."""
    db.flush()
    made = db.exec(select(Attempt).where(Attempt.generation_id == generation.id)).all()
    costs = [attempt.cost for attempt in made if attempt.cost is not None]
    generation.cost = sum(costs, Decimal(0)) if costs else None
    bases = {attempt.cost_basis for attempt in made if attempt.cost is None or attempt.cost}
    weakest = [b for b in (UNKNOWN, "estimated", "computed") if b in bases]
    generation.cost_basis = weakest[0] if weakest else "reported"
