"""Files are kept whole or not at all, under keys of ours alone, in a folder and in a bucket alike."""

import hashlib
import os
import random
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound, Refused
from core.settings import Settings
from core.store import Store, StoreDown, open_store
from tests.servers import S3, s3_server

ALICE, BOB = "a" * 32, "b" * 32
TALK, FOX, OWL = "c" * 32, "d" * 32, "e" * 32
KEY = f"{ALICE}/{TALK}/{FOX}.png"
BYTES = bytes(range(256)) * 20
HERE = Path(__file__).parents[1]
SHAPE = r"[0-9a-f]{32}/([0-9a-f]{32}|standalone)/[0-9a-f]{32}(\.[a-z0-9]{1,12})?\.(png|jpg|webp|avif)"

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


def settings_of(data_dir: Path, server: S3, **changes: str) -> Settings:
    names = {"s3_endpoint": server.endpoint, "s3_key": server.key, "s3_secret": server.secret}
    return Settings(**({"data_dir": data_dir, "s3_bucket": server.new_bucket(), **names} | changes))


def keys(store: Store, prefix: str = "") -> list[str]:
    return [stored.key for stored in store.list(prefix)]


# Both homes


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


def names_its_content(store: Store, key: str) -> bool:
    return key.rpartition("/")[2] == hashlib.sha256(store.get(key)).hexdigest()[:32] + ".png"


def run(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE).stdout


def puts_until_killed(settings: Settings, after: float) -> list[str]:
    """Let another process put files; kill it that many seconds after its first; tell what it was promised."""
    facts = (settings.data_dir, settings.s3_endpoint, settings.s3_bucket, settings.s3_key, settings.s3_secret)
    command = [sys.executable, "-c", WRITER, *map(str, facts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as writer:
        first = writer.stdout.readline()
        killer = threading.Timer(after, writer.kill)
        killer.start()
        rest = writer.stdout.read()
    return (first + rest).split()


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


# A folder


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


# A bucket


def test_a_link_downloads_the_file_under_the_name_given(bucket: Settings) -> None:
    store = open_store(bucket)
    store.put(KEY, BYTES)

    answer = httpx.get(store.link(KEY, 'a "red" fox, élan.png') or "")

    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["content-type"] == "image/png"
    assert (
        answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20%22red%22%20fox%2C%20%C3%A9lan.png"
    )


def test_a_link_that_was_tampered_with_opens_nothing(bucket: Settings) -> None:
    store, owl = open_store(bucket), f"{ALICE}/{TALK}/{OWL}.png"
    store.put(KEY, BYTES)
    store.put(owl, b"owl")
    link = store.link(KEY, seconds=60) or ""

    signature = link.rpartition("=")[2]
    changed = [link.replace(FOX, OWL), link.replace("Expires=60", "Expires=6000"), link.replace("attachment", "inline")]
    changed += [link.replace(signature, "0" * len(signature)), link.partition("?")[0]]

    assert link not in changed
    assert [httpx.get(address).is_success for address in changed] == [False] * 5


def test_a_file_carries_its_type(bucket: Settings, server: S3) -> None:
    store = open_store(bucket)

    types = {}
    for ending in ("png", "jpg", "webp", "avif"):
        key = f"{ALICE}/{TALK}/{FOX}.{ending}"
        store.put(key, BYTES)
        types[ending] = server.client.head_object(Bucket=bucket.s3_bucket, Key=key)["ContentType"]

    assert types == {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}


def test_an_upload_that_was_never_finished_is_not_seen_and_is_swept(bucket: Settings, server: S3) -> None:
    store, client = open_store(bucket), server.client
    place = {"Bucket": bucket.s3_bucket, "Key": KEY}
    upload = client.create_multipart_upload(**place)["UploadId"]
    client.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"half")

    assert (keys(store), store.head(KEY)) == ([], None)
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket.s3_bucket)


def test_a_wrong_secret_is_refused_in_words_that_help(tmp_path: Path, server: S3) -> None:
    store = open_store(settings_of(tmp_path, server, s3_secret="wrong"))

    for ask in (store.check, lambda: store.put(KEY, BYTES), lambda: store.get(KEY), lambda: store.head(KEY)):
        with pytest.raises(StoreDown, match="S3_SECRET"):
            ask()


def test_a_bucket_that_is_not_there_is_named_as_the_trouble(tmp_path: Path, server: S3) -> None:
    store = open_store(settings_of(tmp_path, server, s3_bucket="no-such-bucket"))

    for ask in (store.check, lambda: store.put(KEY, BYTES), lambda: keys(store)):
        with pytest.raises(StoreDown, match="S3_BUCKET"):
            ask()


def test_a_server_that_does_not_answer_is_to_be_tried_again(tmp_path: Path, server: S3) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store = open_store(settings_of(tmp_path, server, s3_endpoint=nobody))

        with pytest.raises(StoreDown, match="not answering"):
            store.get(KEY)


@pytest.mark.parametrize(
    ("status", "sentence", "asked"), [(503, "not answering", 3), (500, "not answering", 3), (403, "the clock", 1)]
)
def test_trouble_is_met_with_few_questions(tmp_path: Path, server: S3, status: int, sentence: str, asked: int) -> None:
    with always_answers(status) as (address, questions):
        store = open_store(settings_of(tmp_path, server, s3_endpoint=address))

        with pytest.raises(StoreDown, match=sentence):
            store.get(KEY)

    assert len(questions) == asked


@contextmanager
def always_answers(status: int) -> Iterator[tuple[str, list[str]]]:
    questions: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            questions.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", questions
        http.shutdown()
