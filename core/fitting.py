"""Fit a wish to a model before paying: refuse what would waste the money, leave out the rest and say so."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import isqrt, log
from typing import Any

from core.errors import Refused
from core.models import QUALITIES, Model, SizeRule
from core.providers import Request

# Pixels of a square at each resolution; other shapes have about the same area.
_SIDES = {"512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096}
SEED_MAX = 2**32 - 1

# The abilities of a model that are not called as the setting is.
_ABILITY = {"scheduler": "schedulers"}
# Settings that are left out when the model does not have them, as a person calls them.
_SETTINGS = {
    "seed": "seed",
    "negative_prompt": "negative prompt",
    "steps": "number of steps",
    "guidance": "guidance",
    "scheduler": "scheduler",
    "strength": "strength",
}


def fit(model: Model, wish: Request) -> tuple[Request, tuple[str, ...]]:
    """What can really be asked of this model, and a sentence for everything left out or changed on the way.

    The request that comes back carries the provider's own id, the pixels, and only what the model honours;
    ratio or resolution is "" where the model has none to choose from. Raises Refused, before anything is paid, when
    leaving it out would waste the money: a mask, a source or references that the model cannot see, more references
    than it takes, a prompt that is empty or too long, a seed out of range.
    """
    _refuse(model, wish)
    left_out: list[str] = []
    ratio = _closest(model, "ratio", wish.ratio, model.ratios, _shape, left_out)
    resolution = _closest(model, "resolution", wish.resolution, model.resolutions, _side, left_out)
    width, height = pixels(model, ratio or wish.ratio, resolution or "1K")
    quality = _quality(model, wish.quality, left_out)
    settings = _unsupported(model, wish, left_out) | _within(model, wish, left_out)
    chosen: dict[str, Any] = {
        "ratio": ratio,
        "resolution": resolution,
        "width": width,
        "height": height,
        "quality": quality,
    }
    return replace(wish, model=model.id, **chosen, **settings), tuple(left_out)


def pixels(model: Model, ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height that a ratio and a resolution come to: exact for free sizes, nominal (Gemini's) for tiers."""
    shape = _shape(ratio)
    if model.sizes is None:
        # Gemini's published sizes: the area of a 1024 square, edges rounded up to 16, then scaled with the tier.
        w, h = (-(-isqrt(int(1024**2 * r)) // 16) * 16 for r in (shape, 1 / shape))
        return w * _SIDES[resolution] // 1024, h * _SIDES[resolution] // 1024
    return _free(model.sizes, shape, resolution)


def _refuse(model: Model, wish: Request) -> None:
    """Raise Refused when going on without what was asked would waste the money."""
    inputs = len(wish.references) + (wish.source is not None)
    if not wish.prompt.strip():
        raise Refused("Say what the image should show.")
    if model.prompt_max and len(wish.prompt) > model.prompt_max:
        raise Refused(
            f"{model.label} reads {model.prompt_max:,} characters at most; this prompt is longer. Shorten it."
        )
    if wish.mask and not model.mask:
        raise Refused(f"{model.label} cannot change only a part of an image. Pick another model or clear the mask.")
    if wish.mask and not wish.source:
        raise Refused("A mask needs the image that it belongs to. Pick the image to start from.")
    if wish.source and not model.takes_source:
        raise Refused(f"{model.label} cannot start from an image. Pick another model or ask without the image.")
    if wish.references and not model.references_max:
        raise Refused(f"{model.label} takes no reference images. Pick another model or remove them.")
    if inputs > model.inputs_max or len(wish.references) > model.references_max:
        most = "one image" if model.inputs_max == 1 else f"{model.inputs_max} images"
        raise Refused(f"{model.label} takes {most} at most, and this turn has {inputs}. Remove some.")
    if wish.seed is not None and not 0 <= wish.seed <= SEED_MAX:
        raise Refused(f"A seed is a whole number from 0 to {SEED_MAX}.")


def _closest(
    model: Model, what: str, wanted: str, offered: tuple[str, ...], measure: Callable[[str], Any], left_out: list[str]
) -> str:
    """The offered value nearest to the wanted one; "" when the model chooses by itself."""
    if wanted in offered:
        return wanted
    if not offered:
        if wanted not in ("1:1", "1K"):
            left_out.append(f"{model.label} chooses the {what} by itself, so {wanted} was left out.")
        return ""
    # Of two equally near ones the smaller: it never costs more than what was asked for.
    near = min(offered, key=lambda one: (round(abs(log(measure(one) / measure(wanted))), 9), measure(one)))
    left_out.append(f"{model.label} does not offer the {what} {wanted}; it draws {near} instead.")
    return near


def _shape(ratio: str) -> Fraction:
    parts = re.fullmatch(r"([1-9]\d{0,3}(?:\.\d{1,3})?):([1-9]\d{0,3}(?:\.\d{1,3})?)", ratio)
    if parts is None:
        raise Refused(f"“{ratio}” is not a ratio such as 16:9.")
    return Fraction(parts[1]) / Fraction(parts[2])


def _side(resolution: str) -> int:
    if resolution not in _SIDES:
        raise Refused(f"“{resolution}” is not a resolution. Pick one of {', '.join(_SIDES)}.")
    return _SIDES[resolution]


def _free(rule: SizeRule, shape: Fraction, resolution: str) -> tuple[int, int]:
    area = max(min(_side(resolution) ** 2, rule.max_pixels), rule.min_pixels)
    longest: Fraction = shape if shape >= 1 else 1 / shape
    long, short = isqrt(int(area * longest)), isqrt(int(area / longest))
    if long > rule.max_edge:
        long, short = rule.max_edge, int(rule.max_edge / longest)
    long, short = (edge // rule.multiple_of * rule.multiple_of for edge in (long, short))
    return (long, short) if shape >= 1 else (short, long)


def _quality(model: Model, wanted: str | None, left_out: list[str]) -> str | None:
    """Always one of the model's, because "auto" may land on any budget; the middle one when nobody chose."""
    if not model.qualities:
        if wanted not in (None, "auto"):
            left_out.append(f"{model.label} has no quality to choose, so {wanted} was left out.")
        return None
    if wanted in (None, "auto"):
        return "medium" if "medium" in model.qualities else model.qualities[0]
    if wanted in model.qualities:
        return wanted
    if wanted not in QUALITIES:
        raise Refused(f"“{wanted}” is not a quality. Pick one of {', '.join(model.qualities)}.")
    near = [q for q in model.qualities if QUALITIES.index(q) < QUALITIES.index(wanted)] or model.qualities[:1]
    left_out.append(f"{model.label} does not offer {wanted} quality; it draws {near[-1]} instead.")
    return near[-1]


def _unsupported(model: Model, wish: Request, left_out: list[str]) -> dict[str, None]:
    """Settings that this model does not have, each as None."""
    gone: dict[str, None] = {}
    for name, words in _SETTINGS.items():
        if getattr(wish, name) not in (None, "") and not getattr(model, _ABILITY.get(name, name)):
            left_out.append(f"{model.label} has no {words} to set, so yours was left out.")
            gone[name] = None
    return gone


def _within(model: Model, wish: Request, left_out: list[str]) -> dict[str, Any]:
    """Settings that the model has, brought into what it accepts."""
    changed: dict[str, Any] = {}
    for name, limits in (("steps", model.steps), ("guidance", model.guidance)):
        wanted = getattr(wish, name)
        if limits and wanted is not None and not limits.low <= wanted <= limits.high:
            changed[name] = type(wanted)(min(max(wanted, limits.low), limits.high))
            span = f"{limits.low:g} to {limits.high:g}"
            left_out.append(f"{model.label} takes {name} from {span}, so {wanted:g} became {changed[name]:g}.")
    if model.schedulers and wish.scheduler and wish.scheduler not in model.schedulers:
        changed["scheduler"] = None
        left_out.append(f"{model.label} does not offer the scheduler {wish.scheduler}, so it was left out.")
    if model.strength and wish.strength is not None:
        changed["strength"] = min(max(wish.strength, 0.0), 1.0) if wish.source else None
    return changed
