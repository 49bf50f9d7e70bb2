"""The images of a post on its page: what the component draws, and why there may be none."""

from collections import Counter
from typing import Any

from core import crops, platforms
from core.posting import OpenedPost, Variant
from core.studio import Studio
from core.tables import FAILED
from pages.parts.components import component
from pages.parts.words import _, money, plural, seconds

IMAGES = component("post_images")
ALT_MOST = max(platform.alt or 0 for platform in platforms.PLATFORMS)


def data(studio: Studio, post: OpenedPost, shown: str = "") -> dict[str, Any]:
    """What the component draws; the same to the byte while nothing changed.

    `shown`: the image to begin with, by its id; else it is the selected one.
    """
    return {
        "shown": shown,
        "variants": [_variant(studio, variant) for variant in post.variants],
        "crops": [
            {"name": crop.name, "width": crop.width, "height": crop.height, "ratio": crop.ratio} for crop in crops.CROPS
        ],
        "altMost": ALT_MOST,
    }


def nothing(post: OpenedPost) -> str | None:
    """One plain sentence when there is no image and none is on its way."""
    why, kept = post.without_images, _("Its caption is kept.") if post.words.caption else ""
    if why is None:
        return None
    if why == "trashed":
        return _("The images of this post are in the trash. {kept}").format(kept=kept).strip()
    if why != FAILED:
        return _("The images of this post were canceled before they came. {kept}").format(kept=kept).strip()
    failed = sum(run.status == FAILED for run in post.making)
    none = plural("The image could not be made.", "None of the {n} images could be made.", failed)
    return " ".join(part for part in (none, kept, _reason(post)) if part)


def _reason(post: OpenedPost) -> str:
    """What most of them failed of, in the provider's words."""
    reasons = Counter(run.error for run in post.making if run.status == FAILED and run.error)
    return str(reasons.most_common(1)[0][0]) if reasons else _("Try again in the conversation.")


def _variant(studio: Studio, variant: Variant) -> dict[str, Any]:
    image = variant.image
    return {
        "id": image.id,
        "w": image.width,
        "h": image.height,
        "placeholder": image.placeholder,
        "alt": image.alt,
        "x": variant.x,
        "y": variant.y,
        "selected": image.selected,
        "practice": variant.practice,
        "model": studio.catalogue.label(variant.model) if variant.model else _("Uploaded"),
        "facts": _facts(variant),
    }


def _facts(variant: Variant) -> list[str]:
    size = f"{variant.image.width} × {variant.image.height}"  # noqa: RUF001 (how people write a size)
    took = [seconds(variant.duration_ms / 1000)] if variant.duration_ms is not None else []
    if variant.practice:
        return [_("free"), *took, size]
    cost = money(variant.cost) if variant.cost is not None else _("cost unknown")
    return [cost, *took, size]


def words() -> dict[str, Any]:
    """Every sentence of the component; `{…}` is filled in by the browser."""
    return {
        "variants": _("Images of this post"),
        "nth": _("Image {n}, {model}"),
        "nthSelected": _("Image {n}, {model}, selected"),
        "practice": _("Practice"),
        "select": _("Select"),
        "selected": _("Selected"),
        "isSelected": _("This image is selected now."),
        "open": _("Open large"),
        "create": _("Use in Create"),
        "download": _("Download"),
        "alt": _("Alt text"),
        "altWrite": _("What the image shows, for who cannot see it"),
        "altNone": _("No alt text yet. People who cannot see the image will not know what it shows."),
        "altCount": _("{n} of {most} characters"),
        "altLong": _("{n} characters; most platforms take {most}."),
        "altSaved": _("Alt text saved."),
        "focal": _("Focal point"),
        "focalHelp": _(
            "Click or drag on the image, or use the arrow keys, to move the point that every crop keeps. "
            "What Reels and Stories cover with their buttons is hatched."
        ),
        "place": _("{x} % from the left, {y} % from the top"),
        "crops": _("Crops in the kit"),
        "uses": {
            "1x1": _("Square"),
            "4x5": _("Feed"),
            "9x16": _("Story, Reel"),
            "16x9": _("Wide"),
        },
    }
