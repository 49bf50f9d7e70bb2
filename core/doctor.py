"""Look at everything the studio needs and say in plain lines what is well and what is not. Changes nothing."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from core import database, holds, migrations, sign_in, spool
from core.catalogue import Catalogue
from core.errors import StudioError
from core.models import ROUTES
from core.providers import open_providers
from core.settings import Settings
from core.store import open_store
from core.tables import FAILED, QUEUED, UNKNOWN, Generation

PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest that the tests run on."""
PATIENCE = timedelta(minutes=5)
"""How long an answer or a queued generation may wait before somebody should know; when all is well, seconds."""
SHORTEST_SECRET = 16
_NOTHING_YET = "nothing yet; it is made at the first start."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str


def look(settings: Settings) -> list[Finding]:
    """Every check in its order. What breaks while looking is a finding itself; nothing is raised."""
    return [_looked(name, check, settings) for name, check in CHECKS.items()]


class _Problem(Exception):
    """Its text is the finding."""


def _looked(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name, True, check(settings))
    except (_Problem, StudioError) as problem:
        return Finding(name, False, str(problem))
    except Exception as error:  # whatever a database or a disk says, the other checks still run
        # Only its kind: messages of drivers may quote addresses with passwords.
        return Finding(name, False, f"It does not work ({type(error).__name__}).")


def _python(_: Settings) -> str:
    version = sys.version.split()[0]
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        raise _Problem(f"{version} is not one that the studio is tested on. Use 3.11, 3.12 or 3.13.")
    return version


def _sqlite(settings: Settings) -> str:
    if not settings.on_sqlite:
        return "not in use; the database is Postgres."
    safe = ".".join(map(str, database.SAFE_SQLITE))
    if tuple(map(int, database.sqlite_version().split("."))) < database.SAFE_SQLITE:
        raise _Problem(f"{database.sqlite_version()} can damage data. Install pysqlite3 0.6.1 or newer.")
    return f"{database.sqlite_version()} (at least {safe} is needed)"


def _database(settings: Settings) -> str:
    if _fresh(settings):
        return _NOTHING_YET
    engine = database.open_database(settings)
    try:
        if not migrations.at_head(engine):
            raise _Problem("The database has the tables of another version. Run `studio migrate`.")
    finally:
        engine.dispose()
    return f"{'SQLite' if settings.on_sqlite else 'Postgres'}, reachable, with this version's tables."


def _files(settings: Settings) -> str:
    if not settings.s3_bucket and not (settings.data_dir / "files").exists():
        return _NOTHING_YET
    open_store(settings).check()
    place = f"bucket {settings.s3_bucket}" if settings.s3_bucket else "folder"
    return f"{place}, written, read and removed a file."


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(_existing(settings.data_dir)).free // 1_000_000
    if free < settings.free_space_floor_mb:
        raise _Problem(f"{free:,} MB free. Below {settings.free_space_floor_mb:,} MB nothing new is paid for.")
    return f"{free:,} MB free."


def _catalogue(_: Settings) -> str:
    return f"{len(Catalogue.load().models(ROUTES))} models."


def _providers(settings: Settings) -> str:
    opened = open_providers(settings)
    told = [f"{label} {'set up' if name in opened else 'not set up'}" for name, label in ROUTES.items()]
    return f"{', '.join(told)}. Keys are not tried: that would be a call."


def _spool(settings: Settings) -> str:
    waiting = [settings.spool_dir / f"{name}.answer" for name in spool.waiting(settings)]
    if any(time.time() - path.stat().st_mtime > PATIENCE.total_seconds() for path in waiting):
        raise _Problem(
            f"{len(waiting)} answers wait to become images, some for long. Start the studio or `studio worker`, "
            "and see that the file store answers."
        )
    aside = {why: len(list((settings.spool_dir / why).glob("*.answer"))) for why in (spool.UNUSABLE, spool.UNKNOWN)}
    told = [f"{len(waiting)} answers wait to become images"]
    if aside[spool.UNUSABLE]:
        told.append(f"{aside[spool.UNUSABLE]} without a picture are kept aside")
    if aside[spool.UNKNOWN]:
        told.append(f"{aside[spool.UNKNOWN]} to calls that this database does not know are kept in spool/unknown")
    return "; ".join(told) + "."


def _unknown(settings: Settings) -> str:
    real = col(Generation.practice).is_(False)
    if count := _count(settings, Generation.status == FAILED, Generation.error_kind == UNKNOWN, real):
        raise _Problem(
            f"{count} calls may have been charged without an answer. Open them and decide: ask again or not."
        )
    return "none that may have been charged; practice does not count."


def _budgets(settings: Settings) -> str:
    if _fresh(settings):
        return _NOTHING_YET
    engine = database.open_database(settings)
    try:
        with database.reading(engine) as db:
            found = holds.differences(db)
    finally:
        engine.dispose()
    if found:
        raise _Problem(f"{len(found)} counters do not say what was held and spent, the first: {found[0]}.")
    return "counters say what was held and spent."


def _background(settings: Settings) -> str:
    if settings.background not in ("here", "elsewhere"):
        raise _Problem(f"BACKGROUND is “{settings.background}”. Set it to “here” or “elsewhere”.")
    late = datetime.now(UTC) - PATIENCE
    if count := _count(settings, Generation.status == QUEUED, Generation.queued_at < late):
        raise _Problem(f"{count} generations wait for long. Start the studio or `studio worker`.")
    return "done by every process." if settings.background == "here" else "done by processes of `studio worker`."


def _secret(settings: Settings) -> str:
    if settings.secret_key:
        if len(settings.secret_key) < SHORTEST_SECRET:
            raise _Problem(f"SECRET_KEY is too short to be safe. Use at least {SHORTEST_SECRET} random characters.")
        old = len(settings.old_secret_keys.split())
        return f"SECRET_KEY is set; {old} older keys count too." if old else "SECRET_KEY is set."
    path = settings.data_dir / "secret"
    if not path.exists():
        return _NOTHING_YET
    if path.stat().st_mode & 0o077:
        raise _Problem(f"Others on this machine can read {path}. Run chmod 600 on it.")
    return "kept in the data folder; several machines need SECRET_KEY instead."


def _sign_in(settings: Settings) -> str:
    sign_in.check(settings, "127.0.0.1")  # where it will listen is said at its start
    if settings.sign_in != sign_in.OIDC:
        return f"{settings.sign_in}: only this machine may connect."
    if not settings.sign_in_allowed:
        return "with providers, and everybody whom they know is let in. SIGN_IN_ALLOWED narrows that."
    return "with providers; only whom SIGN_IN_ALLOWED names is let in."


# To add a check, add a line: it returns what is well, or raises _Problem with what to do.
CHECKS: dict[str, Callable[[Settings], str]] = {
    "Python": _python,
    "SQLite": _sqlite,
    "Database": _database,
    "Files": _files,
    "Disk": _disk,
    "Catalogue": _catalogue,
    "Providers": _providers,
    "Answers": _spool,
    "Unknown outcomes": _unknown,
    "Budgets": _budgets,
    "Background work": _background,
    "Secret": _secret,
    "Sign-in": _sign_in,
}


def _fresh(settings: Settings) -> bool:
    return settings.on_sqlite and not (settings.data_dir / "studio.db").exists()


def _count(settings: Settings, *conditions: Any) -> int:
    """How many generations are so."""
    if _fresh(settings):
        return 0
    engine = database.open_database(settings)
    try:
        with database.reading(engine) as db:
            return db.exec(select(func.count()).select_from(Generation).where(*conditions)).one()
    finally:
        engine.dispose()


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.resolve(), *path.resolve().parents) if folder.exists())
