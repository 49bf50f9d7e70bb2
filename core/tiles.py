"""What the gallery hands to its screens: tiles in pages and the shape of the whole."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAGE, MOST = 200, 10_000
"""Images in a page, of which a layout says where each starts; ids at once. The grid knows both (gallery_shelf.js)."""
TEXT = 300
"""Characters of a caption or prompt that a tile carries; the whole text comes with the detail."""
UNIT = 64
"""A shape is one byte: width / height in 64ths, so 100,000 images are laid out from 100 kB."""


@dataclass(frozen=True)
class Tile:
    """A kept image as the grid needs it."""

    id: str
    width: int
    height: int
    placeholder: str
    text: str
    """The post's caption when there is one, else the prompt; at most TEXT characters."""
    model: str
    """As people know it."""
    practice: bool
    starred: bool
    selected: bool
    created_at: datetime
    mine: bool = True
    """Whether who looks at it may change it; a lead looks at others', too."""
    pile: int = 1
    """How many images of its post it stands for."""


@dataclass(frozen=True)
class Page:
    """Some tiles, in order, and the cursor of what follows; None at the end."""

    tiles: tuple[Tile, ...]
    next: str | None

    def wire(self) -> dict[str, Any]:
        """As JSON columns, a third smaller than rows; `model` counts in `models`. Times are milliseconds since 1970."""
        models = list(dict.fromkeys(tile.model for tile in self.tiles))
        plain = ("id", "width", "height", "placeholder", "text")
        return {
            **{name: [getattr(tile, name) for tile in self.tiles] for name in plain},
            "created_at": [milliseconds(tile.created_at) for tile in self.tiles],
            **{
                name: [int(getattr(tile, name)) for tile in self.tiles]
                for name in ("practice", "starred", "selected", "pile")
            },
            **({} if all(tile.mine for tile in self.tiles) else {"mine": [int(tile.mine) for tile in self.tiles]}),
            "model": [models.index(tile.model) for tile in self.tiles],
            "models": models,
            "next": self.next,
        }


@dataclass(frozen=True)
class Layout:
    """The shape of the gallery, or of what was found: enough to place every image before any of them is read."""

    total: int
    revision: str
    newest: str | None
    """The id of the first image."""
    ratios: bytes
    """One byte per image, in order: floor(width * UNIT / height) within 1..255."""
    cursors: tuple[str | None, ...]
    """What `gallery.page(after=)` takes for the first, second, … page."""
    dates: tuple[int, ...]
    """When the images at the cursors were made, in seconds since 1970; for a label while scrolling."""
    order: str = "newest"
    """One of `wanted.SORTS`, or best."""
    stacked: bool = False
    """Whether each stands for all images of its post."""

    def wire(self) -> dict[str, Any]:
        """As plain JSON, the ratios in base64."""
        return {
            "total": self.total,
            "revision": self.revision,
            "newest": self.newest,
            "ratios": base64.b64encode(self.ratios).decode(),
            "cursors": self.cursors,
            "dates": self.dates,
            "order": self.order,
            "stacked": self.stacked,
        }


def milliseconds(moment: datetime) -> int:
    """Since 1970, as JavaScript counts."""
    return round(moment.timestamp() * 1000)
