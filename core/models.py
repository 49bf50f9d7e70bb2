"""What a model is, and how `data/models.toml` is read: a block is a model, each route we can call is a `Model`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Self

from core import prices
from core.prices import Dated, Price
from core.providers import TextRequest

MODELS = Path(__file__).parent.parent / "data" / "models.toml"

# Routes we can call, as people call them. A model is pickable on each of these that its block has an id for.
ROUTES = {
    "sketch": "practice",
    "openrouter": "OpenRouter",
    "openai": "OpenAI",
    "gemini": "Gemini",
    "a1111": "own server",
}

QUALITIES = ("low", "medium", "high", "xhigh", "max")
"""From cheap to dear."""


@dataclass(frozen=True)
class Range:
    """Numbers that a model accepts for one setting, both ends included."""

    low: float
    high: float
    default: float


@dataclass(frozen=True)
class SizeRule:
    """What pixel sizes a model draws when it takes free sizes."""

    multiple_of: int = 16
    max_edge: int = 16_384
    max_pixels: int = 40_000_000
    min_pixels: int = 0


@dataclass(frozen=True)
class Model:
    """One model on one route, with what a person can ask of it there."""

    name: str
    """What a person, a row and a command line say: provider + "/" + the provider's own id."""
    label: str
    """For screens. It says the route when the same model has two."""
    provider: str
    id: str
    price: Price | None
    """That of the day of `on`."""
    prices: Dated | None = None
    """Those of all days."""
    inputs_max: int = 0
    """Pictures that go with one request in all: the source counts, the mask does not."""
    references_max: int = 0
    """How many of them may be references; 0 on models that only know a source."""
    mask: bool = False
    seed: bool = False
    negative_prompt: bool = False
    strength: bool = False
    transparent: bool = False
    steps: Range | None = None
    guidance: Range | None = None
    schedulers: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    """Empty: the model chooses the shape."""
    resolutions: tuple[str, ...] = ()
    """Empty: the model chooses the size."""
    qualities: tuple[str, ...] = ()
    sizes: SizeRule | None = None
    prompt_max: int | None = None
    """Characters."""
    status: str = "active"
    """"active", "retired", or "template": a self-hosted server that draws with whatever it has loaded."""
    shutdown: date | None = None
    successor: str | None = None
    practice: bool = False
    """Drawn by the studio itself: free, and left out of the figures."""
    typical_seconds: float = 15.0
    """A guess for the first time; later the last runs say better."""

    @property
    def takes_source(self) -> bool:
        """Whether a turn may start from an image."""
        return self.inputs_max > 0

    def on(self, day: date) -> Self:
        """The same model with the price of that day."""
        return replace(self, price=self.prices.on(day)) if self.prices else self


@dataclass(frozen=True)
class TextModel:
    """One model that writes, on one route."""

    name: str
    """Provider + "/" + the provider's own id, as for a Model."""
    label: str
    """For screens."""
    provider: str
    id: str
    price: Price
    """US dollars per million tokens, on the day of `on`."""
    prices: Dated
    """Those of all days."""
    status: str = "active"
    """"active" or "retired"."""
    shutdown: date | None = None
    successor: str | None = None
    practice: bool = False
    """Written by the studio itself: free, and left out of the figures."""
    typical_seconds: float = 4.0
    """A guess for the first time; later the last runs say better."""

    def on(self, day: date) -> Self:
        """The same model with the price of that day."""
        return replace(self, price=self.prices.on(day))

    def estimate(self, request: TextRequest) -> Decimal:
        """US dollars that this text should cost, before paying."""
        return prices.text_estimate(self.price, request)

    def cost(self, usage: Mapping[str, int]) -> Decimal:
        """US dollars for the tokens that were used: text_in and text_out."""
        return prices.of_usage(self.price, usage)


@dataclass(frozen=True)
class Known:
    """What the file holds, in its order."""

    models: tuple[Model, ...]
    texts: tuple[TextModel, ...]
    gone: Mapping[str, Model]
    """Image models that ended long ago, by their own id."""


def read(path: Path = MODELS) -> Known:
    """The models of the file. A model is there once for each route that its block has an id for.

    Raises KeyError, TypeError, ValueError or OSError when the file is not what it should be.
    """
    return _known(path.read_text(encoding="utf-8"))


@cache
def _known(text: str) -> Known:
    facts = tomllib.loads(text, parse_float=Decimal)
    blocks = (*facts["image_model"], *facts["image_template"])
    return Known(
        tuple(_model(block, route, facts) for block in blocks for route in _routes(block)),
        tuple(_text(block, route) for block in facts["text_model"] for route in _routes(block)),
        {block["id"]: _gone(block) for block in facts["retired"]},
    )


def _routes(block: Mapping[str, Any]) -> list[str]:
    """Those that we can call it on."""
    return [route for route in ROUTES if block["ids"].get(route)]


def _model(block: Mapping[str, Any], route: str, facts: Mapping[str, Any]) -> Model:
    """One block on one route. A key that starts with the route's name overrules the plain one there."""
    b = {**block, **{k.removeprefix(f"{route}_"): v for k, v in block.items() if k.startswith(f"{route}_")}}
    return Model(
        name=f"{route}/{b['ids'][route]}",
        label=_label(b, route),
        provider=route,
        id=b["ids"][route],
        price=prices.price(b["price"], route) if "price" in b else None,
        prices=_dated(b, route) if "price" in b else None,
        inputs_max=b["image_inputs_max"],
        references_max=b.get("references_max", b["image_inputs_max"]),
        mask=b["mask"] != "none",
        seed=b["seed"],
        negative_prompt=b["negative_prompt"],
        strength=b.get("strength", False),
        transparent=b["transparent_background"],
        steps=_range(b.get("steps")),
        guidance=_range(b.get("guidance")),
        schedulers=tuple(b.get("schedulers", ())),
        # "auto" is left away: the studio always says which shape it wants, so that it can say the size and the price.
        ratios=tuple(r for r in facts["ratio_sets"].get(b.get("ratio_set"), ()) if r != "auto"),
        resolutions=tuple(b.get("resolutions", ())),
        qualities=tuple(q for q in QUALITIES if q in b.get("quality", ())),
        sizes=_sizes(facts["size_rules"].get(b.get("size_rule"))),
        prompt_max=b.get("prompt_max_chars"),
        status="retired" if b["status"].startswith("retired") else b["status"],
        shutdown=_day(b, "shutdown"),
        successor=b.get("successor"),
        practice=b.get("practice", False),
        typical_seconds=float(b["seconds"]),
    )


def _text(block: Mapping[str, Any], route: str) -> TextModel:
    return TextModel(
        name=f"{route}/{block['ids'][route]}",
        label=_label(block, route),
        provider=route,
        id=block["ids"][route],
        price=prices.price(block["price"], route),
        prices=_dated(block, route),
        status=block["status"],
        shutdown=_day(block, "shutdown"),
        successor=block.get("successor"),
        practice=block.get("practice", False),
        typical_seconds=float(block["seconds"]),
    )


def _dated(block: Mapping[str, Any], route: str) -> Dated:
    following = [block["price_next"]] if "price_next" in block else []
    return prices.dated([*block.get("prices_before", ()), block["price"], *following], route)


def _label(block: Mapping[str, Any], route: str) -> str:
    shared = len(_routes(block)) > 1
    return f"{block['display_name']} · {ROUTES[route]}" if shared else str(block["display_name"])


def _day(block: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(block[name]) if name in block else None


def _range(block: Mapping[str, Any] | None) -> Range | None:
    return Range(float(block["min"]), float(block["max"]), float(block["default"])) if block else None


def _sizes(block: Mapping[str, int] | None) -> SizeRule | None:
    known = {field.name for field in fields(SizeRule)}
    return SizeRule(**{name: value for name, value in block.items() if name in known}) if block else None


def _gone(block: Mapping[str, Any]) -> Model:
    name, day = block["id"], date.fromisoformat(block["shutdown"])
    return Model(name, name, "", name, None, status="retired", shutdown=day, successor=block["successor"])
