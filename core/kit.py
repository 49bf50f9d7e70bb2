"""The post kit: one zip with all that it takes to publish a post, made while it is sent, one picture in memory."""

import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import crops, platforms
from core.access import Person
from core.errors import NotFound, Refused
from core.posted import OpenedPost, Variant, opened
from core.studio import Studio
from core.tables import SOURCE, Generation, Image, Reference

SELECTED, ALL = "selected", "all"
BLOCK = 1 << 20
"""Bytes of an original that are handed on at once."""

Cut = Callable[[bytes, float, float], Sequence[tuple[crops.Crop, crops.Box, bytes]]]


@dataclass(frozen=True)
class Item:
    """An image of the kit, with what the manifest says of it."""

    stem: str
    """Its files' names begin so."""
    key: str
    x: float
    y: float
    created_at: datetime
    facts: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The original's name within the kit."""
        return f"originals/{self.stem}.{self.key.rpartition('.')[2]}"

    def crop(self, crop: crops.Crop) -> str:
        """A crop's name within the kit."""
        return f"crops/{self.stem}-{crop.name}.jpg"


@dataclass(frozen=True)
class Kit:
    """A kit that can be sent."""

    studio: Studio
    name: str
    """Of the zip, without its ending; also of the folder in it."""
    post: OpenedPost
    items: tuple[Item, ...]

    def stream(self, cut: Cut = crops.cut) -> Iterator[bytes]:
        """The zip, piece by piece; `cut` makes crops. Raises StoreDown or NotFound when a picture cannot be read."""
        sink = _Sink()
        told: list[dict[str, Any]] = []
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for item in self.items:
                original = self.studio.store.get(item.key)
                yield from self._put(archive, sink, item.file, original, item.created_at)
                made: list[dict[str, Any]] = []
                for crop, part, data in cut(original, item.x, item.y):
                    yield from self._put(archive, sink, item.crop(crop), data, item.created_at)
                    made.append(_crop(item.crop(crop), crop, part))
                told.append({"file": item.file, **item.facts, "crops": made})
            for name, text in self._texts(told):
                yield from self._put(archive, sink, name, text.encode(), self.studio.now())
        yield sink.taken()

    def _put(self, archive: zipfile.ZipFile, sink: "_Sink", name: str, data: bytes, at: datetime) -> Iterator[bytes]:
        info = zipfile.ZipInfo(f"{self.name}/{name}", at.timetuple()[:6])
        info.external_attr = 0o644 << 16
        with archive.open(info, "w") as entry:
            for start in range(0, len(data), BLOCK):
                entry.write(data[start : start + BLOCK])
                yield sink.taken()

    def _texts(self, images: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        written = _written(self.post)
        for platform, text in written.items():
            yield f"captions/{platform.name}.txt", text + "\n"
        yield "captions.md", _captions(self.post, written)
        yield "hashtags.txt", " ".join(f"#{tag}" for tag in self.post.words.hashtags) + "\n"
        yield "alt-text.txt", "".join(_alt(image) for image in images)
        yield "manifest.json", json.dumps(_manifest(self, images, written), indent=2, ensure_ascii=False) + "\n"


def plan(studio: Studio, person: Person, post_id: str, which: str = ALL, without_alt: bool = False) -> Kit:
    """What the kit of this post would hold. Raises Refused when there is no such image, or when one has no alt text
    and `without_alt` does not say that this is all right; NotFound."""
    post = opened(studio, person, post_id)
    wanted = [v for v in post.variants if which == ALL or v.image.selected]
    if not post.variants:
        raise Refused("This post has no images yet, so there is nothing to put into a kit.")
    if not wanted:
        raise Refused("No image of this post is selected. Select one, or download all of them.")
    missing = sum(not v.image.alt for v in wanted)
    if missing and not without_alt:
        what = "An image has" if missing == 1 else f"{missing} images have"
        raise Refused(f"{what} no alt text. Write it on the post's page, or download the kit without.")
    slug = slugged(post.title) or "post"
    with studio.reading() as db:
        rows = _rows(db, person, [v.image.id for v in wanted])
        parents = _ancestors(db, person, [v.image.id for v in wanted])
    if any(studio.store.head(row.key) is None for row in rows.values()):
        raise NotFound("The file of an image is missing in the store. Bring it back from a backup, then try again.")
    numbers = {v.image.id: n for n, v in enumerate(post.variants, 1)}
    items = tuple(_item(studio, post, slug, numbers[v.image.id], rows[v.image.id], v, parents) for v in wanted)
    practice = "practice-" if all(v.practice for v in wanted) else ""
    return Kit(studio, f"{slug}-{practice}kit", post, items)


def slugged(text: str) -> str:
    """A name that every file system takes, cut between words; empty when nothing of the text can be in one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name if len(name) <= 40 else name[:41].rpartition("-")[0] or name[:40]


class _Sink:
    """Takes what the zip says and hands it on; it cannot be searched, so the zip needs no way back."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to give back."""

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data


def _rows(db: Session, person: Person, ids: Sequence[str]) -> dict[str, Image]:
    query = sa.select(Image).where(col(Image.id).in_(ids), col(Image.user_id) == person.id)
    return {row.id: row for (row,) in db.execute(query)}


def _ancestors(db: Session, person: Person, ids: Sequence[str]) -> dict[str, list[str]]:
    """The images that each of these was derived from, nearest first: one query, however long the line is."""
    itself: sa.Select[str, str, int] = sa.select(col(Image.id).label("of"), col(Image.id), sa.literal(0).label("depth"))
    line = itself.where(col(Image.id).in_(ids), col(Image.user_id) == person.id).cte("line", recursive=True)
    above = (
        sa.select(line.c.of, col(Reference.image_id), line.c.depth + 1)
        .join(Image, col(Image.id) == line.c.id)
        .join(Generation, col(Generation.id) == col(Image.generation_id))
        .join(Reference, sa.and_(col(Reference.turn_id) == Generation.turn_id, col(Reference.role) == SOURCE))
    )
    whole = line.union_all(above)
    query = sa.select(whole.c.of, whole.c.id).where(whole.c.depth > 0).order_by(whole.c.depth)
    found: dict[str, list[str]] = {}
    for of, parent in db.execute(query):
        found.setdefault(of, []).append(parent)
    return found


def _item(
    studio: Studio, post: OpenedPost, slug: str, n: int, row: Image, variant: Variant, parents: Mapping[str, list[str]]
) -> Item:
    origin = {"id": row.id, "generation": row.generation_id, "turn": post.turn_id, "conversation": post.conversation_id}
    line = {"derived_from": parents.get(row.id, []), "selected": row.selected}
    facts = {**origin, **line, **_making(studio, variant), **_file(row)}
    practice = "-practice" if variant.practice else ""
    return Item(f"{slug}-{n}{practice}", row.key, row.focus_x, row.focus_y, row.created_at, facts)


def _making(studio: Studio, variant: Variant) -> dict[str, Any]:
    """How an image was made, and for how much."""
    return {
        "practice": variant.practice,
        "model": variant.model,
        "model_label": studio.catalogue.label(variant.model) if variant.model else None,
        "seed": variant.seed,
        "cost_usd": None if variant.cost is None else str(variant.cost),
        "cost_basis": variant.cost_basis,
        "duration_ms": variant.duration_ms,
    }


def _file(row: Image) -> dict[str, Any]:
    """What is in an image's file, and what people say of it."""
    return {
        "created_at": row.created_at.isoformat(),
        "mime": row.mime,
        "width": row.width,
        "height": row.height,
        "bytes": row.size,
        "sha256": row.sha256,
        "alt": row.alt,
        "focus": {"x": row.focus_x, "y": row.focus_y},
    }


def _crop(name: str, crop: crops.Crop, part: crops.Box) -> dict[str, Any]:
    seen = {"left": part.left, "top": part.top, "width": part.width, "height": part.height}
    return {
        "file": name,
        "ratio": crop.ratio,
        "width": crop.width,
        "height": crop.height,
        "of_original": {side: round(value, 2) for side, value in seen.items()},
        "enlarged": part.width < crop.width,
    }


def _written(post: OpenedPost) -> dict[platforms.Platform, str]:
    own, words = post.platforms, post.words
    return {
        platform: own.get(platform.name) or platforms.text(platform, words.caption, words.hashtags)
        for platform in platforms.PLATFORMS
    }


def _captions(post: OpenedPost, written: Mapping[platforms.Platform, str]) -> str:
    parts = [f"# {post.title}\n"]
    for platform, text in written.items():
        length = f"{platforms.count(platform, text):,} of {platform.longest:,}"
        own = ", written for it alone" if platform.name in post.platforms else ""
        said = "".join(f"> {sentence}\n" for sentence in platforms.warnings(platform, text))
        parts.append(f"## {platform.label} ({length}{own})\n\n{said}{text or 'No caption yet.'}\n")
    return "\n".join(parts)


def _alt(image: Mapping[str, Any]) -> str:
    return f"{image['file']}\n{image['alt'] or 'MISSING: say what this image shows before you publish it.'}\n\n"


def _manifest(kit: Kit, images: list[dict[str, Any]], written: Mapping[platforms.Platform, str]) -> dict[str, Any]:
    post = kit.post
    return {
        "kit": 1,
        "made_at": kit.studio.now().isoformat(),
        "practice": any(image["practice"] for image in images),
        "post": _of_post(post),
        "prompt": post.prompt,
        "settings": dict(post.settings),
        "caption": _of_caption(post),
        "platforms": [_platform(platform, text, post) for platform, text in written.items()],
        "images": images,
        "warnings": [f"{image['file']} has no alt text." for image in images if not image["alt"]],
    }


def _of_post(post: OpenedPost) -> dict[str, Any]:
    return {
        "id": post.id,
        "conversation": post.conversation_id,
        "title": post.title,
        "turn": post.turn_id,
        "position": post.position,
        "status": post.status,
        "derived_from_post": post.origin.post_id if post.origin else None,
    }


def _of_caption(post: OpenedPost) -> dict[str, Any]:
    return {
        "text": post.words.caption,
        "hashtags": list(post.words.hashtags),
        "edited": post.words.edited,
        "model": post.caption.model if post.caption else None,
        "brief": post.brief.facts(),
    }


def _platform(platform: platforms.Platform, text: str, post: OpenedPost) -> dict[str, Any]:
    return {
        "name": platform.name,
        "file": f"captions/{platform.name}.txt",
        "length": platforms.count(platform, text),
        "longest": platform.longest,
        "written_for_it_alone": platform.name in post.platforms,
        "warnings": list(platforms.warnings(platform, text)),
    }
