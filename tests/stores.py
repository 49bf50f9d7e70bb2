"""What the tests of the stores share: names of files, and how to look at a store from outside."""

import hashlib
from pathlib import Path

from core.settings import Settings
from core.store import Store
from tests.servers import S3

ALICE, BOB = "a" * 32, "b" * 32
TALK, FOX, OWL = "c" * 32, "d" * 32, "e" * 32
KEY = f"{ALICE}/{TALK}/{FOX}.png"
BYTES = bytes(range(256)) * 20
ROOT = Path(__file__).parents[1]


def settings_of(data_dir: Path, server: S3, **changes: str) -> Settings:
    names = {"s3_endpoint": server.endpoint, "s3_key": server.key, "s3_secret": server.secret}
    return Settings(**({"data_dir": data_dir, "s3_bucket": server.new_bucket(), **names} | changes))


def keys(store: Store, prefix: str = "") -> list[str]:
    return [stored.key for stored in store.list(prefix)]


def names_its_content(store: Store, key: str) -> bool:
    return key.rpartition("/")[2] == hashlib.sha256(store.get(key)).hexdigest()[:32] + ".png"
