"""What a click of somebody else takes while one, and while four, ask without a pause for the heaviest that there is."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Any

from core import detail, shelves
from core.access import Person
from core.shelves import Wanted
from core.studio import Studio
from tests.bench.asked import PAGE, counted_anew
from tests.bench.crowd import Crowd
from tests.bench.measure import Row, milliseconds, p95
from tests.bench.wishes import COMMON

CLICKS, CROWDS = 150, (1, 4)
MOST_MS = 50
"""What a click may take."""


def clicks(name: str, people: Crowd, studio: Studio) -> Iterator[Row]:
    """A page with counts, and one image's detail, of a person with little: alone, and while others ask the worst."""
    whose = people.neighbour
    ids = shelves.page(studio, whose, Wanted()).ids
    kinds: dict[str, Callable[[int], object]] = {
        "a page with counts": lambda number: _small(studio, whose, ids[number % len(ids)]),
        "one image": lambda number: detail.of_image(studio, whose, ids[number % len(ids)]),
    }
    for label, click in kinds.items():
        alone = [milliseconds(partial(click, number)) for number in range(CLICKS)]
        for readers in CROWDS:
            with _worst(studio, people.biggest, readers) as answered:
                crowded = [milliseconds(partial(click, number)) for number in range(CLICKS)]
                ran = sum(answered)
            if not ran:
                raise RuntimeError("Nobody asked the worst, so nothing was shown.")
            yield Row(f"{name}: {label}, {readers} asking the worst, p95", p95(crowded), MOST_MS, "a click", 1.0)
            yield Row("  half of them", median(crowded), median(alone), "alone")
            yield Row("  nearly all (p95)", p95(crowded), p95(alone), "alone")


def _small(studio: Studio, person: Person, first: str) -> None:
    wanted = Wanted(without={"ratio": ("16:9",)})
    found = shelves.page(studio, person, wanted, limit=PAGE).ids
    if not 0 < len(found) <= counted_anew(studio, person, wanted).total:
        raise RuntimeError(f"Nothing was found beside {first}.")


@contextmanager
def _worst(studio: Studio, person: Person, readers: int) -> Iterator[list[int]]:
    """Threads that ask without a pause for the heaviest that there is; how many answers each of them got."""
    words, ends, answered = Wanted(words=COMMON, people=()), threading.Event(), [0] * readers
    heavy: tuple[Callable[[], Any], ...] = (
        lambda: shelves.shape(studio, person, Wanted()),
        lambda: shelves.page(studio, person, words),
        lambda: counted_anew(studio, person, words),
        lambda: shelves.mark(studio, person, words),
    )

    def ask(number: int) -> None:
        while not ends.is_set():
            heavy[(number + answered[number]) % len(heavy)]()
            answered[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(readers)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # as app.py does
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield answered
    finally:
        ends.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
