"""Names that people write are never names of files: hundreds of hostile ones leave nothing outside its place."""

import io
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlmodel import select

from core import conversations, kit, parcels, uploads, zips
from core.access import Person
from core.errors import NotFound, Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Turn
from tests import serving
from tests.conftest import wish
from tests.serving import Served

PLACES = ("etc/passwd", "etc\\passwd", "secret", "studio.db", ".ssh/id_rsa", "CON", "NUL.png", "aux", "-rf", "")
WAYS = (
    *("{}", "../{}", "..\\{}", "/{}", "../../../../{}", "%2e%2e%2f{}", "%252e%252e%252f{}", "....//{}", "./{}", "~/{}"),
    *(
        "C:\\{}",
        "\\\\host\\share\\{}",
        "file:///{}",
        "{}\x00.png",
        "{}\r\nX: y",
        "{} .",
        "{}/.",
        "\u202e{}",
        "\ufeff{}",
    ),
    *("{}" + "x" * 5_000, "\u2025/{}", "\uff0e\uff0e\uff0f{}"),
)
NAMES = [way.format(place) for way, place in product(WAYS, PLACES)]
SAFE = set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("home") / "data"
    opened = open_studio(Settings(data_dir=folder, sketch_delay=0, sketch_detail=0.02, free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


@pytest.fixture(scope="module")
def alice(studio: Studio) -> Person:
    return serving.person(studio, "Alice")


def files(folder: Path) -> set[Path]:
    """But for what the database and the copies write beside themselves."""
    return {path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name}


def test_there_are_many() -> None:
    assert len(set(NAMES)) > 200


def test_what_is_made_of_a_name_holds_letters_digits_and_hyphens() -> None:
    made = {zips.slugged(name) for name in NAMES}

    assert len(made) > 9
    assert set("".join(made)) <= SAFE
    assert max(map(len, made)) <= 40


def test_an_upload_lies_where_its_ids_say_whatever_its_file_is_called(
    served: Served, studio: Studio, alice: Person
) -> None:
    home = studio.settings.data_dir.parent
    data = serving.picture(size=(16, 12))
    first = uploads.upload(studio, alice, data).id
    before = files(home)

    with served.client(alice) as browser:
        answers = [browser.post("/api/uploads", files={"file": (name, data, "image/png")}) for name in NAMES]

    assert {answer.status_code for answer in answers} <= {201, 400}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {first}
    assert files(home) == before


def test_a_zip_of_pictures_with_such_prompts_unpacks_into_one_flat_folder(
    studio: Studio, alice: Person, tmp_path: Path
) -> None:
    image = serving.image_of(studio, alice, serving.picture(size=(16, 12)))
    named = NAMES[:: len(NAMES) // 12]
    images = [image, *(serving.image_of(studio, alice, serving.picture(size=(16, 12))) for _ in named)]
    with studio.transaction() as db:
        turns = db.exec(select(Turn).where(Turn.user_id == alice.id)).all()
        for turn, name in zip(turns, named, strict=False):
            turn.prompt = name.replace("\x00", "\ufffd")

    parcel = parcels.plan(studio, alice, images)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parcel.stream())))
    archive.extractall(tmp_path / "inner" / "zip")

    found = [path.relative_to(tmp_path / "inner" / "zip") for path in files(tmp_path)]
    assert sorted(map(str, found)) == sorted(archive.namelist())
    assert {len(path.parts) for path in found} == {2}
    assert len(found) == len(images) + 1


def test_a_kit_is_called_by_harmless_names_only(studio: Studio, alice: Person) -> None:
    for name in NAMES:
        stem = zips.slugged(name) or "kit"
        assert set(stem) <= SAFE and not stem.startswith("-")


@pytest.mark.parametrize("name", NAMES[::7])
def test_no_such_name_is_a_model_an_image_or_a_conversation(studio: Studio, alice: Person, name: str) -> None:
    home = studio.settings.data_dir.parent
    before = files(home)

    with pytest.raises(Refused):
        conversations.start(studio, alice, wish("a fox", f"sketch/{name}"))
    with pytest.raises(NotFound):
        conversations.opened(studio, alice, name)
    with pytest.raises(NotFound):
        kit.plan(studio, alice, name, kit.ALL, False)
    with pytest.raises(NotFound):
        conversations.start(studio, alice, wish("a fox", source=name or "0"))

    assert files(home) == before
