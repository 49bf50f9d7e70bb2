"""The command line starts, works, migrates, looks and generates, with the same verbs as the screens."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from sqlmodel import select

from core import access, captions, conversations, generating
from core.asks import Ask
from core.errors import StudioError
from core.files import MARKER
from core.generating import Wanted
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import MASK, RUNNING, SOURCE, SUCCEEDED, Attempt, Conversation, Generation, Image, Reference, new_id
from tests import many
from tests.processes import program
from tests.vendors import KEY, Vendors

ROOT = Path(__file__).parent.parent
PATIENCE = 120

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return {
        **own,
        "DATA_DIR": str(data_dir),
        "SKETCH_DELAY": "0",
        "SKETCH_DETAIL": "0.02",
        "FREE_SPACE_FLOOR_MB": "1",
        **variables,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "core.cli", *arguments]


@pytest.fixture
def furnished(tmp_path: Path, ready_sqlite: Path) -> Path:
    """This test's own data, with tables: hardly a command is the first one."""
    shutil.copy(ready_sqlite, tmp_path)
    return tmp_path


@pytest.fixture
def studio_command(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs `studio` with these arguments and variables on this test's own data, in a process forked for it."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        out, err = (tmp_path_factory.mktemp("said") / name for name in ("out", "err"))
        given = {"environment": environment(furnished, **variables), "log": out, "errors": err}
        process = program("core.cli", *arguments, **given)
        process.join(PATIENCE)
        assert process.exitcode is not None, "it did not end"
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())

    return run


@contextmanager
def running(data_dir: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`studio` with these arguments as anybody starts it, in the background."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env=environment(data_dir, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def studio(furnished: Path) -> Iterator[Studio]:
    """The data that the commands work on, seen from here."""
    opened = open_studio(Settings(data_dir=furnished, free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


def until(true: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    latest = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < latest, "it did not happen"
        time.sleep(0.05)


def statuses(studio: Studio) -> list[str]:
    with studio.reading() as db:
        return [row.status for row in db.exec(select(Generation)).all()]


def png(width: int, height: int, colour: str = "teal") -> bytes:
    out = BytesIO()
    Pillow.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def test_help_answers_without_importing_what_is_slow():
    heavy = ["sqlalchemy", "sqlmodel", "dbos", "boto3", "streamlit", "PIL", "httpx", "numpy"]
    code = f"import sys, core.cli; print([name for name in {heavy} if name in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


# Generate ------------------------------------------------------------------------------------------------------------


def test_json_is_one_object_on_stdout_and_its_images_are_files(studio_command, tmp_path):
    done = studio_command(
        "generate", "a red fox", "--model", "sketch/sketch", "--model", "sketch/ink", "--n", "2", "--json"
    )

    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert set(told) == {"conversation_id", "turn_id", "generations"}
    assert [g["model"] for g in told["generations"]] == ["sketch", "sketch", "ink", "ink"]
    for generation in told["generations"]:
        (image,) = generation.pop("images")
        kept = (tmp_path / "files" / image["key"]).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == image["sha256"]
        assert (image["mime"], image["width"], image["height"]) == ("image/png", 1024, 1024)
        assert generation["duration_ms"] >= 0
        assert {k: v for k, v in generation.items() if k not in ("id", "model", "duration_ms")} == {
            "provider": "sketch",
            "status": "succeeded",
            "error": None,
            "cost": 0,
            "cost_basis": "reported",
        }


def test_without_json_people_read_where_their_file_is(studio_command):
    done = studio_command("generate", "a red fox", "--model", "sketch/poster", "--ratio", "16:9")

    first, file = done.stdout.splitlines()
    assert first.startswith("Poster (practice): succeeded, practice, free")
    assert Pillow.open(file.strip()).size == (1376, 768)


def test_a_failure_is_exit_code_1_and_a_sentence(studio_command):
    done = studio_command("generate", "a red fox", "--model", "sketch/sketch", "--json", SKETCH_FAILURES="1")

    (generation,) = json.loads(done.stdout)["generations"]
    assert done.returncode == 1
    assert (generation["status"], generation["images"]) == ("failed", [])
    assert generation["error"].startswith("The practice provider")


def test_two_runs_at_once_both_get_everything_and_nothing_is_called_twice(studio, tmp_path):
    arguments = ("generate", "a red fox", "--model", "sketch/sketch", "--n", "3", "--json")

    with running(tmp_path, *arguments) as one, running(tmp_path, *arguments) as other:
        answers = [process.communicate(timeout=PATIENCE) for process in (one, other)]

    assert [one.returncode, other.returncode] == [0, 0], answers
    assert [len(json.loads(out)["generations"]) for out, _ in answers] == [3, 3]
    with studio.reading() as db:
        assert len(db.exec(select(Attempt)).all()) == 6


def test_source_and_mask_files_are_used(studio_command, studio, tmp_path):
    source, mask = tmp_path / "source.png", tmp_path / "mask.png"
    source.write_bytes(png(1024, 1024))
    mask.write_bytes(png(1024, 1024, "white"))
    pictures = ("--source", str(source), "--mask", str(mask))

    done = studio_command("generate", "at night", "--model", "sketch/sketch", *pictures, "--json")

    assert done.returncode == 0, done.stderr
    with studio.reading() as db:
        assert {use.role for use in db.exec(select(Reference)).all()} == {SOURCE, MASK}


def test_vendors_are_asked_and_paid_as_the_screens_would(studio_command):
    with Vendors(png(64, 64)) as vendors:
        variables = {name.upper(): value for name, value in vendors.settings().items()}
        models = ("--model", "openai/gpt-image-2", "--model", "openrouter/google/gemini-nano-banana-2.1")
        done = studio_command("generate", "a red fox", *models, "--json", **variables)

    openai, openrouter = json.loads(done.stdout)["generations"]
    assert done.returncode == 0, done.stderr
    assert (openai["provider"], openai["model"]) == ("openai", "gpt-image-2")
    assert (openrouter["cost"], openrouter["cost_basis"]) == (0.0336, "reported")
    assert openai["cost"] > 0
    assert sorted(call.vendor for call in vendors.calls) == ["openai", "openrouter"]
    assert KEY not in done.stdout + done.stderr


def test_ctrl_c_stops_waiting_and_the_running_call_is_kept(studio, tmp_path):
    arguments = ("generate", "a red fox", "--model", "sketch/sketch")
    with running(tmp_path, *arguments, SKETCH_DELAY="6") as process:
        until(lambda: statuses(studio) == [RUNNING])
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert "It goes on while the studio or a worker runs" in told
    assert statuses(studio) == [SUCCEEDED]


def test_an_unusable_argument_is_exit_code_2_with_the_reason_on_stderr(studio_command):
    done = studio_command("generate", "a red fox", "--model", "openai/gpt-image-2", "--json")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "OpenAI is not set up here. Set OPENAI_API_KEY, then ask again."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"prompt": " "}, "Say what the image should show"),
        ({"models": ()}, "Pick at least one model"),
        ({"models": ("sketch/nobody",)}, "no model called"),
        ({"models": ("dall-e-3",)}, "no model called"),
        ({"models": ("openrouter/google/gemini-nano-banana-2.1",)}, "OPENROUTER_API_KEY"),
        ({"models": ("gemini/gemini-3-pro-image",)}, "GEMINI_API_KEY"),
        ({"models": ("a1111/default",)}, "A1111_URL"),
        ({"ratio": "wide"}, "is not a ratio"),
        ({"ratio": "0:1"}, "is not a ratio"),
        ({"ratio": "-1:2"}, "is not a ratio"),
        ({"count": 0}, "One turn makes up to"),
        ({"count": 17}, "One turn makes up to"),
        ({"seed": -1}, "A seed is a whole number"),
        ({"source": Path("nowhere.png")}, "nowhere.png cannot be read"),
        ({"source": ROOT}, "is not a file"),
        ({"source": ROOT / "pyproject.toml"}, "not a PNG"),
        ({"mask": ROOT / "pyproject.toml"}, "--source"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_change(studio, wrong, sentence):
    wanted = Wanted(**{"prompt": "a red fox", "models": ("sketch/sketch",), **wrong})

    with pytest.raises(StudioError, match=sentence):
        generating.begin(studio, wanted)

    with studio.reading() as db:
        assert db.exec(select(Conversation)).all() == []


# Work ----------------------------------------------------------------------------------------------------------------


def test_a_worker_finishes_running_calls_before_it_stops_and_there_is_only_one(studio, studio_command, tmp_path):
    with running(tmp_path, "worker", SKETCH_DELAY="3") as worker:
        assert worker.stdout.readline().startswith("Working.")

        second = studio_command("worker")
        ask = Ask("a red fox", ("sketch/sketch",), new_id(), caption=captions.NONE)
        conversations.start(studio, access.local_person(studio), ask)
        until(lambda: statuses(studio) == [RUNNING])
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=PATIENCE)

    assert second.returncode == 1
    assert "Another process works on this database already" in second.stderr
    assert worker.returncode == 0
    assert statuses(studio) == [SUCCEEDED]


def test_a_worker_tells_prometheus_what_it_counts_where_it_is_told_to(studio, studio_command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with running(tmp_path, "worker", "--metrics-port", port) as worker:
        assert worker.stdout.readline().startswith("Working.")
        ask = Ask("a red fox", ("sketch/sketch",), new_id(), caption=captions.NONE)
        conversations.start(studio, access.local_person(studio), ask)
        until(lambda: statuses(studio) == [SUCCEEDED])

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            lines = answer.read().decode().splitlines()
        second = studio_command("worker", "--metrics-port", port)

    facts = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    assert facts['studio_provider_calls_total{outcome="succeeded",provider="sketch"}'] == 1
    assert facts["studio_disk_free_bytes"] > facts["studio_disk_floor_bytes"] == 1_000_000
    assert facts["studio_spooled_answers"] == 0
    assert not [name for name in facts if name.startswith("studio_generations_queued")]
    assert second.returncode == 1
    assert f"Something else answers at port {port} already" in second.stderr


def test_beside_a_worker_generate_only_asks(studio_command, tmp_path):
    with running(tmp_path, "worker") as worker:
        assert worker.stdout.readline().startswith("Working.")

        done = studio_command("generate", "a red fox", "--model", "sketch/sketch", "--json", BACKGROUND="elsewhere")

    assert done.returncode == 0, done.stderr
    assert "generation.sent" not in done.stderr


def test_on_postgres_generate_works_itself_unless_a_worker_shows_signs_of_life(
    studio_command, tmp_path, postgres, ready_postgres
):
    arguments, shared = (
        ("generate", "a red fox", "--model", "sketch/sketch"),
        {"DATABASE_URL": postgres.new_database(ready_postgres)},
    )

    alone = studio_command(*arguments, **shared)
    with running(tmp_path, "worker", **shared) as worker:
        assert worker.stdout.readline().startswith("Working.")
        beside = studio_command(*arguments, **shared)

    assert (alone.returncode, beside.returncode) == (0, 0), alone.stderr + beside.stderr
    assert "generation.sent" in alone.stderr
    assert "generation.sent" not in beside.stderr


# Look after it -------------------------------------------------------------------------------------------------------


def test_migrate_says_what_happened(studio_command, tmp_path):
    first, second = (studio_command("migrate", DATA_DIR=str(tmp_path / "new")) for _ in range(2))

    assert (first.returncode, first.stdout) == (0, "The database is at this version now.\n")
    assert (second.returncode, second.stdout) == (0, "The database is at this version already.\n")


def test_the_doctor_is_read_by_people_and_programs(studio_command):
    lines, asked = studio_command("doctor"), studio_command("doctor", "--json")

    assert lines.returncode == asked.returncode == 0
    assert all(line.startswith("ok") for line in lines.stdout.splitlines())
    assert json.loads(asked.stdout)["ok"] is True


def test_findings_are_exit_code_1_and_not_being_able_to_look_is_2(studio_command):
    found = studio_command("doctor", BACKGROUND="there")
    blind = studio_command("doctor", TRASH_DAYS="many")

    assert (found.returncode, blind.returncode) == (1, 2)
    assert "problem  Background work" in found.stdout
    assert "TRASH_DAYS" in blind.stderr


def test_demo_fills_once(studio_command):
    first, second = studio_command("demo", "--images", "2"), studio_command("demo", "--images", "2")

    assert first.stdout.startswith("Made ")
    assert second.stdout == "The studio is filled with sample content already.\n"


# Run -----------------------------------------------------------------------------------------------------------------


def test_run_serves_the_screens_and_says_where(tmp_path):
    port = free_port()
    with running(tmp_path, "run", PORT=str(port)) as process:
        assert process.stdout.readline() == f"Image Studio: http://localhost:{port}\n"

        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "studio.example", "::"])
def test_without_a_sign_in_run_listens_to_this_machine_only(studio_command, host):
    done = studio_command("run", "--host", host)

    assert done.returncode == 2
    assert "There is no sign-in" in done.stderr


def test_run_says_that_its_port_is_taken(studio_command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = studio_command("run", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "--port" in done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture
def over_its_days(studio: Studio) -> str:
    """An image that should have been purged long ago, among others."""
    person = access.local_person(studio)
    images = many.images(studio, person, 3)
    many.thumbs(studio, person, images)
    with studio.transaction() as db:
        image = db.get_one(Image, images[1])
        image.deleted_at = image.purge_after = datetime(2026, 1, 1, tzinfo=UTC)
    return images[1]


def test_purge_tells_first_and_purges_then(studio_command: Run, studio: Studio, over_its_days: str) -> None:
    dry = studio_command("purge", "--dry-run", "--json")
    told = studio_command("purge", "--dry-run")
    purged = studio_command("purge")
    again = studio_command("purge", "--json")

    assert [run.returncode for run in (dry, told, purged, again)] == [0, 0, 0, 0]
    facts = {"dry_run": True, "images": 1, "conversations": 0, "bytes": 1_234_567, "used": 0}
    assert json.loads(dry.stdout) == facts
    assert told.stdout.startswith("Would purge 1 image (1.2 MB) and 0 conversations")
    assert purged.stdout.startswith("Purged 1 image (1.2 MB)")
    assert json.loads(again.stdout) == facts | {"dry_run": False, "images": 0, "bytes": 0, "uploads": 0}
    assert not [stored for stored in studio.store.list() if over_its_days in stored.key]


def test_purge_refuses_with_a_sentence(studio_command: Run, furnished: Path, over_its_days: str) -> None:
    (furnished / "files" / MARKER).unlink()

    run = studio_command("purge")

    assert run.returncode == 1
    assert "no marker" in run.stderr
    assert "Traceback" not in run.stderr


def test_people_lists_the_team_and_changes_one_of_them(studio_command: Run, furnished: Path) -> None:
    studio = open_studio(Settings(data_dir=furnished))
    bob = access.person_named(studio, "bob", "Bob")
    studio.engine.dispose()

    role, off = studio_command("people", bob.id, "--role", "lead"), studio_command("people", bob.id, "--off", "--json")
    listed = studio_command("people")

    assert (role.returncode, off.returncode) == (0, 0)
    assert "lead" in role.stdout
    (told,) = json.loads(off.stdout)
    assert (told["name"], told["role"], bool(told["off_at"])) == ("Bob", "lead", True)
    assert f"{bob.id}  switched off  Bob" in listed.stdout.splitlines()
    assert any(line.endswith("You") for line in listed.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody@example.org", "--off"), "Nobody here is called"),
        (("--role", "lead"), "Say whom"),
    ],
)
def test_people_changes_nobody_else(studio_command: Run, arguments: tuple[str, ...], words: str) -> None:
    done = studio_command("people", *arguments)

    assert done.returncode != 0
    assert words in done.stderr
