"""The studio: everything that verbs need, opened once per process."""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import database
from core.catalogue import Catalogue
from core.errors import Refused
from core.migrations import migrate
from core.providers import Provider, Writer, open_providers, open_writers
from core.rulebook import Rulebook
from core.settings import Settings
from core.store import Store, open_store


@dataclass(frozen=True)
class Studio:
    """Handed to every verb as its first argument; holds what comes from outside: files, database, providers, time."""

    settings: Settings
    engine: sa.Engine
    store: Store
    catalogue: Catalogue
    providers: Mapping[str, Provider]
    writers: Mapping[str, Writer]
    """The same services where they write text."""
    rules: Rulebook = field(repr=False)
    """What the team decided, as it is now."""
    secret: bytes = field(repr=False)
    """Signs media links."""
    old_secrets: tuple[bytes, ...] = field(default=(), repr=False, kw_only=True)
    """What signed them before, and still counts."""
    now: Callable[[], datetime]
    """The time, in UTC."""
    on_commit: list[Callable[[], None]] = field(default_factory=list)
    """Called after every writing transaction, so that live screens need not wait for the next look at the feed."""

    held: dict[str, Any] = field(default_factory=dict, repr=False)
    """What other parts keep for as long as this studio is used, each under its own name."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """All whose signature counts; the first one is what signs."""
        return self.secret, *self.old_secrets

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One writing transaction; see `core.database.transaction`."""
        with database.transaction(self.engine) as db:
            yield db
        for wake in self.on_commit:
            wake()

    def reading(self) -> AbstractContextManager[Session]:
        """One read transaction; see `core.database.reading`."""
        return database.reading(self.engine)

    def refuse_when_full(self) -> None:
        """Raise Refused when too little disk is free to keep what would be paid for."""
        free = shutil.disk_usage(self.settings.data_dir).free // 1_000_000
        if free < self.settings.free_space_floor_mb:
            raise Refused(f"Only {free} MB of disk space are left, so nothing new is paid for. Free some space first.")


def open_studio(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Studio:
    """Open everything and bring the database to this version's tables. Raises StudioError with what is wrong."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.spool_dir.mkdir(exist_ok=True)
    engine = database.open_database(settings)
    migrate(engine)
    rules = Rulebook(engine)
    return Studio(
        settings=settings,
        engine=engine,
        store=open_store(settings),
        catalogue=Catalogue.load(off=rules.off),
        providers=open_providers(settings),
        writers=open_writers(settings),
        rules=rules,
        secret=_secret(settings),
        old_secrets=tuple(key.encode() for key in settings.old_secret_keys.split()),
        now=now,
    )


@cache
def current() -> Studio:
    """This process's studio, opened from the environment at first use."""
    return open_studio(Settings.from_env())


def _secret(settings: Settings) -> bytes:
    """The operator's key, or one of our own that is made once and kept readable for this account only."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / "secret"
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(fresh)  # fails when another process was first; then its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().encode()
