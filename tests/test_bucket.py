"""A bucket gives links that cannot be bent, and says in words what is wrong with it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from core.settings import Settings
from core.store import StoreDown, open_store
from tests.servers import S3, s3_server
from tests.stores import ALICE, BYTES, FOX, KEY, OWL, TALK, keys, settings_of


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(tmp_path: Path, server: S3) -> Settings:
    return settings_of(tmp_path / "data", server)


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
