"""Files are kept whole or not at all, under keys of ours alone, in a folder and in a bucket alike."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import NotFound, Refused
from core.settings import Settings
from core.store import Store, StoreDown, open_store
from tests.servers import S3, s3_server
from tests.stores import ALICE, BOB, BYTES, FOX, KEY, OWL, ROOT, TALK, keys, names_its_content, settings_of

NOT_OURS = [
    "",
    "/",
    ".image-studio",
    "fox.png",
    f"{ALICE}/{TALK}",
    f"{ALICE}/{TALK}/",
    f"/{KEY}",
    f"{KEY}/",
    f"./{KEY}",
    f"x/{KEY}",
    f"{KEY}\n",
    f" {KEY}",
    f"{KEY}\0",
    f"{KEY}\0.webp",
    KEY.upper(),
    KEY.replace("/", "//"),
    KEY.replace("/", "\\"),
    KEY.replace("/", "%2f"),
    KEY.replace("a", "а"),  # noqa: RUF001  # a Cyrillic letter is the point
    KEY.replace("d", "٣"),
    f"{ALICE}/../{FOX}.png",
    f"../{TALK}/{FOX}.png",
    f"{ALICE}/{TALK}/../../../etc/passwd",
    f"{ALICE}/{TALK}/..",
    f"{ALICE}/{TALK}/.{FOX}.tmp",
    f"{ALICE}/{TALK}/{FOX}",
    f"{ALICE}/{TALK}/{FOX}.",
    f"{ALICE}/{TALK}/{FOX}.exe",
    f"{ALICE}/{TALK}/{FOX}.svg",
    f"{ALICE}/{TALK}/{FOX}.png.html",
    f"{ALICE}/{TALK}/{FOX}..png",
    f"{ALICE}/{TALK}/{FOX}.256.512.webp",
    f"{ALICE}/{TALK}/{FOX[:-1]}.png",
    f"{ALICE}/{TALK}/{FOX}d.png",
    f"{ALICE}/elsewhere/{FOX}.png",
    f"local/{TALK}/{FOX}.png",
    f"standalone/{TALK}/{FOX}.png",
]


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3_server() as running:
        yield running


@pytest.fixture
def disk(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def bucket(tmp_path: Path, server: S3) -> Settings:
    return settings_of(tmp_path / "data", server)


@pytest.fixture(params=["disk", "bucket"])
def settings(request: pytest.FixtureRequest) -> Settings:
    home: Settings = request.getfixturevalue(request.param)
    home.data_dir.mkdir()
    return home


@pytest.fixture
def store(settings: Settings) -> Store:
    return open_store(settings)


def test_what_was_put_comes_back_byte_for_byte(store: Store) -> None:
    store.put(KEY, BYTES, "image/png")

    assert store.get(KEY) == BYTES
    assert store.head(KEY) == len(BYTES)


def test_a_file_may_be_empty(store: Store) -> None:
    store.put(KEY, b"")

    assert store.get(KEY) == b""
    assert store.head(KEY) == 0


def test_it_is_still_there_when_the_store_is_opened_again(store: Store, settings: Settings) -> None:
    store.put(KEY, BYTES)

    again = open_store(settings)

    assert again.get(KEY) == BYTES
    again.check()


def test_a_file_that_was_never_put_is_not_found(store: Store) -> None:
    store.put(f"{ALICE}/{TALK}/{OWL}.png", BYTES)

    assert store.head(KEY) is None
    with pytest.raises(NotFound):
        store.get(KEY)
    with pytest.raises(NotFound):
        store.get(f"{BOB}/standalone/{FOX}.png")


def test_putting_the_same_key_again_replaces_the_file(store: Store) -> None:
    store.put(KEY, b"first and longer")

    store.put(KEY, b"second")

    assert store.get(KEY) == b"second"
    assert keys(store) == [KEY]


def test_deleting_twice_is_fine(store: Store) -> None:
    store.put(KEY, BYTES)

    store.delete(KEY)
    store.delete(KEY)
    store.delete(f"{BOB}/standalone/{FOX}.png")

    assert store.head(KEY) is None
    assert keys(store) == []


@pytest.mark.parametrize(
    ("start", "length"), [(0, None), (0, 5), (5, None), (5, 3), (5110, 100), (5120, 1), (9999, None), (7, 0)]
)
def test_a_part_of_a_file_is_what_a_slice_of_it_is(store: Store, start: int, length: int | None) -> None:
    store.put(KEY, BYTES)

    part = store.get(KEY, start, length)

    assert part == BYTES[start : None if length is None else start + length]


def test_files_are_listed_by_prefix_and_in_order(store: Store) -> None:
    fox, owl = f"{ALICE}/{TALK}/{FOX}", f"{ALICE}/standalone/{OWL}.jpg"
    hers = [f"{fox}.256.webp", f"{fox}.png", owl]
    for key in (*reversed(hers), f"{BOB}/{TALK}/{OWL}.avif"):
        store.put(key, key.encode())

    assert keys(store) == [*hers, f"{BOB}/{TALK}/{OWL}.avif"]
    assert keys(store, ALICE) == keys(store, f"{ALICE}/") == hers
    assert keys(store, f"{ALICE}/{TALK}/") == keys(store, fox) == hers[:2]
    assert keys(store, f"{fox}.pngx") == keys(store, "../") == keys(store, "f" * 32) == []


def test_a_listed_file_says_its_size_and_when_it_was_written(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    store.put(KEY, BYTES)

    (stored,) = store.list()

    assert stored.size == len(BYTES)
    assert before < stored.modified < datetime.now(UTC) + timedelta(seconds=2)


def test_more_files_than_fit_on_one_page_are_all_listed(store: Store) -> None:
    pages_of_the_test_server = 10
    some = [f"{ALICE}/{TALK}/{n:032x}.png" for n in range(2 * pages_of_the_test_server + 1)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda key: store.put(key, b"x"), some))

    assert keys(store) == some


def test_a_name_that_is_not_ours_is_refused_by_every_method(store: Store) -> None:
    for name in NOT_OURS:
        for ask in (store.get, store.head, store.delete, store.link, lambda key: store.put(key, b"x")):
            with pytest.raises(Refused):
                ask(name)

    assert keys(store) == []


def test_the_store_is_checked_without_a_trace(store: Store) -> None:
    store.put(KEY, BYTES)

    store.check()

    assert keys(store) == [KEY]
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0


def test_a_store_without_its_marker_is_not_written_to(settings: Settings, server: S3) -> None:
    open_store(settings).put(KEY, BYTES)
    remove_marker(settings, server)

    for ask in (lambda: open_store(settings).check(), lambda: open_store(settings).put(KEY, b"lost")):
        with pytest.raises(StoreDown, match="not the one used so far"):
            ask()

    assert open_store(settings).get(KEY) == BYTES


def test_a_new_store_is_accepted_when_the_operator_says_so(settings: Settings, server: S3) -> None:
    open_store(settings).check()
    remove_marker(settings, server)

    (settings.data_dir / "store-id").unlink()
    open_store(settings).put(KEY, BYTES)

    open_store(settings).check()


def test_many_that_meet_a_new_store_at_once_agree_on_its_marker(settings: Settings) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: open_store(settings).check(), range(6)))

    open_store(settings).check()


def remove_marker(settings: Settings, server: S3) -> None:
    if settings.s3_bucket:
        server.client.delete_object(Bucket=settings.s3_bucket, Key=".image-studio")
    else:
        (settings.data_dir / "files" / ".image-studio").unlink()


WRITER = """
import hashlib, os, pathlib, sys
from core.settings import Settings
from core.store import open_store

names = ("data_dir", "s3_endpoint", "s3_bucket", "s3_key", "s3_secret")
given = dict(zip(names, sys.argv[1:]))
store = open_store(Settings(**given | {"data_dir": pathlib.Path(given["data_dir"])}))
while True:
    data = os.urandom(1_000 + int.from_bytes(os.urandom(3)) % 600_000)
    name = hashlib.sha256(data).hexdigest()[:32]
    user = os.urandom(1).hex() * 16
    store.put(f"{user}/standalone/{name}.png", data)
    print(f"{user}/standalone/{name}.png", flush=True)
"""


def test_kill_9_at_any_moment_leaves_every_listed_file_whole_and_every_kept_one_there(
    store: Store, settings: Settings
) -> None:
    chance = random.Random(7)
    kept = []
    for _ in range(4):
        kept += puts_until_killed(settings, after=chance.uniform(0, 0.3))

    listed = keys(store)

    assert set(kept) <= set(listed)
    for key in listed:
        assert names_its_content(store, key)
    store.sweep(datetime.now(UTC) + timedelta(hours=1))
    assert keys(store) == listed
    assert not list(settings.data_dir.rglob("*.tmp"))


def puts_until_killed(settings: Settings, after: float) -> list[str]:
    """Let another process put files; kill it that many seconds after its first; tell what it was promised."""
    facts = (settings.data_dir, settings.s3_endpoint, settings.s3_bucket, settings.s3_key, settings.s3_secret)
    command = [sys.executable, "-c", WRITER, *map(str, facts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        first = writer.stdout.readline()
        killer = threading.Timer(after, writer.kill)
        killer.start()
        rest = writer.stdout.read()
    return (first + rest).split()
