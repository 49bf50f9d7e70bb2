"""What counts under the budgets: held when asked for, settled when it ended.

Counters change only together with the holds that they add up, and are locked last and in one order, so nobody waits
crosswise. What may have been charged counts as if it were; a late answer puts it right. Practice counts nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from core import budgets
from core.errors import Refused
from core.studio import Studio
from core.tables import EVERYBODY, PERSON, PROJECT, TEAM, UNFINISHED, Attempt, Budget, Generation, Hold, Spending

NOTHING = Decimal(0)

Of = tuple[str, str]
"""What has a budget: its kind and id."""
Sums = dict[tuple[Of, str], Decimal]
"""US dollars by what has a budget, and month."""


def reserve(
    studio: Studio,
    db: Session,
    asked: Iterable[tuple[Generation, Decimal | None]],
    instead: Callable[[Decimal], str] = lambda left: "",
) -> None:
    """Hold what these rounds of one person should cost, in US dollars: the last thing before the transaction ends.

    Raises Refused when a budget does not have it, with what `instead` says to what is left; then nothing may be kept.
    """
    holds = [_hold(studio, generation, usd or NOTHING) for generation, usd in asked if not generation.practice]
    if not holds:
        return
    db.add_all(holds)
    db.flush()
    wanted: Sums = defaultdict(Decimal)
    for hold in holds:
        for of in _counted(hold):
            wanted[of, hold.month] += hold.usd
    for (of, month), usd in _in_order(wanted):
        held = _count(db, of, month, reserved=usd)
        cap = db.exec(select(col(Budget.usd)).where(Budget.kind == of[0], Budget.of_id == of[1])).first()
        if cap is not None and usd > 0 and held > cap:
            left = max(cap - (held - usd), NOTHING)
            raise Refused(budgets.too_much(studio, of[0], usd, left, cap, instead(left)))


def settle(db: Session, generation: Generation) -> None:
    """Count for each round that is over what its calls came to: what is unknown as what it may have cost.

    The last thing in every transaction of the ledger, with the generation locked. Any number of times is once.
    """
    if generation.practice:
        return
    db.flush()
    made: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in db.exec(select(Attempt).where(Attempt.generation_id == generation.id)).all():
        made[attempt.round].append(attempt)
    holds = {hold.round: hold for hold in db.exec(select(Hold).where(Hold.generation_id == generation.id)).all()}
    reserved: Sums = defaultdict(Decimal)
    spent: Sums = defaultdict(Decimal)
    for round in sorted({*made, *holds}):
        if round == generation.round and generation.status in UNFINISHED:
            continue
        hold = holds.get(round) or _late(generation, round, made[round])
        usd = sum((_came_to(attempt) for attempt in made[round]), NOTHING)
        for of in _counted(hold):
            reserved[of, hold.month] -= NOTHING if hold.settled else hold.usd
            spent[of, hold.month] += usd - (hold.usd if hold.settled else NOTHING)
        hold.usd, hold.settled = usd, True
        db.add(hold)
    db.flush()
    for (of, month), usd in _in_order(spent):
        if usd or reserved[of, month]:
            _count(db, of, month, reserved[of, month], usd)


def differences(db: Session) -> list[str]:
    """Where counters do not say what the holds add up to, or settled holds not what their calls came to; one line each.

    Everything comes from one moment, so it may run beside asks and answers.
    """
    reserved: Sums = defaultdict(Decimal)
    spent: Sums = defaultdict(Decimal)
    holds = db.exec(select(Hold)).all()
    for hold in holds:
        for of in _counted(hold):
            (spent if hold.settled else reserved)[of, hold.month] += hold.usd
    counted = {((row.kind, row.of_id), row.month): row for row in db.exec(select(Spending)).all()}
    found = []
    for of, month in sorted({*reserved, *spent, *counted}):
        row = counted.get((of, month))
        told = (row.reserved, row.spent) if row else (NOTHING, NOTHING)
        if told != (reserved[of, month], spent[of, month]):
            found.append(
                f"{of[0]} {of[1]} {month}: {told[0]} held and {told[1]} spent, where its holds say "
                f"{reserved[of, month]} and {spent[of, month]}"
            )
    came: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for attempt in db.exec(select(Attempt)).all():
        came[attempt.generation_id, attempt.round] += _came_to(attempt)
    return found + [
        f"generation {hold.generation_id} round {hold.round}: {hold.usd} spent, where the ledger says "
        f"{came[hold.generation_id, hold.round]}"
        for hold in holds
        if hold.settled and hold.usd != came[hold.generation_id, hold.round]
    ]


def _hold(studio: Studio, generation: Generation, usd: Decimal) -> Hold:
    return Hold(
        generation_id=generation.id,
        round=generation.round,
        user_id=generation.user_id,
        project_id=generation.project_id,
        month=budgets.month_of(studio.now()),
        usd=_exact(usd),
    )


def _late(generation: Generation, round: int, made: list[Attempt]) -> Hold:
    """Of a round that was asked for by a version without budgets."""
    return Hold(
        generation_id=generation.id,
        round=round,
        user_id=generation.user_id,
        project_id=generation.project_id,
        month=budgets.month_of(min(attempt.started_at for attempt in made)),
        usd=NOTHING,
        settled=True,
    )


def _came_to(attempt: Attempt) -> Decimal:
    return _exact(attempt.cost if attempt.cost is not None else attempt.reserved_cost or NOTHING)


def _exact(usd: Decimal) -> Decimal:
    """As the database keeps it, to the billionth; or sums and what they sum up drift apart."""
    return (usd * 1_000_000_000).to_integral_value() / 1_000_000_000


def _counted(hold: Hold) -> list[Of]:
    of = [(TEAM, EVERYBODY), (PERSON, hold.user_id)]
    return [*of, (PROJECT, hold.project_id)] if hold.project_id else of


def _in_order(sums: Sums) -> list[tuple[tuple[Of, str], Decimal]]:
    return sorted(sums.items(), key=lambda item: (budgets.ORDER.index(item[0][0][0]), item[0]))


def _count(db: Session, of: Of, month: str, reserved: Decimal = NOTHING, spent: Decimal = NOTHING) -> Decimal:
    """Add to a counter, which stays locked until the transaction ends; what it holds in all from then on."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Spending).values(kind=of[0], of_id=of[1], month=month, reserved=reserved, spent=spent)
    added = row.on_conflict_do_update(
        index_elements=["kind", "of_id", "month"],
        set_={"reserved": Spending.reserved + row.excluded.reserved, "spent": Spending.spent + row.excluded.spent},
    )
    told = db.execute(added.returning(col(Spending.reserved), col(Spending.spent))).one()
    return Decimal(told[0] + told[1])
