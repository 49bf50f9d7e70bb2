"""A folder keeps files through kill -9 and power cuts, follows no link out of itself, and believes no failed disk."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound, Refused
from core.settings import Settings
from core.store import Store, StoreDown, open_store
from tests.stores import ALICE, BYTES, FOX, KEY, OWL, ROOT, TALK, keys, names_its_content

SHAPE = r"[0-9a-f]{32}/([0-9a-f]{32}|standalone)/[0-9a-f]{32}(\.[a-z0-9]{1,12})?\.(png|jpg|webp|avif)"


@pytest.fixture
def disk(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(Settings(data_dir=tmp_path_factory.mktemp("lasting")))


@given(st.text() | st.from_regex(r"[0-9a-f./]{70,110}", fullmatch=True))
def test_no_made_up_name_is_let_in(lasting: Store, name: str) -> None:
    with pytest.raises(Refused):
        lasting.put(name, b"x")


@given(name=st.from_regex(SHAPE, fullmatch=True), data=st.binary(max_size=100))
def test_every_name_of_our_shape_is_a_place_of_its_own(lasting: Store, name: str, data: bytes) -> None:
    lasting.put(name, data)

    assert lasting.get(name) == data
    assert keys(lasting, name) == [name]


KILLED_AT_EACH_LINE = """
import hashlib, os, pathlib, signal, sys
from core import disk
from core.settings import Settings
from core.store import open_store

def put_and_die(line):
    data = b"%d " % line * 1_000
    left = line

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename != disk.__file__:
            return None
        left -= event == "line"
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    store.put(f"{line:032x}/standalone/{hashlib.sha256(data).hexdigest()[:32]}.png", data)
    os._exit(0)

store = open_store(Settings(data_dir=pathlib.Path(sys.argv[1])))
store.check()
for line in range(1, 1_000):
    child = os.fork() or put_and_die(line)
    if os.waitpid(child, 0)[1] == 0:
        break
print(line - 1)
"""


def test_kill_9_at_every_line_of_a_put_leaves_no_half_a_file(disk: Settings) -> None:
    killed = int(run(KILLED_AT_EACH_LINE, disk.data_dir))

    store = open_store(disk)
    listed = keys(store)
    assert killed > 50
    assert 1 < len(listed) < killed
    for key in listed:
        assert names_its_content(store, key)
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) > 0
    assert not list(disk.data_dir.rglob("*.tmp"))


def run(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def test_a_planted_link_is_not_followed_to_a_file(disk: Settings, tmp_path: Path) -> None:
    store, secret = open_store(disk), tmp_path / "secret.png"
    store.put(f"{ALICE}/{TALK}/{OWL}.png", b"owl")
    secret.write_bytes(b"secret")
    (disk.data_dir / "files" / KEY).symlink_to(secret)

    assert store.head(KEY) is None
    assert keys(store) == [f"{ALICE}/{TALK}/{OWL}.png"]
    with pytest.raises(NotFound):
        store.get(KEY)
    store.put(KEY, b"fox")
    assert (store.get(KEY), secret.read_bytes()) == (b"fox", b"secret")


@pytest.mark.parametrize("depth", [0, 1])
def test_a_planted_link_is_not_followed_to_a_folder(disk: Settings, tmp_path: Path, depth: int) -> None:
    store, outside = open_store(disk), tmp_path / "outside"
    (outside / TALK).mkdir(parents=True)
    for place in (outside, outside / TALK):
        (place / f"{FOX}.png").write_bytes(b"secret")
    link = disk.data_dir.joinpath("files", *[ALICE, TALK][: depth + 1])
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)

    assert store.head(KEY) is None
    assert keys(store) == []
    with pytest.raises(NotFound):
        store.get(KEY)
    with pytest.raises(StoreDown):
        store.put(KEY, b"fox")
    store.delete(KEY)
    assert (outside / TALK / f"{FOX}.png").read_bytes() == (outside / f"{FOX}.png").read_bytes() == b"secret"


def test_a_pipe_or_a_folder_in_a_files_place_is_not_a_file(disk: Settings) -> None:
    store, owl = open_store(disk), f"{ALICE}/{TALK}/{OWL}.png"
    (disk.data_dir / "files" / owl).mkdir(parents=True)
    os.mkfifo(disk.data_dir / "files" / KEY)

    for key in (KEY, owl):
        assert store.head(key) is None
        with pytest.raises((NotFound, StoreDown)):
            store.get(key)
    assert keys(store) == []


def test_new_folders_are_synced_before_the_file_that_lies_in_them_counts_as_kept(
    disk: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(disk)
    store.check()
    synced = record_syncs(monkeypatch)

    store.put(KEY, BYTES)

    root = str(disk.data_dir / "files")
    temporary = synced.pop(2)
    assert synced == [root, f"{root}/{ALICE}", f"{root}/{ALICE}/{TALK}"]
    assert temporary.startswith(f"{root}/{ALICE}/{TALK}/.")


def test_a_folder_that_another_process_made_is_synced_too(disk: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(disk).put(KEY, BYTES)
    store = open_store(disk)
    synced = record_syncs(monkeypatch)

    store.put(KEY, BYTES)
    store.put(KEY, BYTES)

    root = str(disk.data_dir / "files")
    folders = [path for path in synced if not path.endswith(".tmp")]
    assert folders == [root, f"{root}/{ALICE}", *[f"{root}/{ALICE}/{TALK}"] * 2]


def record_syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    synced: list[str] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return synced


@pytest.mark.parametrize("nth", [0, 1, 2, 3])
def test_after_a_failed_fsync_nothing_more_is_believed_until_a_restart(
    disk: Settings, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    store = open_store(disk)
    store.check()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails_once(nth))
        with pytest.raises(StoreDown, match="Input/output error"):
            store.put(KEY, BYTES)

    for ask in (lambda: store.put(KEY, BYTES), store.check):
        with pytest.raises(StoreDown, match="restart"):
            ask()

    open_store(disk).put(KEY, BYTES)
    assert not list(disk.data_dir.rglob("*.tmp"))


def fails_once(nth: int) -> Callable[[int], None]:
    answers = iter([None] * nth + [OSError(5, "Input/output error")])

    def fsync(descriptor: int) -> None:
        answer = next(answers)
        if answer:
            raise answer

    return fsync


def test_a_full_disk_keeps_what_was_there_and_says_so(disk: Settings) -> None:
    store = open_store(disk)
    store.put(KEY, b"before")

    with largest_file(100_000), pytest.raises(StoreDown, match="Make room"):
        store.put(KEY, bytes(200_000))

    assert store.get(KEY) == b"before"
    assert not list(disk.data_dir.rglob("*.tmp"))
    store.put(KEY, b"after")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_sweep_takes_old_leftovers_and_nothing_else(disk: Settings) -> None:
    store = open_store(disk)
    store.put(KEY, BYTES)
    folder = (disk.data_dir / "files" / KEY).parent
    old, new, other = folder / f".{'0' * 32}.tmp", folder / f".{'1' * 32}.tmp", folder / "notes.tmp"
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other, folder / f"{FOX}.png"):
        os.utime(path, (0, 0))

    swept = store.sweep(datetime.now(UTC) - timedelta(hours=1))

    assert swept == 1
    assert sorted(folder.iterdir()) == sorted([new, other, folder / f"{FOX}.png"])


def test_a_folder_has_no_links_to_give(disk: Settings) -> None:
    store = open_store(disk)
    store.put(KEY, BYTES)

    assert store.link(KEY, "fox.png") is None
