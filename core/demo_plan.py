"""What the sample content consists of: who asked what when, and how each generation ended. Pure, and always the same.

The words are in `data/demo.toml`.
"""

import random
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

WORDS = Path(__file__).parent.parent / "data" / "demo.toml"
DAYS = 60.0
YOUNGEST = 0.15
"""Days: even the longest conversation has ended by now."""
GOLDEN = 0.618034
"""Multiples of it, without their whole part, fall evenly into 0 to 1 however many there are."""
TURNS = (1, 2, 2, 3, 3, 4, 5, 8)
MOST_INK = 2
"""Ink drawings of one thing look much the same."""
KEPT, BUSY, REFUSED, UNUSABLE, LOST, CANCELED = "kept", "busy first", "refused", "unusable", "lost", "canceled"

# How generations end that are not simply kept: every so many, beginning with which. Twelve images show each once.
ENDS = ((19, 5, REFUSED), (59, 11, LOST), (23, 7, CANCELED), (71, 13, UNUSABLE), (17, 9, BUSY))
COLLEAGUES = {
    "demo-ana": "Ana Souza",
    "demo-lena": "Lena Hoffmann",
    "demo-tom": "Tom Baker",
    "demo-priya": "Priya Nair",
}

# Models as a team would really use them, and the style that stands in for each. Dear ones are asked less often.
MODELS = {
    "openrouter/google/gemini-nano-banana-2.1": ("sketch", 6),
    "openai/gpt-image-2.6-flare": ("sketch", 4),
    "openrouter/black-forest-labs/flux.2-pro": ("poster", 4),
    "openrouter/bytedance-seed/seedream-5-0-flash": ("sketch", 4),
    "openrouter/qwen/qwen-image-3": ("ink", 2),
    "openrouter/google/gemini-3-pro-image": ("sketch", 2),
    "openai/gpt-image-2": ("poster", 1),
    "sketch/sketch": ("sketch", 1),
    "sketch/ink": ("ink", 1),
}


@dataclass(frozen=True)
class Shot:
    """One generation."""

    model: str
    n: int
    style: str
    seed: int
    end: str
    place: int
    """Which of all kept images it is, counted over the whole plan."""

    @property
    def kept(self) -> bool:
        """Whether it gives an image."""
        return self.end in (KEPT, BUSY)


@dataclass(frozen=True)
class Step:
    """One turn."""

    prompt: str
    after: timedelta
    """Since the conversation began."""
    source: tuple[int, int] | None
    """The step and the shot in it that it starts from."""
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Story:
    """One conversation."""

    number: int
    colleague: str | None
    """The subject of who asked; None: the person who fills the studio."""
    days_ago: float
    shape: str
    project: int | None
    caption: str
    steps: tuple[Step, ...]

    @property
    def images(self) -> int:
        """How many images it gives."""
        return sum(shot.kept for step in self.steps for shot in step.shots)


@cache
def words() -> dict[str, Any]:
    """The file, read once."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def plan(images: int, seed: int, known: Collection[str] = MODELS.keys()) -> list[Story]:
    """Conversations with at least this many images in all, of models that are known today.

    A longer plan begins with the shorter one.
    """
    models = [name for name in MODELS if name in known]
    stories: list[Story] = []
    counter = _Counter()
    while counter.kept < images:
        stories.append(_story(len(stories), models, counter, random.Random(f"{seed}/{len(stories)}")))
    return stories


def began(story: Story, now: datetime) -> datetime:
    """When this conversation was started: in office hours of a working day, unless it is of today or yesterday."""
    moment = now - timedelta(days=story.days_ago)
    if story.days_ago < 2:
        return moment
    moment -= timedelta(days=max(0, moment.weekday() - 4))
    return moment.replace(hour=8 + moment.hour * 9 // 24)


class _Counter:
    generations = 0
    kept = 0


def _story(number: int, models: list[str], counter: _Counter, rng: random.Random) -> Story:
    told = words()["conversations"][number % len(words()["conversations"])]
    prompts = [told["ask"], *told["then"], *rng.sample(words()["further"], len(words()["further"]))]
    steps: list[Step] = []
    after = timedelta(0)
    turns = rng.choice(TURNS)
    for prompt in prompts[: min(turns, MOST_INK) if told.get("style") == "ink" else turns]:
        steps.append(_step(prompt, after, steps, told.get("style"), models, counter, rng))
        after += timedelta(seconds=rng.uniform(120, 1200))
    return Story(
        number=number,
        colleague=list(COLLEAGUES)[number // 4 % len(COLLEAGUES)] if number % 4 == 3 else None,
        days_ago=YOUNGEST + (DAYS - YOUNGEST) * (number * GOLDEN % 1) ** 1.3,
        shape=told["shape"],
        project=told.get("project") if number % 4 != 3 else None,
        caption=told.get("caption", ""),
        steps=tuple(steps),
    )


def _step(
    prompt: str,
    after: timedelta,
    before: list[Step],
    style: str | None,
    models: list[str],
    counter: _Counter,
    rng: random.Random,
) -> Step:
    first, source = not before, _source(before, rng)
    asked = _models(models, rng.choice((2, 2, 3, 3)) if first else rng.choice((1, 1, 1, 2)), rng)
    count = rng.choice((1, 1, 1, 2)) if first else 1
    if source and rng.random() < 0.75:  # an edit mostly stays what it was, whichever model makes it
        style = before[source[0]].shots[source[1]].style
    shots = tuple(_shot(name, n, style, counter, rng) for name in asked for n in range(1, count + 1))
    return Step(prompt, after, source, shots)


def _models(models: list[str], count: int, rng: random.Random) -> list[str]:
    chosen: list[str] = []
    while len(chosen) < min(count, len(models)):
        name = rng.choices(models, [MODELS[name][1] for name in models])[0]
        chosen += [name] if name not in chosen else []
    return chosen


def _shot(name: str, n: int, style: str | None, counter: _Counter, rng: random.Random) -> Shot:
    end = next((end for every, first, end in ENDS if counter.generations % every == first), KEPT)
    counter.generations += 1
    shot = Shot(name, n, style or MODELS[name][0], rng.randrange(2**31), end, counter.kept)
    counter.kept += shot.kept
    return shot


def _source(before: list[Step], rng: random.Random) -> tuple[int, int] | None:
    """Mostly the latest image; now and then somebody goes back to an earlier one."""
    kept = [(at, n) for at, step in enumerate(before) for n, shot in enumerate(step.shots) if shot.kept]
    if not kept:
        return None
    return kept[-1] if rng.random() < 0.65 else rng.choice(kept)
