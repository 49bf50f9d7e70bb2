"""Prices: what one picture will cost before it is asked for, and what it did cost afterwards. Decimals only.

The rules are in `data/models.toml`; their sources are written there beside each model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.providers import Request, Result, TextRequest

FREE = Decimal(0)
_MILLION = Decimal(1_000_000)
# About what a word of English comes to; prompts are a small part of every price.
_CHARACTERS_PER_TOKEN = 4
_TEXT_OUT_TOKENS = 400
"""A long caption with its hashtags and alt text, written as JSON."""


@dataclass(frozen=True)
class Price:
    """One model's price rule. `kind` is "tokens", "per_image" or "per_megapixel"; all rates are US dollars."""

    kind: str
    rates: Mapping[str, Decimal]
    """Per million tokens, per image or per megapixel, by the names that `data/models.toml` explains."""
    tiers: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars for one picture by resolution, or by "standard" and "high_resolution"."""
    image_tokens: Mapping[str, int] = field(default_factory=dict)
    """Tokens of one finished picture by resolution."""
    effort: Mapping[str, int] = field(default_factory=dict)
    """The q of OpenAI's own calculator by quality."""


@dataclass(frozen=True)
class Dated:
    """One model's price rules over time, each from its day on, the oldest first; that one also counts before."""

    rules: tuple[tuple[date, Price], ...]

    def on(self, day: date) -> Price:
        """The rule of that day."""
        return max((rule for rule in self.rules if rule[0] <= day), key=lambda rule: rule[0], default=self.rules[0])[1]


@dataclass(frozen=True)
class Money:
    """US dollars and how we know: "reported", "computed", "estimated", or "unknown" (no rule; the amount is 0)."""

    usd: Decimal
    basis: str = "estimated"


def price(block: Mapping[str, Any], provider: str) -> Price:
    """The rule of one model block for one route; `<provider>_name` in the block overrules `name` on that route."""
    numbers = {name: Decimal(value) for name, value in block.items() if isinstance(value, int | Decimal)}
    own = {name.removeprefix(f"{provider}_"): rate for name, rate in numbers.items() if name.startswith(f"{provider}_")}
    return Price(
        block["kind"],
        {**numbers, **own},
        {name: Decimal(usd) for name, usd in block.get("tiers", {}).items()},
        block.get("image_tokens", {}),
        block.get("q", {}),
    )


def dated(blocks: Sequence[Mapping[str, Any]], provider: str) -> Dated:
    """The rules of these price blocks, the oldest first: each ends with its `valid_until` or where the next begins."""
    begins, rules = date.min, []
    for block in blocks:
        begins = date.fromisoformat(block["valid_from"]) if "valid_from" in block else begins
        rules.append((begins, price(block, provider)))
        begins = date.fromisoformat(block["valid_until"]) + timedelta(1) if "valid_until" in block else begins
    return Dated(tuple(rules))


def estimate(rule: Price | None, request: Request, pictures_in: int) -> Money:
    """What one picture should cost, before paying. `pictures_in` counts the source and the references."""
    if rule is None:
        return Money(FREE, "unknown")
    usd = {"tokens": _by_tokens, "per_image": _by_image, "per_megapixel": _by_megapixel}[rule.kind]
    return Money(usd(rule, request, pictures_in))


def cost(rule: Price | None, request: Request, result: Result) -> tuple[Decimal | None, str]:
    """What the answer cost and how we know: (dollars or None, "reported", "computed", "estimated" or "unknown").

    The provider's own figure wins, then its token counts times our prices, then the rule of thumb.
    """
    if result.cost is not None:
        return result.cost, "reported"
    if rule is None:
        return None, "unknown"
    if rule.kind == "tokens" and result.usage:
        return _tokens(rule, result.usage), "computed"
    money = estimate(rule, request, len(request.references) + (request.source is not None))
    return money.usd, "computed" if money.usd == FREE else "estimated"


def text_estimate(rule: Price, request: TextRequest) -> Decimal:
    """What one text should cost, in US dollars, before paying: the words and the fields that go out, and a caption."""
    # Bytes, not characters: a letter of other scripts is about as many tokens as it has bytes more.
    sent = len(f"{request.instructions}{request.prompt}{dict(request.fields)}".encode(errors="replace"))
    return _tokens(rule, {"text_in": -(-sent // _CHARACTERS_PER_TOKEN), "text_out": _TEXT_OUT_TOKENS})


def of_usage(rule: Price, usage: Mapping[str, int]) -> Decimal:
    """What a call cost, in US dollars, by its tokens. Cached ones count in full: too much is better than nothing."""
    return _tokens(rule, usage)


def gpt_image_tokens(effort: int, width: int, height: int) -> int:
    """Output tokens of one GPT Image picture: OpenAI's calculator, exact against nine published measurements."""
    long, short = max(width, height), min(width, height)
    rows = (2 * effort * short + long) // (2 * long)
    return -(-effort * rows * (2_000_000 + width * height) // 4_000_000)


def _by_tokens(rule: Price, request: Request, pictures_in: int) -> Decimal:
    usage = {
        "text_in": -(-len(request.prompt) // _CHARACTERS_PER_TOKEN),
        "image_in": pictures_in * int(rule.rates.get("input_image_tokens", FREE)),
        "image_out": _picture_tokens(rule, request),
    }
    return _tokens(rule, usage)


def _picture_tokens(rule: Price, request: Request) -> int:
    if rule.effort:
        effort = rule.effort.get(request.quality or "", max(rule.effort.values()))
        return gpt_image_tokens(effort, request.width, request.height)
    return rule.image_tokens.get(request.resolution, max(rule.image_tokens.values(), default=0))


def _tokens(rule: Price, usage: Mapping[str, int]) -> Decimal:
    # A kind of token without a rate of its own counts as the dearest: too much is better than nothing.
    dearest = max(rule.rates.get(name, FREE) for name in ("text_in", "image_in", "text_out", "image_out"))
    return sum((Decimal(count) * rule.rates.get(name, dearest) for name, count in usage.items()), FREE) / _MILLION


def _by_image(rule: Price, request: Request, pictures_in: int) -> Decimal:
    return _one_picture(rule, request) + pictures_in * rule.rates.get("per_input_image", FREE)


def _one_picture(rule: Price, request: Request) -> Decimal:
    """A flat price, the tier's, or the dearest there is when we cannot tell which applies."""
    if "flat" in rule.rates:
        return rule.rates["flat"]
    if "high_resolution" in rule.tiers:
        high = request.width * request.height > rule.rates["high_resolution_above_pixels"]
        return rule.tiers["high_resolution" if high else "standard"]
    return rule.tiers.get(request.resolution, max(rule.tiers.values(), default=rule.rates.get("max", FREE)))


def _by_megapixel(rule: Price, request: Request, pictures_in: int) -> Decimal:
    """OpenRouter's rule (out_mp, in_mp); a picture below one megapixel counts as one, and so does each input."""
    out = max(Decimal(request.width * request.height) / _MILLION, Decimal(1))
    return out * rule.rates["out_mp"] + pictures_in * rule.rates.get("in_mp", FREE)
