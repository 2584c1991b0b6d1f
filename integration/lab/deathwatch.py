"""Watches a node's PostgreSQL processes from outside, whoever started them and in whatever control group they are."""

import threading
import time

EVERY = 0.03    # seconds between two looks


class DeathWatch(threading.Thread):
    """From start() to stop(). Where a moment is not certain the fence gets no benefit: a process is gone when a whole look
    went by without it, and lives on after a moment only if a look that began later found it."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self._ended = node, threading.Event()
        self.first: dict[int, float] = {}
        self.last: dict[int, float] = {}
        self.gone: dict[int, float] = {}

    def run(self) -> None:
        while not self._ended.is_set():
            looked, found = time.monotonic(), set(self.node.server_pids())
            ended = time.monotonic()
            self.saw(found, looked, ended)
            self._ended.wait(max(0.005, looked + EVERY - ended))

    def saw(self, found: set[int], looked: float, ended: float) -> None:
        """What a look found that began and ended then."""
        for pid in found:
            self.first.setdefault(pid, looked)
            self.last[pid] = looked
            self.gone.pop(pid, None)
        for pid in self.first.keys() - found:
            self.gone.setdefault(pid, ended)

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def known_at(self, moment: float) -> list[int]:
        return [pid for pid, first in list(self.first.items()) if first <= moment]

    def all_gone_at(self, moment: float) -> float | None:
        """When the last of the processes that were known at a moment was gone; None if one lives, or there was none."""
        known = self.known_at(moment)
        return max(self.gone[pid] for pid in known) if known and all(pid in self.gone for pid in known) else None

    def alive_after(self, moment: float) -> int:
        """How many of the processes from before a moment were seen after it."""
        return sum(self.last[pid] > moment for pid in self.known_at(moment))
