"""What people look for among the images of `tests.bench.crowd`."""

import random
from datetime import UTC, timedelta

from core.access import Person
from core.shelves import Wanted
from tests.bench import crowd
from tests.bench.crowd import Crowd

VOCABULARY = crowd.vocabulary()
COMMON, RARE = VOCABULARY[13], VOCABULARY[29_000]
"""In a fifth of all images, and in one of ten thousand."""
PHRASE = f'"{VOCABULARY[5]} {VOCABULARY[6]}"'


def wide() -> Wanted:
    """A year, three models, one shape: a tenth of everything."""
    models = tuple("/".join(model) for model in crowd.MODELS[:3])
    ends = crowd.BEGAN.replace(tzinfo=UTC) + crowd.SPAN
    return Wanted({"model": models, "ratio": ("1:1",)}, between={"made": (ends - timedelta(days=365), None)})


def narrow() -> Wanted:
    """90 days, one model, one shape, starred: one of ten thousand."""
    picked = {"model": ("/".join(crowd.MODELS[7]),), "ratio": ("16:9",), "starred": ("yes",)}
    ends = crowd.BEGAN.replace(tzinfo=UTC) + crowd.SPAN
    return Wanted(picked, between={"made": (ends - timedelta(days=90), None)})


def newest(words: str) -> Wanted:
    """A search without the order that a search has by itself."""
    return Wanted(words=words, sort="newest")


def random_question(chance: random.Random, people: Crowd, *, words: bool = False) -> tuple[Person, Wanted]:
    """Of one of them, who asks the more often the more they have."""
    (person,) = chance.choices(people.people, people.weights)
    return person, random_wish(chance, words=words)


def random_wish(chance: random.Random, *, words: bool = False) -> Wanted:
    """Some filters, some time; with `words`, also a word."""
    picked: dict[str, tuple[str, ...]] = {}
    if chance.random() < 0.5:
        picked["model"] = tuple("/".join(model) for model in chance.sample(crowd.MODELS, chance.choice((1, 2, 3))))
    if chance.random() < 0.3:
        picked["ratio"] = (chance.choice(("1:1", "3:2", "2:3", "16:9")),)
    if chance.random() < 0.15:
        picked["starred"] = ("yes",)
    start = crowd.BEGAN.replace(tzinfo=UTC) + crowd.SPAN * chance.random()
    between = {"made": (start, start + timedelta(days=chance.choice((7, 90, 365))))} if chance.random() < 0.5 else {}
    sought = VOCABULARY[int(5 * 1000 ** chance.random())] if words else ""
    return Wanted(picked=picked, between=between, words=sought, sort="newest")
