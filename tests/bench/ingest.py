"""Ingest: one 4-megapixel picture from a provider's answer to thumbnails, against libvips making one thumbnail of it.

`keep` decodes, makes two thumbnails, a placeholder and a perceptual hash, and takes SHA-256 and CRC; the reference is
`pyvips.thumbnail_buffer(raw, 512)` with WebP at quality 80, effort 2, and nothing else. The whole way adds reading the
JSON answer before and putting the files on disk, synced, after. Reading an answer is compared with json and base64.
"""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyvips
from PIL import Image

from core import keeping, pictures, pixels
from core.providers import Answer, Request
from core.providers.openai import OpenAI
from core.settings import Settings
from core.store import open_store
from core.tables import new_id
from tests.bench.measure import Row, in_turns
from tests.bench.photos import photo
from tests.vendor_answers import good

ANSWER_MB = 29
"""A body of this size holds a 4K PNG."""
REQUEST = Request(model="gpt-image-2", prompt="a fox")
TARGETS = {"PNG": 1.9, "JPEG": 1.5}


def rows() -> Iterator[Row]:
    """About half a minute."""
    with TemporaryDirectory(prefix="studio-bench-") as folder:
        for kind, target in TARGETS.items():
            yield from _one(kind, target, Path(folder))
    yield from _body()
    yield from _threads()
    yield _traces()


def _one(kind: str, target: float, folder: Path) -> Iterator[Row]:
    settings = Settings(data_dir=folder)
    store, provider, raw = open_store(settings), OpenAI(settings), photo(kind)
    answer = Answer(200, {"content-type": "application/json"}, json.dumps(good("openai", raw)).encode())

    def whole() -> None:
        (data,) = provider.read(REQUEST, answer).pictures
        kept = pictures.keep(data)
        keeping.put(store, f"{new_id()}/standalone/{new_id()}.{kept.ext}", kept)

    cases = (lambda: pictures.keep(raw), whole, lambda: _vips(raw))
    keep, all_of_it, vips = in_turns(*cases)
    yield Row(f"keep a 4 MP {kind} of {len(raw) / 1e6:.1f} MB", keep, vips, "libvips, one thumbnail", target)
    yield Row("  with reading the answer and writing the files", all_of_it, vips, "libvips, one thumbnail")
    unpack, vips = in_turns(lambda: pixels.traces(raw), lambda: _vips(raw), clock=time.process_time)
    yield Row("  unpacking alone, in work of all cores", unpack, vips, "libvips, one thumbnail")


def _vips(raw: bytes) -> bytes:
    return bytes(pyvips.Image.thumbnail_buffer(raw, 512).webpsave_buffer(Q=80, effort=2))


def _body() -> Iterator[Row]:
    raw = photo("PNG") * (1 + ANSWER_MB * 3_000_000 // 4 // len(photo("PNG")))
    picture = raw[: ANSWER_MB * 3_000_000 // 4]
    answer = Answer(200, {"content-type": "application/json"}, json.dumps(good("openai", picture)).encode())
    provider = OpenAI(Settings())

    def plain() -> bytes:
        return base64.b64decode(json.loads(answer.body)["data"][0]["b64_json"])

    ours, standard = in_turns(lambda: provider.read(REQUEST, answer), plain)
    yield Row(f"read an answer of {len(answer.body) // 10**6} MB", ours, standard, "json + base64", 0.15)


def _threads() -> Iterator[Row]:
    raw, work = photo("PNG"), 6

    def by(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: pictures.keep(raw), range(work)))

    one, two = in_turns(lambda: by(1), lambda: by(2), rounds=5)
    yield Row("keep in two threads", work / two * 1000, work / one * 1000, "one thread", 1.8, at_least=True, unit="/s")


def _traces() -> Row:
    """From the small thumbnail, as `keep` makes them."""
    raw = photo("PNG")
    small = Image.open(BytesIO(pictures.keep(raw).thumbs[256])).convert("RGB")

    def traces() -> None:
        pixels._dhash(small)
        pixels._tiny(small)

    ours, decode = in_turns(traces, lambda: Image.open(BytesIO(raw)).load(), rounds=15)
    return Row("perceptual hash and placeholder", ours, decode, "decoding the 4 MP PNG", 0.01)
