"""How often strangers may guess: buckets that fill with time, for each address and for all together."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000
"""Addresses; the one that was not heard of for longest is forgotten first."""


class Buckets:
    """For each key so many mistakes at once, and then so many a minute. Memory is bounded, time is monotonic."""

    def __init__(self, at_once: float, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_once, self.per_second, self.clock = at_once, per_minute / 60, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until this key may make a mistake again; 0 means now."""
        return max(0.0, (1 - self._level(key)) / self.per_second)

    def spend(self, key: str, cost: float = 1) -> None:
        """A mistake was made."""
        self._levels[key] = (self._level(key) - cost, self.clock())
        self._levels.move_to_end(key)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)

    def give_back(self, key: str, cost: float = 1) -> None:
        """It was no mistake after all."""
        self._levels[key] = (self._level(key) + cost, self.clock())
        if not self.knows(key):
            del self._levels[key]

    def knows(self, key: str) -> bool:
        """True for whoever has not yet made good for a mistake."""
        return self._level(key) < self.at_once

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (self.at_once, 0.0))
        return min(self.at_once, level + (self.clock() - at) * self.per_second)


class Guesses:
    """Wrong tokens: 20 at once from one address and 20 a minute after that; 400 and 200 from all together.

    When all together guess too much, only those who guessed themselves are held up: honest readers still get in.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.of_one, self.of_all = Buckets(20, 20, clock), Buckets(400, 200, clock)

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0 means now."""
        own = self.of_one.wait(address)
        return max(own, self.of_all.wait("")) if own or self.of_one.knows(address) else 0.0

    def failed(self, address: str, cost: float = 1) -> None:
        """It was wrong."""
        self.of_one.spend(address, cost)
        self.of_all.spend("", cost)

    def forgive(self, address: str) -> None:
        """What was counted as wrong before anybody knew was right."""
        self.of_one.give_back(address)
        self.of_all.give_back("")


def neighbourhood(host: str) -> str:
    """The address as it is counted: one IPv4 address, or the IPv6 network that one customer has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
