"""Figures and calls as files, for who goes on with them elsewhere: CSV that no spreadsheet takes for formulas, Parquet.

DuckDB writes them straight from the ledger's copy, so that ten million calls take no memory of ours.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from core import analytics, named
from core.access import Person, Sight
from core.analytics import Analytics, Question
from core.errors import NotFound
from core.figures import DOLLARS, UNITS
from core.studio import Studio

FORMS: Mapping[str, str] = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet, COMPRESSION zstd"}
"""To offer another form, add a line: what DuckDB's COPY calls it."""
FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would calculate; an apostrophe keeps it a text (OWASP, CSV injection)."""
NAMED = ("person", "model", "provider", "project", "kind")
TOLD = ("state", "error", "basis")
"""What a call is told by: in the words of screens, and in those of the ledger."""


def calls(studio: Studio, person: Person, question: Question, form: str, into: Path) -> None:
    """Every call of the question, the oldest first, into a new file; dollars are decimals, moments are UTC.

    Raises NotFound for a form that there is none of, and as the answers of `Analytics` do.
    """
    sight = Sight(studio, person)
    with analytics.opened(studio, person, sight) as ledger:
        called = named.labels(studio, person, ledger.occurring(NAMED), sight)
        ledger.cursor.register("called", _called(called))
        texts = [
            f"(SELECT {_safe('label')} FROM dim JOIN called ON called.dim = dim.kind AND called.value = dim.key"
            f" WHERE dim.kind = '{dim}' AND dim.no = calls.{dim}) AS {dim}"
            for dim in NAMED
        ]
        texts += [f"(SELECT key FROM dim WHERE kind = '{dim}' AND no = calls.{dim}) AS {dim}" for dim in TOLD]
        sql = f"""
            SELECT replace(id::VARCHAR, '-', '') AS id, made AS made_utc, {", ".join(texts)}, practice,
                {_usd("cost")}, {_usd("reserved")}, took AS took_ms, waited AS waited_ms, images, chosen AS selected
            FROM calls ORDER BY made, id"""
        _write(ledger, f"WITH calls AS (FROM call WHERE {ledger.scope(question)}) {sql}", form, into)


def figures(studio: Studio, person: Person, question: Question, split: str, form: str, into: Path) -> None:
    """What the page shows told apart by the split, the dearest first, into a new file. Raises as `calls`."""
    sight = Sight(studio, person)
    with analytics.opened(studio, person, sight) as ledger:
        rows = ledger.by(question, split)
        called = named.labels(studio, person, {split: [row.key for row in rows]}, sight)[split]
        columns: dict[str, Any] = {split: pa.array([called[row.key] for row in rows], pa.string())}
        for name, unit in UNITS.items():
            values = [row.figures[name] for row in rows]
            kind = {DOLLARS: pa.decimal128(18, 9)}.get(unit, pa.float64())
            columns[f"{name}_usd" if unit == DOLLARS else name] = pa.array(map(_plain, values), kind)
        ledger.cursor.register("figures", pa.table(columns))
        _write(ledger, f"SELECT * REPLACE ({_safe(split)} AS {split}) FROM figures", form, into)


def _write(ledger: Analytics, sql: str, form: str, into: Path) -> None:
    if form not in FORMS:
        raise NotFound(f"There is no {form}. Take {' or '.join(FORMS)}.")
    path = str(into).replace("'", "''")
    ledger.cursor.execute(f"COPY ({sql}) TO '{path}' ({FORMS[form]})")


def _called(labels: named.Labels) -> pa.Table:
    rows = [(dim, value, label) for dim, own in labels.items() for value, label in own.items()]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table([pa.array(column, pa.string()) for column in columns], ["dim", "value", "label"])


def _safe(text: str) -> str:
    return f"CASE WHEN regexp_matches({text}, '{FORMULA}') THEN '''' || {text} ELSE {text} END"


def _usd(column: str) -> str:
    return f"({column}::DECIMAL(18, 0) / 1000000000)::DECIMAL(18, 9) AS {column}_usd"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, Decimal) else float(value)
