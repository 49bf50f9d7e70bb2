"""The post kit on its page: what is in it, and the question when an alt text is missing."""

from typing import Any

from core.posting import OpenedPost
from pages.parts.components import component
from pages.parts.words import _

KIT = component("post_kit")


def data(post: OpenedPost) -> dict[str, Any]:
    """What the component draws."""
    images = [
        {"id": variant.image.id, "selected": variant.image.selected, "alt": bool(variant.image.alt)}
        for variant in post.variants
    ]
    return {"post": post.id, "images": images}


def words() -> dict[str, str]:
    """Every sentence of the component; `{…}` is filled in by the browser."""
    return {
        "holds": _(
            "One zip with the originals, crops in 1:1, 4:5, 9:16 and 16:9, a caption for each platform, hashtags, "
            "alt text, and a manifest of how everything was made."
        ),
        "which": _("Which images"),
        "all": _("All {n} images"),
        "selected": _("Only the selected image"),
        "noneSelected": _("Only the selected image (none is selected)"),
        "download": _("Download kit"),
        "missing": _("Alt text is missing"),
        "missingOne": _("One image has no alt text. Whoever cannot see it will not know what it shows."),
        "missingMany": _("{n} images have no alt text. Whoever cannot see them will not know what they show."),
        "writeAlt": _("Write alt text"),
        "anyway": _("Download without"),
    }
