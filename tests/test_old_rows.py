"""What older versions wrote is whole after an upgrade, and gets what it would have been given today."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from core import holds, migrations
from core.database import open_database, reading, transaction
from core.migrations import migrate
from core.settings import Settings
from core.tables import Generation, Hold, Image, Post, Project, Share, Spending, User

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
START = datetime(2025, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
NEW_IN_3: dict[type[SQLModel], dict[str, Any]] = {
    Generation: {"kind": "image", "post_id": None},
    Image: {"alt": "", "focus_x": 0.5, "focus_y": 0.5},
    Post: {"hashtags": [], "alt": "", "platforms": {}, "brief": {}, "version": 1, "edited_at": None},
    Project: {"brief": {}},
    Share: {
        **{"name": "", "password_hash": None, "last_position": None, "shows_prompts": True, "shows_models": True},
        **{"shows_costs": False, "takes_verdicts": False, "uses": 0, "used_at": None},
    },
    User: {"brief": {}},
}


class Old:
    """A database as the second revision left it, with rows in every table, written in its own words."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.tables, self.turns = engine, sa.MetaData(), 0
        self.tables.reflect(engine, resolve_fks=False)

    def add(self, table: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(self.tables.tables[table].insert().values(values))

    def turn(self, name: str, conversation: str, images: list[str], source: str | None = None) -> None:
        """A minute after the one before, with a generation for each image, which took a second more than the last."""
        self.turns += 1
        at = START + timedelta(minutes=self.turns)
        mine = {"turn_id": name, "user_id": "ana"}
        asked = {"prompt": name, "settings": {"n": 2}, "token": name, "created_at": at, "position": self.turns}
        self.add("turn", id=name, user_id="ana", conversation_id=conversation, **asked)
        if source:
            self.add("reference", id=f"uses {name}", turn_id=name, image_id=source, role="source", position=0)
        for n, image in enumerate(images, start=1):
            model = {"provider": "sketch", "model": "ink", "n": n, "status": "succeeded", "round": 0}
            facts = {"practice": True, "left_out": ["The seed."], "queued_at": at, "seed": 2**40, "cost": 40_000_000}
            self.add("generation", id=f"makes {image}", **mine, **model, **facts)
            self.image(image, at + timedelta(seconds=n), conversation_id=conversation, generation_id=f"makes {image}")

    def image(self, name: str, at: datetime, **values: Any) -> None:
        sizes = {"width": 3, "height": 2, "size": 9, "crc32": 2**32 - 1, "dhash": -(2**62)}
        facts = {"key": f"ana/{name}.png", "mime": "image/png", "sha256": name, "placeholder": "data:", "n": 1}
        marks = {"starred": True, "selected": False, "created_at": at}
        self.add("image", id=name, user_id="ana", **sizes, **facts, **marks, **values)

    def written(self) -> dict[str, list[str]]:
        """Every row in the columns of that revision, except which post an image is in: the upgrade says that."""
        with self.engine.connect() as connection:
            return {
                name: sorted(map(str, connection.execute(sa.select(*_kept(table))).mappings()))
                for name, table in self.tables.tables.items()
                if name != "alembic_version"
            }


def _kept(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if (table.name, column.name) != ("image", "post_id")]


@pytest.fixture
def old(home: Settings, tmp_path: Path) -> Iterator[Old]:
    """A conversation of a project, one of the sample content, and one that starts from an upload."""
    engine, scripts = open_database(home), tmp_path / "scripts of the second revision"
    later = shutil.ignore_patterns("__pycache__", "v000[3-9]*", "v00[1-9]*")
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=later)
    migrate(engine, scripts)
    old = Old(engine)
    dates = {"created_at": START, "updated_at": START}
    old.add("person", id="ana", subject="ana", name="Ana", created_at=START)
    old.add("project", id="spring", user_id="ana", title="Spring", stage="draft", **dates)
    old.add("note", id="note", project_id="spring", user_id="ana", stage="draft", body="Cups", updated_at=START)
    for name, project in (("cups", "spring"), ("sample", None), ("upload", None)):
        old.add("conversation", id=name, user_id="ana", project_id=project, title=name, version=1, **dates)
    old.add("share", id="share", user_id="ana", conversation_id="cups", token_hash="hash", created_at=START)
    old.add("heartbeat", executor_id="worker", beat_ms=1)
    old.add("event", kind="image.starred", user_id="ana", facts={"image": "cup 1"}, at=START)
    _conversations(old, dates)
    yield old
    engine.dispose()


def _conversations(old: Old, dates: dict[str, datetime]) -> None:
    old.turn("cups", "cups", ["cup 1", "cup 2"])
    old.add(
        "attempt", id="call", generation_id="makes cup 1", number=1, round=0, state="stored", sent={}, started_at=START
    )
    old.turn("warmer", "cups", ["warm cup 1", "warm cup 2"], source="cup 1")
    old.turn("darker", "cups", ["dark cup"], source="warm cup 2")
    old.turn("sample", "sample", ["fox 1", "fox 2"])
    old.add("post", id="sample", user_id="ana", project_id="spring", turn_id="sample", caption="A fox.", **dates)
    old.turn("snow", "sample", ["snow fox"], source="fox 1")
    old.turn("night", "sample", ["night fox"], source="snow fox")
    old.image("photo", START)
    old.turn("paint", "upload", ["painting 1", "painting 2"], source="photo")
    with old.engine.begin() as connection:
        connection.execute(sa.text("UPDATE image SET post_id = 'sample' WHERE id = 'fox 1'"))
        connection.execute(sa.text("UPDATE image SET deleted_at = created_at WHERE id = 'cup 2'"))


def test_an_upgrade_leaves_what_was_written_as_it_was(old: Old) -> None:
    before = old.written()
    assert all(rows for rows in before.values())  # else this test would not see what is lost there

    migrate(old.engine)

    after = old.written()
    assert set(before.pop("post")) < set(after.pop("post"))
    assert after == before


def test_what_is_new_says_that_nothing_was_done_with_it_yet(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        for table, values in NEW_IN_3.items():
            rows = db.exec(select(table)).all()
            assert [{name: getattr(row, name) for name in values} for row in rows] == [values] * len(rows)
            assert rows


def test_images_of_an_old_first_turn_come_into_one_post(old: Old) -> None:
    """Those in the trash too: they may be taken back."""
    migrate(old.engine)

    with reading(old.engine) as db:
        cups = _post(db, "cup 1")
        assert _post(db, "cup 2") == cups
        assert (cups.user_id, cups.project_id, cups.turn_id, cups.caption) == ("ana", "spring", "cups", "")
        assert cups.created_at == cups.updated_at == START + timedelta(minutes=1)


def test_each_old_edit_comes_into_a_post_of_its_own(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        posts = [_post(db, image) for image in ("cup 1", "warm cup 1", "warm cup 2", "dark cup")]
        assert len({post.id for post in posts}) == 4
        assert [post.turn_id for post in posts] == ["cups", "warmer", "warmer", "darker"]
        assert {post.project_id for post in posts} == {"spring"}
        assert posts[2].created_at == START + timedelta(minutes=2, seconds=2)


def test_an_old_edit_of_a_captioned_image_takes_its_caption_and_so_do_edits_of_it(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        posts = [_post(db, image) for image in ("fox 1", "snow fox", "night fox")]
        assert [(post.caption, post.project_id) for post in posts] == [("A fox.", "spring")] * 3
        assert len({post.id for post in posts}) == 3


def test_an_old_image_comes_into_the_post_that_its_first_turn_had_already(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        assert _post(db, "fox 1").id == _post(db, "fox 2").id == "sample"


def test_an_old_turn_that_starts_from_an_upload_is_a_first_turn(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        assert _post(db, "painting 1") == _post(db, "painting 2")
        assert db.get_one(Image, "photo").post_id is None


def test_posts_for_old_images_sort_by_their_age(old: Old) -> None:
    migrate(old.engine)

    with reading(old.engine) as db:
        made = [post for post in db.exec(select(Post).order_by(Post.created_at)).all() if post.id != "sample"]
        assert [post.id for post in made] == sorted(post.id for post in made)
        assert {UUID(post.id).version for post in made} == {7}
        assert [UUID(post.id).int >> 80 for post in made] == [int(p.created_at.timestamp() * 1000) for p in made]


def _post(db: Session, image_id: str) -> Post:
    return db.get_one(Post, db.get_one(Image, image_id).post_id)


def test_what_was_paid_before_there_were_budgets_counts_and_the_rest_when_it_ends(old: Old) -> None:
    real = {"turn_id": "cups", "user_id": "ana", "provider": "openai", "model": "gpt", "round": 1, "practice": False}
    for n, status in enumerate(("failed", "queued"), start=1):
        old.add("generation", id=status, **real, n=n, status=status, left_out=[], queued_at=START)
        call = {"generation_id": status, "sent": {}, "started_at": START}
        old.add("attempt", **call, id=f"{status} lost", number=1, round=0, state="unknown", reserved_cost=30_000_001)
        old.add("attempt", **call, id=f"{status} paid", number=2, round=0, state="failed", cost=5, reserved_cost=7)

    migrate(old.engine)

    with transaction(old.engine) as db:
        assert [(hold.generation_id, hold.month, hold.usd) for hold in db.exec(select(Hold)).all()] == [
            ("failed", "2025-03", Decimal("0.030000006"))
        ]
        assert holds.differences(db) == []
        ended = db.get_one(Generation, "queued")
        ended.status = "failed"
        holds.settle(db, ended)
        assert {row.kind: row.spent for row in db.exec(select(Spending)).all()} == {
            kind: Decimal("0.060000012") for kind in ("team", "project", "person")
        }
        assert holds.differences(db) == []
