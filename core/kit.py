"""The post kit: one zip with all that it takes to publish a post, made while it is sent, one picture in memory."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import crops, lineage, platforms, zips
from core.access import Person
from core.catalogue import Catalogue
from core.errors import NotFound, Refused
from core.posted import OpenedPost, Variant, opened
from core.studio import Studio
from core.tables import Image

SELECTED, ALL = "selected", "all"

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
        archive = zips.Zip()
        told: list[dict[str, Any]] = []
        for item in self.items:
            original = self.studio.store.get(item.key)
            yield from self._put(archive, item.file, original, item.created_at)
            made: list[dict[str, Any]] = []
            for crop, part, data in cut(original, item.x, item.y):
                yield from self._put(archive, item.crop(crop), data, item.created_at)
                made.append(_crop(item.crop(crop), crop, part))
            told.append({"file": item.file, **item.facts, "crops": made})
        for name, text in self._texts(told):
            yield from self._put(archive, name, text.encode(), self.studio.now())
        yield archive.end()

    def _put(self, archive: zips.Zip, name: str, data: bytes, at: datetime) -> Iterator[bytes]:
        return archive.put(f"{self.name}/{name}", zips.blocks(data), at)

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
    slug = zips.slugged(post.title) or "post"
    with studio.reading() as db:
        rows = _rows(db, person, [v.image.id for v in wanted])
        parents = lineage.ancestors(db, person, [v.image.id for v in wanted])
    if any(studio.store.head(row.key) is None for row in rows.values()):
        raise NotFound("The file of an image is missing in the store. Bring it back from a backup, then try again.")
    numbers = {v.image.id: n for n, v in enumerate(post.variants, 1)}
    items = tuple(_item(studio, post, slug, numbers[v.image.id], rows[v.image.id], v, parents) for v in wanted)
    practice = "practice-" if all(v.practice for v in wanted) else ""
    return Kit(studio, f"{slug}-{practice}kit", post, items)


def making(catalogue: Catalogue, made: Any) -> dict[str, Any]:
    """How an image was made, and for how much: what a manifest says of a variant, or of a row like one.

    Practice keeps in the ledger what it would cost; nothing was paid for it.
    """
    cost = None if made.cost is None else str(made.cost)
    return {
        "practice": made.practice,
        "model": made.model,
        "model_label": catalogue.label(made.model) if made.model else None,
        "seed": made.seed,
        "cost_usd": "0" if made.practice else cost,
        "would_cost_usd": cost if made.practice else None,
        "cost_basis": made.cost_basis,
        "duration_ms": made.duration_ms,
    }


def file(row: Image) -> dict[str, Any]:
    """What is in an image's file, and what people say of it, for a manifest."""
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


def _rows(db: Session, person: Person, ids: Sequence[str]) -> dict[str, Image]:
    query = sa.select(Image).where(col(Image.id).in_(ids), col(Image.user_id) == person.id)
    return {row.id: row for (row,) in db.execute(query)}


def _item(
    studio: Studio, post: OpenedPost, slug: str, n: int, row: Image, variant: Variant, parents: Mapping[str, list[str]]
) -> Item:
    origin = {"id": row.id, "generation": row.generation_id, "turn": post.turn_id, "conversation": post.conversation_id}
    line = {"derived_from": parents.get(row.id, []), "selected": row.selected}
    facts = {**origin, **line, **making(studio.catalogue, variant), **file(row)}
    practice = "-practice" if variant.practice else ""
    return Item(f"{slug}-{n}{practice}", row.key, row.focus_x, row.focus_y, row.created_at, facts)


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
