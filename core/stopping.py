"""Being told to stop, by SIGTERM or Ctrl-C, without ever missing it.

There is no lock in here. A handler runs in the middle of anything, also of a wait, and would wait for the lock that its
own thread holds; and a signal that comes just before a thread goes to sleep on a lock does not wake it (seen: a worker
that was told to stop at that moment never did).
"""

import signal
import time
from typing import Any

LOOK = 0.2
"""Seconds between two looks whether we were told."""


class Stopping:
    """Told by the first signal, from the moment this is made; a second signal does not wait for anything."""

    def __init__(self) -> None:
        self.told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def wait(self, seconds: float = LOOK) -> bool:
        """Sleep that long, whatever comes; True when we are to stop."""
        if not self.told:
            time.sleep(seconds)
        return self.told

    def _tell(self, number: int, _frame: Any) -> None:
        signal.signal(number, signal.SIG_DFL)
        self.told = True
