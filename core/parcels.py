"""Many originals as one zip, made while it is sent, with a manifest that says of each how it came to be."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import sqlalchemy as sa
from sqlmodel import Session, col, func

from core import access, kit, lineage, zips
from core.access import AT_ONCE, Person
from core.errors import NotFound, Refused
from core.files import Store, StoreDown
from core.studio import Studio
from core.tables import Conversation, Generation, Image, Post, Turn

PATIENCE = 0.5
"""Seconds that looking for the files may take: then the zip begins, and how long it becomes is not said."""
LOOKING = 8
"""Files that are looked for at the same time."""
IN_MEMORY = 4_000_000
"""Bytes of the manifest that are not put on the disk."""
MANIFEST = "manifest.json"
MAKING = ("provider", "seed", "practice", "cost", "cost_basis", "duration_ms")
GONE = "The file is missing in the store."
NOT_THERE = "There is no such image, or it is not yours."


@dataclass(frozen=True)
class Item:
    """An original of the parcel."""

    id: str
    file: str
    """Its name within the parcel."""
    key: str
    at: datetime


@dataclass(frozen=True)
class Parcel:
    """A zip that can be sent, once."""

    store: Store
    name: str
    """Of the zip, without its ending; also of the folder in it."""
    made_at: datetime
    items: tuple[Item, ...]
    """What is in it, but for files that turn out to be missing."""
    missing: tuple[Mapping[str, str], ...]
    """What was asked for and cannot be in it, as the manifest says it."""
    told: IO[bytes]
    """What the manifest says of the images, a line each."""
    sizes: Mapping[str, int] | None
    """Bytes of each item's file; None when looking at all of them would have taken too long."""

    @property
    def length(self) -> int | None:
        """Bytes of the whole zip, if the sizes are known."""
        if self.sizes is None:
            return None
        files = [(self._within(item.file), self.sizes[item.id]) for item in self.items]
        manifest = sum(map(len, self._manifest(self.missing)))
        return zips.length([*files, (self._within(MANIFEST), manifest)])

    def stream(self) -> Iterator[bytes]:
        """The zip, piece by piece. A file that is missing is told in the manifest; but where the length was said
        before, and when the store is down, it ends with NotFound or StoreDown: who reads sees that it is not whole."""
        archive, missing = zips.Zip(), [*self.missing]
        with self.told:
            for item in self.items:
                try:
                    yield from archive.put(self._within(item.file), self._pieces(item.key), item.at)
                except NotFound:
                    if self.sizes is not None:
                        raise
                    missing.append(_missing(item))
            yield from archive.put(self._within(MANIFEST), self._manifest(missing), self.made_at)
            yield archive.end()

    def _within(self, file: str) -> str:
        return f"{self.name}/{file}"

    def _pieces(self, key: str) -> Iterator[bytes]:
        yield (piece := self.store.get(key, 0, zips.BLOCK))
        start = 0
        while len(piece) == zips.BLOCK:
            start += len(piece)
            try:
                yield (piece := self.store.get(key, start, zips.BLOCK))
            except NotFound as error:
                raise StoreDown("A file was taken away while it was read. Download the images again.") from error

    def _manifest(self, missing: Sequence[Mapping[str, str]]) -> Iterator[bytes]:
        head = {"parcel": 1, "made_at": self.made_at.isoformat(), "missing": missing}
        yield f'{_json(head)[:-1]}, "images": [\n'.encode()
        self.told.seek(0)
        while piece := self.told.read(zips.BLOCK):
            yield piece
        yield b"]}\n"


def plan(studio: Studio, person: Person, image_ids: Iterable[str]) -> Parcel:
    """What a zip of the originals of these images would hold, oldest first.

    Raises NotFound when none of them is there, Refused for none or more than `access.MOST`, StoreDown.
    """
    wanted = sorted(set(image_ids))
    if not wanted:
        raise Refused("Choose the images first, then download them.")
    if len(wanted) > access.MOST:
        raise Refused(f"One download takes up to {access.MOST:,} images. Choose fewer and download the rest after.")
    told: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # open until the parcel is sent
    items = tuple(_written(studio, person, wanted, told))
    if not items:
        raise NotFound(NOT_THERE)
    sizes = _sizes(studio.store, items)
    there = items if sizes is None else tuple(item for item in items if item.id in sizes)
    if not there:
        raise NotFound(
            "The files of these images are missing in the store. Bring it back from a backup, then try again."
        )
    known = {item.id for item in items}
    missing = [{"id": image_id[:32], "why": NOT_THERE} for image_id in wanted if image_id not in known]
    missing += [_missing(item) for item in items if sizes is not None and item.id not in sizes]
    now, count = studio.now(), "1-image" if len(there) == 1 else f"{len(there)}-images"
    name = f"image-studio-{now:%Y-%m-%d}-{count}"
    return Parcel(studio.store, name, now, there, tuple(missing), told, sizes)


def _written(studio: Studio, person: Person, wanted: Sequence[str], told: IO[bytes]) -> Iterator[Item]:
    """The images that are there, each with its line in what is told."""
    digits, number = max(3, len(str(len(wanted)))), 0
    for start in range(0, len(wanted), AT_ONCE):
        with studio.reading() as db, suppress(NotFound):
            images = access.look_many(db, Image, wanted[start : start + AT_ONCE], person)
            rows, parents = _rows(db, images), lineage.ancestors(db, person, [image.id for image in images])
            for image in images:
                number += 1
                row = rows[image.id]
                item = Item(image.id, _name(studio, image, row, f"{number:0{digits}}"), image.key, image.created_at)
                facts = _facts(studio, image, row) | {"derived_from": parents.get(image.id, [])}
                told.write(f"{',' if number > 1 else ' '}{_json({'file': item.file} | facts)}\n".encode())
                yield item


def _rows(db: Session, images: Sequence[Image]) -> dict[str, Any]:
    """How each of these was made and what it is in, by its id."""
    query = (
        sa.select(
            col(Image.id),
            (col(Generation.provider) + "/" + col(Generation.model)).label("model"),
            *(getattr(Generation, name) for name in MAKING),
            col(Turn.prompt),
            col(Turn.settings),
            col(Turn.id).label("turn"),
            col(Conversation.title),
            func.coalesce(col(Post.caption), "").label("caption"),
            col(Post.hashtags),
        )
        .outerjoin(Generation, col(Generation.id) == Image.generation_id)
        .outerjoin(Turn, col(Turn.id) == Generation.turn_id)
        .outerjoin(Conversation, col(Conversation.id) == Image.conversation_id)
        .outerjoin(Post, col(Post.id) == Image.post_id)
        .where(col(Image.id).in_([image.id for image in images]))
    )
    return {row.id: row for row in db.execute(query)}


def _name(studio: Studio, image: Image, row: Any, number: str) -> str:
    """The day, the first words of the prompt, the model, a number: what is sorted by name is sorted by age."""
    words = zips.slugged(row.prompt or "") or "image"
    model = zips.slugged(studio.catalogue.label(row.model)) if row.model else "upload"
    practice = "-practice" if row.practice else ""
    return f"{image.created_at:%Y-%m-%d}_{words}_{model}{practice}_{number}.{image.key.rpartition('.')[2]}"


def _facts(studio: Studio, image: Image, row: Any) -> dict[str, Any]:
    return {
        "id": image.id,
        "prompt": row.prompt,
        "settings": row.settings,
        "caption": row.caption,
        "hashtags": row.hashtags or [],
        "provider": row.provider,
        **kit.making(studio.catalogue, row),
        **kit.file(image),
        "starred": image.starred,
        "selected": image.selected,
        "conversation": image.conversation_id,
        "title": row.title,
        "post": image.post_id,
        "turn": row.turn,
        "generation": image.generation_id,
    }


def _missing(item: Item) -> dict[str, str]:
    return {"id": item.id, "file": item.file, "why": GONE}


def _json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _sizes(store: Store, items: Sequence[Item]) -> dict[str, int] | None:
    """Of those whose file is there, by id; None when it takes longer than anybody should wait for a first byte."""
    with ThreadPoolExecutor(LOOKING) as looking, suppress(TimeoutError):
        found = zip(items, looking.map(lambda item: store.head(item.key), items, timeout=PATIENCE), strict=True)
        return {item.id: size for item, size in found if size is not None}
    return None
