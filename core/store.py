"""Open the store: a folder by default, an S3 bucket when one is named."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from core import files
from core.disk import DiskStore
from core.errors import NotFound
from core.files import Store, Stored, StoreDown
from core.settings import Settings

__all__ = ["DiskStore", "S3Store", "Store", "StoreDown", "Stored", "open_store"]


def open_store(settings: Settings) -> Store:
    """The bucket when one is named, else a folder. Touches no network: a store that is down shows at its first use."""
    known = settings.data_dir.absolute() / "store-id"
    if settings.s3_bucket:
        return S3Store(_s3_client(settings), settings.s3_bucket, known)
    return DiskStore(settings.data_dir.absolute() / "files", known)


class S3Store(Store):
    """A bucket on Amazon S3 or a server that speaks its language. One client for all threads: making one is slow."""

    def __init__(self, client: Any, bucket: str, known: Path) -> None:
        self.client, self.bucket, self.known = client, bucket, known
        self.recognised = False

    def put(self, key: str, data: bytes, mime: str | None = None) -> None:
        mime = mime or files.MIMES[files.parts(key)[-1].rpartition(".")[2]]
        with _s3():
            if not self.recognised:
                files.recognise(self)
                self.recognised = True
            self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=mime)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        files.parts(key)
        with _s3():
            return self._read(key, start, length)

    def head(self, key: str) -> int | None:
        files.parts(key)
        with suppress(NotFound), _s3():
            return int(self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        return None

    def delete(self, key: str) -> None:
        files.parts(key)
        with _s3():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        for found in self._pages("list_objects_v2", "Contents", prefix):
            if files.is_key(found["Key"]):
                yield Stored(found["Key"], found["Size"], found["LastModified"])

    def link(self, key: str, filename: str | None = None, *, seconds: int = 300) -> str | None:
        files.parts(key)
        saved = f"attachment; filename*=UTF-8''{quote(filename or key.rpartition('/')[2], safe='')}"
        params = {"Bucket": self.bucket, "Key": key, "ResponseContentDisposition": saved}
        with _s3():
            return str(self.client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))

    def check(self) -> None:
        name = f"{files.MARKER}{files.temporary()}"
        with _s3():
            files.recognise(self)
            self.client.put_object(Bucket=self.bucket, Key=name, Body=files.PROBE)
            files.compare(self._read(name))
            self.client.delete_object(Bucket=self.bucket, Key=name)

    def sweep(self, older_than: datetime) -> int:
        swept = 0
        for upload in self._pages("list_multipart_uploads", "Uploads"):
            if files.is_key(upload["Key"]) and upload["Initiated"] < older_than:
                with suppress(NotFound), _s3():
                    place = {"Bucket": self.bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                    self.client.abort_multipart_upload(**place)
                swept += 1
        for probe in self._pages("list_objects_v2", "Contents", f"{files.MARKER}."):
            if probe["LastModified"] < older_than:
                with _s3():
                    self.client.delete_object(Bucket=self.bucket, Key=probe["Key"])
                swept += 1
        return swept

    def marker(self) -> bytes | None:
        with suppress(NotFound), _s3():
            return self._read(files.MARKER)
        return None

    def make_marker(self, identity: bytes) -> None:
        try:
            self.client.put_object(Bucket=self.bucket, Key=files.MARKER, Body=identity, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise

    def _read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        if length == 0:
            return b""
        last = "" if length is None else start + length - 1
        part = {"Range": f"bytes={start}-{last}"} if start or length is not None else {}
        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=key, **part)["Body"].read())
        except ClientError as error:
            if _code(error) != "InvalidRange":
                raise
            return b""

    def _pages(self, question: str, answers: str, prefix: str = "") -> Iterator[dict[str, Any]]:
        pages = iter(self.client.get_paginator(question).paginate(Bucket=self.bucket, Prefix=prefix))
        while True:
            with _s3():
                page = next(pages, None)
            if page is None:
                return
            yield from page.get(answers, [])


def _s3_client(settings: Settings) -> Any:
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=3,
        read_timeout=30,
    )
    if settings.s3_endpoint:
        # Many servers that speak S3 know neither the newer checksums nor buckets as host names.
        checksums = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
        config = config.merge(Config(s3={"addressing_style": "path"}, **checksums))
    return _aws().client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        aws_access_key_id=settings.s3_key or None,
        aws_secret_access_key=settings.s3_secret or None,
        region_name=settings.s3_region,
        config=config,
    )


@cache
def _aws() -> Any:
    """One for all: it reads what S3 can do from a large file (0.15 s) and remembers it."""
    import boto3  # here, because it takes a third of a second that only those with a bucket should wait

    return boto3.session.Session()


@contextmanager
def _s3() -> Iterator[None]:
    """From here on a failure is one of ours, with a sentence."""
    try:
        yield
    except ClientError as error:
        raise _said(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StoreDown("The file store needs keys. Set S3_KEY and S3_SECRET, then restart.") from error
    except BotoCoreError as error:
        raise StoreDown(
            "The file store is not answering. What you have is kept; it is worth trying again soon."
        ) from error


def _said(error: ClientError) -> NotFound | StoreDown:
    code, status = _code(error), error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "NoSuchBucket":
        return StoreDown("The file store has no such bucket. Make it, or set S3_BUCKET to the right one.")
    if status == 404:
        return NotFound("That file is not in the store.")
    if code in ("RequestTimeTooSkewed", "RequestExpired"):
        return StoreDown("The file store says that this machine's clock is wrong. Set the clock, then try again.")
    if status in (401, 403):
        return StoreDown(f"The file store refused us ({code}). Check S3_KEY, S3_SECRET, their rights and the clock.")
    if status >= 500 or status in (408, 429):
        return StoreDown(f"The file store is not answering ({code}). It is worth trying again soon.")
    return StoreDown(f"The file store did not accept what we asked ({code}). Check S3_ENDPOINT and S3_REGION.")


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", "no reason"))
