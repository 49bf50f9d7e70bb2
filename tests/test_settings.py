"""Every default is a working laptop; the environment changes what it names, and a mistake is a sentence."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from core.errors import Refused
from core.settings import Settings
from core.studio import open_studio


def test_without_any_setting_it_is_a_laptop() -> None:
    settings = Settings.from_env({})

    assert settings == Settings()
    assert settings.on_sqlite
    assert settings.background == "here"
    assert settings.spool_dir == Path("data/local/spool")


def test_the_defaults_open_a_studio(tmp_path: Path) -> None:
    studio = open_studio(Settings.from_env({"DATA_DIR": str(tmp_path / "new" / "folder")}))

    assert "sketch" in studio.providers
    studio.engine.dispose()


def test_the_environment_is_read_by_kind() -> None:
    settings = Settings.from_env(
        {"DATA_DIR": "/srv/studio", "TRASH_DAYS": "7", "SKETCH_DELAY": "0.25", "S3_BUCKET": "pictures", "HOME": "/"}
    )

    assert settings.data_dir == Path("/srv/studio")
    assert settings.trash_days == 7
    assert settings.sketch_delay == 0.25
    assert settings.s3_bucket == "pictures"


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_each_is_read_from_its_name_in_capitals(name: str) -> None:
    value = "elsewhere" if name == "background" else "1"
    changed = Settings.from_env({name.upper(): value})

    assert [f.name for f in fields(Settings) if getattr(changed, f.name) != getattr(Settings(), f.name)] == [name]
    assert str(getattr(changed, name)) in (value, "1.0")


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_an_empty_variable_counts_as_not_set(name: str) -> None:
    assert Settings.from_env({name.upper(): ""}) == Settings()


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.type in (int, float)])
@pytest.mark.parametrize("value", ["many", "1,5", "1e", "٣x"])
def test_what_is_no_number_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(Refused, match=rf"^{name.upper()} is set to something that cannot be read as a number\.$"):
        Settings.from_env({name.upper(): value})


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().trash_days = 1  # type: ignore[misc]  # the mistake is the point


def test_a_secret_does_not_stand_in_a_refusal() -> None:
    with pytest.raises(Refused) as refused:
        Settings.from_env({"TRASH_DAYS": "sk-secret", "OPENAI_API_KEY": "sk-other"})

    assert "sk-" not in str(refused.value)


SECRETS = [
    f.name
    for f in fields(Settings)
    if f.name.endswith(("_key", "_secret", "_secrets", "_url")) and "base" not in f.name
]


@pytest.mark.parametrize("name", [name for name in SECRETS if name != "a1111_url"])
def test_a_secret_is_not_shown_when_settings_are_printed(name: str) -> None:
    assert "hidden" not in repr(Settings(**{name: "hidden"}))
