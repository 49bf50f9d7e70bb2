"""The doctor looks at everything, says what is wrong in plain lines, tells no secret and changes nothing."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core import access, doctor
from core.doctor import CHECKS, Finding
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import FAILED, QUEUED, Conversation, Generation, Turn, new_id
from tests.test_sign_in import PROVIDERS

KEY = "sk-a-key-that-nobody-may-see"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=tmp_path / "data"))
    yield opened
    opened.engine.dispose()


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in doctor.look(settings)}


def generation(studio: Studio, **facts: object) -> None:
    """A generation as the pipeline leaves it."""
    now, person = studio.now(), access.local_person(studio)
    thread = Conversation(id=new_id(), user_id=person.id, title="A fox", created_at=now, updated_at=now)
    turn = Turn(
        id=new_id(),
        conversation_id=thread.id,
        user_id=person.id,
        position=1,
        prompt="a fox",
        token=new_id(),
        created_at=now,
    )
    row = {"turn_id": turn.id, "user_id": person.id, "provider": "openai", "model": "gpt-image-2", "queued_at": now}
    with studio.transaction() as db:
        db.add(thread)
        db.flush()
        db.add(turn)
        db.flush()
        db.add(Generation(**{**row, **facts}))


def test_all_is_well_in_a_studio_that_was_just_opened(studio):
    findings = found(studio.settings)

    assert [f.name for f in findings.values() if not f.ok] == []
    assert list(findings) == list(CHECKS)


def test_all_is_well_before_the_first_start_and_nothing_is_made(tmp_path):
    findings = found(Settings(data_dir=tmp_path / "data"))

    assert all(finding.ok for finding in findings.values())
    assert not (tmp_path / "data").exists()


def test_a_database_of_another_version_is_found(studio):
    with studio.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")

    assert "studio migrate" in found(studio.settings)["Database"].text


def test_a_database_that_does_not_answer_is_found_without_its_password(tmp_path):
    settings = Settings(data_dir=tmp_path, database_url="postgresql://me:hushhush@127.0.0.1:1/none")

    findings = found(settings)

    assert not findings["Database"].ok
    assert "hushhush" not in str(findings)


def test_a_folder_that_is_not_the_store_is_found(studio):
    studio.store.check()
    (studio.store.root / ".image-studio").unlink()

    assert not found(studio.settings)["Files"].ok


def test_too_little_disk_is_found(tmp_path):
    finding = found(Settings(data_dir=tmp_path, free_space_floor_mb=10**9))["Disk"]

    assert not finding.ok


def test_providers_are_named_and_keys_are_not_told(tmp_path):
    findings = found(Settings(data_dir=tmp_path, openai_api_key=KEY, secret_key="secret-of-this-very-studio"))

    assert "OpenAI set up" in findings["Providers"].text
    assert "Gemini not set up" in findings["Providers"].text
    assert KEY not in str(findings)
    assert "secret-of-this-very-studio" not in str(findings)


def test_an_answer_that_waits_for_long_is_found_and_a_fresh_one_is_not(studio):
    fresh = studio.settings.spool_dir / f"{new_id()}.answer"
    fresh.touch()

    assert found(studio.settings)["Answers"].ok

    os.utime(fresh, (0, 0))

    assert not found(studio.settings)["Answers"].ok


def test_a_call_that_nobody_knows_the_outcome_of_is_found(studio):
    generation(studio, status=FAILED, error_kind="unknown")

    assert "1 calls may have been charged" in found(studio.settings)["Unknown outcomes"].text


def test_an_unknown_outcome_of_practice_is_none(studio):
    generation(studio, status=FAILED, error_kind="unknown", practice=True)

    assert found(studio.settings)["Unknown outcomes"].ok


def test_work_that_nobody_does_is_found(studio):
    generation(studio, status=QUEUED, queued_at=studio.now() - timedelta(hours=1))

    assert "studio worker" in found(studio.settings)["Background work"].text


def test_a_mistyped_background_setting_is_found(tmp_path):
    assert not found(Settings(data_dir=tmp_path, background="there"))["Background work"].ok


def test_a_secret_that_others_can_read_is_found(studio):
    assert found(studio.settings)["Secret"].ok

    (studio.settings.data_dir / "secret").chmod(0o644)

    assert not found(studio.settings)["Secret"].ok


def test_a_secret_that_can_be_guessed_is_found(tmp_path):
    assert not found(Settings(data_dir=tmp_path, secret_key="abc"))["Secret"].ok


@pytest.mark.parametrize(
    ("changed", "ok", "words"),
    [
        ({}, True, "only this machine"),
        ({"sign_in": "oidc"}, False, "OIDC_ISSUERS names no provider"),
        (PROVIDERS, True, "everybody whom they know"),
        (PROVIDERS | {"sign_in_allowed": "@example.org"}, True, "only whom SIGN_IN_ALLOWED names"),
    ],
)
def test_it_says_who_is_let_in(tmp_path: Path, changed: dict[str, str], ok: bool, words: str) -> None:
    told = found(Settings(data_dir=tmp_path, **changed))["Sign-in"]

    assert told.ok is ok
    assert words in told.text
