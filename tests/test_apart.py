"""Pictures are unpacked by processes apart: what breaks one breaks nothing of ours, and it can reach nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core import apart, messages, metrics, pictures, uploads
from core.access import Person
from core.errors import Refused
from core.studio import Studio
from tests.decoders import WORDS

ROOT = Path(__file__).parent.parent
PATIENCE = 60
"""Seconds, on a machine that is busy with other tests."""


def picture(size: tuple[int, int] = (48, 32), kind: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def that(act: str) -> bytes:
    """A picture that does this to what opens it; see `tests.decoders`."""
    return picture() + WORDS + act.encode()


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Decoders that do what a picture says, in processes of this test alone."""
    monkeypatch.setattr(apart, "PROGRAM", "tests.decoders")
    monkeypatch.setattr(apart, "_idle", apart._processes())
    yield
    for pid in unpackers():
        os.kill(pid, signal.SIGKILL)


def unpackers() -> list[int]:
    """Those that wait for pictures; the one that is asked next is the last."""
    return [process.pid for process in list(apart._idle.queue) if process is not None]


def alive(pid: int) -> bool:
    """Whether it runs; one that ended and was not yet asked how does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until(so: Callable[..., object], *arguments: object) -> bool:
    """Whether it becomes so."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if so(*arguments):
            return True
        time.sleep(0.02)
    return False


# ---- a decoder that breaks ----


@pytest.mark.parametrize("act", ["crash", "crash_later", "lie", "lie_and_stay"])
def test_a_picture_that_breaks_its_decoder_is_refused_and_the_next_one_is_kept(fragile: None, act: str) -> None:
    with pytest.raises(Refused, match="breaks the program that opens it"):
        pictures.keep(that(act))

    assert pictures.keep(picture()).width == 48


@pytest.mark.parametrize(
    ("act", "why"), [("spin", "takes longer"), ("sleep", "takes longer"), ("swell", "more memory")]
)
def test_a_picture_that_takes_too_much_is_refused_and_the_next_one_is_kept(fragile: None, act: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        pictures.keep(that(act))

    assert pictures.keep(picture()).width == 48


def test_pictures_beside_one_that_breaks_its_decoder_are_kept(fragile: None) -> None:
    with ThreadPoolExecutor(4) as pool:
        broken = [pool.submit(pictures.keep, that("crash_later")) for _ in range(2)]
        good = [pool.submit(pictures.keep, picture((1200, 900))) for _ in range(8)]

    assert all(isinstance(one.exception(), Refused) for one in broken)
    assert [one.result().width for one in good] == [1200] * 8


def test_what_broke_a_decoder_is_counted_and_told_by_its_signal(
    fragile: None, caplog: pytest.LogCaptureFixture
) -> None:
    before = metrics.CRASHED._value.get()

    with pytest.raises(Refused):
        pictures.keep(that("crash"))

    told = [line.facts for line in caplog.records if line.getMessage() == "picture.crashed"]  # type: ignore[attr-defined]  # core.log adds it
    assert told == [{"kind": "SIGSEGV"}] * 2
    assert metrics.CRASHED._value.get() == before + 2


def test_nothing_is_kept_of_an_upload_that_broke_its_decoder_and_its_person_is_told_to_operators(
    fragile: None, studio: Studio, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "studio"), pytest.raises(Refused, match="not taken in"):
        uploads.upload(studio, alice, that("crash"))

    told = {line.getMessage(): line.facts for line in caplog.records if hasattr(line, "facts")}
    assert told["upload.refused"]["user"] == alice.id
    assert list(studio.store.list(f"{alice.id}/")) == []
    assert uploads.upload(studio, alice, picture()).width == 48


# ---- what a picture that took a decoder over can reach ----


@pytest.mark.parametrize("act", ["read_a_file", "write_a_file", "connect"])
def test_a_decoder_reaches_no_file_and_nobody(fragile: None, act: str) -> None:
    with pytest.raises(Refused, match="damaged"):
        pictures.clean(that(act))

    assert not Path("/dev/shm/written-by-a-picture").exists()


def test_a_decoder_is_told_nothing_of_our_environment(fragile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")

    told = pictures.clean(that("environment")).decode()

    assert "API" not in told and "DATABASE" not in told


def test_nothing_of_one_picture_is_there_for_the_next_one(fragile: None) -> None:
    pictures.clean(that("remember"))

    assert pictures.clean(that("say")) == b"as it was"
    assert len(unpackers()) == 1


# ---- the life of these processes ----


def test_one_that_was_killed_meanwhile_costs_no_picture() -> None:
    pictures.keep(picture())
    os.kill(unpackers()[-1], signal.SIGKILL)

    assert pictures.keep(picture()).width == 48


def test_ctrl_c_and_the_end_of_a_service_reach_it_only_through_the_studio() -> None:
    pictures.keep(picture())
    pid = unpackers()[-1]

    for ours in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, ours)

    assert pictures.keep(picture()).width == 48
    assert unpackers()[-1] == pid
    assert os.getpgid(pid) != os.getpgid(0)


def test_as_many_are_started_as_are_busy_at_once(fragile: None) -> None:
    assert unpackers() == []

    for _ in range(3):
        pictures.keep(picture())

    assert len(unpackers()) == 1


STUDIO = """
import sys, threading
from core import apart, pictures
from tests.test_apart import picture, that
apart.PROGRAM = "tests.decoders"
pictures.keep(picture())
print(apart._idle.queue[-1].pid, flush=True)
if sys.argv[1] == "busy":
    pictures.keep(that("sleep"))
sys.stdin.read()
"""


@pytest.mark.parametrize("at", ["rest", "busy"])
def test_they_end_with_a_studio_that_was_killed(at: str) -> None:
    studio = subprocess.Popen(
        [sys.executable, "-c", STUDIO, at], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert studio.stdout and studio.stdin
    pid = int(studio.stdout.readline())
    children, seen = Path(f"/proc/{pid}/task/{pid}/children"), list[str]()

    def stays() -> bool:
        """The child of the picture before may still be about to end."""
        seen[:] = children.read_text().split()
        time.sleep(0.2)
        return bool(seen) and seen == children.read_text().split()

    busy = until(stays) if at == "busy" else False
    child = int(seen[-1]) if busy else pid

    studio.kill()
    studio.wait()

    assert busy == (at == "busy")
    assert until(lambda: not alive(pid)) and until(lambda: not alive(child))
    studio.stdin.close()
    studio.stdout.close()


# ---- limits that let everything through that is let in ----


@pytest.mark.parametrize("look", [pictures.clean, pictures.preview], ids=lambda look: look.__name__)
def test_the_dearest_picture_within_our_limits_has_enough_memory(look: Callable[..., Any]) -> None:
    size = (8000, 5000)

    made = look(picture(size, "AVIF", "RGBA", speed=10))

    assert pictures.sniff(made)


# ---- what goes over the pipe ----

values = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(max_size=200), lambda some: st.lists(some, max_size=4)
)


@given(value=values)
def test_what_is_sent_is_received(value: object) -> None:
    reading, writing = os.pipe()
    try:
        messages.send(writing, value)
        assert messages.receive(reading) == value
    finally:
        os.close(reading)
        os.close(writing)


@given(noise=st.binary(max_size=200))
def test_noise_is_no_message_or_a_small_one(noise: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, noise)
    os.close(writing)
    try:
        messages.receive(reading)
    except (EOFError, ValueError, TypeError, KeyError):
        pass
    finally:
        os.close(reading)
