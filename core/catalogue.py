"""The catalogue: which models there are, what each can do, what it costs. The facts are in `data/models.toml`.

`Model` is in `core/models.py`, `fit` in `core/fitting.py`, the arithmetic of money in `core/prices.py`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self

from core import models, prices
from core.errors import Refused
from core.fitting import fit
from core.models import MODELS, ROUTES, Model, Range, TextModel
from core.prices import Money, Price
from core.providers import Request, Result

__all__ = ["Catalogue", "Model", "Money", "Range", "TextModel", "cost", "estimate", "fit", "warn_soon"]

WARN_BEFORE = timedelta(days=30)
"""How long before a model's end people hear of it."""


class Catalogue:
    """Every model we know, on every route we can call."""

    def __init__(
        self,
        known: Iterable[Model],
        gone: Mapping[str, Model],
        today: Callable[[], date],
        texts: Iterable[TextModel] = (),
        off: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._models = {model.name: model for model in known}
        self._texts = {model.name: model for model in texts}
        self._gone = gone
        self._today = today
        self._off = off

    @classmethod
    def load(
        cls,
        path: Path = MODELS,
        today: Callable[[], date] = date.today,
        off: Callable[[], Collection[str]] = tuple,
    ) -> Self:
        """Read the file; `off` names the models that the team switched off. Raises Refused when it cannot be read as
        what it should be."""
        try:
            found = models.read(path)
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise Refused(f"The catalogue {path.name} cannot be read: {type(error).__name__} {error}.") from error
        return cls(found.models, found.gone, today, found.texts, off)

    def models(self, providers: Iterable[str]) -> tuple[Model, ...]:
        """What a person can pick with these providers open, in the order of the file, without what ended or is off."""
        opened, off, today = set(providers), set(self._off()), self._today()
        found = (m for m in self._models.values() if m.provider in opened and m.name not in off)
        return tuple(m.on(today) for m in found if not self._ended(m))

    def known(self) -> tuple[Model, ...]:
        """Every model of the file, also one that has ended or that no open provider has: images of it may be here."""
        return tuple(self._models.values())

    def texts(self, writers: Iterable[str]) -> tuple[TextModel, ...]:
        """The same for models that write, with these writers open; their prices are those of today."""
        opened, off, today = set(writers), set(self._off()), self._today()
        found = (m for m in self._texts.values() if m.provider in opened and m.name not in off)
        return tuple(m.on(today) for m in found if not self._ended(m))

    def find(self, name: str) -> Model:
        """The model of that name, e.g. "openrouter/google/gemini-nano-banana-2.1", at today's price.

        On a self-hosted server any id is a checkpoint's name. Raises Refused: nobody knows the model, or it has ended
        (the sentence names its successor).
        """
        model = self._known(name)
        if model is None:
            raise Refused(f"There is no model called “{name}”. Pick one from the list.")
        self._refuse_ended(model)
        return model.on(self._today())

    def priced(self, name: str, day: date) -> Price | None:
        """The price rule that this model, which makes pictures or writes, had on that day; None for none. Also of one
        that has ended by now."""
        model = self._known(name) or self._texts.get(name)
        return model.on(day).price if model else None

    def text(self, name: str) -> TextModel:
        """The model of that name that writes, e.g. "openai/gpt-6-luna", at today's price. Raises Refused as `find`."""
        model = self._texts.get(name)
        if model is None:
            raise Refused(f"There is no model called “{name}” that writes. Pick one from the list.")
        self._refuse_ended(model)
        return model.on(self._today())

    def label(self, name: str) -> str:
        """A friendly name for any model name, also for one that has ended or that nobody knows. Never raises."""
        model = self._known(name) or self._texts.get(name)
        return model.label if model else name

    def refuse_off(self, *names: str) -> None:
        """Raise Refused for the first of these models that the team switched off."""
        off = set(self._off())
        if name := next((name for name in names if name in off), None):
            raise Refused(f"{self.label(name)} is switched off by your team. Pick another model.")

    def practises(self, name: str) -> bool:
        """Whether this model is for practice; never raises."""
        model = self._known(name) or self._texts.get(name)
        return model is not None and model.practice

    def _known(self, name: str) -> Model | None:
        provider, _, own = name.partition("/")
        template = self._models.get(f"{provider}/default")
        if template and own and template.status == "template":
            return template if own == "default" else replace(template, name=name, id=own, label=own)
        return self._models.get(name) or (self._gone.get(own.rpartition("/")[2]) if provider in ROUTES else None)

    def _refuse_ended(self, model: Model | TextModel) -> None:
        if self._ended(model):
            raise Refused(
                f"{model.label} {_end(model, self._today())} Pick {model.successor or 'another model'} instead."
            )

    def _ended(self, model: Model | TextModel) -> bool:
        return model.status == "retired" or (model.shutdown is not None and model.shutdown <= self._today())


def estimate(model: Model, request: Request, pictures_in: int) -> Money:
    """What one picture should cost, before paying. `pictures_in` counts the source and the references."""
    return prices.estimate(model.price, request, pictures_in)


def cost(model: Model, request: Request, result: Result) -> tuple[Decimal | None, str]:
    """What an answer cost, in US dollars or None, and its basis: reported, computed, estimated or unknown."""
    return prices.cost(model.price, request, result)


def warn_soon(model: Model | TextModel, today: date) -> str | None:
    """A sentence when the model ends within 30 days of today, else None."""
    if model.shutdown is None or not today < model.shutdown <= today + WARN_BEFORE:
        return None
    return f"{model.label} {_end(model, today)} Try {model.successor or 'another model'} in good time."


def _end(model: Model | TextModel, today: date) -> str:
    if model.shutdown is None:
        return "is no longer offered."
    day = f"{model.shutdown.day} {model.shutdown:%B %Y}"
    return f"ended on {day}." if model.shutdown <= today else f"ends on {day}."
