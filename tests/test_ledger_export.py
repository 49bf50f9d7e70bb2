"""What was counted leaves as files that say the same, belong to who asked, and are no formulas for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest

from core import access, ledger_export, projects
from core.access import Person
from core.analytics import Question
from core.errors import NotFound
from core.replica import Replica
from core.replica_calls import LEDGER
from core.studio import Studio
from tests import serving
from tests.books import Books
from tests.serving import Served

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAY = date(2026, 11, 10)
EVIL = "=HYPERLINK(\"http://evil\"), 'x'\n"


@pytest.fixture
def ana(studio: Studio) -> Person:
    return access.person_named(studio, "ana", "@Ana")


@pytest.fixture
def copy(studio: Studio) -> Iterator[Replica]:
    with Replica(studio, LEDGER).running() as copy:
        yield copy


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_call_leaves_with_what_it_cost_and_brought(
    studio: Studio, ana: Person, copy: Replica, tmp_path: Path, form: str
) -> None:
    winter = projects.start(studio, ana, "Winter")
    Books(studio).call(ana, NOON, "0.000000001", project=winter, chosen=1, took=8_000, waited=300)
    Books(studio).call(ana, NOON, None, state="unknown", error="unknown", reserved="0.07", took=None)
    copy.sync()

    ledger_export.calls(studio, ana, Question(DAY, DAY), form, tmp_path / f"calls.{form}")

    first, second = sorted(rows(tmp_path / f"calls.{form}"), key=lambda row: row["state"])
    assert (first["model"], first["project"], first["kind"]) == ("GPT Image 2 · OpenAI", "Winter", "Images")
    assert Decimal(first["cost_usd"]) == Decimal("0.000000001")
    assert [int(first[name]) for name in ("took_ms", "waited_ms", "images", "selected")] == [8000, 300, 1, 1]
    assert str(first["made_utc"]).startswith("2026-11-10 12:00:00")
    assert (second["error"], Decimal(second["reserved_usd"])) == ("unknown", Decimal("0.07"))
    assert not second["cost_usd"] and not second["took_ms"]


def test_no_text_is_a_formula(studio: Studio, ana: Person, copy: Replica, tmp_path: Path) -> None:
    Books(studio).call(ana, NOON, model=("a1111", EVIL))
    Books(studio).call(ana, NOON, model=("a1111", "+1"))
    copy.sync()

    ledger_export.calls(studio, ana, Question(DAY, DAY), "csv", tmp_path / "calls.csv")
    ledger_export.figures(studio, ana, Question(DAY, DAY), "person", "csv", tmp_path / "figures.csv")

    found = [value for name in ("calls", "figures") for row in rows(tmp_path / f"{name}.csv") for value in row.values()]
    assert not [value for value in found if value[:1] in tuple("=+-@\t\r")]
    assert "'@Ana" in found


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_figures_leave_as_the_page_shows_them(
    studio: Studio, ana: Person, copy: Replica, tmp_path: Path, form: str
) -> None:
    Books(studio).call(ana, NOON, "0.25", images=2)
    Books(studio).call(ana, NOON, "1", model=("openrouter", "google/gemini-3-pro-image"))
    copy.sync()

    ledger_export.figures(studio, ana, Question(DAY, DAY), "provider", form, tmp_path / f"f.{form}")

    found = rows(tmp_path / f"f.{form}")
    assert [(row["provider"], Decimal(row["spend_usd"])) for row in found] == [
        ("OpenRouter", Decimal(1)),
        ("OpenAI", Decimal("0.25")),
    ]
    assert [float(row["images"]) for row in found] == [1, 2]


def test_nothing_leaves_as_a_file_with_a_head_alone(studio: Studio, ana: Person, copy: Replica, tmp_path: Path) -> None:
    copy.sync()

    ledger_export.calls(studio, ana, Question(DAY, DAY), "csv", tmp_path / "calls.csv")
    ledger_export.figures(studio, ana, Question(DAY, DAY), "model", "csv", tmp_path / "figures.csv")

    assert rows(tmp_path / "calls.csv") == rows(tmp_path / "figures.csv") == []
    assert "cost_usd" in (tmp_path / "calls.csv").read_text()
    assert "spend_usd" in (tmp_path / "figures.csv").read_text()


def test_there_are_two_forms(studio: Studio, ana: Person, copy: Replica, tmp_path: Path) -> None:
    copy.sync()

    with pytest.raises(NotFound, match="csv or parquet"):
        ledger_export.calls(studio, ana, Question(DAY, DAY), "xlsx", tmp_path / "calls.xlsx")

    assert list(tmp_path.glob("*.xlsx")) == []


# ---- over HTTP ----


@pytest.fixture
def served(studio: Studio, copy: Replica) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


def got(served: Served, person: Person, address: str) -> httpx.Response:
    with served.client(person) as browser:
        return browser.get(address)


def test_a_download_has_a_name_and_what_was_asked_for(served: Served, ana: Person, copy: Replica) -> None:
    Books(served.studio).call(ana, NOON, "0.25")
    copy.sync()

    answer = got(served, ana, "/api/analytics/calls.csv?from=2026-11-10&to=2026-11-10")
    other = got(served, ana, "/api/analytics/calls.csv?from=2026-11-11&to=2026-11-11")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="calls-2026-11-10-2026-11-10.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert (len(answer.text.splitlines()), len(other.text.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("calls.csv", 400),
        ("calls.csv?from=2026-11-10&to=nonsense", 400),
        ("calls.csv?from=2026-11-10&to=2026-11-01", 400),
        ("figures.csv?from=2026-11-10&to=2026-11-10&by=prompt", 400),
        ("calls.exe?from=2026-11-10&to=2026-11-10", 404),
        ("prompts.csv?from=2026-11-10&to=2026-11-10", 404),
        ("calls.csv?from=2026-11-10&to=2026-11-10&person=" + "0" * 32, 404),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    served: Served, ana: Person, copy: Replica, address: str, status: int
) -> None:
    copy.sync()

    answer = got(served, ana, f"/api/analytics/{address}")

    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_a_colleagues_calls_do_not_leave(served: Served, ana: Person, copy: Replica) -> None:
    lea = access.person_named(served.studio, "lea", "Lea")
    Books(served.studio).call(lea, NOON, model=("a1111", "secret"))
    copy.sync()

    answer = got(served, ana, "/api/analytics/calls.csv?from=2026-11-10&to=2026-11-10")

    assert len(answer.text.splitlines()) == 1
    assert "secret" not in answer.text
